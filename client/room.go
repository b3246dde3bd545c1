package client

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"

	"github.com/handout-rtc/handout/protocol"
)

// Config says where the room is and who comes.
type Config struct {
	// Server is the origin of the Handout server: "https://files.example.org".
	Server string
	// Token is the participant's, as the application's back end made it, wrapped or
	// bare. It says which room.
	Token string
	// TokenSource, if set, is asked for a token instead: first, and again when one
	// has expired.
	TokenSource func(context.Context) (string, error)
	// HTTP makes the requests; nil for one of the room's own. What its transport
	// says of proxies, TLS and dialling holds for the push connection too.
	HTTP *http.Client
	// Log hears of what was waited out; nil for nobody.
	Log *slog.Logger
}

// Room is a room that this program takes part in. Its methods may be called at
// the same time.
type Room struct {
	api      *api
	push     *centrifuge.Client
	model    *model
	log      *slog.Logger
	follower *follower // set by the first welcome

	over  context.Context // ends when the room is left
	leave context.CancelCauseFunc
	first chan struct{} // closed at the first welcome
	work  sync.WaitGroup

	mu        sync.Mutex
	welcome   protocol.Welcome
	connected bool
}

// leavePatience is how long who leaves, or takes something back, waits for the server
// to hear it.
const leavePatience = 10 * time.Second

// Join enters the room and returns when everything in it is known. A server that
// does not answer is waited for until the context ends, which afterwards has no
// meaning to the room: [Room.Leave] ends the stay.
//
// A server that will not let the participant in gives a *[LeftError]: its Code is
// protocol.CloseUnauthenticated, CloseRoomEnded, CloseRoomFull or CloseDropped.
func Join(ctx context.Context, config Config) (*Room, error) {
	server, err := parseServer(config.Server)
	if err != nil {
		return nil, err
	}
	r := &Room{model: newModel(), log: config.Log, first: make(chan struct{})}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.over, r.leave = context.WithCancelCause(context.Background())
	r.api = newAPI(server, config)
	transport, _ := r.api.http.Transport.(*http.Transport)
	r.push = newPush(server, transport, r.credential, r)
	if err := r.push.Connect(); err != nil {
		return nil, err
	}
	if err := r.enter(ctx); err != nil {
		r.end(err)
		return nil, err
	}
	return r, nil
}

