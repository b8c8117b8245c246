// Package terminal joins a browser's WebSocket to a shell on a robot over SSH.
//
// Nothing secret stands in a URL: a person gets a one-time ticket by an ordinary request (Server.Ticket), opens the socket and
// sends the ticket with the robot's user name and password, or the wish to use the server's own key, in the first frame. The
// robot's host key is shown and pinned at first use; another one is refused until somebody who may manage keys accepts it.
// The server connects to nothing but the address in a robot's row.
//
// Frames are JSON texts. From the browser: auth, accept, input, resize, ping. To the browser: hostkey, ready, output, error, closed.
// With Config.Legacy the original system's URLs with a user name and password in the query work as well; such a client gets
// output and error frames only.
package terminal
