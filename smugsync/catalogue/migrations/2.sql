-- From version 2 to 3: what is sent, what may be sent by itself, and what must not be.
CREATE TABLE local_file_3 (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5      TEXT,
    why      TEXT NOT NULL CHECK (why IN ('local', 'diverged', 'kept')),
    file_id  INTEGER REFERENCES file (id) ON DELETE SET NULL,
    fresh    INTEGER NOT NULL DEFAULT 0 CHECK (fresh IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO local_file_3 SELECT path, size, mtime_ns, md5, why, file_id, 0 FROM local_file;
DROP TABLE local_file;
ALTER TABLE local_file_3 RENAME TO local_file;
CREATE INDEX local_file_by_photo ON local_file (file_id) WHERE file_id IS NOT NULL;

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

CREATE TABLE withdrawn (
    md5 TEXT PRIMARY KEY CHECK (length(md5) = 32),
    at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE routed (
    path     TEXT PRIMARY KEY,
    keywords TEXT NOT NULL
) STRICT, WITHOUT ROWID;
