package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tonypi"
)

// Bounds of the table of items.
const (
	maxCode       = 200  // bytes
	maxItemText   = 4000 // bytes of any other field
	maxRowErrors  = 100  // told of one import
	exportPage    = 1000 // rows read at once for an export
	itemTimeStyle = "2006-01-02T15:04:05Z07:00"
)

// ItemPage is one page of items.
type ItemPage struct {
	Items []tonypi.Item `json:"items" nullable:"false"`
	Next  string        `json:"next_cursor" doc:"The cursor parameter of the next page; empty on the last one"`
}

// NewItem is what a code stands for.
type NewItem struct {
	SKU         string    `json:"sku,omitempty" maxLength:"4000"`
	Name        string    `json:"name,omitempty" maxLength:"4000"`
	Description string    `json:"description,omitempty" maxLength:"4000"`
	WeightKg    float64   `json:"weight_kg,omitempty" minimum:"0" maximum:"1000000"`
	Location    string    `json:"location,omitempty" maxLength:"4000"`
	ReceivedAt  time.Time `json:"received_at,omitzero"`
	Code        string    `json:"code,omitempty" maxLength:"200" doc:"As in the path, or missing"`
	UpdatedAt   time.Time `json:"updated_at,omitzero" doc:"Left out of account"`
}

// Imported tells what became of an import: all rows are in the table, or when there are errors none is.
type Imported struct {
	Count  int        `json:"count"`
	Errors []RowError `json:"errors" nullable:"false" doc:"At most 100"`
}

// RowError says what is wrong with one row.
type RowError struct {
	Line   int    `json:"line" doc:"Counted from 1, the header"`
	Detail string `json:"detail"`
}

type (
	listItemsIn struct {
		Search string `query:"search" maxLength:"200" doc:"In code, SKU and name"`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before"`
	}
	// ItemPath names an item.
	ItemPath struct {
		Code string `path:"code" maxLength:"200"`
	}
	saveItemIn struct {
		ItemPath
		Body NewItem
	}
	importIn struct {
		RawBody []byte `contentType:"text/csv"`
	}
	itemsOut    struct{ Body ItemPage }
	itemOut     struct{ Body tonypi.Item }
	importedOut struct{ Body Imported }
)

func (s *Server) registerItems(r *routes) {
	defer r.needs(s.cfg.ItemStore != nil, tonypi.Errorf(tonypi.Unavailable, "This server keeps no items"))()
	add(r, may(tonypi.View), op("list-items", "GET /items", "items", "List what codes stand for, by code"), s.listItems)
	raw(r, may(tonypi.View), streams(answersFile(op("export-items", "GET /items/export", "items", "All items as CSV"), "text/csv")), s.exportItems)
	add(r, may(tonypi.EditItems), audits("item.save", op("import-items", "POST /items/import", "items",
		"Add or change items from CSV with a header: code, and any of sku, name, description, weight_kg, location, received_at")), s.importItems)
	add(r, may(tonypi.EditItems), audits("item.save", op("save-item", "PUT /items/{code}", "items", "Add or change an item")), s.saveItem)
	add(r, may(tonypi.EditItems), audits("item.delete", op("delete-item", "DELETE /items/{code}", "items", "Delete an item")), s.deleteItem)
	add(r, may(tonypi.View), op("list-scans", "GET /scans", "items", "List scans, newest first"), s.listScans)
}

func (s *Server) listItems(ctx context.Context, in *listItemsIn) (*itemsOut, error) {
	items, err := s.cfg.ItemStore.Items(ctx, in.Search, in.Cursor, in.Limit)
	page := ItemPage{Items: filled(items)}
	if len(items) == in.Limit {
		page.Next = items[len(items)-1].Code
	}
	return &itemsOut{page}, err
}

func (s *Server) saveItem(ctx context.Context, in *saveItemIn) (*itemOut, error) {
	note(ctx).target = in.Code
	b := in.Body
	if b.Code != "" && b.Code != in.Code {
		return nil, tonypi.Errorf(tonypi.Invalid, "code in the body is another one than in the path")
	}
	item := tonypi.Item{
		Code: in.Code, SKU: b.SKU, Name: b.Name, Description: b.Description, WeightKg: b.WeightKg, Location: b.Location,
		ReceivedAt: b.ReceivedAt, UpdatedAt: time.Now().UTC(),
	}
	if err := validItem(item); err != nil {
		return nil, err
	}
	return &itemOut{item}, s.cfg.ItemStore.SaveItems(ctx, []tonypi.Item{item})
}

func validItem(item tonypi.Item) error {
	switch {
	case item.Code == "":
		return tonypi.Errorf(tonypi.Invalid, "code is empty")
	case len(item.Code) > maxCode:
		return tonypi.Errorf(tonypi.Invalid, "code is longer than %d bytes", maxCode)
	case strings.ContainsFunc(item.Code, unicode.IsControl):
		return tonypi.Errorf(tonypi.Invalid, "code has a control character")
	case item.WeightKg < 0 || item.WeightKg > 1e6 || math.IsNaN(item.WeightKg):
		return tonypi.Errorf(tonypi.Invalid, "weight_kg must lie between 0 and 1000000")
	}
	for _, text := range []string{item.SKU, item.Name, item.Description, item.Location} {
		if len(text) > maxItemText {
			return tonypi.Errorf(tonypi.Invalid, "a field is longer than %d bytes", maxItemText)
		}
	}
	return nil
}

