PRAGMA application_id = 1130910576;
PRAGMA user_version = 3;
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('forms', 1);
INSERT INTO meta VALUES ('partitions', 1);
CREATE TABLE workspace (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO workspace VALUES (1, 'glow');
CREATE TABLE shard (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    opened_in_vain INTEGER NOT NULL DEFAULT 0,
    decided INTEGER NOT NULL DEFAULT 0,
    log_end INTEGER NOT NULL DEFAULT 0,
    log_latest INTEGER,
    log_first INTEGER NOT NULL DEFAULT 1,
    record_first INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, partition)
) STRICT, WITHOUT ROWID;
INSERT INTO shard VALUES (1, 0, 2, 0, 6, 10, 1772445609000, 1, 0, 1, 4);
CREATE TABLE log (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    user_id TEXT,
    erased INTEGER,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, position)
) STRICT;
INSERT INTO log VALUES (1, 0, 1, 1772445600000, 'b', NULL, '{"v":1,"id":"e0","at":"2026-03-02T10:00:00Z","event":{"comment":{"comment_id":"c0","post_id":"v1","user_id":"b","handle":"of another","text":"of another"}}}');
INSERT INTO log VALUES (1, 0, 2, 1772445601000, 'a', 1, '{"v":1,"id":"e1","at":"2026-03-02T10:00:01Z","event":{"comment":{"comment_id":"c1","post_id":"v1","user_id":"a","text":""}}}');
INSERT INTO log VALUES (1, 0, 3, 1772445602000, 'a', 1, '{"v":1,"id":"e2","at":"2026-03-02T10:00:02Z","event":{"message":{"message_id":"m2","user_id":"a","text":""}}}');
INSERT INTO log VALUES (1, 0, 4, 1772445603000, 'a', 1, '{"v":1,"id":"e3","at":"2026-03-02T10:00:03Z","event":{"member_message":{"message_id":"mm","user_id":"a","member":"m@x","text":""}}}');
INSERT INTO log VALUES (1, 0, 5, 1772445604000, 'a', NULL, '{"v":1,"id":"e4","at":"2026-03-02T10:00:04Z","event":{"erase":{"user_id":"a"}}}');
INSERT INTO log VALUES (1, 0, 6, 1772445605000, 'a', NULL, '{"v":1,"id":"e5","at":"2026-03-02T10:00:05Z","event":{"comment":{"comment_id":"c5","post_id":"v1","user_id":"a","handle":"written later","text":"written later"}}}');
INSERT INTO log VALUES (1, 0, 7, 1772445609000, 'a', NULL, '{"v":1,"id":"e6","at":"2026-03-02T10:00:09Z","event":{"comment":{"comment_id":"c6","post_id":"v1","user_id":"a","handle":"not decided yet","text":"not decided yet"}}}');
INSERT INTO log VALUES (1, 0, 8, 1772445609000, NULL, NULL, '{"v":1,"id":"outcome:e1/0","at":"2026-03-02T10:00:09Z","event":{"receipt":{"dm_id":"e1/0","status":"failed","detail":"withdrawn"}}}');
INSERT INTO log VALUES (1, 0, 9, 1772445609000, NULL, NULL, '{"v":1,"id":"outcome:e2/0","at":"2026-03-02T10:00:09Z","event":{"receipt":{"dm_id":"e2/0","status":"failed","detail":"withdrawn"}}}');
INSERT INTO log VALUES (1, 0, 10, 1772445609000, NULL, NULL, '{"v":1,"id":"outcome:e3/0","at":"2026-03-02T10:00:09Z","event":{"receipt":{"dm_id":"e3/0","status":"failed","detail":"withdrawn"}}}');
CREATE INDEX log_by_user ON log (workspace, partition, user_id, position) WHERE user_id IS NOT NULL;
CREATE INDEX log_erased ON log (workspace, partition, at) WHERE erased IS NOT NULL;
CREATE TABLE contact (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    next_due INTEGER,
    queued_at INTEGER,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, user_id)
) STRICT;
INSERT INTO contact VALUES (1, 0, 'a', NULL, NULL, '{"v":2,"user_id":"a","talk":{}}');
INSERT INTO contact VALUES (1, 0, 'u1', 1772445660000, NULL, '{"v":2,"user_id":"u1","talk":{"conversation":{"id":1,"state":"bot","idle":"2026-03-02T10:01:00Z"}}}');
INSERT INTO contact VALUES (1, 0, 'due', 1772445670000, NULL, '{"v":2,"user_id":"due","talk":{"conversation":{"id":1,"state":"bot","idle":"2026-03-02T10:01:10Z"}}}');
INSERT INTO contact VALUES (1, 0, 'queued', 1772877680000, 1772445680000, '{"v":2,"user_id":"queued","talk":{"pending":{"waits":"room","until":"2026-03-07T10:01:20Z","trigger":"t","flow":"f","comment_id":"c","comment_at":"2026-03-02T10:01:20Z","posted_at":"2026-03-02T10:01:20Z","post_id":"v","is_reply":false,"answerable":true}}}');
CREATE INDEX contact_due ON contact (workspace, partition, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX contact_queued ON contact (workspace, partition, queued_at, user_id) WHERE queued_at IS NOT NULL;
CREATE TABLE seen (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (workspace, partition, kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO seen VALUES (1, 0, 0, 'x', 1772445660000);
INSERT INTO seen VALUES (1, 0, 1, 'x', 1772445660000);
INSERT INTO seen VALUES (1, 0, 2, 'x', 1772445660000);
INSERT INTO seen VALUES (1, 0, 3, 'x', 1772445660000);
CREATE INDEX seen_at ON seen (workspace, partition, at);
CREATE TABLE link (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, user_id, seq, place)
) STRICT, WITHOUT ROWID;
INSERT INTO link VALUES (1, 0, 'u1', 3, 1, 1772445660000, '{"v":1,"link":{"user_id":"u1","seq":3,"position":1,"link":{"at":"2026-03-02T10:01:00Z","conversation":1,"link":{"product":"p3-1"},"by":{"member":"a@b"}}}}');
CREATE INDEX link_at ON link (workspace, partition, at);
CREATE TABLE item (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO item VALUES (1, 0, 'clock', '', NULL, '{"v":1,"clock":{"v":1,"latest":"2026-03-02T10:01:00Z","seq":7}}');
INSERT INTO item VALUES (1, 0, 'dm', 'x', NULL, '{"v":1,"dm":{"id":"x","user_id":"u1","stage":"sent"}}');
INSERT INTO item VALUES (1, 0, 'fired', 'u1idle2026-03-02T10:00:05Z', 1772445605000, '{"v":1,"fired":{"user_id":"u1","timer":"idle","due":"2026-03-02T10:00:05Z","times":1}}');
INSERT INTO item VALUES (1, 0, 'room', '', NULL, '{"v":1,"room":{"v":1,"used":1,"told":0}}');
INSERT INTO item VALUES (1, 0, 'shop_user', 'x', NULL, '{"v":1,"shop_user":{"id":"x","user_id":"u1"}}');
INSERT INTO item VALUES (1, 0, 'terms', '', NULL, '{"v":1,"terms":{"v":1,"revision":1}}');
CREATE INDEX item_at ON item (workspace, partition, at) WHERE at IS NOT NULL;
CREATE TABLE record (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT,
    user_id TEXT,
    comment_id TEXT,
    line TEXT NOT NULL,
    evaluation TEXT,
    PRIMARY KEY (workspace, partition, seq)
) STRICT;
INSERT INTO record VALUES (1, 0, 0, 1772445600000, 'e0', 'b', NULL, '{"seq":0,"event":"e0","at":"2026-03-02T10:00:00Z","user_id":"b","effects":[{"id":"e0/0","send_dm":{"user_id":"b","text":"of another"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 1, 1772445601000, 'e1', 'a', 'c1', '{"seq":1,"event":"e1","at":"2026-03-02T10:00:01Z","user_id":"a","effects":[{"id":"e1/0","send_dm":{"user_id":"a","text":""}}]}', '{"v":1,"at":"2026-03-02T10:00:01Z","revision":1,"comment":{"comment_id":"c1","post_id":"v1","user_id":"a","text":""},"result":"no_match"}');
INSERT INTO record VALUES (1, 0, 2, 1772445602000, 'e2', 'a', NULL, '{"seq":2,"event":"e2","at":"2026-03-02T10:00:02Z","user_id":"a","effects":[{"id":"e2/0","send_dm":{"user_id":"a","text":""}}]}', NULL);
INSERT INTO record VALUES (1, 0, 3, 1772445603000, 'e3', 'a', NULL, '{"seq":3,"event":"e3","at":"2026-03-02T10:00:03Z","user_id":"a","effects":[{"id":"e3/0","send_dm":{"user_id":"a","text":""}}]}', NULL);
INSERT INTO record VALUES (1, 0, 4, 1772445604000, 'e4', 'a', NULL, '{"seq":4,"event":"e4","at":"2026-03-02T10:00:04Z","user_id":"a","effects":[{"id":"e4/0","send_dm":{"user_id":"a","text":""}}]}', NULL);
INSERT INTO record VALUES (1, 0, 5, 1772445605000, 'e5', 'a', 'c5', '{"seq":5,"event":"e5","at":"2026-03-02T10:00:05Z","user_id":"a","effects":[{"id":"e5/0","send_dm":{"user_id":"a","text":"written later"}}]}', '{"v":1,"at":"2026-03-02T10:00:05Z","revision":1,"comment":{"comment_id":"c5","post_id":"v1","user_id":"a","text":"written later"},"result":"no_match"}');
INSERT INTO record VALUES (1, 0, 100, 1772445700000, 'e100', 'u0', NULL, '{"seq":100,"event":"e100","at":"2026-03-02T10:01:40Z","user_id":"u0","effects":[{"id":"e100/0","send_dm":{"user_id":"u0","text":"hello"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 101, 1772445701000, 'e101', 'u1', NULL, '{"seq":101,"event":"e101","at":"2026-03-02T10:01:41Z","user_id":"u1","effects":[{"id":"e101/0","send_dm":{"user_id":"u1","text":"hello"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 102, 1772445702000, 'e102', 'u2', NULL, '{"seq":102,"event":"e102","at":"2026-03-02T10:01:42Z","user_id":"u2","effects":[{"id":"e102/0","send_dm":{"user_id":"u2","text":"hello"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 103, 1772445703000, 'e103', 'u3', NULL, '{"seq":103,"event":"e103","at":"2026-03-02T10:01:43Z","user_id":"u3","effects":[{"id":"e103/0","send_dm":{"user_id":"u3","text":"hello"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 104, 1772445704000, 'e104', 'u4', NULL, '{"seq":104,"event":"e104","at":"2026-03-02T10:01:44Z","user_id":"u4","effects":[{"id":"e104/0","send_dm":{"user_id":"u4","text":"hello"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 105, 1772445705000, 'e105', 'u5', NULL, '{"seq":105,"event":"e105","at":"2026-03-02T10:01:45Z","user_id":"u5","effects":[{"id":"e105/0","send_dm":{"user_id":"u5","text":"hello"}}]}', NULL);
INSERT INTO record VALUES (1, 0, 106, 1772445706000, 'e106', 'nobody', NULL, '{"seq":106,"event":"e106","at":"2026-03-02T10:01:46Z","user_id":"nobody","effects":[{"id":"e106/0","send_dm":{"user_id":"nobody","text":"hello"}}]}', NULL);
CREATE INDEX record_by_user ON record (workspace, partition, user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX record_by_comment ON record (workspace, partition, comment_id, seq) WHERE comment_id IS NOT NULL;
CREATE TABLE effect (
    number INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    user_id TEXT,
    lane TEXT,
    free INTEGER NOT NULL,
    kind TEXT NOT NULL,
    bot_conversation INTEGER,
    state INTEGER NOT NULL DEFAULT 0,
    front INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    not_before INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt INTEGER,
    why TEXT,
    form TEXT,
    context TEXT
) STRICT;
INSERT INTO effect VALUES (1, 1, 0, 'e0/0', 0, 0, 'b', 'b', 0, 'send_dm', 1, 0, 1, 9223372036854775807, NULL, 0, NULL, NULL, '{"v":1,"send_dm":{"user_id":"b","conversation":1,"text":"of another"}}', '{}');
INSERT INTO effect VALUES (2, 1, 0, 'e1/0', 1, 0, 'a', 'a', 0, 'send_dm', 1, 4, 0, 9223372036854775807, NULL, 0, NULL, 'withdrawn', NULL, NULL);
INSERT INTO effect VALUES (3, 1, 0, 'e2/0', 2, 0, 'a', 'a', 0, 'send_dm', 1, 4, 0, 9223372036854775807, NULL, 0, NULL, 'withdrawn', NULL, NULL);
INSERT INTO effect VALUES (4, 1, 0, 'e3/0', 3, 0, 'a', 'a', 0, 'send_dm', 1, 4, 0, 9223372036854775807, NULL, 0, NULL, 'withdrawn', NULL, NULL);
INSERT INTO effect VALUES (5, 1, 0, 'e5/0', 5, 0, 'a', 'a', 0, 'send_dm', 1, 0, 1, 9223372036854775807, NULL, 0, NULL, NULL, '{"v":1,"send_dm":{"user_id":"a","conversation":1,"text":"written later"}}', '{}');
INSERT INTO effect VALUES (6, 1, 0, 'e100/0', 100, 0, 'u0', 'u0', 0, 'send_dm', 1, 3, 0, 1772446100000, NULL, 0, 1772445665000, NULL, NULL, NULL);
INSERT INTO effect VALUES (7, 1, 0, 'e101/0', 101, 0, 'u1', 'u1', 0, 'send_dm', 1, 4, 0, 1772446100000, NULL, 0, 1772445665000, 'no', NULL, NULL);
INSERT INTO effect VALUES (8, 1, 0, 'e102/0', 102, 0, 'u2', 'u2', 0, 'send_dm', 1, 2, 0, 1772446100000, NULL, 1, 1772445665000, 'no', '{"v":1,"send_dm":{"user_id":"u2","conversation":1,"text":"hello"}}', '{"not_after":"2026-03-02T10:08:20Z"}');
INSERT INTO effect VALUES (9, 1, 0, 'e103/0', 103, 0, 'u3', 'u3', 0, 'send_dm', 1, 0, 1, 1772446100000, 1772445690000, 1, 1772445665000, 'busy', '{"v":1,"send_dm":{"user_id":"u3","conversation":1,"text":"hello"}}', '{"not_after":"2026-03-02T10:08:20Z"}');
INSERT INTO effect VALUES (10, 1, 0, 'e104/0', 104, 0, 'u4', 'u4', 0, 'send_dm', 1, 1, 1, 1772446100000, NULL, 0, 1772445665000, NULL, '{"v":1,"send_dm":{"user_id":"u4","conversation":1,"text":"hello"}}', '{"not_after":"2026-03-02T10:08:20Z"}');
INSERT INTO effect VALUES (11, 1, 0, 'e105/0', 105, 0, 'u5', 'u5', 0, 'send_dm', 1, 0, 1, 1772446100000, NULL, 0, NULL, NULL, '{"v":1,"send_dm":{"user_id":"u5","conversation":1,"text":"hello"}}', '{"not_after":"2026-03-02T10:08:20Z"}');
INSERT INTO effect VALUES (12, 1, 0, 'e106/0', 106, 0, 'nobody', NULL, 1, 'notify_owners', NULL, 0, 1, 9223372036854775807, NULL, 0, NULL, NULL, '{"v":1,"notify_owners":{"level":80,"count":8,"limit":10}}', '{}');
CREATE UNIQUE INDEX effect_by_id ON effect (workspace, id, partition);
CREATE INDEX effect_open ON effect (workspace, partition, lane, seq, place, free, state) WHERE state <= 2;
CREATE INDEX effect_front ON effect (workspace, not_after, number, not_before) WHERE front = 1;
CREATE INDEX effect_retried ON effect (workspace, not_before) WHERE front = 1 AND not_before IS NOT NULL;
CREATE INDEX effect_settled ON effect (workspace, partition, seq) WHERE state >= 3;
CREATE TABLE document (
    workspace INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, revision)
) STRICT;
INSERT INTO document VALUES (1, 1, '{"schema":1,"workspace":{"id":"glow","name":"Glow","account_user_id":"acct"},"connections":{"tiktok":{"connected":true,"scopes":["comments","messages","posts"]},"shop":{"connected":true,"scopes":["orders","catalog"]}},"policy":{"throttle_hours":24,"on_throttled":"stop","max_mismatches":2,"waiting_after_minutes":60,"close_after_hours":24,"human_close_hours":0,"attribution_days":14,"queue_hours":48,"reach":{"mode":"open","window_hours":48,"messages_per_window":10,"hold_hours":48}},"posts":[{"id":"v1","kind":"video","published_at":"2026-03-01T00:00:00Z"}],"sensitive":[],"triggers":[{"id":"t","status":"active","scope":"all","when":{"keywords":{"words":["price"],"match":"contains","ignore_accents":false,"squeeze":false}},"flow":"f"}],"flows":[{"id":"f","version":1,"blocks":[{"id":"b1","message":{"text":"hello"}}]}]}');
CREATE TABLE note (
    workspace INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;
INSERT INTO note VALUES (1, 'digest', '0123');
CREATE TABLE place (
    workspace INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    partition INTEGER NOT NULL,
    at INTEGER,
    PRIMARY KEY (workspace, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_at ON place (workspace, at) WHERE at IS NOT NULL;
CREATE TABLE waiting (
    number INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    until TEXT NOT NULL,
    linked INTEGER,
    brought INTEGER NOT NULL,
    form TEXT NOT NULL
) STRICT;
CREATE INDEX waiting_by_name ON waiting (workspace, kind, name);
CREATE TABLE granted (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    place INTEGER NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, position, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE pool (
    workspace INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    drawn INTEGER NOT NULL,
    PRIMARY KEY (workspace, cycle)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_by_thing ON log (
    workspace,
    partition,
    (CASE WHEN user_id IS NULL THEN coalesce('dm:' || json_extract(form, '$.event.receipt.dm_id'), 'order:' || coalesce(json_extract(form, '$.event.order_cancelled.order_id'), json_extract(form, '$.event.refund.order_id'), json_extract(form, '$.event.order_review.order_id'))) WHEN instr(form, '"event":{"order":{') THEN 'order:' || json_extract(form, '$.event.order.order_id') WHEN instr(form, '"event":{"identity":{') THEN 'shop_user:' || json_extract(form, '$.event.identity.shop_user_id') END),
    position
);
