package share_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// runReceipts lets the service take steps until the test is over.
func (f *fixture) runReceipts(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { f.RunReceipts(ctx) })
	t.Cleanup(func() { stop(); group.Wait() })
}

// say says one word and returns the state afterwards, or the code of the refusal.
func (f *fixture) say(t *testing.T, as protocol.ParticipantID, word protocol.ReceiptWord) string {
	t.Helper()
	answers, err := f.Say(context.Background(), f.as(as), []protocol.ReceiptWord{word})
	if err != nil {
		return string(protocol.CodeOf(err))
	}
	if answers[0].Receipt == nil {
		return string(answers[0].Code)
	}
	return string(answers[0].Receipt.State)
}

// ledger returns "participant state bytes" of each receipt that one may read.
func (f *fixture) ledger(t *testing.T, as protocol.ParticipantID, id protocol.ShareID) []string {
	t.Helper()
	ledger, err := f.Receipts(context.Background(), f.as(as), id, "")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range ledger.Receipts {
		lines = append(lines, fmt.Sprintf("%s %s %d", r.Participant, r.State, r.Bytes))
	}
	return lines
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (f *fixture) recorded(t *testing.T, id protocol.ShareID) string {
	t.Helper()
	record, err := f.records.Share(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return record.SHA256
}

// TestReceivedIsBelievedOfTheRightBytesAlone: one truth, and it stays.
func TestReceivedIsBelievedOfTheRightBytesAlone(t *testing.T) {
	f := newFixture(t)
	f.runReceipts(t)
	uploading := f.offer(t, 5, protocol.ToRoom())
	id := f.deliver(t, "hello", protocol.ToRoom())
	sum := f.recorded(t, id)
	received := func(share protocol.ShareID, sha256 string) string {
		return f.say(t, "ben", protocol.ReceiptWord{Share: share, State: protocol.ReceiptReceived, SHA256: sha256})
	}
	same(t, "while it is uploading", received(uploading, sum), "checksum-mismatch")
	same(t, "other bytes", received(id, "00"+sum[2:]), "checksum-mismatch")
	same(t, "nothing is said", f.ledger(t, "ana", id), []string{"ben offered 0", "cleo offered 0"})
	same(t, "the right bytes", received(id, sum), "received")
	for _, late := range []protocol.ReceiptState{protocol.ReceiptSeen, protocol.ReceiptDownloading, protocol.ReceiptCancelled} {
		same(t, "and then "+string(late), f.say(t, "ben", protocol.ReceiptWord{Share: id, State: late}), "received")
	}
	if err := f.End(context.Background(), f.as("ana"), id); err != nil {
		t.Fatal(err)
	}
	same(t, "again when it is withdrawn", received(id, sum), "received")
	declined := func() string {
		return f.say(t, "cleo", protocol.ReceiptWord{Share: id, State: protocol.ReceiptDeclined})
	}
	same(t, "another word then", declined(), "share-ended")
	// What has ended is offered to nobody.
	same(t, "the ledger at the end", f.ledger(t, "ana", id), []string{"ben received 0"})
}

func TestWordsThatCannotBe(t *testing.T) {
	f := newFixture(t)
	f.runReceipts(t)
	id := f.deliver(t, "hello", list("ben"))
	for _, bad := range []protocol.ReceiptWord{
		{Share: id, State: protocol.ReceiptOffered},
		{Share: id, State: "polished"},
		{Share: id},
		{Share: id, State: protocol.ReceiptReceived},
		{Share: id, State: protocol.ReceiptSeen, SHA256: f.recorded(t, id)},
		{Share: id, State: protocol.ReceiptSeen, Reason: "network"},
		{Share: id, State: protocol.ReceiptFailed, Reason: "No <script>"},
		{Share: id, State: protocol.ReceiptFailed, Reason: string(make([]byte, 65))},
	} {
		_, err := f.Say(context.Background(), f.as("ben"), []protocol.ReceiptWord{{Share: id, State: protocol.ReceiptSeen}, bad})
		same(t, fmt.Sprintf("%+v", bad), protocol.CodeOf(err), protocol.CodeInvalidRequest)
	}
	_, err := f.Say(context.Background(), f.as("ben"), nil)
	same(t, "no words", protocol.CodeOf(err), protocol.CodeEmptyList)
	_, err = f.Say(context.Background(), f.as("ben"), make([]protocol.ReceiptWord, protocol.MaxReceiptWords+1))
	same(t, "too many words", protocol.CodeOf(err), protocol.CodeInvalidRequest)
	same(t, "nothing came of them", f.ledger(t, "ana", id), []string{"ben offered 0"})
	answers, err := f.Say(context.Background(), f.as("cleo"), []protocol.ReceiptWord{{Share: id, State: protocol.ReceiptSeen}, {Share: "x", State: protocol.ReceiptSeen}})
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range answers { // what is not for one is as what does not exist
		same(t, "of a share that is not for one", answer.Code, protocol.CodeShareNotFound)
	}
	same(t, "the sender's own word", f.say(t, "ana", protocol.ReceiptWord{Share: id, State: protocol.ReceiptSeen}), "forbidden")
}

// TestADownloadIsNotedWhenItBegins, whoever asks for the bytes, and says how far
// it is.
func TestADownloadIsNotedWhenItBegins(t *testing.T) {
	f := newFixture(t)
	f.runReceipts(t)
	id := f.deliver(t, "hello", protocol.ToRoom())
	open := func(as share.Caller) *share.Content {
		content, err := f.Content(context.Background(), as, id, func() {})
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	secret, _, err := f.Ticket(context.Background(), f.as("cleo"), id)
	if err != nil {
		t.Fatal(err)
	}
	bearer, err := f.Redeem(context.Background(), secret, id)
	if err != nil {
		t.Fatal(err)
	}
	byTicket, own, unread := open(bearer), open(f.as("ana")), open(f.as("ben"))
	defer unread.Close()
	for _, content := range []*share.Content{byTicket, own} {
		if _, err := io.ReadFull(content, make([]byte, 2)); err != nil {
			t.Fatal(err)
		}
	}
	f.until(t, "the download is noted", func() bool {
		return cmp.Equal(f.ledger(t, "ana", id), []string{"ben offered 0", "cleo downloading 2"})
	})
	same(t, "what a recipient reads", f.ledger(t, "cleo", id), []string{"cleo downloading 2"})
	same(t, "what another recipient reads", f.ledger(t, "ben", id), []string{"ben offered 0"})
	byTicket.Close()
	own.Close()
	same(t, "when it is over", f.ledger(t, "cleo", id), []string{"cleo downloading 0"})
	page, err := f.ReceiptsSince(context.Background(), f.as("ana"), 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what the sender reads of all its shares", len(page.Receipts), 1)
}

func TestTheLedgerIsReadInPages(t *testing.T) {
	f := newFixture(t)
	id := f.offer(t, 5, protocol.ToRoom())
	ctx := context.Background()
	rest, err := f.Receipts(ctx, f.as("ana"), id, "ben")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "behind ben", len(rest.Receipts), 1)
	own, err := f.Receipts(ctx, f.as("ben"), id, "ben")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "behind oneself", len(own.Receipts), 0)
	_, err = f.ReceiptsOf(ctx, f.room, id, "")
	same(t, "the operator", protocol.CodeOf(err), protocol.Code(""))
	_, err = f.ReceiptsOf(ctx, protocol.NewRoomID(), id, "")
	same(t, "the operator, in another room", protocol.CodeOf(err), protocol.CodeShareNotFound)
}

// slowLedger is a store whose commits wait for the test, and that counts them.
type slowLedger struct {
	*store.DB
	begun, free chan struct{}
}

func (l *slowLedger) MoveReceipts(ctx context.Context, moves []store.ReceiptMove, perShare int, now time.Time) ([]store.ReceiptOutcome, error) {
	l.begun <- struct{}{}
	<-l.free
	return l.DB.MoveReceipts(ctx, moves, perShare, now)
}

// TestABurstIsGathered: while one commit runs, everybody else's words wait for one
// more, and each gets the answer to its own.
func TestABurstIsGathered(t *testing.T) {
	f := newFixture(t)
	ledger := &slowLedger{DB: f.records, begun: make(chan struct{}), free: make(chan struct{})}
	f.Ledger = ledger
	f.runReceipts(t)
	id := f.deliver(t, "hello", protocol.ToRoom())
	var group sync.WaitGroup
	defer group.Wait()
	states := make(chan string, 3)
	word := func(as protocol.ParticipantID, state protocol.ReceiptState) {
		group.Go(func() { states <- string(as) + " " + f.say(t, as, protocol.ReceiptWord{Share: id, State: state}) })
	}
	word("ben", protocol.ReceiptSeen)
	<-ledger.begun
	word("cleo", protocol.ReceiptSeen)
	word("dora", protocol.ReceiptDeclined)
	f.until(t, "both wait", func() bool { return f.StepsWaiting() == 2 })
	ledger.free <- struct{}{}
	<-ledger.begun
	same(t, "left after the second commit was begun", f.StepsWaiting(), 0)
	ledger.free <- struct{}{}
	got := map[string]bool{<-states: true, <-states: true, <-states: true}
	same(t, "answers", got, map[string]bool{"ben seen": true, "cleo seen": true, "dora declined": true})
}

// TestNobodyWaitsForAServiceThatHasStopped, nor for one that is behind.
func TestNobodyWaitsForAServiceThatHasStopped(t *testing.T) {
	f := newFixture(t)
	id := f.deliver(t, "hello", protocol.ToRoom())
	words := make([]protocol.ReceiptWord, protocol.MaxReceiptWords)
	for i := range words {
		words[i] = protocol.ReceiptWord{Share: id, State: protocol.ReceiptSeen}
	}
	var group sync.WaitGroup
	defer group.Wait()
	codes := make(chan protocol.Code, 100)
	ask := func() {
		group.Go(func() {
			_, err := f.Say(context.Background(), f.as("ben"), words)
			codes <- protocol.CodeOf(err)
		})
	}
	for range 60 { // more than may wait
		ask()
	}
	for range 10 {
		same(t, "one too many", <-codes, protocol.CodeUnavailable)
	}
	same(t, "those that wait", f.StepsWaiting(), 50*protocol.MaxReceiptWords)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	f.RunReceipts(ctx)
	for range 50 {
		same(t, "left when it stops", <-codes, protocol.CodeUnavailable)
	}
	ask()
	same(t, "asked afterwards", <-codes, protocol.CodeUnavailable)
}

// TestABurstBeyondOneCommitIsAnswered, whatever waits when the service begins.
func TestABurstBeyondOneCommitIsAnswered(t *testing.T) {
	f := newFixture(t)
	id := f.deliver(t, "hello", protocol.ToRoom())
	words := make([]protocol.ReceiptWord, protocol.MaxReceiptWords)
	for i := range words {
		words[i] = protocol.ReceiptWord{Share: id, State: protocol.ReceiptSeen}
	}
	const requests = 6 // three commits
	codes := make(chan protocol.Code, requests)
	for range requests {
		go func() {
			_, err := f.Say(context.Background(), f.as("ben"), words)
			codes <- protocol.CodeOf(err)
		}()
	}
	f.until(t, "all wait", func() bool { return f.StepsWaiting() == requests*protocol.MaxReceiptWords })
	f.runReceipts(t)
	for range requests {
		same(t, "an answer", <-codes, protocol.Code(""))
	}
	same(t, "steps that wait", f.StepsWaiting(), 0)
	same(t, "the ledger", f.ledger(t, "ana", id), []string{"ben seen 0", "cleo offered 0"})
}
