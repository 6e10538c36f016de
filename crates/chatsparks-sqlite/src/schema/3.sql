-- Version 3. What the log says of a thing is found by the thing: receipts by their DM, what is told of an order by the
-- order, identities by the shop's id. Whoever asks repeats the expression word for word.
CREATE INDEX log_by_thing ON log (
    workspace,
    partition,
    (CASE WHEN user_id IS NULL THEN coalesce('dm:' || json_extract(form, '$.event.receipt.dm_id'), 'order:' || coalesce(json_extract(form, '$.event.order_cancelled.order_id'), json_extract(form, '$.event.refund.order_id'), json_extract(form, '$.event.order_review.order_id'))) WHEN instr(form, '"event":{"order":{') THEN 'order:' || json_extract(form, '$.event.order.order_id') WHEN instr(form, '"event":{"identity":{') THEN 'shop_user:' || json_extract(form, '$.event.identity.shop_user_id') END),
    position
);
