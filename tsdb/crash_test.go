package tsdb

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tonypi"
)

const crashDirEnv = "TONYPI_TSDB_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirEnv); dir != "" {
		if err := appendUntilKilled(dir, os.Getenv(crashDirEnv+"_ROUND")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

const (
	crashWriters = 8
	crashSources = 20
)

// appendUntilKilled appends for ever, and prints a line for everything that was acknowledged: "writer number", or
// "deleting writer" and "deleted writer".
func appendUntilKilled(dir, round string) error {
	s, err := Open(Config{Dir: dir, MinFreeBytes: 1 << 20})
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() { failed <- s.Run(context.Background()) }()
	for w := range crashWriters {
		go func() {
			for i := 0; ; i++ {
				if err := appendOne(s, crashRobot(round, w), i); err != nil {
					failed <- err
					return
				}
				if w == 0 && i == 100 {
					fmt.Printf("deleting %d\n", w)
					if err := s.DeleteRobot(context.Background(), crashRobot(round, w)); err != nil {
						failed <- err
						return
					}
					fmt.Printf("deleted %d\n", w)
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	return <-failed
}

func crashRobot(round string, writer int) tonypi.RobotID {
	return tonypi.RobotID(fmt.Sprintf("r%s-%d", round, writer))
}

var crashBase = time.Now().Add(-12 * time.Hour).Truncate(24 * time.Hour)

func appendOne(s *Store, robot tonypi.RobotID, i int) error {
	readings := make([]tonypi.Reading, crashSources)
	for n := range readings {
		readings[n] = tonypi.Reading{
			Robot: robot, Metric: tonypi.ServoPosition, Source: fmt.Sprintf("servo_%d", n),
			Value: float64(i) / 4, Time: crashBase.Add(time.Duration(i) * time.Millisecond),
		}
	}
	commit, err := s.Append(readings)
	if err == nil {
		err = commit.Wait(context.Background())
	}
	if err == nil {
		var w int
		fmt.Sscanf(string(robot[strings.LastIndexByte(string(robot), '-')+1:]), "%d", &w)
		fmt.Printf("%d %d\n", w, i)
	}
	return err
}

// acknowledged is what one killed process had promised.
type acknowledged struct {
	round   string
	highest [crashWriters]int // readings 0 to highest are stored; -1 for none
	deleted [crashWriters]bool
	begun   [crashWriters]bool // the deletion was asked for, and may or may not have happened
}

// killAfter runs a process that appends to dir and kills it with SIGKILL.
func killAfter(t *testing.T, dir, round string, d time.Duration) acknowledged {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDirEnv+"="+dir, crashDirEnv+"_ROUND="+round)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	acked := acknowledged{round: round}
	for w := range acked.highest {
		acked.highest[w] = -1
	}
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil {
			timer = time.AfterFunc(d, func() { _ = child.Process.Kill() })
		}
		var w, i int
		if n, _ := fmt.Sscanf(lines.Text(), "%d %d", &w, &i); n == 2 {
			acked.highest[w] = i
		} else if n, _ := fmt.Sscanf(lines.Text(), "deleted %d", &w); n == 1 {
			acked.deleted[w] = true
		} else if n, _ := fmt.Sscanf(lines.Text(), "deleting %d", &w); n == 1 {
			acked.begun[w] = true
		} else {
			t.Fatalf("child says %q", lines.Text())
		}
	}
	if err := child.Wait(); err == nil || timer == nil {
		t.Fatalf("child ended by itself: %v", err)
	}
	return acked
}

func (a acknowledged) check(t *testing.T, s *Store) {
	t.Helper()
	for w, highest := range a.highest {
		from := 0
		if a.begun[w] {
			from = 101
		}
		got, err := s.Range(t.Context(), tonypi.SeriesQuery{
			Robot: crashRobot(a.round, w), From: crashBase, To: crashBase.Add(24 * time.Hour), Limit: maxLimit,
		})
		if err != nil {
			t.Fatal(err)
		}
		if highest < from {
			continue
		}
		if len(got) != crashSources {
			t.Fatalf("%s: %d series of %d after the crash", crashRobot(a.round, w), len(got), crashSources)
		}
		for _, series := range got {
			checkCrashSeries(t, series, from, highest, a.deleted[w])
		}
	}
}

func checkCrashSeries(t *testing.T, series tonypi.Series, from, highest int, deleted bool) {
	t.Helper()
	found := make(map[int]bool)
	for _, b := range series.Buckets {
		i := int(b.Time.Sub(crashBase) / time.Millisecond)
		if b.Last != float64(i)/4 {
			t.Fatalf("%+v: reading %d is %g", series.Key, i, b.Last)
		}
		found[i] = true
		if deleted && i < from {
			t.Fatalf("%+v: deleted reading %d is back", series.Key, i)
		}
	}
	var lost []int
	for i := from; i <= highest; i++ {
		if !found[i] {
			lost = append(lost, i)
		}
	}
	if len(lost) > 0 {
		t.Fatalf("%+v: %d of %d acknowledged readings are lost, %d to %d", series.Key, len(lost), highest, lost[0], lost[len(lost)-1])
	}
}

// A process that is killed at any moment loses nothing that it acknowledged, and brings nothing back that it deleted.
func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	moments := []time.Duration{
		50 * time.Millisecond, time.Duration(rand.IntN(1500)) * time.Millisecond, 3 * time.Second, 7500 * time.Millisecond,
		time.Duration(500+rand.IntN(3000)) * time.Millisecond,
	}
	if testing.Short() {
		moments = moments[:2]
	}
	var all []acknowledged
	for round, moment := range moments {
		all = append(all, killAfter(t, dir, fmt.Sprint(round), moment))
		begin := time.Now()
		s, stop := start(t, Config{Dir: dir})
		opened := time.Since(begin)
		for _, acked := range all {
			acked.check(t, s)
		}
		t.Logf("killed after %v: opened in %v, all read after %v, %d appends acknowledged", moment, opened, time.Since(begin), all[round].highest)
		if opened > 2*time.Second {
			t.Errorf("opening took %v", opened)
		}
		stop()
	}
}
