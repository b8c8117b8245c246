package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"time"

	"tonypi/api"
)

// rates are how much came in during the last seconds.
type rates struct {
	mu       sync.Mutex
	messages float64
	readings float64
}

// measure keeps the rates until ctx ends.
func (s *server) measure(ctx context.Context) error {
	const every = 2 * time.Second
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, at := s.pipeline.Stats(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			stats, took := s.pipeline.Stats(), now.Sub(at).Seconds()
			s.rates.mu.Lock()
			s.rates.messages = float64(stats.Messages-last.Messages) / took
			s.rates.readings = float64(stats.Readings-last.Readings) / took
			s.rates.mu.Unlock()
			last, at = stats, now
		}
	}
}

// system is what an admin sees of the server itself.
func (s *server) system() api.SystemInfo {
	s.rates.mu.Lock()
	messages, readings := s.rates.messages, s.rates.readings
	s.rates.mu.Unlock()
	health := s.series.Health(context.Background())
	broker := s.broker.Stats()
	info := api.SystemInfo{
		Version: version, Go: runtime.Version(), UptimeSeconds: time.Since(s.started).Seconds(), RSSBytes: residentMemory(),
		Goroutines: runtime.NumGoroutine(), Robots: len(s.robots.Fleet()), Connections: broker.Robots + broker.Pending + broker.People,
		MessagesPerSecond: messages, ReadingsPerSecond: readings, Store: health, Watchers: s.hub.Watchers(), DataDirFree: health.DiskFree,
		DecodeFailures: []api.DecodeFailure{},
	}
	for _, f := range s.pipeline.Stats().Failures {
		info.DecodeFailures = append(info.DecodeFailures, api.DecodeFailure{Topic: f.Topic, Reason: f.Reason, Count: int(f.Count)})
	}
	sort.SliceStable(info.DecodeFailures, func(i, j int) bool { return info.DecodeFailures[i].Count > info.DecodeFailures[j].Count })
	return info
}

// residentMemory returns the bytes of memory that the process holds.
func residentMemory() int64 {
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(b); len(fields) > 1 {
			if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// writeMetrics writes the server's own numbers in Prometheus' text format.
func (s *server) writeMetrics(w io.Writer) {
	stats, broker, health := s.pipeline.Stats(), s.broker.Stats(), s.series.Health(context.Background())
	counter := func(name, help string, v uint64) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s counter\n%s %d\n", name, help, name, name, v)
	}
	gauge := func(name, help string, v float64) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n%s %g\n", name, help, name, name, v)
	}
	counter("tonypi_messages_total", "MQTT messages taken in.", stats.Messages)
	counter("tonypi_readings_total", "Readings of adopted robots.", stats.Readings)
	counter("tonypi_readings_late_total", "Readings older than a minute: stored, not judged.", stats.Late)
	counter("tonypi_messages_not_stored_total", "Messages whose readings the store did not take.", stats.NotStored)
	counter("tonypi_messages_refused_total", "Messages of robots that may not speak.", stats.Refused)
	counter("tonypi_series_samples_total", "Samples accepted by the series store.", health.Samples)
	counter("tonypi_series_dropped_total", "Samples dropped because the journal was full.", health.Dropped)
	counter("tonypi_mqtt_dropped_total", "Messages that a slow MQTT client did not get.", broker.Dropped)
	counter("tonypi_mqtt_forbidden_total", "Publishes and subscriptions against the access rules.", broker.Forbidden)
	counter("tonypi_live_frames_total", "Frames sent to browsers.", s.hub.Frames())
	gauge("tonypi_series_queue_bytes", "Journal that the series store has not taken over.", float64(health.QueueBytes))
	gauge("tonypi_series_disk_bytes", "Bytes of readings on disk.", float64(health.DiskBytes))
	gauge("tonypi_series_active", "Series that were written lately.", float64(health.ActiveCount))
	gauge("tonypi_disk_free_bytes", "Bytes free on the disk of the data.", float64(health.DiskFree))
	gauge("tonypi_robots", "Adopted robots.", float64(len(s.robots.Fleet())))
	gauge("tonypi_robots_pending", "Robots that want to join.", float64(s.robots.PendingCount()))
	gauge("tonypi_mqtt_connections", "Open MQTT connections.", float64(broker.Robots+broker.Pending+broker.People))
	gauge("tonypi_watchers", "Browsers on the live connection.", float64(s.hub.Watchers()))
	gauge("tonypi_alerts_open", "Open alerts.", float64(len(s.alerts.Open())))
	gauge("tonypi_alerts_unwritten", "Changed alerts that the database does not have yet.", float64(s.alerts.Pending()))
	jobs, book := s.jobs.Stats(), s.book.Stats()
	counter("tonypi_commands_dropped_total", "Outcomes of commands that were dropped because the database was away too long.", s.commands.Dropped())
	counter("tonypi_jobs_dropped_total", "Changes of jobs and scans that were dropped because the database was away too long.", jobs.Dropped)
	counter("tonypi_logs_dropped_total", "Log lines that were dropped because the database was away too long.", book.Dropped)
	counter("tonypi_logs_limited_total", "Log lines over the rate that one robot or part may write.", book.Limited)
	counter("tonypi_audit_dropped_total", "Audit entries that were dropped because the database was away too long.", book.AuditDropped)
	gauge("tonypi_commands_unwritten", "Commands that the database does not have yet.", float64(s.commands.Pending()))
	gauge("tonypi_jobs_unwritten", "Jobs and scans that the database does not have yet.", float64(jobs.Pending))
	gauge("tonypi_logs_unwritten", "Log lines that the database does not have yet.", float64(book.Pending))
	gauge("process_resident_memory_bytes", "Memory that the process holds.", float64(residentMemory()))
	gauge("go_goroutines", "Goroutines.", float64(runtime.NumGoroutine()))
	fmt.Fprintf(w, "# HELP tonypi_decode_failures_total Messages that could not be understood.\n# TYPE tonypi_decode_failures_total counter\n")
	for _, f := range stats.Failures {
		fmt.Fprintf(w, "tonypi_decode_failures_total{topic=%q,reason=%q} %d\n", f.Topic, f.Reason, f.Count)
	}
	fmt.Fprintf(w, "# HELP tonypi_mqtt_refused_total Connections refused or cut off.\n# TYPE tonypi_mqtt_refused_total counter\n")
	reasons := make([]string, 0, len(broker.Refused))
	for reason := range broker.Refused {
		reasons = append(reasons, reason)
	}
	sort.Strings(reasons)
	for _, reason := range reasons {
		fmt.Fprintf(w, "tonypi_mqtt_refused_total{reason=%q} %d\n", reason, broker.Refused[reason])
	}
}

// hosts returns the host parts of origins.
func hosts(origins []string) []string {
	list := make([]string, 0, len(origins))
	for _, o := range origins {
		if u, err := url.Parse(o); err == nil && u.Host != "" {
			list = append(list, u.Host)
		}
	}
	return list
}
