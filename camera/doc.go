// Package camera relays one picture stream per robot to however many browsers watch it.
package camera
