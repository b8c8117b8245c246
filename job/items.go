package job

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

// Bounds of the table of items in memory.
const (
	maxItems   = 100_000 // codes beyond these are looked up in the store
	itemsPage  = 1000
	readWithin = 3 * time.Second
)

// items is the table of items in memory, so that a scan is answered while the store is down.
type items struct {
	store      tonypi.ItemStore
	stale      atomic.Bool
	unanswered atomic.Uint64

	mu       sync.RWMutex
	table    map[string]tonypi.Item
	complete bool // the store has no other items
}

func newItems(store tonypi.ItemStore) *items {
	return &items{store: store, table: make(map[string]tonypi.Item)}
}

func (i *items) changed() { i.stale.Store(true) }

func (i *items) empty() bool {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return len(i.table) == 0
}

// load reads the table anew.
func (i *items) load(ctx context.Context) error {
	i.stale.Store(false) // before reading: what changes meanwhile is read the next time
	table, complete := make(map[string]tonypi.Item), false
	for after := ""; len(table) < maxItems; {
		page, err := i.store.Items(ctx, "", after, itemsPage)
		if err != nil {
			i.stale.Store(true)
			return err
		}
		for _, item := range page {
			table[item.Code] = item
			after = item.Code
		}
		if len(page) < itemsPage {
			complete = true
			break
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.table, i.complete = table, complete
	return nil
}

// known looks in memory only. sure is false when the store may know better.
func (i *items) known(code string) (item tonypi.Item, found, sure bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	item, found = i.table[code]
	return item, found, !i.stale.Load() && (found || i.complete)
}

// find looks a code up, in the store if memory is not sure. While the store is down memory's answer counts.
func (i *items) find(ctx context.Context, code string) (tonypi.Item, bool) {
	item, found, sure := i.known(code)
	if sure {
		return item, found
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if i.stale.Load() && i.load(ctx) == nil {
		if item, found, sure = i.known(code); sure {
			return item, found
		}
	}
	if stored, err := i.store.Item(ctx, code); err == nil {
		return stored, true
	} else if tonypi.KindOf(err) == tonypi.NotFound {
		return tonypi.Item{}, false
	}
	return item, found
}

// seed stores the catalogue of the original system.
func (i *items) seed(ctx context.Context, now time.Time) error {
	list := []tonypi.Item{
		{Code: "QR12345", SKU: "ITEM-001", Name: "Widget A", WeightKg: 0.55, Location: "Aisle 3, Shelf B"},
		{Code: "QR67890", SKU: "ITEM-002", Name: "Gadget B", WeightKg: 1.2, Location: "Aisle 1, Shelf A"},
		{Code: "QR00001", SKU: "ITEM-003", Name: "Box C", WeightKg: 0.2, Location: "Receiving"},
	}
	for n := range list {
		list[n].ReceivedAt, list[n].UpdatedAt = now.UTC(), now.UTC()
	}
	if err := i.store.SaveItems(ctx, list); err != nil {
		return err
	}
	return i.load(ctx)
}

// watched is the store of items; it tells of changes.
type watched struct {
	tonypi.ItemStore
	items *items
}

// SaveItems implements tonypi.ItemStore.
func (w watched) SaveItems(ctx context.Context, list []tonypi.Item) error {
	defer w.items.changed() // after an error too: part of it may have come through
	return w.ItemStore.SaveItems(ctx, list)
}

// DeleteItem implements tonypi.ItemStore.
func (w watched) DeleteItem(ctx context.Context, code string) error {
	defer w.items.changed()
	return w.ItemStore.DeleteItem(ctx, code)
}
