package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

const (
	// besides is more than an event, or a request, takes beside what it tells.
	besides = 1 << 10
	// fileBytes is what a file takes in a request for shares, beside its thumbnail.
	fileBytes = 2 << 10
	// pictureBytes is what all thumbnails of such a request take, in base64.
	pictureBytes = protocol.MaxThumbnailsBytes / 3 * 4
	// leastSilence leaves time to set the deadline of a body anew.
	leastSilence = 5 * time.Second
	// leastHeader holds a token and the metadata of a tus upload.
	leastHeader = token.MaxBytes + protocol.MaxMetadataBytes
	// leastPushed holds a token, wrapped and as JSON, and what answers pings.
	leastPushed = 2 * token.MaxBytes
	// leastWindow is what HTTP/2 begins with; twice mostWindow is its end.
	leastWindow, mostWindow = 64 << 10, 1<<30 - 1
)

// relate checks the limits that depend on each other: what one permits, another
// must not make impossible.
func (l *limitFlags) relate() error {
	listed := l.recipients() * protocol.MaxListedBytes
	mostRecipients := (protocol.MaxEventBytes - besides - protocol.MaxShareBytes) / protocol.MaxListedBytes
	mostReceipts := (signal.QueueBytes - filesPerRequest*protocol.MaxShareBytes) / protocol.MaxListedBytes
	mostMessage := size(protocol.MaxEventBytes - besides)
	leastRequest := max(l.MaxMessage, filesPerRequest*fileBytes+pictureBytes) + size(listed) + besides
	switch {
	case l.MaxRoomBytes < l.MaxFileSize:
		return errors.New("--max-room-bytes is below --max-file-size")
	case l.recipients() > mostRecipients:
		return fmt.Errorf("--max-recipients must be at most %d: an event tells the sender all the recipients of a file", mostRecipients)
	case l.MaxReceipts < l.recipients():
		return fmt.Errorf("--max-receipts must be at least %d: --max-recipients permits as many for one file", l.recipients())
	case l.MaxReceipts > mostReceipts:
		return fmt.Errorf("--max-receipts must be at most %d: what one request tells its sender waits in the queue of its push connection", mostReceipts)
	case l.MaxMessage > mostMessage:
		return fmt.Errorf("--max-message must be at most %d bytes: a message is one event", mostMessage)
	case l.MaxRequest < leastRequest:
		return fmt.Errorf("--max-request must be at least %d bytes: it holds %d files, or a message, and their recipients", leastRequest, filesPerRequest)
	case l.CreateBurst < filesPerRequest:
		return fmt.Errorf("--create-burst must be at least %d: one request may offer as many files", filesPerRequest)
	case l.PushBurstBytes < leastPushed:
		return fmt.Errorf("--push-burst-bytes must be at least %d: who connects sends a token", leastPushed)
	case l.HTTP2Window < leastWindow || l.HTTP2Window > mostWindow:
		return fmt.Errorf("--http2-window must be from %d to %d bytes", leastWindow, mostWindow)
	case l.MaxHeader < leastHeader:
		return fmt.Errorf("--max-header must be at least %d bytes: it holds a token and the metadata of an upload", leastHeader)
	}
	return nil
}
