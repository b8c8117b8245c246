// Package command carries orders from people to robots and their outcomes back: the Dispatcher sends, settles and expires, and
// stops robots on a way of its own; Leases gives one person control; Configs keeps robots' settings.
package command
