//go:build linux

package tsdb

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tonypi"
)

// cpuSeconds returns the processor time that the process has used.
func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// rssMB returns the resident memory of the process, and the part of it that is not mapped from files.
func rssMB() (total, anonymous float64) {
	data, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kB, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			total = kB / 1024
		case "RssAnon:":
			anonymous = kB / 1024
		}
	}
	return total, anonymous
}

// fleet makes the readings of robots with 60 series each: values with 1 to 3 decimals, as sensors give them.
type fleet struct {
	readings [][]tonypi.Reading // by robot
	random   *rand.Rand
}

func newFleet(robots int) *fleet {
	f := &fleet{random: rand.New(rand.NewPCG(1, 2))}
	for r := range robots {
		batch := make([]tonypi.Reading, 60)
		for i := range batch {
			m := tonypi.Metrics[i%6].Metric
			batch[i] = tonypi.Reading{
				Robot: tonypi.RobotID(fmt.Sprintf("robot_%04d", r)), Metric: m, Source: fmt.Sprintf("source_%d", i/6),
				Value: float64(f.random.IntN(100)),
			}
		}
		f.readings = append(f.readings, batch)
	}
	return f
}

// step moves the readings of a robot to another moment.
func (f *fleet) step(robot int, at time.Time, jitter time.Duration) []tonypi.Reading {
	batch := f.readings[robot]
	if jitter > 0 {
		at = at.Add(time.Duration(f.random.Int64N(int64(2*jitter))) - jitter)
	}
	for i := range batch {
		batch[i].Time = at
		scale := math.Pow10(1 + i%3)
		batch[i].Value = math.Round((batch[i].Value+f.random.NormFloat64()*0.05)*scale) / scale
	}
	return batch
}

// fill appends a history of d at 1 Hz up to now, for all robots, and waits until the store has it.
func (f *fleet) fill(t testing.TB, s *Store, d time.Duration, jitter time.Duration) (samples int) {
	t.Helper()
	end := time.Now().Truncate(time.Second)
	var last tonypi.Commit
	for at := end.Add(-d); at.Before(end); at = at.Add(time.Second) {
		for r := range f.readings {
			commit, err := s.Append(f.step(r, at, jitter))
			for tonypi.KindOf(err) == tonypi.Unavailable {
				time.Sleep(time.Millisecond)
				commit, err = s.Append(f.readings[r])
			}
			if err != nil {
				t.Fatal(err)
			}
			last = commit
			samples += len(f.readings[r])
		}
	}
	if last != nil && last.Wait(t.Context()) != nil {
		t.Fatal("not committed")
	}
	within(t, time.Minute, "all is fed", func() bool { return s.Health(t.Context()).QueueBytes == 0 })
	return samples
}

type nullBackend struct{ shelf }

func (*nullBackend) add([]row) error { return nil }

// The journal and the feeding of the backend, without the backend: batches of 60.
func BenchmarkJournalAndFeed(b *testing.B) {
	for _, size := range []int{12, 60} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			j := openBench(b, b.TempDir(), Config{}, realDisk{})
			j.feeder.backend = &nullBackend{}
			f := newFleet(1000)
			at := time.Now().Add(-time.Hour)
			before, begin, samples := cpuSeconds(), time.Now(), 0
			for b.Loop() {
				r := f.readings[samples/size%1000][:size]
				for i := range r {
					r[i].Time = at.Add(time.Duration(samples) * time.Microsecond)
				}
				for j.put1(r) != nil {
					time.Sleep(time.Millisecond)
				}
				samples += size
			}
			within(b, 30*time.Second, "all is fed", func() bool { p, _ := j.queued(); return p == 0 })
			b.ReportMetric(float64(samples)/(cpuSeconds()-before), "samples/CPU-s")
			b.ReportMetric(float64(samples)/time.Since(begin).Seconds(), "samples/s")
			_, total := j.queued()
			b.ReportMetric(float64(total)/float64(samples), "journal-bytes/sample")
		})
	}
}

// put1 appends as Store.Append does, without waiting.
func (b *bench) put1(readings []tonypi.Reading) error {
	var scratch [64]*series
	resolved, err := b.index.resolveAll(scratch[:0], readings, 0)
	if err != nil {
		return err
	}
	_, err = b.append(resolved, readings)
	observe(resolved, readings)
	return err
}

