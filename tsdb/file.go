package tsdb

import (
	"io"
	"os"
	"path/filepath"
)

// file is what the journal needs of a segment it writes.
type file interface {
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
	Seek(offset int64, whence int) (int64, error)
}

// disk makes files. Tests put full and broken disks in its place.
type disk interface {
	create(path string) (file, error)
	free(dir string) (int64, error)
}

type realDisk struct{}

func (realDisk) create(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	// Without this the new name may be gone after a power cut. Not every system can sync a directory.
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return f, nil
}

func (realDisk) free(dir string) (int64, error) { return freeSpace(dir) }
