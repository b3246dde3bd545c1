package signal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/centrifugal/centrifuge"
	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// connection is one participant's push connection, from before it joins the
// room until its end is noted.
type connection struct {
	id          string
	app, keyID  string // whose key let it in
	room        protocol.RoomID
	participant protocol.ParticipantID
	// quiet: it may not receive, so it must not hear what others share.
	quiet bool
	// forget stops the watch over a connection that ends while it connects.
	forget func() bool
	// commands counts what the client asks for.
	commands *rate.Limiter

	// The rest is guarded by the Edge's mutex.
	client *centrifuge.Client // nil while it connects
	doom   protocol.CloseCode // to be ended with, once it has connected
	expiry *time.Timer        // ends it with its token; nil before it has joined
	inGate bool               // it holds up others
	missed missed             // events that it may have missed while it connected

	held bool // against its place in the room, since it has connected; of watch alone
}

// disconnectLocked ends the connection: now, or as soon as it has connected,
// because until then nobody can reach it.
func (c *connection) disconnectLocked(code protocol.CloseCode) {
	if c.client == nil {
		c.doom = code
		return
	}
	c.client.Disconnect(disconnect(code))
}

func disconnect(code protocol.CloseCode) centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: uint32(code), Reason: code.String()}
}

// connecting lets a participant in, or says why not.
func (e *Edge) connecting(ctx context.Context, event centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	claims, err := e.Tokens.Verify(event.Token, e.Now())
	if err != nil {
		return centrifuge.ConnectReply{}, refusal(err)
	}
	c := &connection{
		id: event.ClientID, app: claims.App, keyID: claims.KeyID, room: claims.Room, participant: claims.Participant, quiet: !claims.Grants.Receive,
		commands: rate.NewLimiter(rate.Limit(e.Commands.PerSecond), e.Commands.Burst),
	}
	if e.tooOften(c) {
		return centrifuge.ConnectReply{}, centrifuge.DisconnectTooManyRequests
	}
	if err := e.admit(c); err != nil {
		return centrifuge.ConnectReply{}, err
	}
	e.listen(c)
	if !e.Tokens.Trusts(c.app, c.keyID) { // Expel did not see it yet
		e.release(c)
		return centrifuge.ConnectReply{}, disconnect(protocol.CloseUnauthenticated)
	}
	if err := e.enter(ctx, c); err != nil {
		e.release(c)
		return centrifuge.ConnectReply{}, err
	}
	welcome, err := e.rooms.Join(ctx, entrant(claims), c.id)
	if err != nil {
		e.release(c)
		e.count(err)
		if protocol.CodeOf(err) == protocol.CodeInternal && ctx.Err() == nil {
			e.Log.Error("joining failed", "room", c.room, "participant", c.participant, "err", err)
		}
		return centrifuge.ConnectReply{}, refusal(err)
	}
	// The library says nothing of a connection that ends before it is
	// connected, but it ends this context. From connected on, it does.
	c.forget = context.AfterFunc(ctx, func() { e.end(c) })
	e.expireAfter(c, claims.ExpiresAt.Sub(e.Now()))
	data, err := json.Marshal(welcome)
	if err != nil {
		return centrifuge.ConnectReply{}, fmt.Errorf("writing the welcome: %w", err)
	}
	e.mu.Lock()
	e.opening[c] = struct{}{}
	e.mu.Unlock()
	return centrifuge.ConnectReply{
		Credentials: &centrifuge.Credentials{
			UserID: string(claims.Participant), // when it expires is the Edge's to count
		},
		Data:          data,
		Subscriptions: c.streams(),
		// What has waited goes out together: when a room fills, each hears of
		// everybody else.
		MaxMessagesInFrame: messagesInFrame,
	}, nil
}

// expireAfter ends the connection when its token is over, for no token is
// renewed. The library would hold the system's clock against the token's time, and
// somebody may set that.
func (e *Edge) expireAfter(c *connection, left time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.connections[c.id] == c {
		c.expiry = time.AfterFunc(left, func() { e.disconnectHere(c.id, protocol.CloseUnauthenticated) })
	}
}

// streams are what the connection follows. What a quiet one may know of the
// room's stream reaches it on its own.
func (c *connection) streams() map[string]centrifuge.SubscribeOptions {
	streams := map[string]centrifuge.SubscribeOptions{channel(c.room, c.participant): {}}
	if !c.quiet {
		streams[channel(c.room, "")] = centrifuge.SubscribeOptions{}
	}
	return streams
}

