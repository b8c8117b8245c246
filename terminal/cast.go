package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"tonypi"
)

// maxCast is the largest recording in bytes.
const maxCast = 50 << 20

// castEnd is room for the mark that says a recording is full.
const castEnd = 200

// cast writes an asciicast v2 file: what was shown, never what was typed. A nil cast does nothing.
type cast struct {
	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	began time.Time
	size  int64
	limit int64
	full  bool
	err   error // the first
	log   *slog.Logger
}

// castHeader is the first line of an asciicast v2 file.
type castHeader struct {
	Version   int               `json:"version"`
	Width     int               `json:"width"`
	Height    int               `json:"height"`
	Timestamp int64             `json:"timestamp"`
	Title     string            `json:"title"`
	Env       map[string]string `json:"env"`
}

func newCast(file *os.File, h castHeader, log *slog.Logger) (*cast, error) {
	c := &cast{file: file, w: bufio.NewWriterSize(file, 64<<10), began: time.Now(), limit: maxCast, log: log}
	h.Version, h.Timestamp, h.Env = 2, c.began.Unix(), map[string]string{"TERM": "xterm-256color"}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	c.line(line)
	c.flush()
	return c, c.err
}

// event adds "o" (output), "r" (resize) or "m" (mark). A recording that is full ends with a mark; the terminal goes on.
func (c *cast) event(kind, data string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.full || c.err != nil {
		return
	}
	line := castLine(time.Since(c.began), kind, data)
	if c.size+int64(len(line)) > c.limit-castEnd {
		c.full = true
		line = castLine(time.Since(c.began), "m", "The recording is full")
	}
	c.line(line)
}

func castLine(at time.Duration, kind, data string) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		text = []byte(`""`) // a string always marshals
	}
	return fmt.Appendf(nil, "[%.6f,%q,%s]", at.Seconds(), kind, text)
}

// line writes one line; c.mu is held, or nobody else has c yet. A disk that fails ends the recording, not the terminal.
func (c *cast) line(b []byte) {
	n, err := c.w.Write(append(b, '\n'))
	c.size += int64(n)
	c.fail(err)
}

func (c *cast) fail(err error) {
	if err != nil && c.err == nil {
		c.err = err
		c.log.Error("recording of a terminal failed", "file", c.file.Name(), "err", err)
	}
}

// flush hands what was written to the operating system: a crash of the server loses at most the last second.
func (c *cast) flush() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.fail(c.w.Flush())
	}
}

// close ends the recording and returns its size in bytes.
func (c *cast) close() int64 {
	c.flush()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(errors.Join(c.file.Sync(), c.file.Close()))
	if c.err == nil {
		c.err = fs.ErrClosed
	}
	return c.size
}

// casts is the folder of recordings. Names come from the database, so they are kept inside of it.
type casts struct{ dir string }

func (c casts) root() (*os.Root, error) {
	if c.dir == "" {
		return nil, tonypi.Errorf(tonypi.Unavailable, "The server has no place for recordings")
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	return os.OpenRoot(c.dir)
}

func (c casts) create(name string) (*os.File, error) {
	root, err := c.root()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // nothing was written through it
	return root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (c casts) open(name string) (*os.File, error) {
	root, err := c.root()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // nothing was written through it
	file, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, tonypi.Wrap(tonypi.NotFound, err, "The recording's file is gone")
	}
	return file, err
}

func (c casts) remove(name string) error {
	root, err := c.root()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing was written through it
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete recording: %w", err)
	}
	return nil
}

// mend cuts a half line off the end of a file, and returns its size and when it was last written.
func (c casts) mend(name string) (int64, time.Time, error) {
	root, err := c.root()
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { _ = root.Close() }() // nothing was written through it
	file, err := root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, time.Time{}, err
	}
	whole, err := wholeLines(file, info.Size())
	if err == nil && whole < info.Size() {
		err = file.Truncate(whole)
	}
	return whole, info.ModTime(), err
}

// wholeLines returns how many of the size bytes are lines with an end.
func wholeLines(r io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		n := min(end, int64(len(buf)))
		if _, err := r.ReadAt(buf[:n], end-n); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := n - 1; i >= 0; i-- {
			if buf[i] == '\n' {
				return end - n + i + 1, nil
			}
		}
		end -= n
	}
	return 0, nil
}

// startCast begins a recording when it is wanted. A terminal that cannot be recorded as wanted is not opened.
func (t *session) startCast(ctx context.Context, to target, username string) error {
	if !t.server.cfg.RecordAll && !t.auth.Record {
		return nil
	}
	r := tonypi.Recording{ID: t.id, Robot: t.robot, User: t.by.Name, StartedAt: time.Now().UTC(), File: t.id + ".cast"}
	if err := t.server.cfg.Store.SaveRecording(ctx, r); err != nil {
		return err
	}
	file, err := t.server.casts.create(r.File)
	if err != nil {
		return err
	}
	cols, rows := t.auth.size()
	title := fmt.Sprintf("%s as %s on %s (%s)", t.by.Name, username, t.robot, to.addr)
	if t.cast, err = newCast(file, castHeader{Width: cols, Height: rows, Title: title}, t.server.cfg.Log); err != nil {
		return err
	}
	t.screen.cast = t.cast
	return nil
}

// endCast ends the recording, if there is one.
func (t *session) endCast() {
	if t.cast == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	r, err := t.server.cfg.Store.Recording(ctx, t.id)
	if err == nil {
		r.EndedAt, r.Bytes = time.Now().UTC(), t.cast.close()
		err = t.server.cfg.Store.SaveRecording(ctx, r)
	} else {
		t.cast.close()
	}
	if err != nil { // the next start mends it
		t.server.cfg.Log.Warn("end of a recording not stored", "recording", t.id, "err", err)
	}
}

// mendRecordings ends those that a crash left open.
func (s *Server) mendRecordings(ctx context.Context) {
	if s.cfg.Dir == "" {
		return
	}
	list, err := s.cfg.Store.Recordings(ctx, "", 500)
	if err != nil {
		s.cfg.Log.Warn("recordings not looked through", "err", err)
		return
	}
	for _, r := range list {
		if !r.EndedAt.IsZero() || !r.StartedAt.Before(s.began) {
			continue
		}
		size, ended, err := s.casts.mend(r.File)
		if errors.Is(err, fs.ErrNotExist) {
			size, ended, err = 0, r.StartedAt, nil
		}
		if err == nil {
			r.Bytes, r.EndedAt = size, ended.UTC()
			err = s.cfg.Store.SaveRecording(ctx, r)
		}
		if err != nil {
			s.cfg.Log.Warn("recording not mended", "recording", r.ID, "err", err)
		}
	}
}
