-- Version 1. The workspace's number and the partition come first in every key that grows: rows of one shard lie together,
-- and tables can be spread over machines along them. Instants are milliseconds since 1970; forms are the stored forms of
-- chatsparks-core, as JSON. Texts compare byte by byte, as the engine compares them.

CREATE TABLE workspace (
    number INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE
);

-- A row for each partition from the beginning, so that there is one to lock. Few, and changed by each commit: what is
-- left free on a page is where the next version goes, without touching the index.
CREATE TABLE shard (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    fence BIGINT NOT NULL DEFAULT 0,
    opened_in_vain INTEGER NOT NULL DEFAULT 0,
    decided BIGINT NOT NULL DEFAULT 0,
    log_first BIGINT NOT NULL DEFAULT 1,
    record_first BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, partition)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The end of each log, apart from the shard: whoever logs and whoever commits do not wait for one another. Whoever logs
-- holds the row until it has committed, so that positions come into sight in order and without gaps.
CREATE TABLE log_end (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    latest BIGINT,
    PRIMARY KEY (workspace, partition)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- How many effects of a shard came to what.
CREATE TABLE settled_count (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    sent BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, partition)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Events accepted, and kept once decided: nothing is deleted when it is taken, so that it does not bloat.
CREATE TABLE log (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    user_id TEXT COLLATE "C",
    erased BOOLEAN NOT NULL DEFAULT FALSE,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, position)
);
CREATE INDEX log_by_user ON log (workspace, partition, user_id, position) WHERE user_id IS NOT NULL;
CREATE INDEX log_erased ON log (workspace, partition, at) WHERE erased;

CREATE TABLE contact (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    next_due BIGINT,
    queued_at BIGINT,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, user_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX contact_due ON contact (workspace, partition, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX contact_queued ON contact (workspace, partition, queued_at, user_id) WHERE queued_at IS NOT NULL;

-- Ids that are used up. Kinds: 0 events, 1 comments, 2 messages, 3 refunds.
CREATE TABLE seen (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind SMALLINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, partition, kind, id)
);
CREATE INDEX seen_at ON seen (workspace, partition, at);

CREATE TABLE link (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    place BIGINT NOT NULL,
    at BIGINT NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, user_id, seq, place)
);
CREATE INDEX link_at ON link (workspace, partition, at);

-- The parts of the head, orders, shop ids, DMs, firings. `at`: remembered from then on; none: it stays.
CREATE TABLE item (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    at BIGINT,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, kind, name)
);
CREATE INDEX item_at ON item (workspace, partition, at) WHERE at IS NOT NULL;

-- The sums that insights are made of, each by its name as JSON; sums of money may be longer than any whole number.
CREATE TABLE insight (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    sum NUMERIC NOT NULL,
    PRIMARY KEY (workspace, partition, name)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE record (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    comment_id TEXT COLLATE "C",
    line TEXT NOT NULL,
    evaluation TEXT,
    PRIMARY KEY (workspace, partition, seq)
);
CREATE INDEX record_by_user ON record (workspace, partition, user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX record_by_comment ON record (workspace, partition, comment_id, seq) WHERE comment_id IS NOT NULL;

-- Effects without an outcome, and only those. States: 0 waiting, 1 in doubt, 2 dead. `front`: it may be the next to go,
-- since it is free, or the first of its lane that is not dead. `not_after` is the greatest number there is where it has
-- no end. No index has what an attempt changes, so that it is written in place.
CREATE TABLE effect (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    seq BIGINT NOT NULL,
    place BIGINT NOT NULL,
    user_id TEXT COLLATE "C",
    lane TEXT COLLATE "C",
    free BOOLEAN NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    bot_conversation BIGINT,
    state SMALLINT NOT NULL,
    front BOOLEAN NOT NULL,
    not_after BIGINT NOT NULL,
    not_before BIGINT,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt BIGINT,
    why TEXT,
    form TEXT NOT NULL,
    context TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX effect_lane ON effect (workspace, partition, lane, seq, place) WHERE lane IS NOT NULL;
CREATE INDEX effect_front ON effect (workspace, partition, not_after, number) WHERE front;

-- Effects that have their outcome. What they said is in the record. States: 3 sent, 4 failed.
CREATE TABLE outcome (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    user_id TEXT COLLATE "C",
    lane TEXT COLLATE "C",
    free BOOLEAN NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state SMALLINT NOT NULL,
    not_after BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    why TEXT,
    PRIMARY KEY (workspace, partition, id)
);
CREATE INDEX outcome_by_seq ON outcome (workspace, partition, seq);

CREATE TABLE document (
    workspace INTEGER NOT NULL,
    revision BIGINT NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, revision)
);

CREATE TABLE note (
    workspace INTEGER NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) WITH (fillfactor = 50);

-- The partition that a key's thing lives in, at the key's own home partition. Kinds: order, refund, shop_user, link.
-- `at`: remembered from then on; none: it stays.
CREATE TABLE place (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    lives INTEGER NOT NULL,
    at BIGINT,
    PRIMARY KEY (workspace, partition, kind, name)
);
CREATE INDEX place_at ON place (workspace, partition, at) WHERE at IS NOT NULL;

-- Events that wait, in the order in which they came. `kind` and `name`: what they name. `until`: how far which partitions
-- have to have decided. `brought`: whether its own `at` stays. `linked`: of an order, the partition of the contact that
-- its shop id was linked to.
CREATE TABLE waiting (
    workspace INTEGER NOT NULL,
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    until TEXT NOT NULL,
    linked INTEGER,
    brought BOOLEAN NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, number)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX waiting_by_name ON waiting (workspace, kind, name);

-- Grants, each with the position of the log that it stands before.
CREATE TABLE granted (
    workspace INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position BIGINT NOT NULL,
    place INTEGER NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (workspace, partition, position, place)
);

CREATE TABLE pool (
    workspace INTEGER NOT NULL,
    cycle BIGINT NOT NULL,
    drawn BIGINT NOT NULL,
    PRIMARY KEY (workspace, cycle)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Processes that serve, and which partitions each has; by the clock of this server alone.
CREATE TABLE worker (
    id TEXT COLLATE "C" PRIMARY KEY,
    beat_at TIMESTAMPTZ NOT NULL,
    address TEXT NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE lease (
    partition INTEGER PRIMARY KEY,
    worker TEXT COLLATE "C"
) WITH (fillfactor = 20);
