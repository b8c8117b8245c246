package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/storetest"
	"tonypi/wire"
)

// world is everything around a Pipeline, in memory.
type world struct {
	*testing.T
	stores *stores
	series *series
	judge  *judge
	shown  *shown
	kicked []tonypi.RobotID
	robots *Registry
	in     *Pipeline
}

func newWorld(t *testing.T, policy Policy, fleet ...tonypi.RobotID) *world {
	t.Helper()
	w := &world{T: t, stores: &stores{Memory: storetest.NewStores()}, series: &series{}, judge: &judge{}, shown: &shown{}}
	for _, id := range fleet {
		err := w.stores.CreateRobot(t.Context(), tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Adopted})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.restart(policy)
	return w
}

// restart makes a new Registry and Pipeline on the same stores.
func (w *world) restart(policy Policy) {
	w.Helper()
	log := slog.New(slog.DiscardHandler)
	w.robots = NewRegistry(RegistryConfig{
		Robots: w.stores, Credentials: w.stores, History: w.series, Silence: w.judge, Show: w.shown, Policy: policy, MaxRobots: 300,
		Person: func(_ context.Context, token string) (string, tonypi.Role, error) {
			if token != "ann's token" {
				return "", "", tonypi.Errorf(tonypi.Unauthenticated, "wrong token")
			}
			return "ann", tonypi.Operator, nil
		},
		Kick: func(id tonypi.RobotID) { w.kicked = append(w.kicked, id) },
		Log:  log,
	})
	if err := w.robots.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.in = NewPipeline(PipelineConfig{Robots: w.robots, Series: w.series, Alerts: w.judge, Show: w.shown, Log: log})
}

// say hands in a message of a robot's own connection.
func (w *world) say(robot tonypi.RobotID, topic, payload string, qos byte) error {
	return w.in.Handle(w.Context(), wire.Message{
		Topic: topic, Payload: []byte(payload), QoS: qos, At: time.Now(),
		Sender: wire.Sender{ClientID: string(robot), Address: "10.0.0.1", Robot: robot},
	})
}

// admit asks for admission and, when it is granted, connects.
func (w *world) admit(h wire.Hello) (wire.Sender, error) {
	s, err := w.robots.Admit(w.Context(), h)
	if err == nil {
		w.robots.Connected(s)
	}
	return s, err
}

func (w *world) want(what string, err error, kind tonypi.Kind) {
	w.Helper()
	if err == nil || tonypi.KindOf(err) != kind {
		w.Errorf("%s: got %v (kind %v), want kind %v", what, err, tonypi.KindOf(err), kind)
	}
}

func (w *world) ok(what string, err error) {
	w.Helper()
	if err != nil {
		w.Errorf("%s: %v", what, err)
	}
}

// token stores a join token.
func (w *world) token(secret string, expires time.Time) {
	w.Helper()
	hash := sha256.Sum256([]byte(secret))
	err := w.stores.SaveCredential(w.Context(), tonypi.Credential{ID: "t-" + secret, Kind: tonypi.JoinToken, SecretHash: hash[:], ExpiresAt: expires})
	if err != nil {
		w.Fatal(err)
	}
}

// stores can be switched off.
type stores struct {
	*storetest.Memory
	mu   sync.Mutex
	down error
}

func (s *stores) set(down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *stores) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *stores) CreateRobot(ctx context.Context, r tonypi.Robot) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Memory.CreateRobot(ctx, r)
}

func (s *stores) DeleteRobot(ctx context.Context, id tonypi.RobotID) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Memory.DeleteRobot(ctx, id)
}

func (s *stores) Seen(ctx context.Context, list []tonypi.Sighting) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Memory.Seen(ctx, list)
}

func (s *stores) CredentialByHash(ctx context.Context, hash []byte) (tonypi.Credential, error) {
	if err := s.err(); err != nil {
		return tonypi.Credential{}, err
	}
	return s.Memory.CredentialByHash(ctx, hash)
}

// series remembers what was appended, in order.
type series struct {
	mu       sync.Mutex
	readings []tonypi.Reading
	refuse   error // of Append
	fail     error // of Wait
	forgot   []tonypi.RobotID
}

type commit struct{ err error }

func (c commit) Wait(context.Context) error { return c.err }

func (s *series) Append(readings []tonypi.Reading) (tonypi.Commit, error) {
	defer runtime.Gosched() // let others overtake, if they can
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return nil, s.refuse
	}
	s.readings = append(s.readings, readings...)
	return commit{s.fail}, nil
}

func (s *series) DeleteRobot(_ context.Context, id tonypi.RobotID) error {
	s.forgot = append(s.forgot, id)
	return s.fail
}

// values returns what a robot's metric had, in order.
func (s *series) values(id tonypi.RobotID, metric tonypi.Metric) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []float64
	for _, r := range s.readings {
		if r.Robot == id && r.Metric == metric {
			list = append(list, r.Value)
		}
	}
	return list
}

// judge notes what it is told.
type judge struct {
	mu     sync.Mutex
	log    []string
	judged []tonypi.Reading
}

func (j *judge) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log = append(j.log, fmt.Sprintf(format, args...))
}

func (j *judge) Seen(tonypi.RobotID, time.Time)            {}
func (j *judge) Goodbye(robot tonypi.RobotID, _ time.Time) { j.note("goodbye %s", robot) }
func (j *judge) Lost(robot tonypi.RobotID, _ time.Time)    { j.note("lost %s", robot) }
func (j *judge) ForgetRobot(robot tonypi.RobotID)          { j.note("forget %s", robot) }
func (j *judge) Evaluate(_ time.Time, list []tonypi.Reading) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.judged = append(j.judged, list...)
}

func (j *judge) told() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.log)
}

// shown remembers events.
type shown struct {
	mu     sync.Mutex
	events []tonypi.Event
}

func (s *shown) Show(e tonypi.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Readings = slices.Clone(e.Readings)
	s.events = append(s.events, e)
}

func (s *shown) of(kind tonypi.EventKind) []tonypi.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []tonypi.Event
	for _, e := range s.events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

var errDown = errors.New("it is down")
