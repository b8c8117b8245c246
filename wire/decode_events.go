package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"

	"tonypi"
)

// logs reads one line, or a list of lines in "logs", "entries" or by itself.
func (d *decoder) logs() {
	i := int32(0)
	if j, ok := d.member(0, "logs", "entries"); ok && d.nodes[j].kind == list {
		i = j
	}
	if d.nodes[i].kind == object {
		d.logLine(0)
		return
	}
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		if len(d.u.Logs) >= MaxLogs {
			d.problems.add(TooMany, "more than %d log lines", MaxLogs)
			return
		}
		if d.nodes[j].kind != object {
			d.problems.add(BadShape, "a log line is not an object")
			continue
		}
		d.logLine(j)
	}
}

// logLine reads one line.
func (d *decoder) logLine(i int32) {
	message, ok := d.member(i, "message", "msg")
	if !ok || d.nodes[message].kind != text && d.nodes[message].kind != escaped {
		d.problems.add(BadShape, "a log line has no message")
		return
	}
	l := tonypi.LogEntry{Robot: d.robot, Time: d.u.Sent, Level: "INFO", Message: d.text(message, MaxLogLine)}
	if j, ok := d.member(i, "level"); ok {
		l.Level = logLevel(d.text(j, MaxWord))
	}
	if j, ok := d.member(i, "source"); ok {
		l.Source = d.text(j, MaxName)
	}
	if j, ok := d.member(i, "timestamp", "time", "ts"); ok && i != 0 {
		l.Time = d.time(j)
	}
	d.u.Logs = append(d.u.Logs, l)
}

// logLevel returns one of the five levels; a word that is none of them is INFO.
func logLevel(s string) string {
	switch s = strings.ToUpper(s); s {
	case "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL":
		return s
	case "WARN":
		return "WARNING"
	case "FATAL":
		return "CRITICAL"
	}
	return "INFO"
}

// jobStatus maps the status words of the original clients to ours; a word that is none of them is "".
func jobStatus(s string) string {
	switch strings.ToLower(s) {
	case "started", "start", "working", "in_progress", "in-progress", "active":
		return "active"
	case "completed", "done":
		return "completed"
	case "cancelled", "canceled", "stopped":
		return "cancelled"
	case "failed":
		return "failed"
	}
	return ""
}

// jobStarts reports whether a status word says that the job begins now.
func jobStarts(s string) bool {
	return strings.EqualFold(s, "started") || strings.EqualFold(s, "start")
}

// job reads how a job goes, in all five shapes of the original clients.
func (d *decoder) job() {
	j, known := &tonypi.JobProgress{}, false
	for i := int32(1); i < d.nodes[0].next; i = d.nodes[i].next {
		if !d.isNull(i) && d.jobField(j, i) {
			known = true
		}
	}
	if i, ok := d.member(0, "percent", "progress_percent", "percentage"); ok {
		if v, ok := d.within(i, 0, 100, 1); ok {
			j.Percent, j.HasPercent, known = v, true, true
		}
	}
	if i, ok := d.member(0, "reason", "cancel_reason"); ok {
		j.Reason, known = d.text(i, MaxLine), true
	}
	if known {
		d.u.Job = j
	}
}

// jobField takes a member with only one spelling.
func (d *decoder) jobField(j *tonypi.JobProgress, i int32) bool {
	switch string(d.name(i)) {
	case "task_name":
		j.Task = d.text(i, MaxTask)
	case "status":
		word := d.text(i, MaxWord)
		j.Status, j.Started = jobStatus(word), jobStarts(word)
	case "phase":
		j.Phase = d.text(i, MaxName)
	case "items_done":
		j.ItemsDone, j.HasItemsDone = d.count(i)
	case "items_total":
		j.ItemsTotal, j.HasItemsTotal = d.count(i)
	case "start_time":
		j.StartTime = d.time(i)
	case "end_time":
		j.EndTime = d.time(i)
	case "elapsed_time":
		j.Elapsed = d.seconds(i)
	case "action_duration":
		j.Action = d.seconds(i)
	case "estimated_duration":
		j.Estimated = d.seconds(i)
	case "last_item":
		j.LastItem = d.item(i)
	case "success":
		j.Success = d.yes(i)
	default:
		return false
	}
	return true
}

// item writes an object anew as JSON of at most MaxItem bytes, or returns nil. Numbers that are not finite become null.
func (d *decoder) item(i int32) []byte {
	n := d.nodes[i]
	if n.kind != object {
		d.problems.add(BadShape, "%q is not an object", d.name(i))
		return nil
	}
	if n.next-i <= maxItemNodes {
		if b, err := json.Marshal(d.plain(i)); err == nil && len(b) <= MaxItem {
			return b
		}
	}
	d.problems.add(TooLarge, "%q is over %d bytes", d.name(i), MaxItem)
	return nil
}

