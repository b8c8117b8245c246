// Package camera relays one picture stream per robot to however many browsers watch it.
//
// The first viewer opens the one connection to the robot, the last one that leaves closes it a few seconds later. Every
// viewer gets the newest frame and misses those that came while it was busy, so that a slow one never holds up another.
// The server connects only to the robot's own host, or to hosts that its operator allowed.
package camera
