-- The catalogue: what both sides agreed on. It may be behind the disk, never ahead of it.
-- Version 5: this file is what a new catalogue gets; `migrations/N.sql` turns version N into N + 1.

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
-- `instead_of` is set for an album that was adopted where it stood: the directory that the layout gives it.
-- As long as it does, the album stays where it is.
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
    instead_of       TEXT NOT NULL DEFAULT '',
    CHECK (state = 'listed' OR reason <> '')
) STRICT;

-- One row per photo or video of an album. The upper half is what the service last showed, the middle
-- what we hold and how we know it, the end why the row rests where it does.
-- `name` is assigned once; `source` is the media address read in run `source_run`, worthless after it.
-- A negative `source_run` holds a planned file back until that run knows whether it only moved.
-- `source_files`: types of files that the service keeps with a photo and does not hand out ('cr2 dng').
-- `original_size`: what the service says of the size of the upload, in bytes; it may mean a conversion of it.
-- `held_*`, `mtime_ns` and `evidence` describe the accepted bytes; `local_*` is set only where a person
-- edited the file afterwards, and describes what lies there now; `kept_md5` are the bytes of an edit that
-- a person decided to keep: it is no open question any more, and never sent by itself.
-- Where the service promised nothing, `held_sha256` is our own digest, and `inspected` says how the picture was
-- found to be whole when it came: every pixel decoded, or its structure followed from end to end. `validator` is what
-- the server named these bytes by (an ETag, or a Last-Modified), '' = nothing; `looked_at` when it was last asked.
-- `verified_at` is when the held bytes were last read or received whole and found right; `damaged_at` is
-- set while they are known to be wrong under an unchanged time stamp, or not to be read at all.
-- `strikes` counts how often in a row the same wrong bytes put the file in quarantine.
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
    source_files  TEXT NOT NULL DEFAULT '',
    original_size INTEGER CHECK (original_size >= 0),

    held_version  TEXT,
    held_md5      TEXT CHECK (length(held_md5) = 32),
    held_size     INTEGER CHECK (held_size >= 0),
    mtime_ns      INTEGER,
    held_sha256   TEXT CHECK (length(held_sha256) = 64),
    inspected     TEXT NOT NULL DEFAULT '' CHECK (inspected IN ('', 'decoded', 'structure')),
    validator     TEXT NOT NULL DEFAULT '',
    looked_at     INTEGER,
    evidence      TEXT CHECK (evidence IN ('promised', 'self', 'converted', 'unproven')),
    local_md5     TEXT,
    local_size    INTEGER,
    local_mtime_ns INTEGER,
    kept_md5      TEXT CHECK (length(kept_md5) = 32),
    verified_at   INTEGER,
    damaged_at    INTEGER,

    reason        TEXT NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    retry_at      INTEGER,
    retired_at    INTEGER,
    strikes       INTEGER NOT NULL DEFAULT 0,

    UNIQUE (album_id, key),
    UNIQUE (album_id, name_folded),
    CHECK ((held_md5 IS NULL) = (held_version IS NULL)),
    CHECK ((held_md5 IS NULL) = (held_size IS NULL)),
    CHECK ((held_md5 IS NULL) = (mtime_ns IS NULL)),
    CHECK ((held_md5 IS NULL) = (evidence IS NULL)),
    CHECK (held_md5 IS NOT NULL OR (held_sha256 IS NULL AND inspected = '')),
    CHECK ((local_md5 IS NULL) = (local_size IS NULL)),
    CHECK ((local_md5 IS NULL) = (local_mtime_ns IS NULL)),
    CHECK (held_md5 IS NOT NULL OR (verified_at IS NULL AND damaged_at IS NULL)),
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
CREATE INDEX file_by_verification ON file (coalesce(verified_at, 0), id) WHERE held_md5 IS NOT NULL;
CREATE INDEX file_damaged ON file (id) WHERE damaged_at IS NOT NULL;
CREATE INDEX file_edited ON file (id) WHERE local_md5 IS NOT NULL;
CREATE INDEX file_unproven ON file (id) WHERE evidence = 'unproven';
CREATE INDEX file_self ON file (state) WHERE evidence = 'self';
CREATE INDEX file_with_source_files ON file (source_files) WHERE source_files <> '';

