package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tonypi"
)

// AuditPage is one page of the audit log.
type AuditPage struct {
	Entries []tonypi.AuditEntry `json:"entries" nullable:"false"`
	Next    string              `json:"next_cursor" doc:"The cursor parameter of the next page; empty on the last one"`
}

// ActionList is every word of the audit log.
type ActionList struct {
	Actions []string `json:"actions" nullable:"false"`
}

// PermissionList is who may do what.
type PermissionList struct {
	Permissions []tonypi.Permission `json:"permissions" nullable:"false"`
}

type (
	// AuditScope selects entries of the audit log.
	AuditScope struct {
		User   string         `query:"user" maxLength:"100"`
		Action string         `query:"action" maxLength:"50" doc:"One of GET /audit/actions, or a group such as user for user.*"`
		Robot  tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Since  string         `query:"since" maxLength:"40" doc:"RFC 3339"`
		Until  string         `query:"until" maxLength:"40" doc:"RFC 3339, exclusive"`
	}
	listAuditIn struct {
		AuditScope
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		Cursor string `query:"cursor" maxLength:"20" doc:"next_cursor of the page before"`
	}
	auditOut       struct{ Body AuditPage }
	actionsOut     struct{ Body ActionList }
	permissionsOut struct{ Body PermissionList }
)

func (s *Server) registerAudit(r *routes) {
	add(r, may(tonypi.ReadAudit), op("audit-actions", "GET /audit/actions", "audit", "Every word of the audit log"), s.auditActions)
	defer r.needs(s.cfg.AuditStore != nil, tonypi.Errorf(tonypi.Unavailable, "This server keeps no audit log"))()
	add(r, may(tonypi.ReadAudit), op("list-audit", "GET /audit", "audit", "List what people did, newest first"), s.listAudit)
	raw(r, may(tonypi.ReadAudit), audits("audit.export", streams(answersFile(query(op("export-audit", "GET /audit/export", "audit", "The audit log as a file"),
		"format", "csv or json; csv when missing", "user", "", "action", "As in list-audit", "robot_id", "", "since", "RFC 3339", "until", "RFC 3339, exclusive"), "text/csv"))), s.exportAudit)
}

func (in *AuditScope) filter() (tonypi.AuditFilter, error) {
	f := tonypi.AuditFilter{User: in.User, Action: in.Action, Robot: in.Robot}
	var err error
	if in.Since != "" {
		if f.Since, err = parseTime("since", in.Since); err != nil {
			return f, err
		}
	}
	if in.Until != "" {
		f.Until, err = parseTime("until", in.Until)
	}
	return f, err
}

func (s *Server) listAudit(ctx context.Context, in *listAuditIn) (*auditOut, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	if f.Before, err = cursor(in.Cursor); err != nil {
		return nil, err
	}
	f.Limit = in.Limit
	entries, err := s.cfg.AuditStore.Audit(ctx, f)
	page := AuditPage{Entries: filled(entries)}
	if len(entries) == in.Limit {
		page.Next = strconv.FormatInt(entries[len(entries)-1].ID, 10)
	}
	return &auditOut{page}, err
}

func (s *Server) auditActions(context.Context, *none) (*actionsOut, error) {
	return &actionsOut{ActionList{tonypi.AuditActions}}, nil
}

func (s *Server) permissions(context.Context, *none) (*permissionsOut, error) {
	return &permissionsOut{PermissionList{tonypi.Permissions()}}, nil
}

func (s *Server) exportAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	in := AuditScope{User: q.Get("user"), Action: q.Get("action"), Robot: tonypi.RobotID(q.Get("robot_id")), Since: q.Get("since"), Until: q.Get("until")}
	f, err := in.filter()
	if err != nil {
		return err
	}
	f.Limit = exportPage
	var t *table
	switch q.Get("format") {
	case "json":
		t = newTable(w, "audit", "application/json", "json")
	case "csv", "":
		t = newTable(w, "audit", "text/csv; charset=utf-8", "csv", "ID", "Timestamp", "User", "Role", "Address", "Action", "Robot ID", "Target", "OK", "Message", "Details")
	default:
		return tonypi.Errorf(tonypi.Invalid, "format must be csv or json")
	}
	for {
		entries, err := s.cfg.AuditStore.Audit(r.Context(), f)
		if err != nil {
			return t.fail(err)
		}
		for _, e := range entries {
			if err := t.entry(e); err != nil {
				return t.fail(err)
			}
		}
		if len(entries) < f.Limit || t.broken() {
			t.end()
			note(r.Context()).message = fmt.Sprintf("%d entries", t.rows)
			return nil
		}
		t.page()
		f.Before = entries[len(entries)-1].ID
	}
}

// entry adds an entry of the audit log in the table's form.
func (t *table) entry(e tonypi.AuditEntry) error {
	if t.csv == nil {
		return t.object(e)
	}
	t.row(strconv.FormatInt(e.ID, 10), e.Time.UTC().Format(time.RFC3339Nano), e.User, string(e.Role), e.Address, e.Action, string(e.Robot),
		e.Target, strconv.FormatBool(e.OK), e.Message, string(e.Details))
	return nil
}
