package job

import (
	"context"
	"errors"
	"time"
)

// How long jobs and scans are kept unless the Config says otherwise.
const (
	DefaultKeepJobs  = 365 * 24 * time.Hour
	DefaultKeepScans = 90 * 24 * time.Hour

	purgeEvery  = time.Hour
	purgeWithin = 10 * time.Minute // what is left then goes with the next purge
)

// purge deletes ended jobs and scans that are too old, now and every hour.
func (t *Tracker) purge(ctx context.Context) {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		if err := t.purgeOld(ctx, time.Now()); err != nil && ctx.Err() == nil {
			t.config.Log.Warn("old jobs and scans cannot be deleted", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (t *Tracker) purgeOld(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, purgeWithin)
	defer cancel()
	_, jobs := t.config.Jobs.PurgeJobs(ctx, now.Add(-t.config.KeepJobs))
	_, scans := t.config.Items.PurgeScans(ctx, now.Add(-t.config.KeepScans))
	return errors.Join(jobs, scans)
}