// 500 goroutines that each append 12 readings and wait, as MQTT publishers at QoS 1 do.
func BenchmarkAppendAndWait(b *testing.B) {
	for _, mode := range []Sync{SyncEverySecond, SyncAlways} {
		b.Run(map[Sync]string{SyncEverySecond: "every-second", SyncAlways: "always"}[mode], func(b *testing.B) {
			s, _ := start(b, Config{Dir: b.TempDir(), Sync: mode})
			const publishers = 500
			f := newFleet(publishers)
			var latencies [publishers][]time.Duration
			work := make(chan int, 1024)
			var wg sync.WaitGroup
			at := time.Now().Add(-time.Hour)
			for p := range publishers {
				wg.Go(func() {
					batch := f.readings[p][:12]
					for n := range work {
						for i := range batch {
							batch[i].Time = at.Add(time.Duration(n) * time.Millisecond)
						}
						begin := time.Now()
						commit, err := s.Append(batch)
						if err == nil {
							err = commit.Wait(context.Background())
						}
						if err != nil {
							b.Error(err)
							return
						}
						latencies[p] = append(latencies[p], time.Since(begin))
					}
				})
			}
			before, begin, n := cpuSeconds(), time.Now(), 0
			for b.Loop() {
				work <- n
				n++
			}
			close(work)
			wg.Wait()
			took := time.Since(begin).Seconds()
			if got := s.journal.samples.Load(); got != uint64(12*n) {
				b.Errorf("%d samples are committed of %d", got, 12*n)
			}
			b.ReportMetric(float64(n)/took, "calls/s")
			b.ReportMetric(12*float64(n)/(cpuSeconds()-before), "samples/CPU-s")
			all := slices.Concat(latencies[:]...)
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
		})
	}
}

// One series of 30 days at 1 Hz in buckets of an hour, and 60 series of an hour in buckets of 10 s.
func BenchmarkRange(b *testing.B) {
	s, _ := start(b, Config{Dir: b.TempDir(), Retention: 31 * 24 * time.Hour})
	long := fillLong(b, s)
	newFleet(1).fill(b, s, time.Hour, 0)
	if err := s.series.reveal(); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	queries := []struct {
		name string
		q    tonypi.SeriesQuery
		n    int
	}{
		{"1x30d-1h", tonypi.SeriesQuery{Robot: "long", From: now.Add(-30 * 24 * time.Hour), To: now, Step: time.Hour}, long},
		{"1x24h-5m", tonypi.SeriesQuery{Robot: "long", From: now.Add(-24 * time.Hour), To: now, Step: 5 * time.Minute}, 86400},
		{"60x1h-10s", tonypi.SeriesQuery{Robot: "robot_0000", From: now.Add(-time.Hour), To: now, Step: 10 * time.Second}, 60 * 3600},
		{"1x1h-raw", tonypi.SeriesQuery{Robot: "long", From: now.Add(-time.Hour), To: now}, 3600},
	}
	for _, query := range queries {
		b.Run(query.name, func(b *testing.B) {
			samples, before := 0, cpuSeconds()
			for b.Loop() {
				got, err := s.Range(b.Context(), query.q)
				if err != nil {
					b.Fatal(err)
				}
				samples = 0
				for _, series := range got {
					for _, bucket := range series.Buckets {
						samples += bucket.Count
					}
				}
			}
			if samples < query.n*9/10 {
				b.Errorf("%d samples of %d", samples, query.n)
			}
			cpu := cpuSeconds() - before
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/query")
			b.ReportMetric(cpu*1000/float64(b.N), "CPU-ms/query")
			b.ReportMetric(cpu*1e9/float64(b.N)/float64(samples), "CPU-ns/sample")
		})
	}
}

func fillLong(b *testing.B, s *Store) int {
	b.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	const n = 30*24*3600 - 60
	begin, v := time.Now().Truncate(time.Second).Add(-n*time.Second), 50.0
	batch := make([]tonypi.Reading, 0, 10_000)
	for i := range n {
		v = math.Round((v+random.NormFloat64()*0.1)*100) / 100
		batch = append(batch, tonypi.Reading{Robot: "long", Metric: tonypi.CPUTemperature, Value: v, Time: begin.Add(time.Duration(i) * time.Second)})
		if len(batch) == cap(batch) || i == n-1 {
			commit, err := s.Append(batch)
			if err == nil {
				err = commit.Wait(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	within(b, time.Minute, "all is fed", func() bool { return s.Health(b.Context()).QueueBytes == 0 })
	return n
}

// A thousand robots with 60 readings a second each, and ten queries a second that want the newest samples.
func BenchmarkUnderLoad(b *testing.B) {
	for b.Loop() {
		s, stop := start(b, Config{Dir: b.TempDir()})
		const robots, seconds = 1000, 10
		f := newFleet(robots)
		f.fill(b, s, 2*time.Second, 0)
		before, begin := cpuSeconds(), time.Now()
		var appends, queries []time.Duration
		var wg sync.WaitGroup
		var mu sync.Mutex
		wg.Go(func() {
			for i := range 10 * seconds {
				time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / 10)))
				asked := time.Now()
				q := tonypi.SeriesQuery{Robot: tonypi.RobotID(fmt.Sprintf("robot_%04d", i)), From: asked.Add(-time.Hour), To: asked, Step: 10 * time.Second}
				if _, err := s.Range(b.Context(), q); err != nil {
					b.Error(err)
				}
				queries = append(queries, time.Since(asked))
			}
		})
		for i := range robots * seconds {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / robots)))
			asked := time.Now()
			commit, err := s.Append(f.step(i%robots, asked, 0))
			if err != nil {
				b.Fatal(err)
			}
			wg.Go(func() {
				if err := commit.Wait(context.Background()); err != nil {
					b.Error(err)
				}
				mu.Lock()
				appends = append(appends, time.Since(asked))
				mu.Unlock()
			})
		}
		wg.Wait()
		b.ReportMetric((cpuSeconds()-before)/time.Since(begin).Seconds(), "cores")
		total, _ := rssMB()
		b.ReportMetric(total, "RSS-MB")
		report := func(name string, all []time.Duration) {
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
		}
		report("append", appends)
		report("query", queries)
		stop()
	}
}

