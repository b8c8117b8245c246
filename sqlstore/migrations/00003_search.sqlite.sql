-- The words of log messages, cut by the program, so that both databases know the same ones. rowid is the ID of the line.
CREATE VIRTUAL TABLE log_index USING fts5(words, content='', contentless_delete=1, detail=none, prefix='1 2 3', tokenize='ascii');
-- Without this, deleting lines makes SQLite rewrite the whole index within one transaction, for which everybody would wait.
INSERT INTO log_index (log_index, rank) VALUES ('deletemerge', 0);

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is never changed');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is never changed');
END;
