// Package job follows what robots work on: it turns their job messages and scans into jobs, counts each thing once, and
// answers scans from the table of items.
package job
