package cluster_test

import (
	"io"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// follower reads an upload at a node, as it comes.
type follower struct {
	content *share.Content
	got     []byte
	done    chan error
	more    chan int // told how much was read
}

// follow begins to read the upload at the node. It begins with a request that is in
// nobody's way.
func (n *node) follow(id protocol.ShareID) *follower {
	n.Helper()
	caller := share.Caller{Room: n.room, ID: "reader", Receive: true}
	content, err := n.shares.Content(n.Context(), caller, id, func() {})
	n.must(err)
	f := &follower{content: content, done: make(chan error, 1), more: make(chan int, 1000)}
	go func() {
		defer content.Close()
		block := make([]byte, 64<<10)
		for {
			m, err := content.Read(block)
			f.got = append(f.got, block[:m]...)
			f.more <- len(f.got)
			if err != nil {
				if err == io.EOF {
					err = nil
				}
				f.done <- err
				return
			}
		}
	}()
	return f
}

// followed sends data to the node, in a request that goes on, and has it all followed at
// another.
func (n *node) followed(at *node, id protocol.ShareID, data []byte) (*sending, *follower) {
	n.Helper()
	running := n.send(id, 0)
	running.bits <- data
	f := at.follow(id)
	f.await(n.rig, len(data))
	return running, f
}

// await returns when the follower has n bytes.
func (f *follower) await(r *rig, n int) {
	r.Helper()
	patience := time.After(15 * time.Second)
	for has := 0; has < n; {
		select {
		case has = <-f.more:
		case err := <-f.done:
			if len(f.got) < n {
				r.Fatalf("the follower ended with %d bytes of %d, %v", len(f.got), n, err)
			}
			f.done <- err
			return
		case <-patience:
			r.Fatalf("the follower has %d bytes and waits for %d", has, n)
		}
	}
}

func (f *follower) wantAll(r *rig, data []byte) {
	r.Helper()
	if err := <-f.done; err != nil {
		r.Fatalf("following ended after %d bytes: %v", len(f.got), err)
	}
	if string(f.got) != string(data) {
		r.Fatalf("the follower has %d other bytes", len(f.got))
	}
}

// TestAnUploadIsFollowedAtAnotherNode as it comes: what a sender sent before it paused
// does not wait.
func TestAnUploadIsFollowedAtAnotherNode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node()
	data := random(500_000)
	id := a.offer(len(data))
	running := a.send(id, 0)
	early := b.follow(id) // before there is a byte
	running.bits <- data[:7]
	early.await(r, 7)
	running.bits <- data[7:100_000]
	early.await(r, 100_000)
	late := b.follow(id)
	late.await(r, 100_000)
	running.bits <- data[100_000:300_000]
	running.bits <- data[300_000:]
	r.must(<-running.result)
	early.wantAll(r, data)
	late.wantAll(r, data)
	r.eventually("its streams are closed", func() bool { return b.Streams() == 0 })
}

// TestAFollowerGoesOnWhereverTheUploadGoes: at a third node, at its own, and back.
func TestAFollowerGoesOnWhereverTheUploadGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b, c := r.node(), r.node(), r.node()
	data := random(400_000)
	id := a.offer(len(data))
	f := b.follow(id)
	from := 0
	var running *sending
	for _, n := range []*node{a, c, b, a} {
		at, err := n.uploads.Offset(t.Context(), id)
		r.must(err)
		if at.Offset != int64(from) {
			t.Fatalf("at %d, want %d", at.Offset, from)
		}
		if running != nil {
			r.wantCode(<-running.result, protocol.CodeUploadPreempted)
		}
		running = n.send(id, int64(from))
		running.bits <- data[from : from+100_000]
		from += 100_000
		f.await(r, from)
	}
	r.must(<-running.result)
	f.wantAll(r, data)
}

// TestAFollowerOutlivesTheNodeThatItReads: it has what was recorded, and goes on when
// another node does.
func TestAFollowerOutlivesTheNodeThatItReads(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b, c := r.node(), r.node(), r.node()
	data := random(200_000)
	id := a.offer(len(data))
	running, f := a.followed(b, id, data[:100_000])
	a.kill()
	a.server.CloseClientConnections()
	a.server.Close()
	var at int64
	r.eventually("taking over", func() bool {
		s, err := c.uploads.Offset(t.Context(), id)
		at = s.Offset
		return err == nil
	})
	_, err := c.append(id, at, data[at:])
	r.must(err)
	f.wantAll(r, data)
	<-running.result // its fence has made it let go
}

// TestWhatEndsAtOneNodeEndsAtAll: who reads it elsewhere, and who writes it elsewhere.
func TestWhatEndsAtOneNodeEndsAtAll(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b, c := r.node(), r.node(), r.node()
	id := a.offer(1000)
	running, f := a.followed(b, id, random(100))
	began := time.Now()
	r.must(c.shares.End(t.Context(), share.Caller{Room: r.room, ID: "sender", Send: true}, id))
	r.wantCode(<-f.done, protocol.CodeShareEnded)
	if err := <-running.result; err == nil {
		t.Fatal("the sender was told that its bytes are kept")
	}
	t.Logf("it took %s", time.Since(began))
	if _, err := r.blobs.OpenStaged(t.Context(), blob.Key(id)); err == nil {
		t.Fatal("the bytes are still there")
	}
}

// TestWhoIsDroppedAtOneNodeReadsNothingAtAnother.
func TestWhoIsDroppedAtOneNodeReadsNothingAtAnother(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node()
	id := a.offer(1000)
	running, f := a.followed(b, id, random(100))
	_, err := a.records.Drop(t.Context(), r.room, "reader", 10, time.Now())
	r.must(err)
	r.wantCode(<-f.done, protocol.CodeDropped)
	a.uploads.Drain()
	<-running.result
}

// TestPartsComeTogetherFromAllNodes.
func TestPartsComeTogetherFromAllNodes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b, c := r.node(), r.node(), r.node()
	data := random(300_000)
	id := a.offer(len(data))
	f := c.follow(id)
	_, parts, err := a.uploads.Split(t.Context(), id, 3, func([]protocol.ShareID) string { return "final;" })
	r.must(err)
	offset := 0
	for i, part := range []*node{c, b, a} {
		n := int(*parts[i].Size)
		if i == 1 { // bit by bit
			running := part.send(parts[i].ID, 0)
			running.bits <- data[offset : offset+n/2]
			f.await(r, offset+n/2)
			running.bits <- data[offset+n/2 : offset+n]
			r.must(<-running.result)
		} else {
			_, err := part.append(parts[i].ID, 0, data[offset:offset+n])
			r.must(err)
		}
		offset += n
	}
	f.wantAll(r, data)
	r.eventually("it is complete", func() bool { return a.record(id).State == protocol.Available })
	r.wantWhole(a.record(id).SHA256, data)
}
