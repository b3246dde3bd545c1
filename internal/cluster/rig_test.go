package cluster_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/cluster"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secret is what the nodes of the tests have in common.
const secret = "the secret of the nodes in these tests"

// rig is what the nodes of a cluster have in common.
type rig struct {
	*testing.T
	file  string
	blobs *memblob.Store
	room  protocol.RoomID
	// handover is how long a request waits for an upload.
	handover time.Duration
	every    time.Duration // between two heartbeats
}

func newRig(t *testing.T) *rig {
	r := &rig{T: t, file: filepath.Join(t.TempDir(), "records"), blobs: memblob.New(), room: protocol.NewRoomID(), handover: 2 * time.Second, every: 50 * time.Millisecond}
	sqlitetest.Make(t, r.file)
	db := r.open()
	r.must(db.CreateRoom(t.Context(), store.Room{ID: r.room, App: "app", Name: "a room", CreatedAt: time.Now()}, 10))
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// open opens the records as another process does.
func (r *rig) open() *store.DB {
	r.Helper()
	db, err := sqlite.Open(r.Context(), r.file, sqlite.SyncLater)
	r.must(err)
	r.Cleanup(func() { r.must(db.Close()) })
	return db
}

// node is one process of the cluster.
type node struct {
	*cluster.Node
	*rig
	records *store.DB
	uploads *upload.Service
	shares  *share.Service
	server  *httptest.Server
	rooms   atomic.Pointer[map[protocol.RoomID]bool] // that it attended to last
	silent  atomic.Pointer[chan struct{}]            // if set, it answers nobody until that is closed
	kill    func()                                   // ends its heartbeats
}

// node starts a node.
func (r *rig) node(duties ...string) *node {
	r.Helper()
	n := r.join(duties...)
	n.beat()
	return n
}

// beat has the node say again and again that it is there.
func (n *node) beat() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { n.Run(ctx) })
	group.Go(func() {
		n.Watch(ctx, n.shares, cluster.Looking{Again: func() {}, Attend: func(rooms map[protocol.RoomID]bool) { n.rooms.Store(&rooms) }}, n.uploads, n.shares)
	})
	go func() { defer close(done); group.Wait() }()
	n.kill = func() { cancel(); <-done }
	n.Cleanup(n.kill)
}

// registry is what a node needs to know others.
type registry = cluster.Registry

// join makes a node that does not say again that it is there.
func (r *rig) join(duties ...string) *node {
	r.Helper()
	return r.joinWith(func(db *store.DB) registry { return db }, duties...)
}

// joinWith is join with another registry than the records.
func (r *rig) joinWith(of func(*store.DB) registry, duties ...string) *node {
	r.Helper()
	n := &node{rig: r, records: r.open(), kill: func() {}}
	n.server = httptest.NewUnstartedServer(nil)
	n.Node = cluster.New(cluster.Config{
		Registry: of(n.records), Presence: n.records, Looks: n.records, URL: "http://" + n.server.Listener.Addr().String(), Secret: []byte(secret),
		Duties: duties, Every: r.every, Log: slog.New(slog.NewTextHandler(r.T.Output(), nil)),
	})
	n.records.AsNode(n.ID)
	n.uploads = upload.New(upload.Config{
		Records: n.records, Parts: n.records, Blobs: r.blobs, Holders: n.Node, Peers: n.Node, Boot: "any",
		Limits: protocol.Limits{RoomBytes: 1 << 30}, Handover: r.handover, FollowWait: 20 * time.Second,
	})
	n.shares = share.New(share.Config{
		Records: n.records, Ledger: n.records, Sweeper: n.records, Tickets: n.records, Parts: n.records, Moderation: n.records, Thumbnails: n.records,
		Log: slog.New(slog.NewTextHandler(r.T.Output(), nil)), Uploads: n.uploads, Blobs: r.blobs, Abandoned: n.records, Boot: "any",
		Limits: protocol.Limits{EmptyRoomSeconds: 3600, UploadIdleSeconds: 3600},
	})
	n.OnFenced(n.uploads.Fenced)
	handler := n.Handler(n.uploads)
	n.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if silent := n.silent.Load(); silent != nil {
			select {
			case <-*silent:
			case <-r.Context().Done():
				return
			}
		}
		handler.ServeHTTP(w, r)
	})
	n.server.Start()
	r.must(n.Start(r.Context()))
	r.Cleanup(func() {
		r.must(n.uploads.Close())
		r.must(n.Leave(context.WithoutCancel(r.Context())))
		n.server.Close()
	})
	return n
}

// offer creates an upload at the node.
func (n *node) offer(size int) protocol.ShareID {
	n.Helper()
	length := int64(size)
	s := store.Share{
		Share: protocol.Share{
			ID: protocol.NewShareID(), Room: n.room, Name: "a.bin", Size: &length, State: protocol.Uploading,
			Sender: protocol.Sender{ID: "sender", Name: "Sender"}, To: protocol.ToRoom(), CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		},
		Reserved: length, Checkpoint: store.Checkpoint{Run: "any"},
	}
	n.must(n.records.CreateShares(n.Context(), []store.Share{s}, store.Quota{RoomBytes: 1 << 30, RoomShares: 1000, OpenUploads: 1000}))
	return s.ID
}

// append sends data to the node as one request.
func (n *node) append(id protocol.ShareID, offset int64, data []byte) (store.Share, error) {
	return n.uploads.Append(n.Context(), upload.Append{ID: id, Offset: offset, Body: bytes.NewReader(data), BodyLength: int64(len(data))})
}

// record returns what the records say of the upload.
func (n *node) record(id protocol.ShareID) store.Share {
	n.Helper()
	s, err := n.records.Share(n.Context(), id)
	n.must(err)
	return s
}

// sending is a request whose body comes bit by bit.
type sending struct {
	bits    chan []byte
	rest    []byte // of the last one
	yielded chan struct{}
	ended   chan struct{} // closed when the body has no more
	result  chan error
	share   store.Share
}

// Read implements io.Reader.
func (s *sending) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		select {
		case s.rest = <-s.bits:
		case <-s.ended:
			return 0, io.EOF
		case <-s.yielded:
			return 0, protocol.NewError(protocol.CodeUploadPreempted, "a newer request took over")
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	select {
	case <-s.yielded:
		return n, protocol.NewError(protocol.CodeUploadPreempted, "a newer request took over")
	default:
		return n, nil
	}
}

// send begins a request that goes on until it is made to yield.
func (n *node) send(id protocol.ShareID, offset int64) *sending {
	s := &sending{bits: make(chan []byte), yielded: make(chan struct{}), ended: make(chan struct{}), result: make(chan error, 1)}
	go func() {
		var err error
		s.share, err = n.uploads.Append(context.Background(), upload.Append{
			ID: id, Offset: offset, Body: s, BodyLength: -1, Yield: func() { close(s.yielded) },
		})
		s.result <- err
	}()
	return s
}

func (r *rig) wantCode(err error, code protocol.Code) {
	r.Helper()
	if protocol.CodeOf(err) != code {
		r.Fatalf("got error %v, want code %q", err, code)
	}
}

// eventually waits for a condition.
func (r *rig) eventually(what string, is func() bool) {
	r.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("it never came about: %s", what)
		}
	}
}

func random(n int) []byte {
	data := make([]byte, n)
	rand.Read(data)
	return data
}
