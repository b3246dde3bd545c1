package upload_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// TestTheNewestRequestWins lets three requests wait for a holder that does not
// let go at once: only the last one gets the upload, and those before it know
// at once that they do not.
func TestTheNewestRequestWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		letGo := make(chan struct{})
		body := newStalledBody([]byte("12345"))
		holder := make(chan error, 1)
		go func() {
			_, err := b.Append(t.Context(), upload.Append{ID: b.id, Body: body, BodyLength: -1, Yield: func() {
				go func() { <-letGo; body.yield() }()
			}})
			holder <- err
		}()
		synctest.Wait()
		append := func(data string) <-chan error {
			done := make(chan error, 1)
			go func() {
				_, err := b.append(5, bytes.NewReader([]byte(data)))
				done <- err
			}()
			synctest.Wait()
			return done
		}
		asked := make(chan error, 1)
		go func() {
			_, err := b.Offset(t.Context(), b.id)
			asked <- err
		}()
		synctest.Wait()
		older := append("OLDER")
		wantCode(t, <-asked, protocol.CodeUploadBusy)
		newest := append("67890")
		wantCode(t, <-older, protocol.CodeUploadPreempted)
		close(letGo)
		wantCode(t, <-holder, protocol.CodeUploadPreempted)
		if err := <-newest; err != nil {
			t.Fatal(err)
		}
		b.wantComplete(t, []byte("1234567890"))
	})
}

// TestIdleWaitsForTheLast: until then it fails with its context alone.
func TestIdleWaitsForTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		if err := b.Idle(t.Context()); err != nil {
			t.Fatalf("where nothing is at work: %v", err)
		}
		body := newStalledBody([]byte("12345"))
		holder := make(chan error, 1)
		go func() {
			_, err := b.Append(t.Context(), upload.Append{ID: b.id, Body: body, BodyLength: -1, Yield: body.yield})
			holder <- err
		}()
		synctest.Wait()
		patient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Idle(patient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while a request is at work: %v", err)
		}
		idle := make(chan error, 2)
		for range cap(idle) {
			go func() { idle <- b.Idle(t.Context()) }()
		}
		synctest.Wait()
		if len(idle) > 0 {
			t.Errorf("it is idle while a request is at work: %v", <-idle)
		}
		b.Drain()
		wantCode(t, <-holder, protocol.CodeUploadPreempted)
		for range cap(idle) {
			if err := <-idle; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestWhoGaveUpGetsNothing cancels one that waits: the next one gets the upload.
func TestWhoGaveUpGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		body := newStalledBody([]byte("12345"))
		holder := make(chan error, 1)
		go func() {
			_, err := b.Append(t.Context(), upload.Append{ID: b.id, Body: body, BodyLength: -1})
			holder <- err
		}()
		synctest.Wait()
		ctx, hangUp := context.WithCancel(t.Context())
		asked := make(chan error, 1)
		go func() {
			_, err := b.Offset(ctx, b.id)
			asked <- err
		}()
		synctest.Wait()
		hangUp()
		wantCode(t, <-asked, protocol.CodeUploadBusy)
		body.yield()
		<-holder
		if share, err := b.Offset(t.Context(), b.id); err != nil || share.Offset != 5 {
			t.Errorf("the offset is %d, %v", share.Offset, err)
		}
	})
}

// TestAnEndedUploadIsInterrupted although newer requests come for it.
func TestAnEndedUploadIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		letGo := make(chan struct{})
		body := newStalledBody([]byte("12345"))
		go b.Append(t.Context(), upload.Append{ID: b.id, Body: body, BodyLength: -1, Yield: func() {
			go func() { <-letGo; body.yield() }()
		}})
		synctest.Wait()
		if _, err := b.records.End(t.Context(), b.id, protocol.Cancelled, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		interrupted := make(chan error, 1)
		go func() { interrupted <- b.Interrupt(t.Context(), b.id) }()
		synctest.Wait()
		newer := make(chan error, 1)
		go func() {
			_, err := b.append(5, bytes.NewReader([]byte("67890")))
			newer <- err
		}()
		synctest.Wait()
		close(letGo)
		if err := <-interrupted; err != nil {
			t.Error(err)
		}
		if code := protocol.CodeOf(<-newer); code != protocol.CodeShareEnded && code != protocol.CodeUploadPreempted {
			t.Errorf("the newer request was answered %s", code)
		}
	})
}
