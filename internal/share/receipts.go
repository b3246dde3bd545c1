package share

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Ledger is what a Service needs of the store for receipts.
type Ledger interface {
	MoveReceipts(ctx context.Context, moves []store.ReceiptMove, perShare int, now time.Time) ([]store.ReceiptOutcome, error)
	Receipt(ctx context.Context, share protocol.ShareID, participant protocol.ParticipantID) (protocol.Receipt, error)
	Receipts(ctx context.Context, share protocol.ShareID, after protocol.ParticipantID, limit int) ([]protocol.Receipt, error)
	SharesIn(ctx context.Context, room protocol.RoomID, after protocol.ShareID, limit int) ([]store.Share, error)
	ReceiptsFor(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, since int64, limit int) (store.ReceiptPage, error)
}

// Say takes what the caller says of itself and shares, and answers each word on
// its own, in their order: a word that cannot be keeps no other from being heard.
// A word that the receipt has left behind changes nothing and is no error, so
// words can be said again. Nothing is changed when the words are not well-formed.
func (s *Service) Say(ctx context.Context, c Caller, words []protocol.ReceiptWord) ([]protocol.ReceiptAnswer, error) {
	if err := checkWords(words); err != nil {
		return nil, err
	}
	answers := make([]protocol.ReceiptAnswer, len(words))
	var moves []store.ReceiptMove
	var of []int // which word each move is of
	for i, word := range words {
		answers[i].Share = word.Share
		err := s.mayStep(ctx, c, word)
		switch code := protocol.CodeOf(err); {
		case code == protocol.CodeInternal:
			return nil, err
		case code != "":
			refuse(&answers[i], err)
		default:
			moves = append(moves, store.ReceiptMove{
				Share: word.Share, Participant: c.ID, Name: protocol.CleanDisplayName(c.Name), State: word.State, Reason: word.Reason,
			})
			of = append(of, i)
		}
	}
	if len(moves) == 0 {
		return answers, nil
	}
	outcomes, err := s.step(ctx, moves)
	if err != nil {
		return nil, fmt.Errorf("noting receipts: %w", err)
	}
	for i, outcome := range outcomes {
		switch {
		case errors.Is(outcome.Err, store.ErrNotFound):
			refuse(&answers[of[i]], notFound())
		case outcome.Err != nil:
			refuse(&answers[of[i]], outcome.Err)
		default:
			answers[of[i]].Receipt = &outcome.Receipt
		}
	}
	return answers, nil
}

func refuse(answer *protocol.ReceiptAnswer, err error) {
	var coded *protocol.Error
	answer.Code = protocol.CodeOf(err)
	if errors.As(err, &coded) {
		answer.Detail = coded.Message
	}
}

func checkWords(words []protocol.ReceiptWord) error {
	switch {
	case len(words) == 0:
		return protocol.NewError(protocol.CodeEmptyList, "the list of receipts is empty")
	case len(words) > protocol.MaxReceiptWords:
		return invalidWord("more than " + strconv.Itoa(protocol.MaxReceiptWords) + " receipts in one request")
	}
	for _, word := range words {
		switch {
		case !word.State.Sayable():
			return invalidWord("a state is none that a recipient can say")
		case (word.SHA256 != "") != (word.State == protocol.ReceiptReceived):
			return invalidWord(`"sha256" belongs to "received"`)
		case word.Reason != "" && word.State != protocol.ReceiptFailed:
			return invalidWord(`"reason" belongs to "failed"`)
		case !isCode(word.Reason):
			return invalidWord("a reason is not an error code")
		}
	}
	return nil
}

// isCode reports whether the text may be an error code, ours or the client's own.
func isCode(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(text) <= protocol.MaxReasonBytes
}

func invalidWord(message string) error {
	return protocol.NewError(protocol.CodeInvalidRequest, message)
}

// mayStep reports why the caller cannot say the word, if it cannot. That a share
// has ended keeps nobody from saying that it was received before.
func (s *Service) mayStep(ctx context.Context, c Caller, word protocol.ReceiptWord) error {
	record, err := s.Authorise(ctx, c, word.Share, Say)
	switch {
	case err != nil:
		return err
	case word.State == protocol.ReceiptReceived && (record.SHA256 == "" || record.SHA256 != word.SHA256):
		return protocol.NewError(protocol.CodeChecksumMismatch, "the bytes received are not those of the share")
	case word.State != protocol.ReceiptReceived && record.State.Ended():
		return endedError(record.Share)
	}
	return nil
}

