package share

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Draft is a file that a sender wants to share.
type Draft struct {
	Name string // as the client said; it is cleaned here
	Type string // MIME type as the client said; it is cleaned here
	// Path is the folders that it lies in, as the client said; it is cleaned here.
	Path string `json:",omitempty"`
	// Thumbnail is a small picture of it; empty for none.
	Thumbnail []byte `json:",omitempty"`
	// Size is the declared length in bytes; nil while it is unknown.
	Size *int64
	// Metadata is the raw Upload-Metadata header, for tus clients.
	Metadata string
	// Dialect is the protocol that the upload will come by: see store.Share.
	Dialect string `json:",omitempty"` // as digests were before there was a second one, and before paths
}

// Batch is what a sender offers with one request.
type Batch struct {
	Drafts []Draft
	To     protocol.Audience
	// UserRefs adds to To.List everybody in the room whom the application calls so.
	UserRefs []string
	// Key is the sender's name for the request, by which it may be made again
	// when its answer was lost; "" for one that is made once.
	Key string
}

// Offer creates one share per draft, all or none, in the state Uploading. A
// batch whose key the sender has used in this room makes nothing: it gets the
// shares of the first one as they are now, or CodeKeyReused if that asked for
// something else, or CodeShareEnded if some of them are forgotten.
func (s *Service) Offer(ctx context.Context, c Caller, batch Batch) ([]store.Share, error) {
	made, err := s.madeBefore(ctx, c, batch)
	if err != nil || made != nil {
		return made, err
	}
	err = s.inHouse(ctx, c.Room, func(h house) (err error) {
		made, err = s.create(ctx, c, batch, h)
		return err
	})
	if errors.Is(err, store.ErrConflict) { // by the same request, which overtook this one
		return s.madeBefore(ctx, c, batch)
	}
	return made, err
}

// Drawn is a share that may be made: see Service.Draft.
type Drawn struct {
	Share store.Share
	// Quota is what it is to be made within.
	Quota store.Quota
	// Made: it has been made before, by the same key, and is as it is now.
	Made bool
}

// Draft returns the share that Offer would make of a batch of one draft, and
// makes nothing: its bytes may come first, and the record then says that they
// are there (see upload.Deposit).
func (s *Service) Draft(ctx context.Context, c Caller, batch Batch) (Drawn, error) {
	earlier, err := s.madeBefore(ctx, c, batch)
	if err != nil {
		return Drawn{}, err
	}
	if earlier != nil {
		return Drawn{Share: earlier[0], Made: true}, nil
	}
	h, err := s.house(ctx, c.Room)
	if err != nil {
		return Drawn{}, err
	}
	shares, err := s.draw(ctx, c, batch, h)
	if err != nil {
		return Drawn{}, err
	}
	settle, err := s.admit(ctx, c, shares)
	if err != nil {
		return Drawn{}, err
	}
	settle(true) // or soon: it is small, and the floor has place for as many as come at once
	return Drawn{Share: shares[0], Quota: s.quota(h)}, nil
}

// Create makes what Draft returned, in the state Uploading.
func (s *Service) Create(ctx context.Context, d Drawn) (store.Share, error) {
	return d.Share, s.make(ctx, []store.Share{d.Share}, d.Quota)
}

func (s *Service) create(ctx context.Context, c Caller, batch Batch, h house) ([]store.Share, error) {
	shares, err := s.draw(ctx, c, batch, h)
	if err != nil {
		return nil, err
	}
	settle, err := s.admit(ctx, c, shares)
	if err != nil {
		return nil, err
	}
	err = s.make(ctx, shares, s.quota(h))
	settle(err == nil)
	return shares, err
}

// draw returns the shares of a batch, if the caller may offer them.
func (s *Service) draw(ctx context.Context, c Caller, batch Batch, h house) ([]store.Share, error) {
	to, err := s.audience(ctx, c, h, batch.To, batch.UserRefs)
	if err != nil {
		return nil, err
	}
	if err := checkDrafts(batch.Drafts, len(to.List), h); err != nil {
		return nil, err
	}
	now := s.Now()
	shares := make([]store.Share, len(batch.Drafts))
	for i, d := range batch.Drafts {
		shares[i] = s.record(c, d, to, h, now)
		shares[i].Offer = store.Offer{Key: batch.Key, Digest: batch.digest()}
	}
	return shares, nil
}

