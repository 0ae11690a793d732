-- How many files there are in each state, and their bytes (held, else promised): kept up by the database itself,
-- since `status` may not read a million rows to know it. These are the only triggers of a catalogue.
CREATE TABLE tally (
    state TEXT PRIMARY KEY,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tally
SELECT state, count(*), sum(coalesce(held_size, promised_size, 0)) FROM file GROUP BY state;

CREATE TRIGGER tally_added AFTER INSERT ON file BEGIN
    INSERT INTO tally VALUES (NEW.state, 1, coalesce(NEW.held_size, NEW.promised_size, 0))
    ON CONFLICT (state) DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER tally_removed AFTER DELETE ON file BEGIN
    UPDATE tally SET files = files - 1, bytes = bytes - coalesce(OLD.held_size, OLD.promised_size, 0)
    WHERE state = OLD.state;
END;

CREATE TRIGGER tally_changed AFTER UPDATE OF state, held_size, promised_size ON file
WHEN OLD.state <> NEW.state OR OLD.held_size IS NOT NEW.held_size
    OR OLD.promised_size IS NOT NEW.promised_size
BEGIN
    UPDATE tally SET files = files - 1, bytes = bytes - coalesce(OLD.held_size, OLD.promised_size, 0)
    WHERE state = OLD.state;
    INSERT INTO tally VALUES (NEW.state, 1, coalesce(NEW.held_size, NEW.promised_size, 0))
    ON CONFLICT (state) DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes;
END;
