package sqlstore

import (
	"context"

	"tonypi"
)

const auditColumns = "id, logged_at, username, role, address, action, robot_id, target, ok, message, details"

func scanAudit(row scanner) (e tonypi.AuditEntry, err error) {
	err = row.Scan(&e.ID, stamp{&e.Time}, &e.User, &e.Role, &e.Address, &e.Action, &e.Robot, &e.Target, &e.OK, &e.Message, document{&e.Details})
	return e, err
}

// Audit implements tonypi.AuditStore. A limit above 1,000 is Invalid.
func (s *Store) Audit(ctx context.Context, f tonypi.AuditFilter) ([]tonypi.AuditEntry, error) {
	limit, err := bound(f.Limit, 1000)
	if err != nil {
		return nil, err
	}
	var c conditions
	c.equal("username", f.User)
	c.equal("robot_id", string(f.Robot))
	if f.Action != "" {
		action := clean(f.Action)
		c.add("(action = $%[1]d OR SUBSTR(action, 1, LENGTH(CAST($%[1]d AS TEXT)) + 1) = CAST($%[1]d AS TEXT) || '.')", action)
	}
	s.since(&c, "audit_log", "logged_at", f.Since)
	if !f.Until.IsZero() {
		c.add("COALESCE(logged_at, logged_at) < $%[1]d", s.dialect.at(f.Until))
	}
	if f.Before != 0 {
		c.add("id < $%[1]d", f.Before)
	}
	query, args := c.list(auditColumns, "audit_log", "id DESC", limit)
	return all(ctx, s, scanAudit, query, args...)
}

// AppendAudit implements tonypi.AuditStore. IDs are above 0; Time is now when it is zero. User, action and robot are cut at
// 255 bytes. There is no way to change or delete an entry: the database itself refuses it too.
func (s *Store) AppendAudit(ctx context.Context, entries []tonypi.AuditEntry) error {
	for _, e := range entries {
		if e.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "an audit entry needs an ID above 0")
		}
	}
	entries = inOrder(entries, func(e tonypi.AuditEntry) int64 { return e.ID })
	return saveAll(ctx, s, "INSERT INTO audit_log ("+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO NOTHING`, entries, func(e tonypi.AuditEntry) []any {
		return []any{
			e.ID, s.dialect.at(orNow(e.Time)), cut(e.User), clean(e.Role), clean(e.Address), cut(e.Action), cut(e.Robot),
			clean(e.Target), e.OK, clean(e.Message), keep(e.Details),
		}
	})
}

// LastAuditID implements tonypi.AuditStore.
func (s *Store) LastAuditID(ctx context.Context) (int64, error) { return s.lastID(ctx, "audit_log") }