func entrant(c token.Claims) room.Entrant {
	return room.Entrant{
		App: c.App, Room: c.Room, ID: c.Participant, Name: c.Name, Role: string(c.Role),
		UserRef: c.UserRef, Data: c.Data, Grants: c.Grants.List(),
	}
}

// refusal is the close code that an error means.
func refusal(err error) error {
	switch protocol.CodeOf(err) {
	case protocol.CodeUnauthenticated, protocol.CodeTokenExpired:
		return disconnect(protocol.CloseUnauthenticated)
	case protocol.CodeForbidden:
		return disconnect(protocol.CloseDropped)
	case protocol.CodeRoomEnded, protocol.CodeRoomNotFound: // it ended long ago
		return disconnect(protocol.CloseRoomEnded)
	case protocol.CodeRoomFull:
		return disconnect(protocol.CloseRoomFull)
	}
	return centrifuge.DisconnectServerError // come back later
}

// admit takes the connection into the books, before it joins its room: from
// then on it can be told to end.
func (e *Edge) admit(c *connection) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stopping:
		return disconnect(protocol.CloseStopping)
	case len(e.connections) >= e.MaxConnections:
		e.Refused("max-connections")
		return centrifuge.DisconnectServerError
	}
	e.connections[c.id] = c
	if c.quiet {
		e.quiet[c.room] = append(e.quiet[c.room], c)
	}
	e.ends.Add(1)
	return nil
}

// release takes the connection out of the books, and reports whether it was
// in them.
func (e *Edge) release(c *connection) bool {
	if !e.strike(c) {
		return false
	}
	if e.remote != nil {
		for _, stream := range c.beside() {
			e.remote.unlisten(stream)
		}
	}
	e.ends.Done()
	return true
}

// listen has the node hear of the connection before it has its place in the room, so
// that it hears when another takes that.
func (e *Edge) listen(c *connection) {
	if e.remote != nil {
		for _, stream := range c.beside() {
			e.remote.listen(stream)
		}
	}
}

// beside are the streams that a node of a cluster follows for the connection beside the
// library.
func (c *connection) beside() []string {
	if c.quiet {
		return []string{channel(c.room, c.participant), channel(c.room, "")}
	}
	return []string{channel(c.room, c.participant)}
}

func (e *Edge) strike(c *connection) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.connections[c.id] != c {
		return false
	}
	delete(e.connections, c.id)
	delete(e.opening, c)
	if c.expiry != nil {
		c.expiry.Stop()
	}
	e.leaveGateLocked(c)
	e.hushLocked(c)
	e.changes.Add(1)
	return true
}

// connected is called once the reply to the connect command is written and the
// streams are followed.
func (e *Edge) connected(client *centrifuge.Client) {
	c, missed := e.opened(client)
	for _, event := range missed.all() {
		// On its own stream nobody else hears it, and hearing it twice does no harm.
		if err := e.deliver(c.room, c.participant, event); err != nil {
			e.Log.Error("repeating an event failed", "room", c.room, "participant", c.participant, "err", err)
		}
	}
}

// opened notes that the connection has connected, and returns what it may have
// missed meanwhile.
func (e *Edge) opened(client *centrifuge.Client) (c *connection, m missed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c = e.connections[client.ID()]
	if c == nil { // it has ended meanwhile
		return nil, missed{}
	}
	client.OnDisconnect(func(centrifuge.DisconnectEvent) { e.end(c) })
	c.forget()
	c.forget = nil // it holds on to what came with the request
	delete(e.opening, c)
	e.leaveGateLocked(c)
	e.changes.Add(1)
	m, c.missed = c.missed, missed{}
	c.client = client
	if c.doom != 0 {
		c.disconnectLocked(c.doom)
	}
	return c, m
}

// end notes that the connection has ended. It may be called more than once.
func (e *Edge) end(c *connection) {
	e.mu.Lock()
	known, stopping := e.connections[c.id] == c, e.stopping
	e.mu.Unlock()
	if !known {
		return
	}
	if !stopping {
		ctx, cancel := context.WithTimeout(context.Background(), noteEndTimeout)
		defer cancel()
		// What fails here leaves a ghost on the roster until the server
		// starts again, or the participant comes back.
		if err := e.rooms.Away(ctx, c.room, c.participant, c.id); err != nil && !errors.Is(err, context.Canceled) {
			e.Log.Error("noting the end of a connection failed", "room", c.room, "participant", c.participant, "err", err)
		}
	}
	e.release(c)
}