func newAPI(server *url.URL, config Config) *api {
	a := &api{server: server, http: config.HTTP, source: config.TokenSource}
	if a.http == nil {
		a.http = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	if a.source == nil {
		a.source = func(context.Context) (string, error) { return config.Token, nil }
	}
	return a
}

// credential returns the token to connect with. It asks for a new one each time,
// because the push connection does not tell an expired one from a bad one.
func (r *Room) credential() (string, error) {
	r.api.mu.Lock()
	used := r.api.token
	r.api.mu.Unlock()
	return r.api.credential(r.over, used)
}

func (r *Room) enter(ctx context.Context) error {
	select {
	case <-r.first:
	case <-r.over.Done():
		return r.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-r.follower.synced:
		return nil
	case <-r.over.Done():
		return r.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// end closes everything that is open.
func (r *Room) end(cause error) {
	r.leave(cause)
	r.push.Close()
	r.work.Wait()
	r.api.http.CloseIdleConnections()
}

// Leave leaves the room. What was shared stays for the others; transfers end with
// a *[LeftError]. It returns when the server knows it, or after ten seconds.
func (r *Room) Leave(ctx context.Context) error {
	if r.over.Err() != nil {
		r.end(nil)
		return nil
	}
	r.leave(&LeftError{Code: protocol.CloseLeft})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavePatience)
	defer cancel()
	err := r.api.call(ctx, http.MethodDelete, roomPath(r.Info().ID, "/participants/"+url.PathEscape(string(r.Me().ID))), nil, nil)
	r.end(nil)
	return err
}

// Done is closed when the room is left, whoever wanted it; [Room.Err] tells.
func (r *Room) Done() <-chan struct{} { return r.over.Done() }

// Err says why the room was left, a *[LeftError] or what the server refused; nil
// while it is not.
func (r *Room) Err() error { return context.Cause(r.over) }

// Me is this program's participant.
func (r *Room) Me() protocol.Participant { return r.greeting().Me }

// Info is what the application says of the room.
func (r *Room) Info() protocol.RoomInfo { return r.greeting().Room }

// Limits are what the server permits in this room now.
func (r *Room) Limits() protocol.Limits {
	_, limits := r.model.ruledBy()
	return limits
}

// Rules are what the application has laid down for the room: which files, and by whom.
func (r *Room) Rules() protocol.Rules {
	rules, _ := r.model.ruledBy()
	return rules
}

func (r *Room) greeting() protocol.Welcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.welcome
}

// Participants are who is here, this program's included, in the order they came.
func (r *Room) Participants() []protocol.Participant { return r.model.listParticipants() }

// Shares are all that may be seen, own ones included, in the order they became
// known. Those that have ended stay while the server remembers them.
func (r *Room) Shares() []protocol.Share { return r.model.listShares() }

// Share returns a share of the room as it is known now.
func (r *Room) Share(id protocol.ShareID) (protocol.Share, bool) { return r.model.share(id) }

// Sharing is who may offer files in the room now.
func (r *Room) Sharing() protocol.Sharing { return r.model.sharingNow() }

func (r *Room) listen() *queue    { return r.model.listen() }
func (r *Room) unlisten(q *queue) { r.model.unlisten(q) }

// Receipts are where each recipient stands with a share of one's own, as the server
// knows it now, in the order of the participants' ids.
func (r *Room) Receipts(ctx context.Context, id protocol.ShareID) ([]protocol.Receipt, error) {
	ctx, stop := r.within(ctx)
	defer stop()
	var all []protocol.Receipt
	for after := ""; ; {
		var page protocol.Ledger
		path := sharePath(id, "/receipts?after="+url.QueryEscape(after))
		if err := r.api.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		all = slices.Concat(all, page.Receipts)
		if !page.More || len(page.Receipts) == 0 {
			return all, nil
		}
		after = string(page.Receipts[len(page.Receipts)-1].Participant)
	}
}

// SendText sends a chat message.
func (r *Room) SendText(ctx context.Context, text string, to protocol.Audience) error {
	return r.sendMessage(ctx, protocol.TextMessage, text, to)
}

// SendData sends any value that is JSON.
func (r *Room) SendData(ctx context.Context, value any, to protocol.Audience) error {
	return r.sendMessage(ctx, protocol.DataMessage, value, to)
}

func (r *Room) sendMessage(ctx context.Context, kind protocol.MessageKind, value any, to protocol.Audience) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	ctx, stop := r.within(ctx)
	defer stop()
	request := protocol.MessageRequest{Kind: kind, To: &to, Body: body}
	// Sent once: whoever hears it twice cannot know.
	return r.api.callOnce(ctx, http.MethodPost, roomPath(r.Info().ID, "/messages"), request, nil)
}

// within returns a context that also ends with the stay in the room.
func (r *Room) within(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.over, func() { cancel(r.Err()) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// grace returns a context that ends a while after the other one.
func grace(ctx context.Context) (context.Context, func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(leavePatience, func() { cancel(context.Cause(ctx)) })
	})
	return longer, func() {
		stop()
		cancel(nil)
	}
}

// welcomed implements hearer: the connection is there, for the first time or again.
func (r *Room) welcomed(w protocol.Welcome) {
	r.mu.Lock()
	r.welcome, r.connected = w, true
	r.model.greeted(w)
	first := r.follower == nil
	if first {
		r.follower = newFollower(r.api, w.Room.ID, r.model)
		close(r.first)
		r.work.Go(r.follow)
	}
	r.mu.Unlock()
	r.follower.resync()
	r.model.tell(ConnectionChanged{Connected: true})
}

func (r *Room) follow() {
	if err := r.follower.run(r.over); err != nil && r.over.Err() == nil {
		r.leave(err)
	}
}

// heard implements hearer.
func (r *Room) heard(e protocol.Event) {
	switch {
	case e.Type == protocol.MessageReceived && e.Message != nil:
		r.model.tell(MessageReceived{*e.Message, e.Time})
	case e.Type == protocol.TransfersMoved:
		for _, t := range e.Transfers {
			r.model.tell(TransferMoved{t})
		}
	case r.follower != nil:
		r.follower.push(e)
	}
}

// lost implements hearer.
func (r *Room) lost() {
	r.mu.Lock()
	was := r.connected
	r.connected = false
	r.mu.Unlock()
	if was {
		r.log.Info("the connection is lost")
		r.model.tell(ConnectionChanged{Connected: false})
	}
}

// closed implements hearer: it is for good.
func (r *Room) closed(why *LeftError) { r.leave(why) }

var errNoShare = errors.New("the server's answer names no share")
