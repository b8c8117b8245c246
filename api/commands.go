package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"tonypi"
)

// Catalogue is every kind of command, for pages that make their buttons from it.
type Catalogue struct {
	Commands []tonypi.CommandSpec `json:"commands" nullable:"false"`
}

// CommandRequest is one command. The original system's members command and id are understood too, and so are parameters
// beside the others instead of within parameters.
type CommandRequest struct {
	_          struct{}       `json:"-" additionalProperties:"true"`
	Type       string         `json:"type,omitempty" maxLength:"100" doc:"One of GET /commands/catalogue" example:"move"`
	Command    string         `json:"command,omitempty" maxLength:"100" doc:"The original system's word for type"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Reason     string         `json:"reason,omitempty" maxLength:"500"`
	Confirmed  bool           `json:"confirmed,omitempty" doc:"The person confirmed; commands with confirm in the catalogue need it"`
	ClickedAt  time.Time      `json:"clicked_at,omitzero" doc:"When the person clicked, by the browser's clock set to the server's"`
	CommandID  string         `json:"command_id,omitempty" maxLength:"100" doc:"The caller's own name for the command: repeated, it is not sent again"`
	ID         string         `json:"id,omitempty" maxLength:"100" doc:"The original system's word for command_id"`
	extra      map[string]any // parameters beside the others
}

// BatchRequest is one command to several robots, or to all.
type BatchRequest struct {
	Type       string           `json:"type" minLength:"1" maxLength:"100"`
	Parameters map[string]any   `json:"parameters,omitempty"`
	Robots     []tonypi.RobotID `json:"robots,omitempty" maxItems:"1000" nullable:"false"`
	All        bool             `json:"all,omitempty" doc:"Every adopted robot, instead of robots"`
	Reason     string           `json:"reason,omitempty" maxLength:"500"`
	Confirmed  bool             `json:"confirmed,omitempty"`
	ClickedAt  time.Time        `json:"clicked_at,omitzero"`
}

// CommandList is what became of one request to several robots.
type CommandList struct {
	Commands []tonypi.Command `json:"commands" nullable:"false" doc:"In the order of the robots; refused ones are among them"`
}

// CommandPage is one page of commands.
type CommandPage struct {
	Commands []tonypi.Command `json:"commands" nullable:"false"`
	Next     string           `json:"next_cursor" doc:"The cursor parameter of the next page; empty on the last one"`
}

type (
	// WaitParam lets a caller wait for the outcome.
	WaitParam struct {
		Wait float64 `query:"wait" minimum:"0" maximum:"60" doc:"Seconds to wait for the outcome; the answer is then 200 if it is known"`
	}
	// CommandHistory selects commands of one robot.
	CommandHistory struct {
		Batch  string               `query:"batch" maxLength:"100" doc:"batch_id of one request to several robots"`
		Type   string               `query:"type" maxLength:"100"`
		Status tonypi.CommandStatus `query:"status" enum:"sent,done,failed,expired,refused"`
		By     string               `query:"by" maxLength:"100" doc:"User name"`
		Limit  int                  `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		Cursor string               `query:"cursor" maxLength:"100" doc:"next_cursor of the page before"`
	}
	sendCommandIn struct {
		RobotPath
		WaitParam
		Key  string `header:"Idempotency-Key" maxLength:"100" doc:"The caller's own name for the request: repeated, also after a restart of the server, it sends nothing again"`
		Body CommandRequest
	}
	sendBatchIn struct {
		WaitParam
		Key  string `header:"Idempotency-Key" maxLength:"100" doc:"As in send-command"`
		Body BatchRequest
	}
	listCommandsIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100"`
		CommandHistory
	}
	robotCommandsIn struct {
		RobotPath
		CommandHistory
	}
	getCommandIn struct {
		ID string `path:"command_id" maxLength:"100"`
	}
	catalogueOut struct{ Body Catalogue }
	commandOut   struct {
		Status int
		Body   tonypi.Command
	}
	commandsOut struct {
		Status int
		Body   CommandList
	}
	commandPageOut struct{ Body CommandPage }
	oneCommandOut  struct{ Body tonypi.Command }
)

func (s *Server) registerControl(r *routes) {
	s.registerCommands(r)
	s.registerStops(r)
	s.registerLeases(r)
	s.registerTerminal(r)
	s.registerCamera(r)
}

