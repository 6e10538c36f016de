-- Version 4. Outcomes are found by their id, and by `seq` only where they are deleted, which says `seq >= 0`: whoever asks for
-- an id cannot be led here, which as long as nothing is known of the table looks as good, and reads all of a partition.
DROP INDEX outcome_by_seq;
CREATE INDEX outcome_by_seq ON outcome (workspace, partition, seq) WHERE seq >= 0;
