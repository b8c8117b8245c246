package sim

import (
	"fmt"
	"time"

	"tonypi"
)

// job is an inventory scan: the robot walks along shelves and reads a code at each stop.
type job struct {
	active bool
	task   string
	begun  float64
	total  int
	done   int
	nextAt float64 // when the next item is scanned
}

const secondsPerItem = 7.0

// begin starts a job of that many items.
func (b *Body) begin(task string, items int) {
	b.job = job{active: true, task: task, begun: b.now, total: items, nextAt: b.now + b.between(3, secondsPerItem)}
	b.tellJob("active", "scanning", "")
	b.say("INFO", "job", fmt.Sprintf("Job %s started: %d items", task, items))
}

// work carries the job on, or begins one when its time has come.
func (b *Body) work() {
	switch {
	case !b.job.active:
		if b.now >= b.plot.jobAt && b.fit() {
			b.plot.jobAt = b.now + b.between(180, 420)
			b.begin("inventory_scan", 6+b.life.IntN(12))
		}
	case b.balance.stage != upright || b.stopped:
		b.job.nextAt += slow
	case b.now >= b.job.nextAt:
		b.scan()
	}
}

// fit reports whether the body is able to do a job.
func (b *Body) fit() bool {
	return b.balance.stage == upright && !b.stopped && !b.battery.charging && !b.plot.resting && b.battery.percent > 20
}

func (b *Body) scan() {
	b.job.done++
	b.job.nextAt = b.now + b.between(0.7, 1.4)*secondsPerItem
	codes := [...]string{"QR12345", "QR67890", "QR00001"}
	b.said.scans = appendBounded(b.said.scans, tonypi.Scan{
		Time: b.moment(), Code: codes[b.life.IntN(len(codes))],
		Station: fmt.Sprintf("Shelf %c%d", 'A'+b.life.IntN(4), 1+b.life.IntN(6)), Action: "scanned",
	})
	if b.job.done < b.job.total {
		b.tellJob("active", "scanning", "")
		return
	}
	b.tellJob("completed", "done", "")
	b.say("INFO", "job", fmt.Sprintf("Job %s completed: %d items", b.job.task, b.job.done))
	b.job.active = false
}

// end cancels the running job, if there is one, and reports whether there was.
func (b *Body) end(reason string) bool {
	if !b.job.active {
		return false
	}
	b.tellJob("cancelled", "done", reason)
	b.say("WARNING", "job", fmt.Sprintf("Job %s cancelled: %s", b.job.task, reason))
	b.job.active = false
	return true
}

func (b *Body) tellJob(status, phase, reason string) {
	j := tonypi.JobProgress{
		Task: b.job.task, Status: status, Phase: phase, Reason: reason,
		ItemsDone: b.job.done, ItemsTotal: b.job.total, Percent: float64(b.job.done) / float64(b.job.total) * 100,
		StartTime:    b.start.Add(time.Duration(b.job.begun * float64(time.Second))).UTC(),
		Elapsed:      tonypi.Seconds(b.now - b.job.begun),
		Estimated:    tonypi.Seconds(float64(b.job.total) * secondsPerItem),
		HasItemsDone: true, HasItemsTotal: true, HasPercent: true,
	}
	if status != "active" {
		success := status == "completed"
		j.EndTime, j.Success = b.moment(), &success
	}
	b.said.jobs = appendBounded(b.said.jobs, j)
}

// hurt is what a fall does to the job: one time in five it ends it.
func (b *Body) hurt() {
	if b.life.Float64() < 0.2 {
		b.end("robot fell")
	}
}
