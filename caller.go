package tonypi

import "context"

// Caller is who makes a request, as far as the ways in (HTTP, WebSocket, MQTT) proved it.
type Caller struct {
	Name    string // user name; "anonymous" for the anonymous role
	Role    Role
	Address string // IP address without port
	Session string // names one sign-in; of whoever did not sign in it names the address
}

type callerKey struct{}

// WithCaller returns a context that carries who makes the request.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns who makes the request; the zero Caller, who may do nothing, when nobody was proven.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
