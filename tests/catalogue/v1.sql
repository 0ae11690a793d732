-- The catalogue: what both sides agreed on. It may be behind the disk, never ahead of it.
-- Version 1. Later versions are numbered migrations in catalogue.py; this file is what a new catalogue gets.

-- Facts about the catalogue itself: the mirror's id, the account's root, when the last full cycle ended.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per album ever seen. `directory` is relative to the mirror and follows the album's address;
-- no two of them may be the same to a file system that folds case, and none lies inside another. `cursor` is the opaque stamp read
-- before the last complete listing ('' = none yet); it is written with the plan it led to.
-- A `frozen` album is one this viewer cannot read: its rows stand still, it is never taken as empty.
-- A `gone` album answered 404: its files stay and are marked.
CREATE TABLE album (
    id               INTEGER PRIMARY KEY,
    key              TEXT NOT NULL UNIQUE,
    node_id          TEXT NOT NULL,
    name             TEXT NOT NULL,
    url_path         TEXT NOT NULL,
    directory        TEXT NOT NULL,
    directory_folded TEXT NOT NULL UNIQUE,
    cursor           TEXT NOT NULL DEFAULT '',
    image_count      INTEGER,
    state            TEXT NOT NULL DEFAULT 'listed' CHECK (state IN ('listed', 'frozen', 'gone')),
    reason           TEXT NOT NULL DEFAULT '',
    CHECK (state = 'listed' OR reason <> '')
) STRICT;

-- One row per photo or video of an album. The upper half is what the service last showed, the middle
-- what we hold and how we know it, the end why the row rests where it does.
-- `name` is assigned once; `source` is the media address read in run `source_run`, worthless after it.
-- A negative `source_run` holds a planned file back until that run knows whether it only moved.
-- `held_*`, `mtime_ns` and `evidence` describe the accepted bytes; `local_*` is set only where a person
-- edited the file afterwards, and describes what lies there now.
CREATE TABLE file (
    id            INTEGER PRIMARY KEY,
    album_id      INTEGER NOT NULL REFERENCES album (id),
    key           TEXT NOT NULL,
    name          TEXT NOT NULL,
    name_folded   TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN
        ('planned', 'sending', 'in_doubt', 'committed', 'failed', 'quarantined', 'withheld', 'retired')),

    remote_name   TEXT NOT NULL,
    format        TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('photo', 'video')),
    serial        INTEGER NOT NULL,
    version       TEXT NOT NULL,
    revision      TEXT NOT NULL,
    promised_md5  TEXT CHECK (length(promised_md5) = 32),
    promised_size INTEGER CHECK (promised_size >= 0),
    source        TEXT,
    source_run    INTEGER,
    taken         TEXT NOT NULL,
    uploaded      TEXT NOT NULL,
    details       TEXT NOT NULL,

    held_version  TEXT,
    held_md5      TEXT CHECK (length(held_md5) = 32),
    held_size     INTEGER CHECK (held_size >= 0),
    mtime_ns      INTEGER,
    evidence      TEXT CHECK (evidence IN ('promised', 'self', 'converted', 'unproven')),
    local_md5     TEXT,
    local_size    INTEGER,
    local_mtime_ns INTEGER,

    reason        TEXT NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    retry_at      INTEGER,
    retired_at    INTEGER,

    UNIQUE (album_id, key),
    UNIQUE (album_id, name_folded),
    CHECK ((held_md5 IS NULL) = (held_version IS NULL)),
    CHECK ((held_md5 IS NULL) = (held_size IS NULL)),
    CHECK ((held_md5 IS NULL) = (mtime_ns IS NULL)),
    CHECK ((held_md5 IS NULL) = (evidence IS NULL)),
    CHECK (state NOT IN ('committed', 'retired') OR held_md5 IS NOT NULL),
    CHECK (state <> 'committed' OR held_version = version),
    CHECK (state <> 'committed' OR evidence <> 'promised'
           OR ((promised_md5 IS NULL OR held_md5 = promised_md5)
               AND (promised_size IS NULL OR held_size = promised_size)
               AND (promised_md5 IS NOT NULL OR promised_size IS NOT NULL))),
    CHECK (state NOT IN ('failed', 'quarantined', 'withheld') OR reason <> ''),
    CHECK (state NOT IN ('failed', 'quarantined') OR retry_at IS NOT NULL),
    CHECK ((state = 'retired') = (retired_at IS NOT NULL))
) STRICT;

CREATE INDEX file_by_key ON file (key);
CREATE INDEX file_planned ON file (source_run, id) WHERE state = 'planned';
CREATE INDEX file_unsettled ON file (album_id, state) WHERE state <> 'committed';

-- Files in the mirror that no row accounts for: a person's own (`local`), or the local half of a
-- conflict (`diverged`), which stays under its name while the online version lies beside it.
CREATE TABLE local_file (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5      TEXT,
    why      TEXT NOT NULL CHECK (why IN ('local', 'diverged'))
) STRICT, WITHOUT ROWID;

-- A directory rename that was announced and not yet recorded as done. Start-up settles it by looking
-- which of the two directories exists.
CREATE TABLE directory_move (
    album_id INTEGER PRIMARY KEY REFERENCES album (id),
    old      TEXT NOT NULL,
    new      TEXT NOT NULL
) STRICT;

-- One row per run. `summary` is the report as JSON; `finished_at` is NULL while it runs or if it was killed.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    scope       TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    exit_code   INTEGER,
    summary     TEXT
) STRICT;
