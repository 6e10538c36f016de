-- Version 5. Of effects that stand first in their lane, those that were put off are found by until when: whoever looks for
-- what is ready passes none of them whose time has not come, of which a platform's pace makes as many as there are replies.
DROP INDEX effect_front;
CREATE INDEX effect_front ON effect (workspace, partition, not_after, number) WHERE front AND not_before IS NULL;
CREATE INDEX effect_put_off ON effect (workspace, partition, not_before) WHERE front AND not_before IS NOT NULL;