// Receipts returns those receipts of a share that the caller may read, beginning
// behind a participant: all for its sender, its own for a recipient.
func (s *Service) Receipts(ctx context.Context, c Caller, id protocol.ShareID, after protocol.ParticipantID) (protocol.Ledger, error) {
	record, err := s.Authorise(ctx, c, id, See)
	if err != nil {
		return protocol.Ledger{}, err
	}
	if decide(c, record, Account) == nil {
		return s.ledger(ctx, id, after)
	}
	own := protocol.Ledger{Receipts: []protocol.Receipt{}}
	if after >= c.ID {
		return own, nil
	}
	receipt, err := s.Ledger.Receipt(ctx, id, c.ID)
	if err != nil {
		return own, fmt.Errorf("reading a receipt: %w", err)
	}
	own.Receipts = append(own.Receipts, receipt)
	s.addBytes(own.Receipts)
	return own, nil
}

// ReceiptsOf returns the receipts of a share in the room, beginning behind a
// participant. It asks nobody's leave: it is for the operator.
func (s *Service) ReceiptsOf(ctx context.Context, room protocol.RoomID, id protocol.ShareID, after protocol.ParticipantID) (protocol.Ledger, error) {
	record, err := s.Records.Share(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (record.Room != room || record.Partial()) {
		return protocol.Ledger{}, notFound()
	}
	if err != nil {
		return protocol.Ledger{}, fmt.Errorf("reading share: %w", err)
	}
	return s.ledger(ctx, id, after)
}

// In returns a page of the shares of a room, beginning behind one of them, and
// whether there are more. It asks nobody's leave: it is for the operator.
func (s *Service) In(ctx context.Context, room protocol.RoomID, after protocol.ShareID) (shares []protocol.Share, more bool, err error) {
	records, err := s.Ledger.SharesIn(ctx, room, after, protocol.SharesPerPage+1)
	if err != nil {
		return nil, false, err
	}
	more = len(records) > protocol.SharesPerPage
	shares = []protocol.Share{} // a list on the wire, never null
	for _, record := range records[:min(len(records), protocol.SharesPerPage)] {
		shares = append(shares, record.Share)
	}
	return shares, more, nil
}

func (s *Service) ledger(ctx context.Context, id protocol.ShareID, after protocol.ParticipantID) (protocol.Ledger, error) {
	receipts, err := s.Ledger.Receipts(ctx, id, after, protocol.ReceiptsPerPage+1)
	if err != nil {
		return protocol.Ledger{}, err
	}
	more := len(receipts) > protocol.ReceiptsPerPage
	receipts = receipts[:min(len(receipts), protocol.ReceiptsPerPage)]
	s.addBytes(receipts)
	return protocol.Ledger{Receipts: receipts, More: more}, nil
}

// ReceiptsSince returns a page of the receipts of the caller's own shares that
// took a step after since, a number of its personal stream.
func (s *Service) ReceiptsSince(ctx context.Context, c Caller, since int64) (protocol.ReceiptPage, error) {
	page, err := s.Ledger.ReceiptsFor(ctx, c.Room, c.ID, since, protocol.ReceiptsPerPage)
	if err != nil {
		return protocol.ReceiptPage{}, err
	}
	s.addBytes(page.Receipts)
	return protocol.ReceiptPage{Seq: page.Seq, More: page.More, Receipts: page.Receipts}, nil
}

// addBytes says how far the running downloads are, which nobody stores.
func (s *Service) addBytes(receipts []protocol.Receipt) {
	type key struct {
		share  protocol.ShareID
		reader protocol.ParticipantID
	}
	at := make(map[key]int64)
	for _, r := range s.readings.all() {
		k := key{r.share, r.reader}
		at[k] = max(at[k], r.at.Load())
	}
	for i, receipt := range receipts {
		if receipt.State == protocol.ReceiptDownloading {
			receipts[i].Bytes = at[key{receipt.Share, receipt.Participant}]
		}
	}
}
