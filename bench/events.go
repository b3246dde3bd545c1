package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// ear waits on a participant's push connection for the first share that the room
// hears of.
type ear struct {
	listener *listener
	ended    chan error // the end of listening

	once  sync.Once
	first chan announcement // one, when it came
}

// announcement is a share, and when its event came.
type announcement struct {
	share protocol.Share
	at    time.Time
}

// listen joins the push connection, from another network if there is one. It
// must be closed.
func (v *handoutVisit) listen(ctx context.Context, from *space, address string) (*ear, error) {
	e := &ear{ended: make(chan error, 1), first: make(chan announcement, 1)}
	err := from.do(func() (err error) {
		e.listener, err = joinPush(ctx, address, v.token, e.hear)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("joining the push connection: %w", err)
	}
	go func() { e.ended <- e.listener.listen() }()
	return e, nil
}

func (e *ear) hear(push []byte) {
	at := time.Now()
	var frame struct {
		Push struct {
			Pub struct {
				Data protocol.Event `json:"data"`
			} `json:"pub"`
		} `json:"push"`
	}
	if err := json.Unmarshal(push, &frame); err != nil {
		return // no event
	}
	event := frame.Push.Pub.Data
	if event.Type == protocol.SharesCreated && len(event.Shares) > 0 {
		e.once.Do(func() { e.first <- announcement{event.Shares[0], at} })
	}
}

// share waits for the event.
func (e *ear) share(ctx context.Context) (announcement, error) {
	select {
	case a := <-e.first:
		return a, nil
	case err := <-e.ended:
		e.ended <- err // for close
		return announcement{}, fmt.Errorf("waiting for a share: %w", err)
	case <-ctx.Done():
		return announcement{}, ctx.Err()
	}
}

// close ends the connection and waits until nobody listens.
func (e *ear) close() {
	e.listener.conn.Close()
	<-e.ended
}