func (s *Server) registerCommands(r *routes) {
	defer r.needs(s.cfg.Commands != nil && s.cfg.CommandStore != nil, tonypi.Errorf(tonypi.Unavailable, "This server sends no commands"))()
	add(r, may(tonypi.View), op("command-catalogue", "GET /commands/catalogue", "commands", "Every kind of command with its parameters"), s.catalogue)
	// Urgent, because the command may be an emergency stop.
	add(r, may(tonypi.SendCommands), engineAudits("command.send", urgent(waits(answers[tonypi.Command](r, accepted(
		op("send-command", "POST /robots/{robot_id}/command", "commands", "Send a command to a robot; 409 when it is refused, 503 when the robot is offline")), 200)))), s.sendCommand)
	add(r, may(tonypi.SendCommands), engineAudits("command.send", urgent(waits(answers[CommandList](r, accepted(
		op("send-commands", "POST /commands", "commands", "Send a command to several robots, or to all")), 200)))), s.sendBatch)
	add(r, may(tonypi.View), op("list-commands", "GET /commands", "commands", "List commands, newest first"), s.listCommands)
	add(r, may(tonypi.View), op("list-robot-commands", "GET /robots/{robot_id}/commands", "commands", "List a robot's commands, newest first"), s.robotCommands)
	add(r, may(tonypi.View), op("get-command", "GET /commands/{command_id}", "commands", "Get a command"), s.getCommand)
}

// UnmarshalJSON also reads the original system's shape: parameters stand beside type and id.
func (c *CommandRequest) UnmarshalJSON(b []byte) error {
	type plain CommandRequest // without this method
	if err := json.Unmarshal(b, (*plain)(c)); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&c.extra); err != nil {
		return err
	}
	for _, name := range []string{"type", "command", "id", "command_id", "parameters", "reason", "confirmed", "clicked_at", "robot_id", "timestamp", "$schema"} {
		delete(c.extra, name)
	}
	return nil
}

// order makes the request an order to one robot.
func (c *CommandRequest) order(ctx context.Context, robot tonypi.RobotID, key string) (tonypi.Order, error) {
	o := tonypi.Order{
		Robots: []tonypi.RobotID{robot}, Type: c.Type, Parameters: c.extra, Reason: c.Reason, Confirmed: c.Confirmed,
		ClickedAt: c.ClickedAt, By: tonypi.CallerOf(ctx), ID: c.CommandID,
	}
	if o.Type == "" {
		o.Type = c.Command
	}
	if o.ID == "" {
		o.ID = c.ID
	}
	if key != "" {
		o.ID = orderID(ctx, key)
	}
	if o.Type == "" {
		return o, tonypi.Errorf(tonypi.Invalid, "type is missing; GET /commands/catalogue lists the types")
	}
	for name, value := range c.Parameters {
		o.Parameters[name] = value
	}
	return o, nil
}

// orderID names an order so that a request that comes again sends nothing again, also after a restart.
func orderID(ctx context.Context, key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(personOf(ctx).User.ID + "\x00" + requestOf(ctx).http.URL.Path + "\x00" + key))
	return "k:" + hex.EncodeToString(sum[:16])
}

func (s *Server) catalogue(context.Context, *none) (*catalogueOut, error) {
	return &catalogueOut{Catalogue{filled(s.cfg.Commands.Catalogue())}}, nil
}

func (s *Server) sendCommand(ctx context.Context, in *sendCommandIn) (*commandOut, error) {
	o, err := in.Body.order(ctx, in.Robot, in.Key)
	if err != nil {
		return nil, err
	}
	return s.order(ctx, o, in.Wait)
}

// order sends an order to one robot and answers with its command.
func (s *Server) order(ctx context.Context, o tonypi.Order, wait float64) (*commandOut, error) {
	all, ended, err := s.send(ctx, o, wait)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, tonypi.Errorf(tonypi.Internal, "an order to one robot made no command")
	}
	c := all[0]
	if c.Robot != o.Robots[0] || c.Type != o.Type {
		return nil, tonypi.Errorf(tonypi.Conflict, "This %s or command_id was used for another command", idempotencyHeader)
	}
	if c.Status == tonypi.CommandRefused {
		return nil, s.refused(c)
	}
	return &commandOut{statusOf(ended), c}, nil
}

