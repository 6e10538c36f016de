-- Version 1. The workspace's number and the partition come first in every key: rows of one shard lie together, and a
-- store of many machines can be cut along them. Instants are milliseconds since 1970; forms are the stored forms of
-- chatsparks-core, as JSON.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;

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

-- Events accepted, and kept once decided.
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
CREATE INDEX contact_due ON contact (workspace, partition, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX contact_queued ON contact (workspace, partition, queued_at, user_id) WHERE queued_at IS NOT NULL;

-- Ids that are used up. Kinds: 0 events, 1 comments, 2 messages, 3 refunds.
CREATE TABLE seen (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (workspace, partition, kind, id)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX link_at ON link (workspace, partition, at);

-- The parts of the head, orders, shop ids, DMs, firings. `at`: remembered from then on; none: it stays.
CREATE TABLE item (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, kind, name)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX record_by_user ON record (workspace, partition, user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX record_by_comment ON record (workspace, partition, comment_id, seq) WHERE comment_id IS NOT NULL;

-- States: 0 waiting, 1 in doubt, 2 dead, 3 sent, 4 failed. `front`: it may be the next to go, since it is free, or the
-- first of its lane that has no outcome and is not dead. `not_after` is the greatest number there is where it has no end.
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

CREATE TABLE note (
    workspace INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;
