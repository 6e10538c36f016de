-- Version 2. Workspaces of many partitions: where things live, events that wait for others to be decided, grants of room
-- beside the log, and the pool that they are drawn from.

-- The partition that a key's thing lives in. Kinds: order, refund, shop_user, link. `at`: remembered from then on; none:
-- it stays.
CREATE TABLE place (
    workspace INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    partition INTEGER NOT NULL,
    at INTEGER,
    PRIMARY KEY (workspace, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_at ON place (workspace, at) WHERE at IS NOT NULL;

-- Events that wait, in the order in which they came. `kind` and `name`: what they name. `until`: how far which partitions
-- have to have decided. `brought`: whether its own `at` stays. `linked`: of an order, the partition of the contact that
-- its shop id was linked to.
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

-- Grants, each with the position of the log that it stands before.
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

-- A file of many partitions knows where its orders are. A sole partition never asks.
INSERT OR IGNORE INTO place (workspace, kind, name, partition)
SELECT workspace, kind, name, partition FROM item
WHERE kind = 'order' AND (SELECT value FROM meta WHERE name = 'partitions') > 1;
