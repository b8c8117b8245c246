package main

import (
	"context"
	"net/http"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"

	"tonypi/compat"
)

// grafanaWait is how long Grafana may take to say that it is there.
const grafanaWait = 2 * time.Second

// compatStatus is how the server and its machine are, by the names of the original system's services.
func (s *server) compatStatus(ctx context.Context) compat.Status {
	status := compat.Status{Uptime: time.Since(s.started), Healthy: true, Services: map[string]string{}}
	names := map[string]string{"database": "postgres", "series": "influxdb", "mqtt": "mqtt_broker"}
	for part, check := range s.checks() {
		word := "running"
		if err := check(ctx); err != nil {
			word, status.Healthy = "not working", false
		}
		status.Services[names[part]] = word
	}
	status.Services["grafana"] = s.grafanaStatus(ctx)
	// What the machine does not tell stays 0.
	if busy, err := cpu.PercentWithContext(ctx, 0, false); err == nil && len(busy) > 0 {
		status.CPU = busy[0]
	}
	if memory, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		status.Memory = memory.UsedPercent
	}
	if usage, err := disk.UsageWithContext(ctx, s.cfg.Data); err == nil {
		status.Disk = usage.UsedPercent
	}
	return status
}

func (s *server) grafanaStatus(ctx context.Context) string {
	if s.cfg.GrafanaURL == "" {
		return "not configured"
	}
	ctx, cancel := context.WithTimeout(ctx, grafanaWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.GrafanaURL+"/api/health", nil)
	if err != nil {
		return "not working"
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "not working"
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "not working"
	}
	return "running"
}
