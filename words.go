package tonypi

import (
	"slices"
	"strings"
	"unicode"
)

// maxWord is the longest word that a search tells apart from others, in characters.
const maxWord = 60

// Words returns the words of a text as a search sees them, in their order: runs of letters, digits and marks without regard
// to case, cut at 60 characters. Chinese and Japanese characters, which are written without spaces, are words of their own.
func Words(text string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, string(word[:min(len(word), maxWord)]))
			word = word[:0]
		}
	}
	for _, r := range text {
		r = unicode.ToLower(unicode.ToUpper(r)) // ς and σ are one letter
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && unicode.IsLetter(r):
			end()
			word = append(word, r)
			end()
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			word = append(word, r)
		default:
			end()
		}
	}
	end()
	return words
}

// Match reports whether the filter selects the line, apart from Before, Limit and Offset. Times count to the millisecond.
func (f LogFilter) Match(e LogEntry) bool {
	switch at := e.Time.UnixMilli(); {
	case f.Robot != "" && e.Robot != f.Robot,
		len(f.Levels) > 0 && !slices.Contains(f.Levels, e.Level),
		f.Category != "" && e.Category != f.Category && (f.Category != "robot" || !strings.HasPrefix(e.Category, "robot_")),
		!f.Since.IsZero() && at < f.Since.UnixMilli(),
		!f.Until.IsZero() && at >= f.Until.UnixMilli():
		return false
	}
	if f.Search == "" {
		return true
	}
	return MatchWords(Words(f.Search), Words(e.Message))
}

// MatchWords reports whether a text has every word that is sought, the last of which may be the beginning of one. Both are
// what Words returns; who holds one text against many searches splits it once.
func MatchWords(sought, words []string) bool {
	if len(sought) == 0 {
		return true
	}
	last := len(sought) - 1
	for _, word := range sought[:last] {
		if !slices.Contains(words, word) {
			return false
		}
	}
	return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, sought[last]) })
}
