package cluster_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/protocol"
)

// TestAnUploadGoesOnAtAnotherNode from what the first has received.
func TestAnUploadGoesOnAtAnotherNode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node()
	data := random(300_000)
	id := a.offer(len(data))
	running := a.send(id, 0)
	running.bits <- data[:100_000]

	at, err := b.uploads.Offset(t.Context(), id)
	r.must(err)
	r.wantCode(<-running.result, protocol.CodeUploadPreempted)
	if at.Offset != 100_000 || at.Holder != b.ID || at.Fence != 1 {
		t.Fatalf("the other node has the upload at %d, as %q under fence %d", at.Offset, at.Holder, at.Fence)
	}
	share, err := b.append(id, at.Offset, data[at.Offset:])
	r.must(err)
	r.wantWhole(share.SHA256, data)

	// Its node stays the holder, and needs nobody's leave.
	if again, err := a.uploads.Offset(t.Context(), id); err != nil || again.State != protocol.Available {
		t.Fatalf("at the first node it is %s, %v", again.State, err)
	}
}

func (r *rig) wantWhole(sum string, data []byte) {
	r.Helper()
	if want := sha256.Sum256(data); sum != hex.EncodeToString(want[:]) {
		r.Fatalf("recorded %s", sum)
	}
}

// TestADeadNodesUploadIsTaken at once when it has died, and not before.
func TestADeadNodesUploadIsTaken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node()
	data := random(1000)
	id := a.offer(len(data))
	_, err := a.append(id, 0, data[:400])
	r.must(err)
	a.server.Close() // it is alive, and does not answer
	_, err = b.append(id, 400, data[400:])
	r.wantCode(err, protocol.CodeUploadBusy)

	a.kill()
	died := time.Now()
	r.eventually("taking over", func() bool {
		_, err = b.append(id, 400, data[400:])
		return err == nil
	})
	t.Logf("it took %s", time.Since(died))
	r.wantWhole(b.record(id).SHA256, data)

	// The one that is thought dead cannot know: it takes nothing.
	_, err = a.append(a.offer(10), 0, make([]byte, 10))
	r.wantCode(err, protocol.CodeUploadBusy)
}

// TestANodeThatHasLeftIsNotWaitedFor, however young it is.
func TestANodeThatHasLeftIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node()
	id := a.offer(10)
	r.must(a.Leave(t.Context()))
	r.eventually("taking over", func() bool {
		_, err := b.append(id, 0, make([]byte, 10))
		return err == nil
	})
	_, err := a.append(a.offer(10), 0, make([]byte, 10))
	r.wantCode(err, protocol.CodeUploadBusy)
}

// TestAPausedNodeCompletesNothing when it comes back over its fence.
func TestAPausedNodeCompletesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.join(), r.node() // the first says only once that it is there
	data := random(1000)
	id := a.offer(len(data))
	running := a.send(id, 0)
	running.bits <- data[:600] // and then nothing of it moves
	r.eventually("the others think it dead", func() bool { return b.Nodes() == 1 })
	at, err := b.uploads.Offset(t.Context(), id)
	r.must(err)
	share, err := b.append(id, at.Offset, data[at.Offset:])
	r.must(err)
	r.wantWhole(share.SHA256, data)
	select { // its clock may have told it already
	case running.bits <- data[600:]:
		err = <-running.result
	case err = <-running.result:
	}
	if err == nil {
		t.Fatal("it was told that its bytes are kept")
	}
	got, err := r.blobs.Open(t.Context(), blob.Key(id))
	r.must(err)
	if all, err := io.ReadAll(got); err != nil || string(all) != string(data) {
		t.Fatalf("there are %d bytes, %v", len(all), err)
	}
}

// TestWhoWaitsForANodeIsToldThatItIsDead: a process that is stopped answers nobody, and
// keeps its connections.
func TestWhoWaitsForANodeIsToldThatItIsDead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.handover = 20 * time.Second
	a, b := r.node(), r.node()
	id := a.offer(10)
	stopped := make(chan struct{})
	defer close(stopped)
	a.silent.Store(&stopped)
	a.kill()
	died := time.Now()
	_, err := b.append(id, 0, make([]byte, 10))
	r.must(err)
	t.Logf("it took %s", time.Since(died))
}