const maxItemNodes = 256 // values in a job's last item

// plain returns value i as encoding/json has it.
func (d *decoder) plain(i int32) any {
	n := d.nodes[i]
	switch n.kind {
	case object:
		members := make(map[string]any)
		for j := i + 1; j < n.next; j = d.nodes[j].next {
			members[clean(d.name(j), MaxName)] = d.plain(j)
		}
		return members
	case list:
		elements := []any{}
		for j := i + 1; j < n.next; j = d.nodes[j].next {
			elements = append(elements, d.plain(j))
		}
		return elements
	case truth, falsehood:
		return n.kind == truth
	case text, escaped:
		return d.text(i, MaxItem)
	}
	if v, ok := d.float(i); ok {
		return v
	}
	return nil
}

// count reads a number of things, 0 to 1,000,000,000.
func (d *decoder) count(i int32) (int, bool) {
	v, ok := d.within(i, 0, 1e9, 0)
	return int(v), ok
}

// seconds reads a duration, 0 to some 30 years.
func (d *decoder) seconds(i int32) tonypi.Seconds {
	v, _ := d.within(i, 0, 1e9, 0)
	return tonypi.Seconds(v)
}

// yes reads true or false, or nil for anything else.
func (d *decoder) yes(i int32) *bool {
	if k := d.nodes[i].kind; k == truth || k == falsehood {
		v := k == truth
		return &v
	}
	return nil
}

// scanned reads a code that the robot read.
func (d *decoder) scanned() {
	i, ok := d.member(0, "qr", "qr_data", "code")
	if !ok {
		return
	}
	code := d.text(i, MaxCode+utf8.UTFMax)
	switch {
	case len(code) > MaxCode:
		d.problems.add(TooLarge, "the code is longer than %d bytes", MaxCode)
		return
	case code == "":
		d.problems.add(BadShape, "the code is empty or no text")
		return
	}
	s := tonypi.Scan{Time: d.u.Sent, Code: code}
	if j, ok := d.member(0, "station_name", "station"); ok {
		s.Station = d.text(j, MaxName)
	}
	if j, ok := d.member(0, "action"); ok {
		s.Action = d.text(j, MaxName)
	}
	d.u.Scans = append(d.u.Scans, s)
}

// vision reads what the camera saw: one thing, or a list of them in "detections" or by itself.
func (d *decoder) vision() {
	i := int32(0)
	if j, ok := d.member(0, "detections"); ok && d.nodes[j].kind == list {
		i = j
	}
	if d.nodes[i].kind == object {
		d.detection(0)
		return
	}
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		if len(d.u.Detections) >= MaxDetections {
			d.problems.add(TooMany, "more than %d detections", MaxDetections)
			return
		}
		if d.nodes[j].kind != object {
			d.problems.add(BadShape, "a detection is not an object")
			continue
		}
		d.detection(j)
	}
}

// detection reads one sighting; a confidence is also a reading of the label's series.
func (d *decoder) detection(i int32) {
	e, known := tonypi.DetectionEvent{Time: d.u.Sent}, false
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		if !d.isNull(j) && d.detectionField(&e, i, j) {
			known = true
		}
	}
	if e.Box == nil {
		e.Box = d.corner(i)
	}
	if !known && e.Box == nil {
		return
	}
	d.u.Detections = append(d.u.Detections, e)
	if e.Confidence == nil {
		return
	}
	source := ""
	if e.Label != "" {
		n, ok := plainNames.find([]byte(e.Label))
		if !ok {
			d.problems.add(BadName, "a label must be 1 to %d printable bytes", MaxName)
			return
		}
		source = n.source
	}
	d.add(tonypi.Detection, source, *e.Confidence, e.Time)
}

// detectionField takes member j of sighting i.
func (d *decoder) detectionField(e *tonypi.DetectionEvent, i, j int32) bool {
	optional := func(v float64, ok bool) *float64 {
		if !ok {
			return nil
		}
		return &v
	}
	switch string(d.name(j)) {
	case "label":
		e.Label = d.text(j, MaxName)
	case "confidence":
		e.Confidence = optional(d.within(j, 0, 1, 0.001))
	case "bbox", "box":
		e.Box = d.box(j)
	case "center_x":
		e.CenterX = optional(d.measure(j))
	case "frame_width":
		e.FrameWidth, _ = d.within(j, 0, 1e6, 0)
	case "state":
		e.State = d.text(j, MaxName)
	case "is_locked":
		e.Locked = d.nodes[j].kind == truth
	case "navigation_command":
		e.Command = d.text(j, MaxName)
	case "error":
		e.Error = optional(d.measure(j))
	case "detection":
		e.Detected = d.yes(j)
	case "timestamp", "time", "ts":
		if i != 0 {
			e.Time = d.time(j)
		}
		return false
	default:
		return false
	}
	return true
}

