package sqlstore

import (
	"context"
	"strings"
	"time"

	"tonypi"
)

const (
	itemColumns = "code, sku, name, description, weight_kg, location, received_at, updated_at"
	scanColumns = "id, robot_id, job_id, code, found, item, station, action, scanned_at"
)

func scanItem(row scanner) (i tonypi.Item, err error) {
	err = row.Scan(&i.Code, &i.SKU, &i.Name, &i.Description, &i.WeightKg, &i.Location, stamp{&i.ReceivedAt}, stamp{&i.UpdatedAt})
	return i, err
}

func scanScan(row scanner) (r tonypi.ScanRecord, err error) {
	err = row.Scan(&r.ID, &r.Robot, &r.Job, &r.Code, &r.Found, &r.Item, &r.Station, &r.Action, stamp{&r.Time})
	return r, err
}

func errNoItem() *tonypi.Error { return tonypi.Errorf(tonypi.NotFound, "Item not found") }

// Items implements tonypi.ItemStore. The search is a text within code, SKU or name, without regard to case, of at most 255
// bytes.
func (s *Store) Items(ctx context.Context, search, after string, limit int) ([]tonypi.Item, error) {
	limit, err := bound(limit, 1000)
	if err != nil {
		return nil, err
	}
	if len(search) > maxKey {
		return nil, tonypi.Errorf(tonypi.Invalid, "search must have at most %d bytes", maxKey)
	}
	var c conditions
	if search != "" {
		literal := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(clean(search)))
		c.add(`search_key LIKE $%[1]d ESCAPE '\'`, "%"+literal+"%")
	}
	if after != "" {
		c.add("code > $%[1]d", clean(after))
	}
	query, args := c.list(itemColumns, "items", "code", limit)
	return all(ctx, s, scanItem, query, args...)
}

// Item implements tonypi.ItemStore.
func (s *Store) Item(ctx context.Context, code string) (tonypi.Item, error) {
	if !sound(code) {
		return tonypi.Item{}, errNoItem()
	}
	return one(ctx, s, errNoItem(), scanItem, "SELECT "+itemColumns+" FROM items WHERE code = $1", code)
}

const saveItem = "INSERT INTO items (" + itemColumns + `, search_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
	ON CONFLICT (code) DO UPDATE SET sku = excluded.sku, name = excluded.name, description = excluded.description,
		weight_kg = excluded.weight_kg, location = excluded.location, received_at = excluded.received_at,
		updated_at = excluded.updated_at, search_key = excluded.search_key`

// SaveItems implements tonypi.ItemStore. Codes have 1 to 200 bytes; UpdatedAt is now when it is zero.
func (s *Store) SaveItems(ctx context.Context, items []tonypi.Item) error {
	const maxCode = 200
	for _, i := range items {
		if !sound(i.Code) || len(i.Code) > maxCode {
			return tonypi.Errorf(tonypi.Invalid, "a code must have 1 to %d bytes of plain text", maxCode)
		}
		if err := checkFinite(i.WeightKg); err != nil {
			return err
		}
	}
	return saveAll(ctx, s, saveItem, inOrder(items, func(i tonypi.Item) string { return i.Code }), func(i tonypi.Item) []any {
		// The unit separator keeps a search from matching the end of one and the beginning of the next.
		key := fold(clean(strings.Join([]string{i.Code, i.SKU, i.Name}, "\x1f")))
		return []any{
			i.Code, clean(i.SKU), clean(i.Name), clean(i.Description), i.WeightKg, clean(i.Location),
			s.dialect.when(i.ReceivedAt), s.dialect.at(orNow(i.UpdatedAt)), key,
		}
	})
}

// DeleteItem implements tonypi.ItemStore.
func (s *Store) DeleteItem(ctx context.Context, code string) error {
	if !sound(code) {
		return errNoItem()
	}
	return s.execOne(ctx, errNoItem(), "DELETE FROM items WHERE code = $1", code)
}

// Scans implements tonypi.ItemStore. A limit above 500 is Invalid.
func (s *Store) Scans(ctx context.Context, f tonypi.ScanFilter) ([]tonypi.ScanRecord, error) {
	limit, err := bound(f.Limit, 500)
	if err != nil {
		return nil, err
	}
	var c conditions
	if f.Job != 0 {
		c.add("job_id = $%[1]d", f.Job)
	}
	c.equal("code", f.Code)
	c.equal("robot_id", string(f.Robot))
	if f.Before != 0 {
		c.add("id < $%[1]d", f.Before)
	}
	query, args := c.list(scanColumns, "scans", "id DESC", limit)
	return all(ctx, s, scanScan, query, args...)
}

const saveScan = "INSERT INTO scans (" + scanColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
	ON CONFLICT (id) DO UPDATE SET robot_id = excluded.robot_id, job_id = excluded.job_id, code = excluded.code,
		found = excluded.found, item = excluded.item, station = excluded.station, action = excluded.action,
		scanned_at = excluded.scanned_at`

// SaveScans implements tonypi.ItemStore, in one transaction. IDs are above 0; a code is cut at 255 bytes; Time is now when
// it is zero.
func (s *Store) SaveScans(ctx context.Context, scans []tonypi.ScanRecord) error {
	for _, r := range scans {
		if r.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "a scan needs an ID above 0")
		}
	}
	return saveAll(ctx, s, saveScan, inOrder(scans, func(r tonypi.ScanRecord) int64 { return r.ID }), func(r tonypi.ScanRecord) []any {
		return []any{
			r.ID, cut(r.Robot), r.Job, cut(r.Code), r.Found, clean(r.Item), clean(r.Station), clean(r.Action),
			s.dialect.at(orNow(r.Time)),
		}
	})
}

// LastScanID implements tonypi.ItemStore.
func (s *Store) LastScanID(ctx context.Context) (int64, error) { return s.lastID(ctx, "scans") }

// PurgeScans implements tonypi.ItemStore: scans before the time.
func (s *Store) PurgeScans(ctx context.Context, before time.Time) (int, error) {
	return s.purge(ctx, "scans", "scanned_at < $1", s.dialect.at(before))
}