.read tally.sql

-- Files in the mirror that no row accounts for: a person's own (`local`), the local half of a conflict
-- (`diverged`), which stays under its name while the online version lies beside it, or something that once
-- was the account's and that a person wants to keep (`kept`): it is never sent by itself. `file_id` is the
-- photo that a diverged file is one half of.
CREATE TABLE local_file (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5      TEXT,
    why      TEXT NOT NULL CHECK (why IN ('local', 'diverged', 'kept')),
    file_id  INTEGER REFERENCES file (id) ON DELETE SET NULL,
    fresh    INTEGER NOT NULL DEFAULT 0 CHECK (fresh IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX local_file_by_photo ON local_file (file_id) WHERE file_id IS NOT NULL;

-- A local file that is to be sent, or was: keyed by where it lies, never by its bytes, so that an edit in
-- between can not make a second photo of it. It is written down, durably, before the first byte leaves: in
-- `sending` and `in_doubt` the service may have a photo of these bytes, and only a complete listing of the
-- album settles it (`looks` counts them). `size`, `mtime_ns` and `md5` are those of the bytes that were sent, `sent_at`
-- the service's time then, `key` the photo if the service has named it. `file_id`: the photo it is to replace.
CREATE TABLE upload (
    id       INTEGER PRIMARY KEY,
    album_id INTEGER NOT NULL REFERENCES album (id) ON DELETE CASCADE,
    path     TEXT NOT NULL UNIQUE,
    file_id  INTEGER UNIQUE REFERENCES file (id) ON DELETE CASCADE,
    state    TEXT NOT NULL CHECK (state IN ('planned', 'sending', 'in_doubt', 'failed', 'quarantined')),
    size     INTEGER NOT NULL CHECK (size >= 0),
    mtime_ns INTEGER NOT NULL,
    md5      TEXT CHECK (length(md5) = 32),
    key      TEXT NOT NULL DEFAULT '',
    sent_at  INTEGER,
    looks    INTEGER NOT NULL DEFAULT 0,
    reason   TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    CHECK (state NOT IN ('sending', 'in_doubt') OR (md5 IS NOT NULL AND sent_at IS NOT NULL)),
    CHECK (state NOT IN ('failed', 'quarantined') OR (reason <> '' AND retry_at IS NOT NULL))
) STRICT;

CREATE INDEX upload_by_album ON upload (album_id);

-- MD5s of photos that were deleted online and of which nothing is recorded any more: whoever puts such a file
-- back may not have it published by that.
CREATE TABLE withdrawn (
    md5 TEXT PRIMARY KEY CHECK (length(md5) = 32),
    at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The keywords of files that came from a drop folder and are not sent yet, as JSON.
CREATE TABLE routed (
    path     TEXT PRIMARY KEY,
    keywords TEXT NOT NULL
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

-- What a run did, a row each, for `history` and `undo`. `what` is a name of `What` in lower case. `path` is
-- where the file is after it, `was` where its former bytes lie now (set aside), or what it was called.
-- `undoes` is the change that it took back.
CREATE TABLE change (
    id       INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    what     TEXT NOT NULL,
    path     TEXT NOT NULL,
    was      TEXT NOT NULL DEFAULT '',
    detail   TEXT NOT NULL DEFAULT '',
    album_id INTEGER REFERENCES album (id) ON DELETE SET NULL,
    key      TEXT NOT NULL DEFAULT '',
    undoes   INTEGER REFERENCES change (id) ON DELETE SET NULL
) STRICT;

CREATE INDEX change_by_run ON change (run);
CREATE INDEX change_by_album ON change (album_id) WHERE album_id IS NOT NULL;
CREATE INDEX change_by_undone ON change (undoes) WHERE undoes IS NOT NULL;

-- MD5s of files that are not mirrored, by absolute path, and when they were read: an adoption that was
-- interrupted reads nothing twice.
CREATE TABLE hashed (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5      TEXT NOT NULL CHECK (length(md5) = 32),
    read_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
