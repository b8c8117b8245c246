package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// table writes an export page by page, so that its size is not bounded by memory. The header goes out with the first page:
// what fails before is an ordinary error.
type table struct {
	w       http.ResponseWriter
	name    string
	kind    string // content type
	ending  string // of the file's name
	columns []string
	buffer  bytes.Buffer
	csv     *csv.Writer
	rows    int
	begun   bool
	err     error // why the client could not be written to
}

// newTable begins an export. A JSON one has no columns: it is an array.
func newTable(w http.ResponseWriter, name, kind, ending string, columns ...string) *table {
	t := &table{w: w, name: name, kind: kind, ending: ending, columns: columns}
	if columns == nil {
		t.buffer.WriteByte('[')
		return t
	}
	t.csv = csv.NewWriter(&t.buffer)
	t.csv.UseCRLF = true
	_ = t.csv.Write(columns) // a buffer does not fail
	return t
}

// row adds a line of CSV.
func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	_ = t.csv.Write(cells) // a buffer does not fail
	t.rows++
}

// object adds an element of the JSON array, indented by two.
func (t *table) object(value any) error {
	b, err := json.MarshalIndent(value, "  ", "  ")
	if err != nil {
		return err
	}
	if t.rows > 0 {
		t.buffer.WriteByte(',')
	}
	t.buffer.WriteString("\n  ")
	t.buffer.Write(b)
	t.rows++
	return nil
}

// page sends what was added.
func (t *table) page() {
	if t.csv != nil {
		t.csv.Flush()
	}
	if !t.begun {
		t.begun = true
		h := t.w.Header()
		h.Set("Content-Type", t.kind)
		h.Set("Content-Disposition", `attachment; filename="`+t.name+"_"+time.Now().UTC().Format("20060102_150405")+"."+t.ending+`"`)
	}
	if _, err := t.w.Write(t.buffer.Bytes()); err != nil {
		t.err = err
	}
	t.buffer.Reset()
}

// end sends the rest.
func (t *table) end() {
	if t.csv == nil {
		if t.rows > 0 {
			t.buffer.WriteByte('\n')
		}
		t.buffer.WriteString("]\n")
	}
	t.page()
}

// broken reports whether the client is gone.
func (t *table) broken() bool { return t.err != nil }

// fail returns err while it can still be told. Later the connection is broken, so that half a file is not taken for a whole one.
func (t *table) fail(err error) error {
	if !t.begun {
		return err
	}
	panic(http.ErrAbortHandler)
}

// Spreadsheets take a cell that begins with one of these for a formula.
const formulaStarts = "=+-@\t\r"

// harmless keeps a spreadsheet from running what a robot or a stranger wrote: the cell gets an apostrophe in front.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune(formulaStarts, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// unguarded undoes what an export of ours put in front.
func unguarded(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulaStarts, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}
