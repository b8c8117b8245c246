package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"tonypi"
	"tonypi/outbox"
)

const (
	superseded  = "another job began"
	defaultTask = "unknown task"
	defaultWork = "scanning" // phase of a job that begins
	alertSource = "job"
	maxStarts   = 8                   // ended jobs of a robot that a late message is known by
	maxETA      = 30 * 24 * time.Hour // what would take longer is not foreseen
)

// progress takes what a robot says of its job; mu is held. What is late or said twice makes no job and changes none.
func (t *Tracker) progress(r *robot, u *tonypi.Update) []outbox.Promise {
	p := u.Job
	when := p.Time
	if when.IsZero() {
		when = u.At
	}
	when = when.UTC()
	if r.over(p, when) {
		return t.again(r.last)
	}
	var promises []outbox.Promise
	switch status := tonypi.JobStatus(p.Status); {
	case p.Started:
		if r.active != nil && r.begunBy(p, u.Sent) {
			return t.again(r.active)
		}
		promises = t.begin(r, p, when)
		r.begun = u.Sent
	case ends(status):
		return t.finish(r, p, status, when)
	case r.active != nil && startsOther(r.active, p):
		promises = t.begin(r, p, when) // the message about its start was lost
	case r.active == nil:
		if !worksOn(p) || r.echo(p) {
			return t.again(r.last)
		}
		promises = t.begin(r, p, when)
	default:
		promises = t.goOn(r.active, p, when)
	}
	if p.HasItemsDone && !u.Sent.IsZero() {
		r.told, r.naive = u.Sent, u.Naive
	}
	return promises
}

// again is the promise of a message that was taken before.
func (t *Tracker) again(j *tonypi.Job) []outbox.Promise {
	if j != nil {
		if p, ok := t.jobs.Promise(j.ID); ok {
			return []outbox.Promise{p}
		}
	}
	return nil
}

// over reports whether a message is about a job that has ended. An older start alone does not say so: a Raspberry Pi that
// lost power begins its next job with a clock that is behind.
func (r *robot) over(p *tonypi.JobProgress, when time.Time) bool {
	start := p.StartTime
	if start.IsZero() {
		return r.active == nil && r.last != nil && when.Before(r.last.EndedAt)
	}
	if r.active != nil && sameMoment(start, r.active.RobotStart) {
		return false
	}
	if slices.ContainsFunc(r.starts, func(known time.Time) bool { return sameMoment(start, known) }) {
		return true
	}
	if r.active == nil || !start.Before(r.active.RobotStart) {
		return false
	}
	return ends(tonypi.JobStatus(p.Status)) || when.Before(r.active.StartedAt)
}

// ends reports whether a job with that status has ended.
func ends(s tonypi.JobStatus) bool {
	return s == tonypi.JobCompleted || s == tonypi.JobCancelled || s == tonypi.JobFailed
}

// ended makes j the job that ended last.
func (r *robot) ended(j *tonypi.Job) {
	r.last = j
	if j.RobotStart.IsZero() {
		return
	}
	if len(r.starts) >= maxStarts {
		r.starts = slices.Delete(r.starts, 0, len(r.starts)-maxStarts+1)
	}
	r.starts = append(r.starts, j.RobotStart)
}

// begunBy reports whether a message that starts a job is the one that started the active one.
func (r *robot) begunBy(p *tonypi.JobProgress, sent time.Time) bool {
	if !p.StartTime.IsZero() {
		return sameMoment(p.StartTime, r.active.RobotStart)
	}
	return !sent.IsZero() && sent.Equal(r.begun)
}

// startsOther reports whether a message names another start than the job has.
func startsOther(j *tonypi.Job, p *tonypi.JobProgress) bool {
	return !p.StartTime.IsZero() && !j.RobotStart.IsZero() && !sameMoment(p.StartTime, j.RobotStart)
}

// worksOn reports whether a message tells enough of a job that nobody knew of.
func worksOn(p *tonypi.JobProgress) bool {
	told := p.HasItemsDone || p.HasItemsTotal || p.HasPercent
	if p.Status == "" {
		return p.HasPercent && p.Percent < 100
	}
	return told || !p.StartTime.IsZero()
}

// echo reports whether a message without a start says the same as the job that ended last: the original simulator repeats the
// counts of a cancelled job for ever.
func (r *robot) echo(p *tonypi.JobProgress) bool {
	j := r.last
	return j != nil && p.StartTime.IsZero() && j.Status != tonypi.JobCompleted && p.HasItemsDone && p.HasItemsTotal &&
		p.ItemsDone == j.ItemsDone && p.ItemsTotal == j.ItemsTotal
}