// box reads a bounding box: [x1, y1, x2, y2], {"x1", "y1", "x2", "y2"} or {"x", "y", "width", "height"}.
func (d *decoder) box(i int32) *[4]float64 {
	if d.nodes[i].kind == object {
		if b := d.four(i, "x1", "y1", "x2", "y2"); b != nil {
			return b
		}
		if b := d.corner(i); b != nil {
			return b
		}
	}
	if d.nodes[i].kind == list {
		var b [4]float64
		n, good := 0, true
		for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
			v, ok := d.float(j)
			if good = good && ok && n < 4; good {
				b[n] = v
			}
			n++
		}
		if good && n == 4 {
			return &b
		}
	}
	d.problems.add(BadShape, "a bounding box must have four numbers")
	return nil
}

// corner reads a box that is given by a corner and its size.
func (d *decoder) corner(i int32) *[4]float64 {
	b := d.four(i, "x", "y", "width", "height")
	if b == nil {
		return nil
	}
	b[2] += b[0]
	b[3] += b[1]
	if math.IsInf(b[2], 0) || math.IsInf(b[3], 0) {
		return nil
	}
	return b
}

// four reads four members that must all be numbers.
func (d *decoder) four(i int32, names ...string) *[4]float64 {
	var b [4]float64
	for n, name := range names {
		j, ok := d.member(i, name)
		if !ok {
			return nil
		}
		if b[n], ok = d.float(j); !ok {
			return nil
		}
	}
	return &b
}

// maxStopMS is the longest that a robot may claim to have needed for a stop, in ms.
const maxStopMS = 1e7

// ack reads a robot's answer to a command. An answer that tells whether the robot is stopped is also presence.
func (d *decoder) ack() {
	a := &tonypi.Ack{Data: d.verbatim()}
	for i := int32(1); i < d.nodes[0].next; i = d.nodes[i].next {
		switch string(d.name(i)) {
		case "type":
			a.Type = d.text(i, MaxName)
		case "success":
			a.Success = d.nodes[i].kind == truth
		case "message":
			a.Message = d.text(i, MaxLine)
		case "stop_ms":
			if v, ok := d.within(i, 0, maxStopMS, 0); ok {
				a.StopMS = &v
			}
		case "config_version":
			if !d.isNull(i) {
				a.Config = d.version(i)
			}
		}
	}
	if i, ok := d.member(0, "command_id", "id"); ok {
		a.CommandID = d.text(i, MaxID+1)
		if len(a.CommandID) > MaxID {
			d.problems.add(TooLarge, "the command ID is longer than %d bytes", MaxID)
			a.CommandID = ""
		}
	}
	if i, ok := d.member(0, "reason", "previous_reason"); ok {
		a.Reason = d.text(i, MaxLine)
	}
	if _, ok := d.member(0, "success"); !ok && a.CommandID == "" && a.Message == "" {
		return // nothing in it that an answer has
	}
	d.u.Ack = a
	d.stopped(a)
}

// stopped takes presence out of the answer to an emergency stop or a resume.
func (d *decoder) stopped(a *tonypi.Ack) {
	state, ok := d.member(0, "state")
	if !ok {
		return
	}
	i, ok := d.member(state, "emergency_stopped")
	if !ok {
		return
	}
	switch d.nodes[i].kind {
	case truth:
		d.u.Presence = &tonypi.Presence{Status: "emergency_stopped", Stopped: true, StopReason: a.Reason}
	case falsehood:
		d.u.Presence = &tonypi.Presence{Status: "online"}
	}
}

// verbatim returns the payload as JSON that databases take: valid UTF-8, without escaped NULs. It is nil when the
// payload holds one of Python's words that are no JSON.
func (d *decoder) verbatim() []byte {
	for i := range d.nodes {
		if d.nodes[i].kind == notFinite {
			d.problems.add(BadNumber, "the answer holds a number that is not finite")
			return nil
		}
	}
	return bytes.ToValidUTF8(bytes.ReplaceAll(d.payload, []byte(`\u0000`), []byte(`\u0020`)), []byte("\uFFFD"))
}
