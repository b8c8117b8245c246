package camera

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"tonypi"
)

// Bounds of the relay.
const (
	connectWait = 3 * time.Second  // to reach a robot, with TLS
	stallWait   = 5 * time.Second  // without a whole frame; then the stream is down
	firstWait   = 10 * time.Second // how long a viewer waits for the first frame
	linger      = 3 * time.Second  // the upstream stays open after the last viewer
	backoffMin  = time.Second      // between attempts
	backoffMax  = 10 * time.Second
	writeWait   = 15 * time.Second // for one frame to leave; slower viewers are closed
	darkWait    = 60 * time.Second // a viewer of a stream that has been down so long is closed
	checkEvery  = 10 * time.Second // how soon the end of a person's rights ends what they watch

	maxFrame   = 4 << 20 // bytes
	maxHead    = 8 << 10 // bytes between two frames
	maxViewers = 100     // of one robot
	maxTotal   = 1000    // of all robots
)

// Robots finds robots by ID; tonypi.RobotStore does.
type Robots interface {
	Robot(ctx context.Context, id tonypi.RobotID) (tonypi.Robot, error) // NotFound
}

// Config is what a Relay needs.
type Config struct {
	Robots        Robots
	AllowNetworks []netip.Prefix // where cameras may be besides the robot's own address
	AllowHosts    []string       // host names or addresses, without port, that may be cameras of any robot
	AllowLoopback bool           // cameras may run on the server's own machine: demo and tests
	// Check is asked every 10 s whether a viewer may still watch; Unauthenticated and Forbidden end the stream. Nil means yes.
	Check func(ctx context.Context, by tonypi.Caller) error
	Log   *slog.Logger
}

// Relay shows robots' pictures. It is safe for concurrent use.
type Relay struct {
	cfg     Config
	tickets tonypi.Tickets
	stopped context.Context // ends when Run ends
	stop    context.CancelFunc
	running sync.WaitGroup // feeds

	checkEvery time.Duration

	mu      sync.Mutex
	feeds   map[tonypi.RobotID]*feed
	viewers int
}

// New returns a Relay; it starts nothing.
func New(cfg Config) *Relay {
	r := &Relay{cfg: cfg, feeds: map[tonypi.RobotID]*feed{}, checkEvery: checkEvery}
	r.stopped, r.stop = context.WithCancel(context.Background())
	return r
}

// Run waits for ctx, then ends all streams. Viewers are served before it is called, too.
func (r *Relay) Run(ctx context.Context) error {
	<-ctx.Done()
	r.mu.Lock()
	r.stop() // under the lock: no feed starts after it
	r.mu.Unlock()
	r.running.Wait()
	return nil
}

// StateKind says whether there is a picture.
type StateKind string

// States of a robot's picture.
const (
	Live       StateKind = "live"
	Connecting StateKind = "connecting"
	Down       StateKind = "down" // there should be a picture; Message says why there is none
	None       StateKind = "none" // nobody watches, or the robot has no camera
)

// State is what is known of a robot's picture.
type State struct {
	URLKnown bool      `json:"url_known" doc:"The robot told where its camera is"`
	State    StateKind `json:"state" enum:"live,connecting,down,none"`
	Message  string    `json:"message" doc:"In words, why there is no picture; empty when there is"`
	FPS      float64   `json:"fps" doc:"Frames per second from the robot, over the last seconds"`
	AgeMS    int64     `json:"age_ms" doc:"Age of the newest frame; -1 when there is none"`
	Viewers  int       `json:"viewers"`
	Width    int       `json:"width" doc:"Pixels; 0 when unknown"`
	Height   int       `json:"height"`
}

// State returns what is known of a robot's picture, without connecting. Error: NotFound.
func (r *Relay) State(ctx context.Context, id tonypi.RobotID) (State, error) {
	robot, err := r.robot(ctx, id)
	if err != nil {
		return State{}, err
	}
	r.mu.Lock()
	f := r.feeds[id]
	r.mu.Unlock()
	if f != nil {
		state := f.describe()
		state.URLKnown = robot.CameraURL != ""
		return state, nil
	}
	state := State{URLKnown: robot.CameraURL != "", State: None, Message: "Nobody watches", AgeMS: -1}
	if _, err := r.source(robot); err != nil {
		state.Message = message(err)
		if state.URLKnown {
			state.State = Down
		}
	}
	return state, nil
}

// Ticket lets a person open one stream of one robot within tonypi.TicketLife, where a browser cannot send headers. Errors:
// Forbidden, TooMany.
func (r *Relay) Ticket(by tonypi.Caller, robot tonypi.RobotID) (string, error) {
	if !by.Role.May(tonypi.SeeCamera) {
		return "", tonypi.Errorf(tonypi.Forbidden, "You may not see the camera")
	}
	return r.tickets.Issue(by, robot, time.Now())
}

// Redeem uses up a ticket and returns whose it was. Error: Unauthenticated.
func (r *Relay) Redeem(ticket string, robot tonypi.RobotID) (tonypi.Caller, error) {
	return r.tickets.Redeem(ticket, robot, time.Now())
}

// robot returns a robot of the fleet.
func (r *Relay) robot(ctx context.Context, id tonypi.RobotID) (tonypi.Robot, error) {
	robot, err := r.cfg.Robots.Robot(ctx, id)
	if err == nil && robot.Adoption != tonypi.Adopted || err != nil && tonypi.KindOf(err) == tonypi.NotFound {
		return tonypi.Robot{}, tonypi.Errorf(tonypi.NotFound, "Robot '%s' not found", id)
	}
	return robot, err
}

// join adds a viewer and starts the robot's feed if it is the first one. Errors: TooMany, Unavailable.
func (r *Relay) join(id tonypi.RobotID) (*feed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped.Err() != nil {
		return nil, tonypi.Errorf(tonypi.Unavailable, "The server is stopping")
	}
	if r.viewers >= maxTotal {
		return nil, tonypi.Errorf(tonypi.TooMany, "%d people watch cameras, which is all that this server allows", r.viewers)
	}
	f := r.feeds[id]
	if f == nil {
		f = newFeed(r, id)
		r.feeds[id] = f
		r.running.Go(func() { f.run(r.stopped) })
	}
	if err := f.enter(); err != nil {
		return nil, err
	}
	r.viewers++
	return f, nil
}

// leave takes a viewer away.
func (r *Relay) leave(f *feed) {
	r.mu.Lock()
	r.viewers--
	r.mu.Unlock()
	f.exit()
}

// retire forgets a feed that nobody has watched for a while, and reports whether it did.
func (r *Relay) retire(f *feed) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.watched() && r.stopped.Err() == nil {
		return false
	}
	delete(r.feeds, f.robot)
	return true
}
