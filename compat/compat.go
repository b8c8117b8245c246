// Package compat answers the paths of the original Python system in its shapes, on the same engines and stores as the API, so
// that a script, a page or a test written for it works unchanged. What was broken there is mended: nothing here is made up,
// nothing is pasted into a query, and an error tells no internals.
package compat

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"tonypi"
	"tonypi/report"
)

// prefix stands before every path.
const prefix = "/api/v1"

// Fleet knows the present state of the adopted robots.
type Fleet interface {
	Summaries() []tonypi.Summary
	Summary(id tonypi.RobotID) (tonypi.Summary, error)
}

// History reads what robots measured. Every tonypi.SeriesStore is one.
type History interface {
	Latest(ctx context.Context, robot tonypi.RobotID) ([]tonypi.Reading, error)
	Range(ctx context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error)
}

// Robots changes which robots there are.
type Robots interface {
	Create(ctx context.Context, r tonypi.Robot) (password string, err error)
	Update(ctx context.Context, r tonypi.Robot) error
	Remove(ctx context.Context, id tonypi.RobotID) error
}

// Commands sends orders.
type Commands interface {
	Send(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
	Stop(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
	Resume(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
}

// Configs reads and changes robots' settings.
type Configs interface {
	Config(ctx context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error)
	MergeConfig(ctx context.Context, robot tonypi.RobotID, configType string, data json.RawMessage, by tonypi.Caller) (tonypi.RobotConfig, error)
}

// Jobs knows what robots work on now.
type Jobs interface {
	Active() []tonypi.Job
	Trigger(ctx context.Context, robot tonypi.RobotID, code string) error
}

// Rules reads and changes the alert rules.
type Rules interface {
	Rules() []tonypi.Rule
	SaveRule(ctx context.Context, r tonypi.Rule) (tonypi.Rule, error)
}

// Reports makes reports.
type Reports interface {
	Make(ctx context.Context, r report.Request) (tonypi.Report, error)
}

// Raiser opens alerts about things that happened.
type Raiser interface {
	Raise(now time.Time, a tonypi.Alert)
}

// Config is what a Server works with. Everything is needed unless its comment says otherwise.
type Config struct {
	Fleet      Fleet
	History    History
	Robots     Robots
	Commands   Commands
	Configs    Configs
	Jobs       Jobs
	JobStore   tonypi.JobStore
	Scans      tonypi.ItemStore
	CommandLog tonypi.CommandStore
	LogStore   tonypi.LogStore
	Alerts     tonypi.AlertStore
	Raise      Raiser
	Rules      Rules
	Reports    Reports
	ReportLog  tonypi.ReportStore
	Record     tonypi.Recorder
	Status     func(ctx context.Context) Status
	Page       http.Handler // the web page, for GET / of a browser; may be nil
	Grafana    Grafana      // may be empty
	Log        *slog.Logger
}

// Server answers the original's paths. It is safe for concurrent use.
type Server struct{ cfg Config }

// New makes a Server.
func New(c Config) *Server { return &Server{c} }

// Route is one path and who may use it.
type Route struct {
	Pattern string        // as http.ServeMux takes it
	Action  tonypi.Action // empty: everybody
	Stop    bool          // it may stop robots: who may use it must be known without the database
	Handler http.Handler
}

// Routes returns every path with who may use it.
func (s *Server) Routes() []Route {
	list := []Route{{"GET /{$}", "", false, http.HandlerFunc(s.root)}}
	add := func(pattern string, action tonypi.Action, h handler) {
		list = append(list, s.route(pattern, action, false, h))
	}
	stop := func(pattern string, h handler) {
		list = append(list, s.route(pattern, tonypi.SendCommands, true, h))
	}
	add("GET /robot-data/sensors", tonypi.View, s.sensors)
	add("GET /robot-data/status", tonypi.View, s.robotStatus)
	add("GET /robot-data/latest/{robot_id}", tonypi.View, s.latest)
	add("GET /robot-data/servos/{robot_id}", tonypi.View, s.servos)
	add("GET /robot-data/job-summary/{robot_id}", tonypi.View, s.jobSummary)
	stop("POST /robot-data/command", s.robotDataCommand) // which may be an emergency stop, like those below
	add("POST /robot-data/trigger-scan", tonypi.SendCommands, s.triggerScan)

	stop("POST /management/command", s.managementCommand)
	add("GET /management/robots", tonypi.View, s.managementRobots)
	add("GET /management/robots/{robot_id}/config", tonypi.View, s.getConfig)
	add("PUT /management/robots/{robot_id}/config", tonypi.Configure, s.putConfig)
	stop("POST /management/robots/{robot_id}/emergency-stop", s.emergencyStop)
	stop("POST /management/emergency-stop/broadcast", s.emergencyStopAll)
	stop("POST /management/robots/{robot_id}/resume", s.resume)
	add("GET /management/system/status", tonypi.View, s.systemStatus)

	add("GET /robots-db/robots", tonypi.View, s.listRobots)
	add("POST /robots-db/robots", tonypi.EditRobots, s.createRobot)
	add("GET /robots-db/robots/{robot_id}", tonypi.View, s.getRobot)
	add("PUT /robots-db/robots/{robot_id}", tonypi.EditRobots, s.updateRobot)
	add("DELETE /robots-db/robots/{robot_id}", tonypi.AdoptRobots, s.deleteRobot)
	add("GET /robots-db/logs", tonypi.ReadLogs, s.robotLogs)
	add("GET /robots-db/jobs/history", tonypi.View, s.jobHistory)
	add("GET /robots-db/jobs/cumulative-stats", tonypi.View, s.jobTotals)
	add("GET /robots-db/jobs/overall-stats", tonypi.View, s.overallTotals)
	add("GET /robots-db/stats", tonypi.View, s.stats)

	add("POST /alerts", tonypi.HandleAlerts, s.createAlert)

	add("GET /reports", tonypi.ReadReports, s.listReports)
	add("POST /reports", tonypi.MakeReports, s.createReport)
	add("POST /reports/generate", tonypi.MakeReports, s.generateReport)
	add("GET /reports/ai-status", tonypi.ReadReports, s.aiStatus)
	add("GET /reports/export/csv", tonypi.ReadReports, s.exportCSV)
	add("GET /reports/export/json", tonypi.ReadReports, s.exportJSON)
	add("GET /reports/{id}", tonypi.ReadReports, s.getReport)
	add("DELETE /reports/{id}", tonypi.MakeReports, s.deleteReport)
	add("GET /reports/{id}/pdf", tonypi.ReadReports, s.reportPDF)

	add("GET /pi/perf/{host}", tonypi.View, s.perf)
	add("GET /validate/robot/{robot_id}", tonypi.View, s.validateRobot)
	add("GET /validate/all-robots", tonypi.View, s.validateAll)
	add("GET /validate/data-sample/{robot_id}", tonypi.View, s.dataSample)
	add("GET /validate/expected-format", tonypi.View, expectedFormat)
	add("GET /api/grafana/render", tonypi.View, s.renderGrafana) // the original doubled its prefix
	add("GET /grafana/render", tonypi.View, s.renderGrafana)
	return list
}

// root tells programs what this is, and gives browsers the page.
func (s *Server) root(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept, Sec-Fetch-Mode")
	if wantsPage(r) && s.cfg.Page != nil {
		s.cfg.Page.ServeHTTP(w, r)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{
		"message": "TonyPi Robot Monitoring System API", "version": "1.0.0", "api_version": "v1",
		"docs": prefix + "/docs", "health": prefix + "/health",
	})
}