// make records shares of one batch.
func (s *Service) make(ctx context.Context, shares []store.Share, q store.Quota) error {
	if err := s.Records.CreateShares(ctx, shares, q); err != nil {
		return offerFailed(err)
	}
	crash.At(crash.SharesMade)
	for _, share := range shares {
		s.Log.Info("share created", "share", share.ID, "room", share.Room, "participant", share.Sender.ID, "bytes", share.Reserved)
	}
	return nil
}

// madeBefore returns the shares that the sender's batch of the same key has
// made, nil if there is none. The sender may see them whatever it may do now.
func (s *Service) madeBefore(ctx context.Context, c Caller, batch Batch) ([]store.Share, error) {
	if batch.Key == "" {
		return nil, nil
	}
	made, err := s.Records.Offered(ctx, c.Room, c.ID, batch.Key)
	switch {
	case err != nil:
		return nil, err
	case len(made) == 0:
		return nil, nil
	case made[0].Offer.Digest != batch.digest():
		return nil, protocol.NewError(protocol.CodeKeyReused, "this key was used for another request")
	case len(made) != len(batch.Drafts):
		return nil, protocol.NewError(protocol.CodeShareEnded, "some of the shares of this request are forgotten")
	}
	for i := range made {
		if made[i], err = s.certain(ctx, made[i]); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// digest tells batches apart; "" for one without a key, which needs none.
func (b Batch) digest() string {
	if b.Key == "" {
		return ""
	}
	text, err := json.Marshal(struct {
		Drafts   []Draft
		To       protocol.Audience
		UserRefs []string `json:",omitempty"` // as digests were before there were any
	}{b.Drafts, b.To, b.UserRefs})
	if err != nil { // only types of another shape could do that
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (s *Service) record(c Caller, d Draft, to protocol.Audience, h house, now time.Time) store.Share {
	path, _ := protocol.CleanPath(d.Path) // checkDrafts has refused a bad one
	reserved := h.limits.FileSize         // an unknown length may become anything up to this
	if d.Size != nil {
		reserved = *d.Size
	}
	return store.Share{
		Share: protocol.Share{
			ID:        protocol.NewShareID(),
			Room:      c.Room,
			Name:      protocol.CleanFileName(d.Name),
			Path:      path,
			Thumbnail: len(d.Thumbnail) > 0,
			Type:      protocol.CleanType(d.Type),
			Size:      d.Size,
			State:     protocol.Uploading,
			Sender:    protocol.Sender{ID: c.ID, Name: c.Name},
			To:        to,
			CreatedAt: now.UTC(),
			ExpiresAt: now.Add(seconds(h.limits.LifetimeSeconds)).UTC(),
			Rev:       1,
		},
		Picture:    d.Thumbnail,
		Metadata:   d.Metadata,
		Dialect:    d.Dialect,
		Vet:        !h.types().Any(),
		SenderRole: c.Role,
		Reserved:   reserved,
		Checkpoint: store.Checkpoint{Run: s.Boot},
		UpdatedAt:  now,
	}
}

// offerFailed turns a store's refusal into what the client should know.
func offerFailed(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, store.ErrNotFound) {
		return protocol.NewError(protocol.CodeRoomNotFound, "there is no such room")
	}
	return fmt.Errorf("creating shares: %w", err)
}

// audience checks that the caller may offer to it and that everybody in a list
// is in the room and may receive; duplicates are folded. Everybody there whom the
// application calls by one of refs joins the list.
func (s *Service) audience(ctx context.Context, c Caller, h house, to protocol.Audience, refs []string) (protocol.Audience, error) {
	if err := mayOffer(c, to, h.Rules); err != nil {
		return to, err
	}
	named := len(to.List) + len(refs)
	switch {
	case to.Room && len(refs) > 0:
		return to, protocol.NewError(protocol.CodeInvalidRequest, "it is for the room, or for users: not for both")
	case to.Room:
		return to, nil
	case named == 0:
		return to, protocol.NewError(protocol.CodeEmptyList, "the list of recipients is empty")
	case named > h.limits.RecipientsPerRequest:
		return to, h.tooManyRecipients()
	}
	members, err := s.Records.Members(ctx, c.Room)
	if err != nil {
		return to, fmt.Errorf("reading the roster: %w", err)
	}
	to, err = resolve(to.List, refs, members)
	if err == nil && len(to.List) > h.limits.RecipientsPerRequest {
		err = h.tooManyRecipients()
	}
	return to, err
}

func (h house) tooManyRecipients() error {
	return protocol.LimitError(protocol.CodeInvalidRequest, "max-recipients",
		"more than "+strconv.Itoa(h.limits.RecipientsPerRequest)+" recipients")
}

func resolve(list []protocol.ParticipantID, refs []string, members []store.Member) (protocol.Audience, error) {
	addressable := make(map[protocol.ParticipantID]bool, len(members))
	called := make(map[string][]protocol.ParticipantID, len(refs))
	for _, m := range members {
		addressable[m.ID] = m.MayReceive()
		if m.MayReceive() && slices.Contains(refs, m.UserRef) {
			called[m.UserRef] = append(called[m.UserRef], m.ID)
		}
	}
	var to protocol.Audience
	var unknown []string
	for _, ref := range refs {
		if len(called[ref]) == 0 || ref == "" { // "" is no name
			unknown = append(unknown, strconv.Quote(ref))
			continue
		}
		list = append(slices.Clip(list), called[ref]...)
	}
	taken := make(map[protocol.ParticipantID]bool, len(list))
	for _, id := range list {
		switch {
		case !id.Valid():
			return to, protocol.NewError(protocol.CodeInvalidRequest, "a recipient is not a participant id")
		case !addressable[id]:
			unknown = append(unknown, string(id))
		case !taken[id]:
			taken[id] = true
			to.List = append(to.List, id)
		}
	}
	if unknown != nil {
		return to, protocol.NewError(protocol.CodeUnknownRecipient, "not in the room, or may not receive: "+strings.Join(unknown, ", "))
	}
	return to, nil
}

// checkDrafts checks the files of one offer to so many listed recipients.
func checkDrafts(drafts []Draft, recipients int, h house) error {
	if len(drafts) == 0 {
		return protocol.NewError(protocol.CodeEmptyList, "the list of files is empty")
	}
	if len(drafts) > h.limits.FilesPerRequest {
		return protocol.NewError(protocol.CodeInvalidRequest,
			"more than "+strconv.Itoa(h.limits.FilesPerRequest)+" files in one request")
	}
	if len(drafts)*recipients > h.limits.ReceiptsPerRequest {
		return protocol.LimitError(protocol.CodeInvalidRequest, "max-receipts",
			"files times recipients are more than "+strconv.Itoa(h.limits.ReceiptsPerRequest)+" in one request")
	}
	pictures := make([][]byte, len(drafts))
	for i, d := range drafts {
		pictures[i] = d.Thumbnail
		if err := checkDraft(d, h); err != nil {
			return err
		}
	}
	return protocol.CheckThumbnails(pictures...)
}

func checkDraft(d Draft, h house) error {
	if err := h.types().Offered(protocol.CleanFileName(d.Name), protocol.CleanType(d.Type)); err != nil {
		return err
	}
	switch {
	case d.Size == nil:
	case *d.Size < 0:
		return protocol.NewError(protocol.CodeInvalidRequest, "a size is negative")
	case *d.Size > h.limits.FileSize:
		return TooLarge(h.limits.FileSize)
	}
	_, err := protocol.CleanPath(d.Path)
	return err
}

// TooLarge says that a file is over the limit, in bytes.
func TooLarge(limit int64) error {
	return protocol.LimitError(protocol.CodeFileTooLarge, "max-file-size",
		"the file is larger than the limit of "+strconv.FormatInt(limit, 10)+" bytes")
}
