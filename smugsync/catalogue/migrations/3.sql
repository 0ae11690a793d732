-- From version 3 to 4: what is known of bytes for which the service promised nothing.
ALTER TABLE file ADD COLUMN held_sha256 TEXT CHECK (length(held_sha256) = 64
    AND (held_sha256 IS NULL OR held_md5 IS NOT NULL));
ALTER TABLE file ADD COLUMN inspected TEXT NOT NULL DEFAULT '' CHECK (inspected IN ('', 'decoded', 'structure')
    AND (inspected = '' OR held_md5 IS NOT NULL));
ALTER TABLE file ADD COLUMN validator TEXT NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN looked_at INTEGER;
