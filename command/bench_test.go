package command

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"tonypi"
)

// quiet shows, raises, records and measures nothing.
type quiet struct{}

func (quiet) Show(tonypi.Event)                                       {}
func (quiet) Raise(time.Time, tonypi.Alert)                           {}
func (quiet) Clear(tonypi.RobotID, string, string, string, time.Time) {}
func (quiet) Record(tonypi.AuditEntry)                                {}
func (quiet) Log(tonypi.LogEntry)                                     {}
func (quiet) Append([]tonypi.Reading) (tonypi.Commit, error)          { return nil, nil }

// BenchmarkStopAll tells how long a stop of so many robots takes, answers included.
func BenchmarkStopAll(b *testing.B) {
	for _, robots := range []int{1, 30, 1000} {
		b.Run(fmt.Sprint(robots, " robots"), func(b *testing.B) {
			f := &fleet{robots: map[tonypi.RobotID]tonypi.Robot{}, connected: map[tonypi.RobotID]bool{}}
			for i := range robots {
				id := tonypi.RobotID(fmt.Sprintf("r%d", i))
				f.robots[id], f.connected[id] = tonypi.Robot{ID: id}, true
			}
			ctx, cancel := context.WithCancel(b.Context())
			d := New(Config{
				Store: &history{rows: map[string]tonypi.Command{}}, Bus: &broker{}, Robots: f, Connected: f.isConnected, Show: quiet{},
				Alerts: quiet{}, Record: quiet{}, Series: quiet{}, Log: slog.New(slog.DiscardHandler),
				Leases: NewLeases(LeasesConfig{Robots: f, Show: quiet{}, Record: quiet{}}),
			})
			ended := make(chan error)
			go func() { ended <- d.Run(ctx) }()
			for b.Loop() {
				list, err := d.Stop(ctx, tonypi.Order{All: true, By: olga})
				if err != nil {
					b.Fatal(err)
				}
				for _, c := range list {
					d.Take(&tonypi.Update{Robot: c.Robot, At: time.Now(), Ack: &tonypi.Ack{CommandID: c.ID, Type: tonypi.StopCommand, Success: true}})
				}
			}
			cancel()
			<-ended
		})
	}
}