func (s *Server) deleteItem(ctx context.Context, in *ItemPath) (*none, error) {
	note(ctx).target = in.Code
	err := s.cfg.ItemStore.DeleteItem(ctx, in.Code)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return nil, tonypi.Errorf(tonypi.NotFound, "Item %q not found", in.Code)
	}
	return nil, err
}

func (s *Server) importItems(ctx context.Context, in *importIn) (*importedOut, error) {
	items, bad, err := readItems(in.RawBody, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 {
		note(ctx).message = fmt.Sprintf("Nothing imported: line %d: %s", bad[0].Line, bad[0].Detail)
		return &importedOut{Imported{Errors: bad}}, nil
	}
	if err := s.cfg.ItemStore.SaveItems(ctx, items); err != nil {
		return nil, err
	}
	note(ctx).message = fmt.Sprintf("%d items imported", len(items))
	return &importedOut{Imported{Count: len(items), Errors: []RowError{}}}, nil
}

// itemColumns are the columns of an import, and how each gets into an item.
var itemColumns = map[string]func(item *tonypi.Item, cell string) error{
	"code":        func(i *tonypi.Item, cell string) error { i.Code = cell; return nil },
	"sku":         func(i *tonypi.Item, cell string) error { i.SKU = cell; return nil },
	"name":        func(i *tonypi.Item, cell string) error { i.Name = cell; return nil },
	"description": func(i *tonypi.Item, cell string) error { i.Description = cell; return nil },
	"location":    func(i *tonypi.Item, cell string) error { i.Location = cell; return nil },
	"weight_kg": func(i *tonypi.Item, cell string) (err error) {
		if cell == "" {
			return nil
		}
		if i.WeightKg, err = strconv.ParseFloat(cell, 64); err != nil {
			return tonypi.Errorf(tonypi.Invalid, "weight_kg is not a number")
		}
		return nil
	},
	"received_at": func(i *tonypi.Item, cell string) (err error) {
		if cell == "" {
			return nil
		}
		for _, style := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
			if i.ReceivedAt, err = time.Parse(style, cell); err == nil {
				return nil
			}
		}
		return tonypi.Errorf(tonypi.Invalid, "received_at is not a time such as 2026-01-31T12:00:00Z or a date")
	},
}

// readItems reads a CSV file. Errors of rows are returned beside the rows, an error about the whole file as the error.
func readItems(file []byte, now time.Time) (items []tonypi.Item, bad []RowError, err error) {
	c := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	c.TrimLeadingSpace = true
	header, err := c.Read()
	if err != nil {
		return nil, nil, tonypi.Errorf(tonypi.Invalid, "The file has no header row; it must name the column code")
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
		if _, ok := itemColumns[header[i]]; !ok || slices.Contains(header[:i], header[i]) {
			return nil, nil, tonypi.Errorf(tonypi.Invalid, "The header has the unknown or repeated column %q", shorten(header[i], 50))
		}
	}
	if !slices.Contains(header, "code") {
		return nil, nil, tonypi.Errorf(tonypi.Invalid, "The header does not name the column code")
	}
	lines := map[string]int{}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return items, bad, nil
		}
		line, _ := c.FieldPos(0)
		item := tonypi.Item{UpdatedAt: now}
		if err == nil {
			err = readItem(&item, header, row)
		}
		if err == nil && lines[item.Code] > 0 {
			err = tonypi.Errorf(tonypi.Invalid, "code %q stands in line %d already", item.Code, lines[item.Code])
		}
		if err != nil {
			if bad = append(bad, rowError(line, err)); len(bad) == maxRowErrors {
				return items, bad, nil
			}
			continue
		}
		lines[item.Code] = line
		items = append(items, item)
	}
}

func readItem(item *tonypi.Item, header, row []string) error {
	for i, cell := range row {
		if err := itemColumns[header[i]](item, unguarded(strings.TrimSpace(cell))); err != nil {
			return err
		}
	}
	return validItem(*item)
}

func rowError(line int, err error) RowError {
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return RowError{broken.Line, broken.Err.Error()}
	}
	return RowError{line, err.Error()}
}

func (s *Server) exportItems(w http.ResponseWriter, r *http.Request) error {
	out := newTable(w, "items", "text/csv; charset=utf-8", "csv", "code", "sku", "name", "description", "weight_kg", "location", "received_at")
	after := ""
	for {
		items, err := s.cfg.ItemStore.Items(r.Context(), "", after, exportPage)
		if err != nil {
			return out.fail(err)
		}
		for _, i := range items {
			received := ""
			if !i.ReceivedAt.IsZero() {
				received = i.ReceivedAt.UTC().Format(itemTimeStyle)
			}
			out.row(i.Code, i.SKU, i.Name, i.Description, strconv.FormatFloat(i.WeightKg, 'f', -1, 64), i.Location, received)
		}
		if len(items) < exportPage || out.broken() {
			out.end()
			return nil
		}
		out.page()
		after = items[len(items)-1].Code
	}
}