// Bytes on disk after the store has merged its parts, and the cost of the whole path with the store.
func BenchmarkBytesPerSample(b *testing.B) {
	for _, jitter := range []time.Duration{0, 15 * time.Millisecond} {
		b.Run("jitter="+jitter.String(), func(b *testing.B) {
			for b.Loop() {
				s, stop := start(b, Config{Dir: b.TempDir()})
				before := cpuSeconds()
				n := newFleet(2).fill(b, s, 6*time.Hour, jitter)
				b.ReportMetric(float64(n)/(cpuSeconds()-before), "samples/CPU-s")
				if err := s.series.reveal(); err != nil {
					b.Fatal(err)
				}
				if err := s.series.storage.ForceMergePartitions(""); err != nil {
					b.Fatal(err)
				}
				s.measure()
				b.ReportMetric(float64(s.diskBytes.Load())/float64(n), "bytes/sample")
				stop()
			}
		})
	}
}

const benchDirEnv = "TONYPI_TSDB_BENCH_DIR"

// child runs this test binary again with one benchmark and waits for a line that begins with word.
func child(b *testing.B, bench, dir, word string, kill bool) string {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^"+bench+"$", "-test.benchtime=1x")
	cmd.Env = append(os.Environ(), benchDirEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), word); ok {
			if kill {
				_ = cmd.Process.Kill()
			}
			_, _ = io.Copy(io.Discard, out)
			return rest
		}
	}
	b.Fatalf("%s said nothing", bench)
	return ""
}

// BenchmarkChildFill is run by BenchmarkReopen in a process of its own: 60,000 series for 65 seconds, in real order.
func BenchmarkChildFill(b *testing.B) {
	dir := os.Getenv(benchDirEnv)
	if dir == "" {
		b.Skip("only BenchmarkReopen runs this")
	}
	s, _ := start(b, Config{Dir: dir})
	newFleet(1000).fill(b, s, 65*time.Second, 0)
	total, anonymous := rssMB()
	fmt.Printf("\nfilled %.0f %.0f\n", total, anonymous)
	time.Sleep(time.Minute)
}

// BenchmarkChildIdle is run by BenchmarkReopen: an idle store in a process of its own.
func BenchmarkChildIdle(b *testing.B) {
	dir := os.Getenv(benchDirEnv)
	if dir == "" {
		b.Skip("only BenchmarkReopen runs this")
	}
	begin, before := time.Now(), cpuSeconds()
	s, _ := start(b, Config{Dir: dir})
	opened := time.Since(begin)
	<-s.feeder.replayed
	replayed, cpu := time.Since(begin), cpuSeconds()-before
	peak, _ := rssMB()
	time.Sleep(3 * time.Second)
	debug.FreeOSMemory() // what the runtime does by itself within minutes
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	total, anonymous := rssMB()
	fmt.Printf("\nidle %.3f %.3f %.3f %.1f %.1f %.1f %.1f %d\n", opened.Seconds()*1000, replayed.Seconds()*1000, cpu*1000,
		peak, total, anonymous, float64(m.HeapInuse)/(1<<20), runtime.NumGoroutine())
}

// Reopen after kill -9 with nothing in the store, and with 60,000 series and 65 s of them in the journal.
func BenchmarkReopen(b *testing.B) {
	for _, filled := range []bool{false, true} {
		b.Run(fmt.Sprintf("filled=%v", filled), func(b *testing.B) {
			for b.Loop() {
				dir := b.TempDir()
				if filled {
					b.Logf("writing process, MB total and anonymous: %s", child(b, "BenchmarkChildFill", dir, "filled ", true))
				}
				for i, name := range []string{"crash", "clean"} {
					said := child(b, "BenchmarkChildIdle", dir, "idle ", false)
					b.Logf("after a %s end: open ms, replayed ms, CPU ms for it, RSS after replay MB, idle RSS, idle anonymous, heap, goroutines: %s", name, said)
					if i == 0 {
						ms, _ := strconv.ParseFloat(strings.Fields(said)[0], 64)
						b.ReportMetric(ms, "open-ms")
					}
				}
			}
		})
	}
}
