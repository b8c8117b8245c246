package storetest

import (
	"cmp"
	"context"
	"slices"

	"tonypi"
)

// Reports implements tonypi.ReportStore.
func (m *Memory) Reports(ctx context.Context, f tonypi.ReportFilter) ([]tonypi.Report, error) {
	limit, err := bound(f.Limit, 1000)
	if err != nil {
		return nil, err
	}
	return find(ctx, m, m.reports, limit, func(r tonypi.Report) bool {
		return (f.Robot == "" || r.Robot == f.Robot) && (f.Type == "" || r.Type == f.Type) && (f.Before == 0 || r.ID < f.Before)
	}, func(a, b tonypi.Report) int { return cmp.Compare(b.ID, a.ID) })
}

func errNoReport(id int64) error { return tonypi.Errorf(tonypi.NotFound, "Report %d not found", id) }

// Report implements tonypi.ReportStore.
func (m *Memory) Report(ctx context.Context, id int64) (tonypi.Report, error) {
	return get(ctx, m, m.reports, id, errNoReport(id))
}

// CreateReport implements tonypi.ReportStore.
func (m *Memory) CreateReport(ctx context.Context, r tonypi.Report) (tonypi.Report, error) {
	data, err := object("data", r.Data)
	if err != nil {
		return tonypi.Report{}, err
	}
	tidy(&r.Title, &r.Description, &r.CreatedBy)
	cut((*string)(&r.Robot), &r.Type)
	r.Data, r.CreatedAt = data, orNow(r.CreatedAt)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return tonypi.Report{}, err
	}
	m.lastReport++
	r.ID = m.lastReport
	m.reports[r.ID] = r
	return r, nil
}

// DeleteReport implements tonypi.ReportStore.
func (m *Memory) DeleteReport(ctx context.Context, id int64) error {
	return remove(ctx, m, m.reports, id, errNoReport(id))
}

// HostKey implements tonypi.TerminalStore.
func (m *Memory) HostKey(ctx context.Context, robot tonypi.RobotID) (tonypi.HostKey, error) {
	return get(ctx, m, m.hostKeys, robot, tonypi.Errorf(tonypi.NotFound, "Robot has no host key"))
}

// SaveHostKey implements tonypi.TerminalStore.
func (m *Memory) SaveHostKey(ctx context.Context, k tonypi.HostKey) error {
	if err := checkKey("robot ID", string(k.Robot)); err != nil {
		return err
	}
	if len(k.Key) == 0 {
		return tonypi.Errorf(tonypi.Invalid, "a host key must not be empty")
	}
	tidy(&k.Type, &k.Fingerprint, &k.PinnedBy)
	k.Key, k.PinnedAt = slices.Clone(k.Key), orNow(k.PinnedAt)
	return put(ctx, m, m.hostKeys, []tonypi.HostKey{k}, func(k tonypi.HostKey) tonypi.RobotID { return k.Robot })
}

// DeleteHostKey implements tonypi.TerminalStore.
func (m *Memory) DeleteHostKey(ctx context.Context, robot tonypi.RobotID) error {
	return remove(ctx, m, m.hostKeys, robot, nil)
}

// SSHAccess implements tonypi.TerminalStore.
func (m *Memory) SSHAccess(ctx context.Context, robot tonypi.RobotID) (tonypi.SSHAccess, error) {
	return get(ctx, m, m.access, robot, tonypi.Errorf(tonypi.NotFound, "Robot has no SSH access"))
}

// SaveSSHAccess implements tonypi.TerminalStore.
func (m *Memory) SaveSSHAccess(ctx context.Context, a tonypi.SSHAccess) error {
	if err := checkKey("robot ID", string(a.Robot)); err != nil {
		return err
	}
	tidy(&a.Username, &a.PublicKey, &a.CreatedBy)
	a.PrivateKey, a.CreatedAt = slices.Clone(a.PrivateKey), orNow(a.CreatedAt)
	return put(ctx, m, m.access, []tonypi.SSHAccess{a}, func(a tonypi.SSHAccess) tonypi.RobotID { return a.Robot })
}

// DeleteSSHAccess implements tonypi.TerminalStore.
func (m *Memory) DeleteSSHAccess(ctx context.Context, robot tonypi.RobotID) error {
	return remove(ctx, m, m.access, robot, nil)
}

// Recordings implements tonypi.TerminalStore.
func (m *Memory) Recordings(ctx context.Context, robot tonypi.RobotID, limit int) ([]tonypi.Recording, error) {
	limit, err := bound(limit, 500)
	if err != nil {
		return nil, err
	}
	return find(ctx, m, m.recordings, limit, func(r tonypi.Recording) bool { return robot == "" || r.Robot == robot },
		func(a, b tonypi.Recording) int {
			return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.ID, a.ID))
		})
}

func errNoRecording() error { return tonypi.Errorf(tonypi.NotFound, "Recording not found") }

// Recording implements tonypi.TerminalStore.
func (m *Memory) Recording(ctx context.Context, id string) (tonypi.Recording, error) {
	return get(ctx, m, m.recordings, id, errNoRecording())
}

// SaveRecording implements tonypi.TerminalStore.
func (m *Memory) SaveRecording(ctx context.Context, r tonypi.Recording) error {
	if err := checkKey("recording ID", r.ID); err != nil {
		return err
	}
	cut((*string)(&r.Robot))
	tidy(&r.User, &r.File)
	r.StartedAt, r.EndedAt = orNow(r.StartedAt), millis(r.EndedAt)
	return put(ctx, m, m.recordings, []tonypi.Recording{r}, func(r tonypi.Recording) string { return r.ID })
}

// DeleteRecording implements tonypi.TerminalStore.
func (m *Memory) DeleteRecording(ctx context.Context, id string) error {
	return remove(ctx, m, m.recordings, id, errNoRecording())
}
