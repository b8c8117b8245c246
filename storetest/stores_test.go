package storetest_test

import (
	"testing"

	"tonypi/storetest"
)

func TestMemory(t *testing.T) {
	storetest.SQL(t, func(*testing.T) storetest.Stores { return storetest.NewStores() })
}
