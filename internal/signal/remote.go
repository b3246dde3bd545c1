package signal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/protocol"
)

// errAway: Redis did not answer the last time that it was asked. Nothing is asked of it
// until it does again, so nobody waits.
var errAway = errors.New("no Redis at the moment")

const (
	// redisTimeout bounds what Redis is waited for. A connection that has stalled is
	// found out by the library within this and 0.8 s.
	redisTimeout = 2 * time.Second
	// probeEvery is how often the node says something to itself through Redis, and
	// tryEvery how often while it does not hear it.
	probeEvery = time.Second
	tryEvery   = 250 * time.Millisecond
	// deafAfter is when a node that does not hear itself counts as one that hears
	// nobody.
	deafAfter = 2500 * time.Millisecond

	redisPrefix = "handout"
	itselfTo    = "node:" // and the node's id is the stream in which it talks to itself
	allNodes    = "nodes" // is the stream that each of them follows
)

// remote is the library's Redis broker with what it leaves to others: a start while
// Redis is away, failures at once instead of after a timeout while it is, and
// subscriptions that are made up for when it is back. What gets lost on the way, an
// Edge learns by looking into the store (see watch). It is no controller of the library:
// by that all nodes tell all others who they are, and nobody asks.
type remote struct {
	*streams
	node    *centrifuge.Node
	url     string
	changed func(error) // hears of it when Redis goes away, and why, and with nil when it is there

	broker   atomic.Pointer[centrifuge.RedisBroker] // nil until Redis has answered once
	speaks   atomic.Bool                            // the last publication has reached Redis
	asked    atomic.Bool                            // there was one, or it was tried
	heardAt  atomic.Int64                           // when the node heard itself last, in nanoseconds since made
	made     time.Time
	failures atomic.Int64 // publications that did not reach Redis
	back     chan struct{}

	wanted    atomic.Pointer[map[protocol.RoomID]bool] // rooms to attend to; nil before there were any
	attending map[protocol.RoomID]bool                 // those that are; of run alone

	handler  centrifuge.BrokerEventHandler
	shard    *centrifuge.RedisShard
	stop     chan struct{}
	stopped  chan struct{}
	stopOnce sync.Once
}

