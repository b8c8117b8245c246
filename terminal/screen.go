package terminal

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// maxOutput is how many characters an output frame holds at most.
const maxOutput = 8192

// screen turns what the robot prints into texts for the browser. It never fails because of what is printed: bytes that are
// not UTF-8 become U+FFFD, and a character that arrives in parts waits for its rest.
type screen struct {
	mu    sync.Mutex
	send  func(text string) error
	cast  *cast
	rest  []byte // the beginning of a character; under 4 bytes
	bytes int64
}

// Write blocks while the browser is slow, which in turn slows the robot down.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += int64(len(p))
	b := append(s.rest, p...)
	whole := len(b) - incomplete(b)
	text := strings.ToValidUTF8(string(b[:whole]), "\uFFFD")
	s.rest = append(s.rest[:0], b[whole:]...)
	if err := s.show(text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// incomplete returns how many bytes at the end of b begin a character that has not come whole.
func incomplete(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		last := b[len(b)-n:]
		if utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}

// show sends text in frames; s.mu is held.
func (s *screen) show(text string) error {
	for text != "" {
		end := cut(text, maxOutput)
		s.cast.event("o", text[:end])
		if err := s.send(text[:end]); err != nil {
			return err
		}
		text = text[end:]
	}
	return nil
}

// cut returns the length in bytes of the first characters of text.
func cut(text string, characters int) int {
	if len(text) <= characters {
		return len(text)
	}
	n := 0
	for i := range text {
		if n == characters {
			return i
		}
		n++
	}
	return len(text)
}

// flush sends what is left of a character that never came whole.
func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) > 0 {
		s.rest = s.rest[:0]
		_ = s.show("\uFFFD") // the browser may be gone
	}
}

// say shows a line of the server's own.
func (s *screen) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.show("\r\n\x1b[33m[tonypi] " + line + "\x1b[0m\r\n") // the browser may be gone
}
