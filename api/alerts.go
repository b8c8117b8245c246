package api

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tonypi"
)

// Acknowledgement says why an alert needs no more attention.
type Acknowledgement struct {
	Note string `json:"note,omitempty" maxLength:"1000"`
}

// Selection selects open alerts: by ID, of one robot, or all when empty.
type Selection struct {
	Robot tonypi.RobotID `json:"robot_id,omitempty" maxLength:"100"`
	IDs   []int64        `json:"ids,omitempty" maxItems:"1000" nullable:"false"`
}

// Count is how many things a request changed.
type Count struct {
	Count   int    `json:"count"`
	Message string `json:"message" doc:"The same in words"`
}

// Gone says what was deleted.
type Gone struct {
	Message string `json:"message"`
}

// optional is a query parameter that may be absent.
type optional[T any] struct {
	value T
	set   bool
}

// Schema describes the parameter as if it were its value.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver tells huma where to put the value.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(&o.value).Elem() }

// OnParamSet remembers whether the parameter was there.
func (o *optional[T]) OnParamSet(set bool, _ any) { o.set = set }

func (o optional[T]) pointer() *T {
	if !o.set {
		return nil
	}
	return &o.value
}

type (
	// AlertScope selects alerts by robot and age.
	AlertScope struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100" doc:"Only this robot's"`
		Since string         `query:"time_range" enum:"1h,6h,24h,7d,30d,all" default:"24h" doc:"Created within"`
	}
	listAlertsIn struct {
		AlertScope
		Type         string          `query:"alert_type" maxLength:"50"`
		Severity     tonypi.Severity `query:"severity" enum:"info,warning,critical"`
		Acknowledged optional[bool]  `query:"acknowledged"`
		Resolved     optional[bool]  `query:"resolved"`
		Limit        int             `query:"limit" minimum:"1" maximum:"500" default:"100"`
		Cursor       string          `query:"cursor" maxLength:"20" doc:"X-Next-Cursor of the page before"`
	}
	// AlertPath names an alert or a rule.
	AlertPath struct {
		ID int64 `path:"id" minimum:"1"`
	}
	acknowledgeIn struct {
		AlertPath
		Body *Acknowledgement
	}
	acknowledgeAllIn struct{ Body *Selection }
	alertsOut        struct {
		Next string         `header:"X-Next-Cursor" doc:"The cursor parameter of the next page; missing on the last one"`
		Body []tonypi.Alert `nullable:"false"`
	}
	alertOut struct{ Body tonypi.Alert }
	statsOut struct{ Body tonypi.AlertStats }
	countOut struct{ Body Count }
	goneOut  struct{ Body Gone }
)

// timeRanges are the words for how far back to look.
var timeRanges = map[string]time.Duration{
	"1h": time.Hour, "6h": 6 * time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour,
}

func (s *Server) listAlerts(ctx context.Context, in *listAlertsIn) (*alertsOut, error) {
	before, err := cursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	f := tonypi.AlertFilter{
		Robot: in.Robot, Type: in.Type, Severity: in.Severity, Acknowledged: in.Acknowledged.pointer(),
		Resolved: in.Resolved.pointer(), Since: since(in.Since), Before: before, Limit: in.Limit,
	}
	alerts, err := s.cfg.AlertStore.Alerts(ctx, f)
	out := &alertsOut{Body: filled(alerts)}
	if len(alerts) == in.Limit {
		out.Next = strconv.FormatInt(alerts[len(alerts)-1].ID, 10)
	}
	return out, err
}

func (s *Server) alertStats(ctx context.Context, in *AlertScope) (*statsOut, error) {
	stats, err := s.cfg.AlertStore.AlertStats(ctx, in.Robot, since(in.Since))
	return &statsOut{stats}, err
}

func (s *Server) getAlert(ctx context.Context, in *AlertPath) (*alertOut, error) {
	a, err := s.cfg.AlertStore.Alert(ctx, in.ID)
	return &alertOut{a}, err
}

func (s *Server) acknowledge(ctx context.Context, in *acknowledgeIn) (*alertOut, error) {
	text := ""
	if in.Body != nil {
		text = in.Body.Note
	}
	a, err := s.cfg.Alerts.Acknowledge(ctx, in.ID, personOf(ctx).User.Username, text)
	about(ctx, a)
	return &alertOut{a}, err
}

func (s *Server) acknowledgeAll(ctx context.Context, in *acknowledgeAllIn) (*countOut, error) {
	var which Selection
	if in.Body != nil {
		which = *in.Body
	}
	t := note(ctx)
	t.robot = which.Robot
	n, err := s.cfg.Alerts.AcknowledgeAll(ctx, which.Robot, which.IDs, personOf(ctx).User.Username)
	t.message = strconv.Itoa(n) + " alerts"
	return &countOut{Count{n, fmt.Sprintf("Acknowledged %d alerts", n)}}, err
}

func (s *Server) resolve(ctx context.Context, in *AlertPath) (*alertOut, error) {
	a, err := s.cfg.Alerts.Resolve(ctx, in.ID, personOf(ctx).User.Username)
	about(ctx, a)
	return &alertOut{a}, err
}

// about notes which alert it is about.
func about(ctx context.Context, a tonypi.Alert) {
	t := note(ctx)
	t.robot, t.message = a.Robot, a.Title
}

func (s *Server) deleteAlert(ctx context.Context, in *AlertPath) (*goneOut, error) {
	return &goneOut{Gone{fmt.Sprintf("Alert %d deleted", in.ID)}}, s.cfg.Alerts.Delete(ctx, in.ID)
}
