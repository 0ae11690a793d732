-- From version 1 to 2: verification, damage and quarantine are remembered, and what each run did.
ALTER TABLE file ADD COLUMN verified_at INTEGER
    CHECK (held_md5 IS NOT NULL OR verified_at IS NULL);
ALTER TABLE file ADD COLUMN damaged_at INTEGER
    CHECK (held_md5 IS NOT NULL OR damaged_at IS NULL)
    CHECK ((local_md5 IS NULL) = (local_size IS NULL))
    CHECK ((local_md5 IS NULL) = (local_mtime_ns IS NULL));
ALTER TABLE file ADD COLUMN kept_md5 TEXT CHECK (length(kept_md5) = 32);
ALTER TABLE file ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN source_files TEXT NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN original_size INTEGER CHECK (original_size >= 0);
ALTER TABLE album ADD COLUMN instead_of TEXT NOT NULL DEFAULT '';

CREATE INDEX file_by_verification ON file (coalesce(verified_at, 0), id) WHERE held_md5 IS NOT NULL;
CREATE INDEX file_damaged ON file (id) WHERE damaged_at IS NOT NULL;
CREATE INDEX file_unproven ON file (id) WHERE evidence = 'unproven';
CREATE INDEX file_with_source_files ON file (source_files) WHERE source_files <> '';
CREATE INDEX file_edited ON file (id) WHERE local_md5 IS NOT NULL;

CREATE TABLE local_file_2 (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5      TEXT,
    why      TEXT NOT NULL CHECK (why IN ('local', 'diverged', 'kept')),
    file_id  INTEGER REFERENCES file (id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
INSERT INTO local_file_2 SELECT path, size, mtime_ns, md5, why, NULL FROM local_file;
DROP TABLE local_file;
ALTER TABLE local_file_2 RENAME TO local_file;
CREATE INDEX local_file_by_photo ON local_file (file_id) WHERE file_id IS NOT NULL;

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

CREATE TABLE hashed (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5      TEXT NOT NULL CHECK (length(md5) = 32),
    read_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