// begin starts a job; one that was still active is cancelled by it.
func (t *Tracker) begin(r *robot, p *tonypi.JobProgress, when time.Time) []outbox.Promise {
	var promises []outbox.Promise
	if r.active != nil {
		promises = append(promises, t.supersede(r.active, when))
		r.ended(r.active)
	}
	t.lastJob++
	j := &tonypi.Job{
		ID: t.lastJob, Robot: r.id, Status: tonypi.JobActive, Phase: defaultWork, RobotStart: p.StartTime, StartedAt: when,
	}
	r.active, r.begun, r.told = j, time.Time{}, time.Time{}
	apply(j, p)
	t.config.Alerts.Clear(r.id, tonypi.JobFailedAlert, alertSource, "", when)
	t.logJob(j, "INFO", when, "Job started: "+task(j))
	return append(promises, t.publish(j, when))
}

// supersede ends a job because the robot began another one.
func (t *Tracker) supersede(j *tonypi.Job, when time.Time) outbox.Promise {
	no := false
	j.Status, j.Success, j.Reason, j.EndedAt = tonypi.JobCancelled, &no, superseded, when
	t.logJob(j, "WARNING", when, fmt.Sprintf("Job cancelled: %s - %s", task(j), superseded))
	return t.publish(j, when)
}

// goOn takes over how the active job goes.
func (t *Tracker) goOn(j *tonypi.Job, p *tonypi.JobProgress, when time.Time) []outbox.Promise {
	before := *j
	apply(j, p)
	if same(before, *j) {
		return t.again(j)
	}
	if quarter := int(j.Percent) / 25; quarter > int(before.Percent)/25 && quarter < 4 {
		message := fmt.Sprintf("Job progress: %.0f%%", j.Percent)
		if j.Phase != "" {
			message += " - " + j.Phase
		}
		t.logJob(j, "INFO", when, message)
	}
	return []outbox.Promise{t.publish(j, when)}
}

// finish ends the active job.
func (t *Tracker) finish(r *robot, p *tonypi.JobProgress, status tonypi.JobStatus, when time.Time) []outbox.Promise {
	j := r.active
	if j == nil {
		return t.again(r.last)
	}
	if startsOther(j, p) {
		// It is newer than ours: that one is over, and of the new one nothing but its end is known.
		r.active = nil
		r.ended(j)
		return []outbox.Promise{t.supersede(j, when)}
	}
	apply(j, p)
	success := status == tonypi.JobCompleted && (p.Success == nil || *p.Success)
	j.Status, j.Success, j.EndedAt = status, &success, when
	j.Reason = p.Reason
	lasted := when.Sub(j.StartedAt).Seconds()
	switch status {
	case tonypi.JobCompleted:
		j.Percent, j.Phase = 100, "done"
		t.logJob(j, "INFO", when, fmt.Sprintf("Job completed: %s (success: %s) in %.1fs", task(j), pythonBool(success), lasted))
	case tonypi.JobCancelled:
		t.logJob(j, "WARNING", when, fmt.Sprintf("Job cancelled: %s - %s", task(j), cmp.Or(p.Reason, "no reason given")))
	default:
		t.logJob(j, "ERROR", when, "Job failed: "+task(j))
		t.config.Alerts.Raise(when, tonypi.Alert{
			Robot: r.id, Type: tonypi.JobFailedAlert, Source: alertSource, Severity: tonypi.Warning,
			Title:   fmt.Sprintf("Job Failed on %s", r.id),
			Message: fmt.Sprintf("Job %q failed: %s", task(j), cmp.Or(p.Reason, "no reason given")),
		})
	}
	r.active, r.begun = nil, time.Time{}
	r.ended(j)
	return []outbox.Promise{t.publish(j, when)}
}