func newRemote(node *centrifuge.Node, address string, changed func(error)) *remote {
	return &remote{
		streams: newStreams(), node: node, url: address, changed: changed, made: time.Now(),
		attending: make(map[protocol.RoomID]bool),
		back:      make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// RegisterBrokerEventHandler implements centrifuge.Broker. It does not wait for Redis.
func (r *remote) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	r.handler = h
	r.Subscribe(itselfTo+r.node.ID(), allNodes)
	r.attempt() // mostly Redis is there, and then the first who joins need not wait for it
	go r.run()
	return nil
}

// run looks after the connection until Close.
func (r *remote) run() {
	defer close(r.stopped)
	for {
		wait := probeEvery
		if !r.connected() {
			wait = tryEvery
		}
		select {
		case <-r.stop:
			return
		case <-time.After(wait):
			r.attempt()
		}
	}
}

// attempt asks Redis for something, and makes up for what was missed if it answers.
func (r *remote) attempt() {
	if r.broker.Load() == nil {
		if err := r.open(); err != nil {
			r.settled(fmt.Errorf("connecting: %w", err))
			return
		}
	}
	_, err := r.publish(itselfTo+r.node.ID(), []byte(`{}`), centrifuge.PublishOptions{})
	r.settled(err)
	if err == nil {
		r.attend()
		r.makeUp(r.broker.Load().Subscribe)
	}
}

// attend has makeUp follow the rooms that are wanted, and follows no others any more.
func (r *remote) attend() {
	wanted := r.wanted.Load()
	if wanted == nil {
		return
	}
	for room := range r.attending {
		if !(*wanted)[room] {
			delete(r.attending, room)
			r.unfollow(channel(room, ""), func(f *followed) { f.attended = false }, r.unsubscribe)
		}
	}
	for room := range *wanted {
		if !r.attending[room] {
			r.attending[room] = true
			r.owe(channel(room, ""), func(f *followed) { f.attended = true })
		}
	}
}

// open connects for the first time.
func (r *remote) open() error {
	shard, err := centrifuge.NewRedisShard(r.node, centrifuge.RedisShardConfig{
		Address: r.url, ClientName: redisPrefix, ConnectTimeout: redisTimeout / 2, IOTimeout: redisTimeout,
	})
	if err != nil {
		return err
	}
	broker, err := centrifuge.NewRedisBroker(r.node, centrifuge.RedisBrokerConfig{Prefix: redisPrefix, Shards: []*centrifuge.RedisShard{shard}})
	if err != nil {
		shard.Close()
		return err
	}
	// What fails here, after Redis has answered above, is tried again by the library
	// itself, but for the check of a kind of history that is not used.
	_ = broker.RegisterBrokerEventHandler(r.handler)
	r.shard = shard
	r.broker.Store(broker)
	return nil
}

// away reports whether nothing can be published at the moment.
func (e *Edge) away() bool { return e.remote != nil && !e.remote.speaks.Load() }

// redisBack has a value when Redis answers again.
func (e *Edge) redisBack() <-chan struct{} {
	if e.remote == nil {
		return nil
	}
	return e.remote.back
}

// settled notes how the last question to Redis went.
func (r *remote) settled(err error) {
	if err != nil {
		r.failures.Add(1)
	}
	was := r.speaks.Swap(err == nil)
	if first := !r.asked.Swap(true); !first && was == (err == nil) {
		return
	}
	r.changed(err)
	if err == nil {
		select {
		case r.back <- struct{}{}:
		default:
		}
	}
}

// connected reports whether what others publish is heard here, as far as is known.
func (r *remote) connected() bool {
	return r.speaks.Load() && time.Since(r.made)-time.Duration(r.heardAt.Load()) < deafAfter
}

func (r *remote) heardItself() { r.heardAt.Store(int64(time.Since(r.made))) }

// Publish implements centrifuge.Broker.
func (r *remote) Publish(stream string, data []byte, o centrifuge.PublishOptions) (centrifuge.PublishResult, error) {
	if !r.speaks.Load() {
		r.failures.Add(1)
		return centrifuge.PublishResult{}, errAway
	}
	result, err := r.publish(stream, data, o)
	if err != nil {
		r.settled(err)
		err = fmt.Errorf("%w: %w", errAway, err)
	}
	return result, err
}

// clusterTries is how often something is published in a Redis Cluster until it is
// taken. The library asks any server of it, by chance, and goes on to ask one that the
// address names while it is down.
const clusterTries = 8

// publish publishes, through another server where one of several does not answer.
func (r *remote) publish(stream string, data []byte, o centrifuge.PublishOptions) (centrifuge.PublishResult, error) {
	broker := r.broker.Load()
	result, err := broker.Publish(stream, data, o)
	if err == nil || r.shard.Mode() != centrifuge.RedisShardModeCluster {
		return result, err
	}
	deadline := time.Now().Add(redisTimeout)
	for n := 1; err != nil && n < clusterTries && time.Now().Before(deadline); n++ {
		result, err = broker.Publish(stream, data, o)
	}
	return result, err
}

// Subscribe implements centrifuge.Broker. What Redis does not take now is made up for.
func (r *remote) Subscribe(streams ...string) error {
	for _, stream := range streams {
		r.follow(stream, func(f *followed) { f.hub = true }, r.subscribe)
	}
	return nil
}

// Unsubscribe implements centrifuge.Broker.
func (r *remote) Unsubscribe(streams ...string) error {
	for _, stream := range streams {
		r.unfollow(stream, func(f *followed) { f.hub = false }, r.unsubscribe)
	}
	return nil
}

// listen follows a stream beside the library, for one connection.
func (r *remote) listen(stream string) {
	r.follow(stream, func(f *followed) { f.beside++ }, r.subscribe)
}

// unlisten ends one listen.
func (r *remote) unlisten(stream string) {
	r.unfollow(stream, func(f *followed) { f.beside-- }, r.unsubscribe)
}

func (r *remote) subscribe(stream string) error {
	if !r.speaks.Load() {
		return errAway
	}
	return r.broker.Load().Subscribe(stream)
}

func (r *remote) unsubscribe(stream string) {
	if broker := r.broker.Load(); broker != nil {
		_ = broker.Unsubscribe(stream) // what fails is gone with its connection
	}
}

// PublishJoin implements centrifuge.Broker; nobody asks for it.
func (r *remote) PublishJoin(string, *centrifuge.ClientInfo) error { return nil }

// PublishLeave implements centrifuge.Broker; nobody asks for it.
func (r *remote) PublishLeave(string, *centrifuge.ClientInfo) error { return nil }

// History implements centrifuge.Broker; there is none.
func (r *remote) History(string, centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	return nil, centrifuge.StreamPosition{}, centrifuge.ErrorNotAvailable
}

// RemoveHistory implements centrifuge.Broker; there is none.
func (r *remote) RemoveHistory(string) error { return nil }

// close ends the connection. It is no Close, which the library would call as soon as the
// node lets nobody in any more: then others are still to be told of what it does.
func (r *remote) close() {
	r.stopOnce.Do(func() {
		close(r.stop)
		if r.handler == nil { // the node has never run
			return
		}
		<-r.stopped
		if broker := r.broker.Load(); broker != nil {
			_ = broker.Close(context.Background()) // never fails
			r.shard.Close()
		}
	})
}
