-- Version 2. What the log says of a thing is found by the thing: receipts by their DM, what is told of an order by the
-- order, identities by the shop's id; each as JSON writes it. Whoever asks repeats the expression.
CREATE INDEX log_by_thing ON log (
    workspace,
    partition,
    (CASE
        WHEN user_id IS NULL OR form LIKE '%"event":{"order":{%' OR form LIKE '%"event":{"identity":{%' THEN coalesce(
            'dm:' || substring(form FROM '"event":{"receipt":{"dm_id":"((?:[^"\\]|\\.)*)"'),
            'order:' || substring(form FROM '"order_id":"((?:[^"\\]|\\.)*)"'),
            'shop_user:' || substring(form FROM '"shop_user_id":"((?:[^"\\]|\\.)*)"'))
    END),
    position
);
