package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tonypi"
)

// trail is what a handler knows about what it does, for the audit log. The guard fills in the robot and the ID of the path.
type trail struct {
	skip    bool   // nothing happened
	action  string // instead of the operation's
	user    string // instead of the caller
	role    tonypi.Role
	robot   tonypi.RobotID
	target  string
	message string // when it worked; else it is the error's
}

// note returns the trail of the request, to be filled in. It never holds a secret.
func note(ctx context.Context) *trail { return &requestOf(ctx).trail }

// audits makes an operation leave one entry in the audit log, whatever becomes of it.
func audits(action string, o huma.Operation) huma.Operation { return with(o, auditKey, action) }

// engineAudits is audits for an operation whose engine writes the entry. Only what the guard refuses is written here.
func engineAudits(action string, o huma.Operation) huma.Operation {
	return with(o, engineAuditKey, action)
}

// auditOf returns the action under which an operation is written down here.
func auditOf(o huma.Operation) (audited bool, action string) {
	action, audited = o.Metadata[auditKey].(string)
	return audited, action
}

// refusalOf returns the action under which it is written down that somebody was not allowed to use the operation.
func refusalOf(o huma.Operation) string {
	action, _ := o.Metadata[auditKey].(string)
	engine, _ := o.Metadata[engineAuditKey].(string)
	return cmp.Or(action, engine)
}

// audit is the one place where the API writes the audit log. Attempts over a rate limit are left out.
func (s *Server) audit(ctx context.Context, action string, err error) {
	rq := requestOf(ctx)
	t := rq.trail
	if s.cfg.Record == nil || t.skip || tonypi.KindOf(err) == tonypi.TooMany {
		return // what is throttled must not fill the log
	}
	e := tonypi.AuditEntry{
		User: cmp.Or(t.user, rq.person.User.Username), Role: cmp.Or(t.role, rq.person.User.Role), Address: rq.address,
		Action: cmp.Or(t.action, action), Robot: t.robot, Target: t.target, OK: err == nil, Message: t.message,
	}
	if err != nil {
		e.Message = internalDetail(ctx)
		var known *tonypi.Error
		if errors.As(err, &known) && known.Kind != tonypi.Internal {
			e.Message = known.Message
		}
	}
	s.cfg.Record.Record(e)
}

// begin fills in what the path says.
func (t *trail) begin(r *http.Request) {
	t.robot = tonypi.RobotID(shorten(r.PathValue("robot_id"), tonypi.MaxRobotID))
	t.target = shorten(r.PathValue("id"), 100)
}