// apply takes over what a message says of a job, whether it goes on or ends.
func apply(j *tonypi.Job, p *tonypi.JobProgress) {
	if j.RobotStart.IsZero() {
		j.RobotStart = p.StartTime
	}
	j.Task, j.Phase = cmp.Or(p.Task, j.Task), cmp.Or(p.Phase, j.Phase)
	j.Estimated, j.ActionDuration = cmp.Or(p.Estimated, j.Estimated), cmp.Or(p.Action, j.ActionDuration)
	if len(p.LastItem) > 0 {
		j.LastItem = json.RawMessage(p.LastItem)
	}
	if p.HasPercent {
		j.Percent = rounded(p.Percent)
	}
	if p.HasItemsDone {
		j.ItemsDone = p.ItemsDone
	}
	if p.HasItemsTotal {
		j.ItemsTotal = p.ItemsTotal
	}
	switch elapsed := cmp.Or(p.Elapsed, p.Action); {
	case p.HasItemsDone || p.HasItemsTotal:
		j.Percent = percentOf(j.ItemsDone, j.ItemsTotal, j.Percent)
	case !p.HasPercent && j.ItemsTotal == 0 && elapsed > 0 && j.Estimated > 0:
		j.Percent = rounded(min(100, float64(elapsed/j.Estimated)*100))
	}
}

// percentOf is how much is done, 0 to 100 with two decimals, or otherwise when the total is not known.
func percentOf(done, total int, otherwise float64) float64 {
	if total <= 0 {
		return otherwise
	}
	return rounded(min(100, float64(done)/float64(total)*100))
}

func rounded(percent float64) float64 { return math.Round(percent*100) / 100 }

// same reports whether nothing of a job changed that people see.
func same(a, b tonypi.Job) bool {
	return a.Task == b.Task && a.Phase == b.Phase && a.ItemsDone == b.ItemsDone && a.ItemsTotal == b.ItemsTotal &&
		a.Percent == b.Percent && a.Estimated == b.Estimated && a.ActionDuration == b.ActionDuration &&
		a.RobotStart.Equal(b.RobotStart) && bytes.Equal(a.LastItem, b.LastItem)
}

// publish makes a job known: to the store and to whoever watches; mu is held.
func (t *Tracker) publish(j *tonypi.Job, when time.Time) outbox.Promise {
	j.UpdatedAt = when.UTC()
	p := t.jobs.Put(*j)
	shown := t.Fill(*j)
	t.config.Show.Show(tonypi.Event{Kind: tonypi.JobChanged, Robot: j.Robot, Time: j.UpdatedAt, Job: &shown})
	return p
}

func (t *Tracker) logJob(j *tonypi.Job, level string, when time.Time, message string) {
	t.log(j.Robot, level, when, message, map[string]any{
		"job_id": j.ID, "task_name": j.Task, "status": j.Status, "items_done": j.ItemsDone, "items_total": j.ItemsTotal,
		"percent": j.Percent,
	})
}

func (t *Tracker) log(id tonypi.RobotID, level string, when time.Time, message string, details map[string]any) {
	b, err := json.Marshal(details)
	if err != nil {
		b = nil // details are an extra: the line counts
	}
	t.config.Record.Log(tonypi.LogEntry{
		Time: when, Level: level, Category: "job", Source: "job", Message: message, Robot: id, Details: b,
	})
}

func task(j *tonypi.Job) string { return cmp.Or(j.Task, defaultTask) }

// pythonBool writes a truth as the original system's log lines do.
func pythonBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// Fill returns the job with its ETA: from the progress so far or, before there is any, from the robot's estimate. A job of
// which neither tells anything, or that has ended, gets none.
func (t *Tracker) Fill(j tonypi.Job) tonypi.Job {
	j.ETA = time.Time{}
	if j.Status == tonypi.JobActive {
		j.ETA = eta(j, time.Now())
	}
	return j
}

func eta(j tonypi.Job, now time.Time) time.Time {
	part := j.Percent / 100
	if j.ItemsTotal > 0 && j.ItemsDone > 0 {
		part = float64(j.ItemsDone) / float64(j.ItemsTotal)
	}
	var done time.Time
	if lasted := j.UpdatedAt.Sub(j.StartedAt); part > 0 && part < 1 && lasted >= time.Second {
		done = j.StartedAt.Add(stretch(lasted, part))
		if done.Before(now) { // slower than it was
			done = j.StartedAt.Add(stretch(now.Sub(j.StartedAt), part))
		}
	} else if part < 1 && j.Estimated > 0 {
		done = j.StartedAt.Add(j.Estimated.Duration())
	}
	if done.Before(now) || done.Sub(now) > maxETA {
		return time.Time{}
	}
	return done.UTC()
}

// stretch returns how long the whole takes when a part took d, at most some 290 years.
func stretch(d time.Duration, part float64) time.Duration {
	whole := float64(d) / part
	if whole >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(whole)
}
