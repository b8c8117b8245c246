// Package terminal joins a browser's WebSocket to a shell on a robot over SSH.
package terminal