// refused says why the server did not send a command. The command is in the history all the same.
func (s *Server) refused(c tonypi.Command) error {
	kind := tonypi.Conflict
	if r, err := s.robot(c.Robot); err == nil && !r.Online && !r.Connected {
		kind = tonypi.Unavailable
	}
	return tonypi.Errorf(kind, "%s", c.Message)
}

func (s *Server) sendBatch(ctx context.Context, in *sendBatchIn) (*commandsOut, error) {
	b := in.Body
	if b.All == (len(b.Robots) > 0) {
		return nil, tonypi.Errorf(tonypi.Invalid, "give either robots or all: true")
	}
	all, ended, err := s.send(ctx, tonypi.Order{
		ID: orderID(ctx, in.Key), Robots: b.Robots, All: b.All, Type: b.Type, Parameters: b.Parameters, Reason: b.Reason,
		Confirmed: b.Confirmed, ClickedAt: b.ClickedAt, By: tonypi.CallerOf(ctx),
	}, in.Wait)
	if err != nil {
		return nil, err
	}
	return &commandsOut{statusOf(ended), CommandList{all}}, nil
}

// send hands an order to the engine and waits for the outcome so many seconds. ended reports whether it is known of all, and
// was waited for.
func (s *Server) send(ctx context.Context, o tonypi.Order, wait float64) (all []tonypi.Command, ended bool, err error) {
	switch o.Type {
	case tonypi.StopCommand:
		all, err = s.cfg.Commands.Stop(ctx, o)
	case tonypi.ResumeCommand:
		all, err = s.cfg.Commands.Resume(ctx, o)
	default:
		all, err = s.cfg.Commands.Send(ctx, o)
	}
	all = filledCommands(all)
	if err != nil || wait <= 0 {
		return all, false, err
	}
	return s.await(ctx, all, wait)
}

// await waits for the outcome of commands.
func (s *Server) await(ctx context.Context, all []tonypi.Command, wait float64) ([]tonypi.Command, bool, error) {
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	ctx, cancel := context.WithTimeout(ctx, min(time.Duration(wait*float64(time.Second)), maxWait))
	defer cancel()
	now, err := s.cfg.Commands.Wait(ctx, ids)
	if err != nil {
		return all, false, err
	}
	all = filledCommands(now)
	for _, c := range all {
		if !c.Ended() {
			return all, false, nil
		}
	}
	return all, true, nil
}

func statusOf(ended bool) int {
	if ended {
		return http.StatusOK
	}
	return http.StatusAccepted
}

// filledCommands leaves no null where the document promises an object.
func filledCommands(all []tonypi.Command) []tonypi.Command {
	all = filled(all)
	for i := range all {
		if all[i].Parameters == nil {
			all[i].Parameters = map[string]any{}
		}
	}
	return all
}

func (s *Server) listCommands(ctx context.Context, in *listCommandsIn) (*commandPageOut, error) {
	return s.commandPage(ctx, in.Robot, in.CommandHistory)
}

func (s *Server) robotCommands(ctx context.Context, in *robotCommandsIn) (*commandPageOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	return s.commandPage(ctx, in.Robot, in.CommandHistory)
}

func (s *Server) commandPage(ctx context.Context, robot tonypi.RobotID, in CommandHistory) (*commandPageOut, error) {
	all, err := s.cfg.CommandStore.Commands(ctx, tonypi.CommandFilter{
		Robot: robot, Batch: in.Batch, Type: in.Type, Status: in.Status, By: strings.TrimSpace(in.By), Before: in.Cursor, Limit: in.Limit,
	})
	page := CommandPage{Commands: filledCommands(all)}
	if len(all) == in.Limit {
		page.Next = all[len(all)-1].ID
	}
	return &commandPageOut{page}, err
}

func (s *Server) getCommand(ctx context.Context, in *getCommandIn) (*oneCommandOut, error) {
	c, err := s.cfg.CommandStore.Command(ctx, in.ID)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return nil, tonypi.Errorf(tonypi.NotFound, "Command %q not found", in.ID)
	}
	return &oneCommandOut{filledCommands([]tonypi.Command{c})[0]}, err
}
