package compat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tonypi"
)

const (
	grafanaWait  = 20 * time.Second
	maxImage     = 16 << 20 // bytes
	maxDimension = 4000     // pixels
)

// Grafana is where panels are rendered.
type Grafana struct {
	URL    string // of the server, without a slash at its end; empty: none is configured
	APIKey string
}

// renderGrafana answers GET /grafana/render with a picture of a panel.
func (s *Server) renderGrafana(w http.ResponseWriter, r *http.Request) (any, error) {
	address, err := s.cfg.Grafana.panel(r.URL.Query())
	if err != nil {
		return nil, err
	}
	if s.cfg.Grafana.URL == "" || s.cfg.Grafana.APIKey == "" {
		return nil, tonypi.Errorf(tonypi.Unavailable, "Grafana API key not configured on server")
	}
	ctx, cancel := context.WithTimeout(r.Context(), grafanaWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) //nolint:gosec // an admin configured the server, the rest is escaped
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.cfg.Grafana.APIKey)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("redirected: the key stays here")
	}}
	answer, err := client.Do(request) //nolint:gosec // the same
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "Grafana render failed: Grafana does not answer")
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		writeJSON(w, answer.StatusCode, map[string]string{"detail": "Grafana render failed: " + answer.Status})
		return nil, nil
	}
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "image/png") {
		return nil, tonypi.Errorf(tonypi.Unavailable, "Grafana render failed: the answer is no picture; is the image renderer installed?")
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = io.Copy(w, io.LimitReader(answer.Body, maxImage)) // either end may be gone
	return nil, nil
}

// panel returns the address of a rendered panel. Every part of it is escaped.
func (g Grafana) panel(q url.Values) (string, error) {
	dashboard := q.Get("dashboard_uid")
	if dashboard == "" {
		return "", &invalid{"query", "dashboard_uid", "missing", "Field required", nil}
	}
	if q.Get("panel_id") == "" {
		return "", &invalid{"query", "panel_id", "missing", "Field required", nil}
	}
	out := url.Values{}
	for name, usual := range map[string]string{"panel_id": "", "width": "1000", "height": "500"} {
		text := q.Get(name)
		if text == "" {
			text = usual
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return "", &invalid{"query", name, "int_parsing", "Input should be a valid integer", text}
		}
		if n < 0 || n > maxDimension && name != "panel_id" {
			return "", &invalid{"query", name, "less_than_equal", "Input should be between 0 and 4000", text}
		}
		out.Set(map[string]string{"panel_id": "panelId", "width": "width", "height": "height"}[name], strconv.Itoa(n))
	}
	out.Set("from", orElse(q.Get("from_time"), "now-1h"))
	out.Set("to", orElse(q.Get("to_time"), "now"))
	if robot := q.Get("var_robot_id"); robot != "" {
		out.Set("var-robot_id", robot)
	}
	return g.URL + "/render/d/" + url.PathEscape(dashboard) + "?" + out.Encode(), nil
}

func orElse(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}
