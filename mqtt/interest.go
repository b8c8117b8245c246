package mqtt

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// interest knows which kinds of topics anybody may have subscribed to, by the second level of the topic. Telemetry that
// nobody wants is not looked up in the broker's subscription tree, which would cost a third of its way. It errs on the
// side of interest: a word is forgotten only by refresh, and not within keepInterest of the last subscription.
type interest struct {
	words atomic.Pointer[map[string]time.Time]
	mu    sync.Mutex // serialises writers
}

// keepInterest covers the moment between add and the subscription's appearance in the broker.
const keepInterest = time.Minute

// anyWord stands for filters with a wildcard in the first two levels.
const anyWord = "#"

// word returns the second level of a filter or topic.
func word(filter string) string {
	if rest, ok := strings.CutPrefix(filter, "$share/"); ok {
		_, filter, _ = strings.Cut(rest, "/")
	}
	first, rest, _ := strings.Cut(filter, "/")
	second, _, _ := strings.Cut(rest, "/")
	if first == "+" || first == "#" || second == "+" || second == "#" {
		return anyWord
	}
	return second
}

func (i *interest) add(filter string, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	words := i.copy()
	words[word(filter)] = now
	i.words.Store(&words)
}

func (i *interest) copy() map[string]time.Time {
	words := map[string]time.Time{}
	if old := i.words.Load(); old != nil {
		for w, at := range *old {
			words[w] = at
		}
	}
	return words
}

// wants reports whether somebody may have subscribed to the topic.
func (i *interest) wants(topic string) bool {
	words := i.words.Load()
	if words == nil || len(*words) == 0 {
		return false
	}
	if _, ok := (*words)[anyWord]; ok {
		return true
	}
	_, ok := (*words)[word(topic)]
	return ok
}

// refresh forgets what no filter asks for any more.
func (i *interest) refresh(filters map[string]bool, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	wanted := map[string]bool{}
	for f := range filters {
		wanted[word(f)] = true
	}
	words := i.copy()
	for w, at := range words {
		if !wanted[w] && now.Sub(at) > keepInterest {
			delete(words, w)
		}
	}
	i.words.Store(&words)
}
