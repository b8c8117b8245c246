package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"tonypi"
)

// Health tells whether the server works.
type Health struct {
	Status    string                   `json:"status" enum:"healthy,degraded,unhealthy"`
	Message   string                   `json:"message"`
	Timestamp time.Time                `json:"timestamp"`
	Version   string                   `json:"version"`
	Services  map[string]string        `json:"services" doc:"healthy or unhealthy by the name of the part: api, database, series (also as influxdb), mqtt"`
	Details   map[string]ServiceHealth `json:"details" doc:"The same with what is wrong"`
}

// ServiceHealth tells whether one part works.
type ServiceHealth struct {
	Status  string `json:"status" enum:"healthy,unhealthy"`
	Message string `json:"message"`
}

// ServerInfo is what a page must know before anybody signed in.
type ServerInfo struct {
	Name          string      `json:"name"`
	Version       string      `json:"version"`
	Demo          bool        `json:"demo"`
	AnonymousRole tonypi.Role `json:"anonymous_role" enum:",viewer,operator,admin" doc:"Role of whoever is not signed in; empty: none"`
	SetupNeeded   bool        `json:"setup_needed" doc:"The server waits for its first admin"`
	Adopt         string      `json:"adopt" doc:"How unknown robots are let in"`
	PlainMQTTPort int         `json:"plain_mqtt_port" doc:"Port of MQTT without TLS, for the original clients"`
}

type (
	healthOut struct {
		Status int
		Body   Health
	}
	serverOut struct{ Body ServerInfo }
	systemOut struct{ Body SystemInfo }
)

// healthFor is how long an answer is given again: the route is public, and a check may cost a query.
const healthFor = time.Second

// healthCache keeps the last answer. Its lock also makes one check serve everybody who asks meanwhile.
type healthCache struct {
	mu   sync.Mutex
	last Health
}

func (s *Server) getHealth(ctx context.Context, _ *none) (*healthOut, error) {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	if time.Since(s.health.last.Timestamp) >= healthFor {
		// One caller that hangs up must not make the server look ill to the others.
		s.health.last = s.check(context.WithoutCancel(ctx))
	}
	out := &healthOut{Status: http.StatusOK, Body: s.health.last}
	if out.Body.Status == "unhealthy" {
		out.Status = http.StatusServiceUnavailable
	}
	return out, nil
}

// check asks every part at the same time.
func (s *Server) check(ctx context.Context) Health {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	type result struct {
		name string
		err  error
	}
	results := make(chan result, len(s.cfg.Checks))
	for name, check := range s.cfg.Checks {
		go func() { results <- result{name, check(ctx)} }()
	}
	h := Health{
		Status: "healthy", Message: "TonyPi monitoring is running", Timestamp: time.Now().UTC(), Version: s.cfg.Version,
		Services: map[string]string{}, Details: map[string]ServiceHealth{"api": {Status: "healthy"}},
	}
	for name := range s.cfg.Checks {
		h.Details[name] = ServiceHealth{Status: "unhealthy", Message: "does not answer"}
	}
	for range s.cfg.Checks {
		select {
		case r := <-results:
			h.Details[r.name] = serviceHealth(r.err)
		case <-ctx.Done(): // a check that ignores its context must not hold up the answer
		}
	}
	for name, service := range h.Details {
		h.Services[name] = service.Status
		if name == "series" {
			h.Services["influxdb"] = service.Status // the original's name for it
		}
		if service.Status == "healthy" {
			continue
		}
		if name == "database" || h.Status == "unhealthy" {
			h.Status, h.Message = "unhealthy", "The database is not working"
		} else {
			h.Status, h.Message = "degraded", "A part of the server is not working"
		}
	}
	return h
}

func serviceHealth(err error) ServiceHealth {
	var e *tonypi.Error
	switch {
	case err == nil:
		return ServiceHealth{Status: "healthy"}
	case errors.As(err, &e):
		return ServiceHealth{Status: "unhealthy", Message: e.Message}
	}
	return ServiceHealth{Status: "unhealthy", Message: "not working"}
}

func (s *Server) serverInfo(context.Context, *none) (*serverOut, error) {
	return &serverOut{ServerInfo{
		Name: "tonypi", Version: s.cfg.Version, Demo: s.cfg.Demo, AnonymousRole: s.cfg.AnonymousRole,
		SetupNeeded: s.setup.needed(), Adopt: s.cfg.Adopt, PlainMQTTPort: s.cfg.PlainMQTTPort,
	}}, nil
}

func (s *Server) system(context.Context, *none) (*systemOut, error) {
	if s.cfg.System == nil {
		return nil, tonypi.Errorf(tonypi.Unavailable, "The server does not watch itself")
	}
	info := s.cfg.System()
	info.DecodeFailures = filled(info.DecodeFailures)
	return &systemOut{info}, nil
}
