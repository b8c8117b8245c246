// Package logbook writes down what robots and the server say (the log) and what people do (the audit log).
//
// Nobody who tells the Book something waits for a store: lines get their ID in memory, are shown at once and written behind
// in groups. What waits is bounded; what must be dropped is counted and said so in a line of its own.
//
// Routine status messages are no lines. What robots write is kept as it is, the endless "Robot running normally" of the
// original clients too, but no more than 50 lines a second of one robot, with bursts of 1,000.
package logbook
