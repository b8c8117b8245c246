package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tonypi"
)

// NewLog is a line to be added to the log.
type NewLog struct {
	Level    string          `json:"level" minLength:"1" maxLength:"20" doc:"DEBUG, INFO, WARNING, ERROR or CRITICAL, in any case"`
	Category string          `json:"category" minLength:"1" maxLength:"100"`
	Message  string          `json:"message" minLength:"1" maxLength:"4000"`
	Robot    tonypi.RobotID  `json:"robot_id,omitempty" maxLength:"100" nullable:"true"`
	Details  json.RawMessage `json:"details,omitempty" doc:"At most 16 KiB"`
	Source   string          `json:"source,omitempty" maxLength:"100"`
}

// LevelInfo says how a page shows a level.
type LevelInfo struct {
	Color    string `json:"color"`
	Priority int    `json:"priority"`
}

// Cleared tells how many lines are gone.
type Cleared struct {
	Message string `json:"message"`
	Count   int    `json:"count"`
}

type (
	// LogScope selects lines of the log.
	LogScope struct {
		Level    string         `query:"level" maxLength:"20" doc:"In any case"`
		Levels   []string       `query:"levels,explode" maxItems:"10" nullable:"false" doc:"May be repeated; any of these"`
		Category string         `query:"category" maxLength:"100" doc:"robot also selects every robot_<source>"`
		Robot    tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Search   string         `query:"search" maxLength:"200" doc:"Words that all stand in the message; the last may be the beginning of one"`
		Range    string         `query:"time_range" maxLength:"20" default:"24h" doc:"1h, 6h, 24h, 7d, 30d or all; anything else means 24h"`
		Since    string         `query:"since" maxLength:"40" doc:"RFC 3339; instead of time_range"`
		Until    string         `query:"until" maxLength:"40" doc:"RFC 3339, exclusive"`
	}
	listLogsIn struct {
		LogScope
		Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		Offset int   `query:"offset" minimum:"0" maximum:"100000" doc:"For clients of the original system; before is faster"`
		Before int64 `query:"before" minimum:"0" doc:"Only lines whose ID is below; X-Next-Before of the page before"`
	}
	someLogsIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Range string         `query:"time_range" maxLength:"20" default:"24h" doc:"As in list-logs"`
		Limit int            `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	logStatsIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Range string         `query:"time_range" maxLength:"20" default:"24h" doc:"As in list-logs"`
	}
	newLogIn    struct{ Body NewLog }
	clearLogsIn struct {
		Days   int      `query:"days" minimum:"1" maximum:"365" default:"30" doc:"Lines that are older go"`
		Levels []string `query:"levels,explode" maxItems:"10" nullable:"false" doc:"May be repeated; all levels when missing"`
	}
	logsOut struct {
		Next string            `header:"X-Next-Before" doc:"The before parameter of the next page; missing on the last one"`
		Body []tonypi.LogEntry `nullable:"false"`
	}
	logOut      struct{ Body tonypi.LogEntry }
	logStatsOut struct{ Body tonypi.LogStats }
	wordsOut    struct {
		Body []string `nullable:"false"`
	}
	levelsOut  struct{ Body map[string]LevelInfo }
	clearedOut struct{ Body Cleared }
)

const maxDetails = 16 << 10 // bytes of the details of a line

var logLevels = map[string]LevelInfo{
	"DEBUG": {"gray", 0}, "INFO": {"blue", 1}, "WARNING": {"yellow", 2}, "ERROR": {"red", 3}, "CRITICAL": {"purple", 4},
}

func (s *Server) registerRecords(r *routes) {
	s.registerLogs(r)
	s.registerAudit(r)
}

func (s *Server) registerLogs(r *routes) {
	add(r, may(tonypi.ReadLogs), op("log-categories", "GET /logs/categories", "logs", "Every category"), s.logCategories)
	add(r, may(tonypi.ReadLogs), op("log-levels", "GET /logs/levels", "logs", "Every level"), s.logLevels)
	noLog := tonypi.Errorf(tonypi.Unavailable, "This server keeps no log")
	undo := r.needs(s.cfg.LogStore != nil, noLog)
	add(r, may(tonypi.ReadLogs), op("list-logs", "GET /logs", "logs", "List lines of the log, newest first"), s.listLogs)
	add(r, may(tonypi.ReadLogs), op("log-stats", "GET /logs/stats", "logs", "Count lines of the log"), s.logStats)
	add(r, may(tonypi.ReadLogs), op("list-command-logs", "GET /logs/commands", "logs", "List lines about commands, newest first"), s.commandLogs)
	add(r, may(tonypi.ReadLogs), op("list-error-logs", "GET /logs/errors", "logs", "List errors, newest first"), s.errorLogs)
	export := func(id, route, kind string) operation {
		return audits("logs.export", streams(answersFile(query(op(id, route, "logs", "All lines that match, as a file"),
			"level", "In any case", "category", "", "robot_id", "", "search", "As in list-logs", "time_range", "As in list-logs; 24h when missing",
			"since", "RFC 3339", "until", "RFC 3339, exclusive"), kind)))
	}
	raw(r, may(tonypi.ReadLogs), export("export-logs-json", "GET /logs/export/json", "application/json"), s.exportLogsJSON)
	raw(r, may(tonypi.ReadLogs), export("export-logs-csv", "GET /logs/export/csv", "text/csv"), s.exportLogsCSV)
	undo()
	defer r.needs(s.cfg.LogBook != nil, noLog)()
	add(r, may(tonypi.WriteLogs), op("write-log", "POST /logs", "logs", "Add a line to the log"), s.writeLog)
	add(r, may(tonypi.ClearLogs), audits("logs.clear", op("clear-logs", "DELETE /logs/clear", "logs", "Delete old lines of the log")), s.clearLogs)
}

// filter makes a filter of the parameters.
func (in *LogScope) filter() (tonypi.LogFilter, error) {
	f := tonypi.LogFilter{Robot: in.Robot, Category: strings.ToLower(in.Category), Search: in.Search, Since: logsSince(in.Range)}
	for _, level := range append(slices.Clone(in.Levels), in.Level) {
		for word := range strings.SplitSeq(level, ",") {
			if word = strings.ToUpper(strings.TrimSpace(word)); word != "" {
				f.Levels = append(f.Levels, word)
			}
		}
	}
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

// logsSince is since for the original clients, to whom an unknown word means a day.
func logsSince(word string) time.Time {
	if _, ok := timeRanges[word]; !ok && word != "all" {
		word = "24h"
	}
	return since(word)
}

func (s *Server) listLogs(ctx context.Context, in *listLogsIn) (*logsOut, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.Limit, f.Offset, f.Before = in.Limit, in.Offset, in.Before
	return s.logPage(ctx, f)
}

func (s *Server) logPage(ctx context.Context, f tonypi.LogFilter) (*logsOut, error) {
	entries, err := s.cfg.LogStore.Logs(ctx, f)
	out := &logsOut{Body: filled(entries)}
	if len(entries) == f.Limit {
		out.Next = strconv.FormatInt(entries[len(entries)-1].ID, 10)
	}
	return out, err
}

func (s *Server) commandLogs(ctx context.Context, in *someLogsIn) (*logsOut, error) {
	return s.logPage(ctx, tonypi.LogFilter{Robot: in.Robot, Category: "command", Since: logsSince(in.Range), Limit: in.Limit})
}

func (s *Server) errorLogs(ctx context.Context, in *someLogsIn) (*logsOut, error) {
	return s.logPage(ctx, tonypi.LogFilter{Robot: in.Robot, Levels: []string{"ERROR", "CRITICAL"}, Since: logsSince(in.Range), Limit: in.Limit})
}

func (s *Server) logStats(ctx context.Context, in *logStatsIn) (*logStatsOut, error) {
	stats, err := s.cfg.LogStore.LogStats(ctx, in.Robot, logsSince(in.Range))
	if stats.ByCategory == nil {
		stats.ByCategory = map[string]int{}
	}
	for _, category := range tonypi.LogCategories {
		stats.ByCategory[category] += 0 // the original tells all of them
	}
	return &logStatsOut{stats}, err
}

func (s *Server) logCategories(context.Context, *none) (*wordsOut, error) {
	return &wordsOut{tonypi.LogCategories}, nil
}

func (s *Server) logLevels(context.Context, *none) (*levelsOut, error) {
	return &levelsOut{logLevels}, nil
}

func (s *Server) writeLog(ctx context.Context, in *newLogIn) (*logOut, error) {
	n := in.Body
	e := tonypi.LogEntry{
		Time: time.Now().UTC(), Level: strings.ToUpper(n.Level), Category: strings.ToLower(n.Category), Message: n.Message,
		Robot: n.Robot, Source: n.Source, Details: n.Details,
	}
	if !slices.Contains(tonypi.LogLevels, e.Level) {
		return nil, tonypi.Errorf(tonypi.Invalid, "level must be one of %s", strings.Join(tonypi.LogLevels, ", "))
	}
	if e.Robot != "" {
		if err := e.Robot.Validate(); err != nil {
			return nil, err
		}
	}
	if bytes.Equal(e.Details, []byte("null")) {
		e.Details = nil
	}
	if len(e.Details) > maxDetails {
		return nil, tonypi.Errorf(tonypi.TooLarge, "details are larger than %d bytes", maxDetails)
	}
	if e.Source == "" {
		e.Source = personOf(ctx).User.Username
	}
	e, err := s.cfg.LogBook.Write(e)
	return &logOut{e}, err
}

func (s *Server) clearLogs(ctx context.Context, in *clearLogsIn) (*clearedOut, error) {
	n, err := s.cfg.LogBook.Clear(ctx, in.Days, upper(in.Levels))
	out := Cleared{Message: fmt.Sprintf("Deleted %d logs older than %d days", n, in.Days), Count: n}
	note(ctx).message = out.Message
	return &clearedOut{out}, err
}

func upper(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ToUpper(w)
	}
	return out
}

// exportFilter reads the parameters of an export.
func exportFilter(r *http.Request) (tonypi.LogFilter, error) {
	q := r.URL.Query()
	in := LogScope{
		Level: q.Get("level"), Levels: q["levels"], Category: q.Get("category"), Robot: tonypi.RobotID(q.Get("robot_id")),
		Search: q.Get("search"), Range: q.Get("time_range"), Since: q.Get("since"), Until: q.Get("until"),
	}
	note(r.Context()).robot = in.Robot
	if len(in.Search) > 200 || len(in.Category) > 100 || len(in.Robot) > tonypi.MaxRobotID || len(in.Levels) > 10 {
		return tonypi.LogFilter{}, tonypi.Errorf(tonypi.Invalid, "a parameter is too long")
	}
	f, err := in.filter()
	f.Limit = exportPage
	return f, err
}

// eachLog calls f with the lines that match, page by page. It stops when the client is gone.
func (s *Server) eachLog(r *http.Request, t *table, row func(tonypi.LogEntry) error) error {
	f, err := exportFilter(r)
	if err != nil {
		return err
	}
	for {
		entries, err := s.cfg.LogStore.Logs(r.Context(), f)
		if err != nil {
			return t.fail(err)
		}
		for _, e := range entries {
			if err := row(e); err != nil {
				return t.fail(err)
			}
		}
		if len(entries) < f.Limit || t.broken() {
			return nil
		}
		t.page()
		f.Before = entries[len(entries)-1].ID
	}
}

func (s *Server) exportLogsJSON(w http.ResponseWriter, r *http.Request) error {
	t := newTable(w, "system_logs", "application/json", "json")
	err := s.eachLog(r, t, func(e tonypi.LogEntry) error { return t.object(e) })
	if err == nil {
		t.end()
		note(r.Context()).message = fmt.Sprintf("%d lines", t.rows)
	}
	return err
}

func (s *Server) exportLogsCSV(w http.ResponseWriter, r *http.Request) error {
	t := newTable(w, "system_logs", "text/csv; charset=utf-8", "csv", "ID", "Timestamp", "Level", "Category", "Robot ID", "Message", "Details")
	err := s.eachLog(r, t, func(e tonypi.LogEntry) error {
		t.row(strconv.FormatInt(e.ID, 10), e.Time.UTC().Format(time.RFC3339Nano), e.Level, e.Category, string(e.Robot), e.Message, string(e.Details))
		return nil
	})
	switch {
	case err != nil:
		return err
	case t.rows == 0:
		return tonypi.Errorf(tonypi.NotFound, "No logs found")
	}
	t.end()
	note(r.Context()).message = fmt.Sprintf("%d lines", t.rows)
	return nil
}
