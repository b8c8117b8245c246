package compat

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tonypi"
	"tonypi/report"
)

func (s *Server) listReports(_ http.ResponseWriter, r *http.Request) (any, error) {
	limit, err := count(r, 100, 1000)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	found, err := s.cfg.ReportLog.Reports(r.Context(), tonypi.ReportFilter{Robot: tonypi.RobotID(q.Get("robot_id")), Type: q.Get("report_type"), Limit: limit})
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, one := range found {
		list = append(list, reportObject(one))
	}
	return list, nil
}

// createReport keeps a report that the caller wrote. A body without a title asks for one to be made.
func (s *Server) createReport(w http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Title       string          `json:"title"`
		Type        string          `json:"report_type"`
		Description string          `json:"description"`
		Robot       string          `json:"robot_id"`
		Data        json.RawMessage `json:"data"`
		Range       string          `json:"time_range"`
	}
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if err := missing([2]string{"report_type", body.Type}); err != nil {
		return nil, err
	}
	if body.Title == "" {
		if body.Range == "" && len(body.Data) > 0 {
			return nil, missing([2]string{"title", ""})
		}
		q := r.URL.Query()
		q.Set("robot_id", body.Robot)
		q.Set("report_type", body.Type)
		if body.Range != "" {
			q.Set("time_range", body.Range)
		}
		r.URL.RawQuery = q.Encode()
		return s.generateReport(w, r)
	}
	if len(body.Title) > 300 || len(body.Type) > 50 || len(body.Description) > 4000 {
		return nil, &invalid{"body", "title", "string_too_long", "report_type has at most 50, title 300 and description 4000 bytes", nil}
	}
	by := tonypi.CallerOf(r.Context())
	made, err := s.cfg.ReportLog.CreateReport(r.Context(), tonypi.Report{
		Title: body.Title, Type: body.Type, Description: body.Description, Robot: tonypi.RobotID(body.Robot), Data: body.Data,
		CreatedBy: by.Name, CreatedAt: time.Now().UTC(),
	})
	if err != nil {
		return nil, err
	}
	s.record(r, "report.create", made.Robot, strconv.FormatInt(made.ID, 10), made.Title)
	return reportObject(made), nil
}

func (s *Server) generateReport(_ http.ResponseWriter, r *http.Request) (any, error) {
	label, period, err := timeRange(r, "24h")
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	kind := q.Get("report_type")
	if kind == "" {
		kind = report.Performance
	}
	made, err := s.cfg.Reports.Make(r.Context(), report.Request{
		Robot: tonypi.RobotID(q.Get("robot_id")), Type: kind, Period: period, Label: label, By: tonypi.CallerOf(r.Context()).Name,
	})
	if err != nil {
		return nil, err
	}
	s.record(r, "report.create", made.Robot, strconv.FormatInt(made.ID, 10), made.Title)
	return reportObject(made), nil
}

// aiStatus says what analyses reports. No analyst is built in yet.
func (s *Server) aiStatus(http.ResponseWriter, *http.Request) (any, error) {
	return map[string]any{
		"gemini_available": false, "pdf_available": true, "message": "This version makes reports without AI analysis",
	}, nil
}

func reportID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, &invalid{"path", "report_id", "int_parsing", "Input should be a valid integer", r.PathValue("id")}
	}
	return id, nil
}

func (s *Server) report(r *http.Request) (tonypi.Report, error) {
	id, err := reportID(r)
	if err != nil {
		return tonypi.Report{}, err
	}
	return s.cfg.ReportLog.Report(r.Context(), id)
}

func (s *Server) getReport(_ http.ResponseWriter, r *http.Request) (any, error) {
	found, err := s.report(r)
	if err != nil {
		return nil, err
	}
	return reportObject(found), nil
}

func (s *Server) deleteReport(_ http.ResponseWriter, r *http.Request) (any, error) {
	id, err := reportID(r)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.ReportLog.DeleteReport(r.Context(), id); err != nil {
		return nil, err
	}
	s.record(r, "report.delete", "", strconv.FormatInt(id, 10), "Deleted a report")
	return map[string]string{"message": fmt.Sprintf("Report %d deleted successfully", id)}, nil
}

func (s *Server) reportPDF(w http.ResponseWriter, r *http.Request) (any, error) {
	found, err := s.report(r)
	if err != nil {
		return nil, err
	}
	pdf, err := report.PDF(found)
	if err != nil {
		return nil, err
	}
	attach(w, "application/pdf", fmt.Sprintf("report_%d_%s.pdf", found.ID, time.Now().Format("20060102_150405")))
	_, _ = w.Write(pdf) //nolint:gosec // a PDF, as the header says; the client may be gone
	return nil, nil
}

func attach(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// samples reads what robots' computers measured, one line a time and robot, oldest first.
func (s *Server) samples(r *http.Request) ([]map[string]any, error) {
	_, period, err := timeRange(r, "24h")
	if err != nil {
		return nil, err
	}
	robots := s.robots(r.URL.Query().Get("robot_id"))
	var lines []map[string]any
	for _, robot := range robots {
		rows, err := s.statusRows(r.Context(), robot, period)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			if i == 0 || !row.Time.Equal(rows[i-1].Time) {
				lines = append(lines, map[string]any{"time": moment(row.Time), "robot_id": row.Robot})
			}
			lines[len(lines)-1][row.Field] = row.Value
		}
	}
	if len(lines) == 0 {
		return nil, tonypi.Errorf(tonypi.NotFound, "No data found")
	}
	return lines, nil
}

// exportCSV writes every column that any line has: lines need not be alike.
func (s *Server) exportCSV(w http.ResponseWriter, r *http.Request) (any, error) {
	lines, err := s.samples(r)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, l := range lines {
		for name := range l {
			seen[name] = true
		}
	}
	columns := []string{"time", "robot_id"}
	for name := range seen {
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	slices.Sort(columns[2:])
	attach(w, "text/csv", "robot_report_"+time.Now().Format("20060102_150405")+".csv")
	out := csv.NewWriter(w)
	_ = out.Write(columns) // the client may be gone
	for _, l := range lines {
		cells := make([]string, len(columns))
		for i, name := range columns {
			if v, ok := l[name]; ok {
				cells[i] = cell(fmt.Sprint(v))
			}
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return nil, nil
}

// cell keeps a spreadsheet from taking a text for a formula.
func cell(s string) string {
	if s == "" || !strings.ContainsRune("=+@\t\r", rune(s[0])) {
		return s
	}
	return "'" + s
}

func (s *Server) exportJSON(w http.ResponseWriter, r *http.Request) (any, error) {
	lines, err := s.samples(r)
	if err != nil {
		return nil, err
	}
	attach(w, "application/json", "robot_data_"+time.Now().Format("20060102_150405")+".json")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(lines) // the client may be gone
	return nil, nil
}
