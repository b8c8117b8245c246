package tsdb

import (
	"bytes"
	"errors"
	"io"
	"os"
)

const readChunk = 256 << 10

// segmentReader reads the records of one segment in order, also while it is written.
type segmentReader struct {
	f      *os.File
	offset int64 // of buf[0] in the file
	buf    []byte
	last   int // bytes of the record that next returned last
}

func openSegment(path string) (*segmentReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &segmentReader{f: f}, nil
}

func (r *segmentReader) close() { _ = r.f.Close() }

// position is the offset behind the last record that next returned.
func (r *segmentReader) position() int64 { return r.offset + int64(r.last) }

// next returns the payload of the next record that ends at or before limit, nil when there is none. The payload is valid until
// the call after. Bytes that are no record, in the middle or as a torn tail, are skipped and counted.
func (r *segmentReader) next(limit int64) (payload []byte, skipped int64, err error) {
	r.advance(r.last)
	r.last = 0
	for {
		payload, size, err := nextRecord(r.buf)
		if err == nil && size > 0 {
			r.last = size
			return payload, skipped, nil
		}
		end := r.offset+int64(len(r.buf)) >= limit
		switch {
		case err == nil && !end:
			if err := r.fill(limit); err != nil {
				return nil, skipped, err
			}
		case err == nil && len(r.buf) == 0:
			return nil, skipped, nil
		default:
			// Corrupt, or longer than the file: a torn tail or a corrupt length.
			n := resync(r.buf, end)
			r.advance(n)
			skipped += int64(n)
		}
	}
}

// resync returns how many bytes at the front of buf cannot begin a record. When end is unset, more bytes follow buf.
func resync(buf []byte, end bool) int {
	if i := bytes.Index(buf[1:], []byte(recordMagic)); i >= 0 {
		return i + 1
	}
	if end {
		return len(buf)
	}
	return max(1, len(buf)-len(recordMagic)+1)
}

func (r *segmentReader) advance(n int) {
	r.offset += int64(n)
	r.buf = r.buf[n:]
}

// fill reads more bytes, but none behind limit.
func (r *segmentReader) fill(limit int64) error {
	from := r.offset + int64(len(r.buf))
	n := int(min(int64(max(readChunk, len(r.buf))), limit-from))
	have := len(r.buf)
	var buf []byte
	if cap(r.buf) >= have+n {
		buf = r.buf[:have+n]
	} else {
		buf = make([]byte, have+n, have+max(n, readChunk))
		copy(buf, r.buf)
	}
	got, err := r.f.ReadAt(buf[have:], from)
	r.buf = buf[:have+got]
	if err != nil && !(errors.Is(err, io.EOF) && got > 0) {
		return err
	}
	return nil
}
