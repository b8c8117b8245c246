// Package report collects what happened in a period, and typesets it.
package report
