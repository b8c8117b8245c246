package wire

import (
	"net/netip"
	"strconv"
	"strings"

	"tonypi"
)

// hostField is one number about the robot's computer or battery: what it may be, and under which names it comes. An
// earlier name wins over a later one.
type hostField struct {
	metric        tonypi.Metric
	lo, hi, slack float64
	names         []string
}

var hostFields = [...]hostField{
	{tonypi.CPUPercent, 0, 100, 1, []string{"cpu_percent", "system_cpu_percent", "cpu", "cpu_usage"}},
	{tonypi.MemoryPercent, 0, 100, 1, []string{"memory_percent", "system_memory_percent", "memory", "memory_usage", "mem"}},
	{tonypi.DiskPercent, 0, 100, 1, []string{"disk_percent", "disk_usage", "system_disk_usage", "disk"}},
	{tonypi.CPUTemperature, -60, 200, 0, []string{"cpu_temperature", "system_cpu_temperature", "cpu_temp", "temperature", "system_temperature", "temp"}},
	{tonypi.Uptime, 0, 1e10, 0, []string{"uptime", "system_uptime", "uptime_seconds"}},
	{tonypi.Throttled, 0, 1 << 32, 0, []string{"throttled", "system_throttled"}},
	{tonypi.WifiSignal, -200, 50, 0, []string{"wifi_signal", "system_wifi_signal", "rssi"}},
	{tonypi.NetworkRTT, 0, 1e7, 0, []string{"network_rtt", "system_network_rtt", "rtt_ms"}},
	{tonypi.BatteryPercent, 0, 100, 1, []string{"battery_level", "battery_percent"}},
	{tonypi.DriveLimit, 0, 100, 1, []string{"drive_limit"}},
}

// hostNames finds a field and the rank of the name by the name.
var hostNames = func() map[string][2]int {
	names := make(map[string][2]int)
	for f, field := range hostFields {
		for rank, name := range field.names {
			names[name] = [2]int{f, rank}
		}
	}
	return names
}()

// status reads presence and the numbers about the robot's computer, which stand in system_info or beside it.
func (d *decoder) status() {
	var best [len(hostFields)]struct {
		node int32
		rank int
	}
	p := &tonypi.Presence{}
	gather := func(i int32, penalty int) {
		for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
			if d.nodes[j].kind >= list {
				continue
			}
			if f, ok := hostNames[string(d.name(j))]; ok && !d.isNull(j) {
				if b := &best[f[0]]; b.node == 0 || f[1]+penalty <= b.rank {
					b.node, b.rank = j, f[1]+penalty
				}
				continue
			}
			d.presence(p, j)
		}
	}
	gather(0, 100)
	if i, ok := d.member(0, "system_info"); ok && d.nodes[i].kind == object {
		gather(i, 0)
	}
	p.Stopped = p.Stopped || p.Status == "emergency_stopped"
	d.u.Presence = p
	for f, b := range best {
		if b.node == 0 {
			continue
		}
		field := &hostFields[f]
		if field.metric == tonypi.Throttled && d.nodes[b.node].kind == text {
			d.throttled(b.node)
			continue
		}
		if v, ok := d.within(b.node, field.lo, field.hi, field.slack); ok {
			d.add(field.metric, "", v, d.u.Sent)
		}
	}
}

// throttled reads the flags as vcgencmd prints them: "throttled=0x50005" or "0x50005".
func (d *decoder) throttled(i int32) {
	s := strings.TrimPrefix(d.text(i, MaxName), "throttled=")
	v, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		d.problems.add(BadNumber, "%q is not a number", "throttled")
		return
	}
	d.add(tonypi.Throttled, "", float64(v), d.u.Sent)
}

// presence takes one member of a status message.
func (d *decoder) presence(p *tonypi.Presence, i int32) {
	if d.isNull(i) {
		return
	}
	switch string(d.name(i)) {
	case "status":
		p.Status = strings.ToLower(d.text(i, MaxWord))
	case "ip_address":
		p.Address = d.address(i)
	case "camera_url":
		p.CameraURL = d.url(i)
	case "platform":
		p.Platform = d.text(i, MaxTask)
	case "agent":
		p.Agent = d.text(i, MaxTask)
	case "posture":
		p.Posture = d.text(i, MaxWord)
	case "activity":
		if p.Posture == "" {
			p.Posture = d.text(i, MaxWord)
		}
	case "emergency_stopped":
		v, ok := d.float(i)
		p.Stopped = ok && v != 0
	case "emergency_reason":
		p.StopReason = d.text(i, MaxLine)
	case "config_version":
		p.Config = d.version(i)
	}
}

// version reads the number of a configuration.
func (d *decoder) version(i int32) int64 {
	v, _ := d.within(i, 0, MaxVersion, 0)
	return int64(v)
}

// address reads an IP address.
func (d *decoder) address(i int32) string {
	s := d.text(i, MaxName)
	if s == "" {
		return ""
	}
	if _, err := netip.ParseAddr(s); err != nil {
		d.problems.add(BadText, "%q is not an IP address", d.name(i))
		return ""
	}
	return s
}

// url reads a camera's address, which people's browsers are sent to: only http and https.
func (d *decoder) url(i int32) string {
	s := d.text(i, MaxURL+1)
	if s == "" {
		return ""
	}
	web := strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
	if !web || len(s) > MaxURL || strings.ContainsAny(s, " \t\n\"'<>\\") {
		d.problems.add(BadText, "%q is not an http or https URL of at most %d bytes", d.name(i), MaxURL)
		return ""
	}
	return s
}

var batteryFields = [...]hostField{
	{tonypi.BatteryPercent, 0, 100, 1, []string{"percentage", "percent", "battery_level", "battery_percent", "level"}},
	{tonypi.BatteryVoltage, 0, 100, 0, []string{"voltage", "battery_voltage"}},
	{tonypi.BatteryCharging, 0, 1, 0, []string{"charging", "is_charging"}},
	{tonypi.BatteryMinutes, 0, 1e6, 0, []string{"minutes_left", "time_left_minutes"}},
}

// battery reads the battery's state. What is missing stays unknown: a 0 would be an alarm about nothing.
func (d *decoder) battery() {
	d.fields(batteryFields[:])
}

// fields reads the members of the message that stand in the table.
func (d *decoder) fields(table []hostField) {
	for f := range table {
		field := &table[f]
		i, ok := d.member(0, field.names...)
		if !ok {
			continue
		}
		if v, ok := d.within(i, field.lo, field.hi, field.slack); ok {
			d.add(field.metric, "", v, d.u.Sent)
		}
	}
}

// location reads where the robot is, in the units of its own commands.
func (d *decoder) location() {
	i := int32(0)
	if j, ok := d.member(0, "location", "position"); ok && d.nodes[j].kind == object {
		i = j
	}
	for _, axis := range [...]string{"x", "y", "z"} {
		if j, ok := d.member(i, axis); ok {
			if v, ok := d.measure(j); ok {
				d.add(tonypi.Location, axis, v, d.u.Sent)
			}
		}
	}
}
