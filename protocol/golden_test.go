package protocol_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

// update rewrites the golden messages: go test ./protocol -update.
var update = flag.Bool("update", false, "rewrite testdata from the values in this file")

func golden() map[string]any {
	at := time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC)
	later := at.Add(2 * time.Second)
	size := int64(191002)
	ana := protocol.Participant{
		ID: "pt_aaaaaaaaaaaaaaaaaaaaaaaaaa", Name: "Ana", Role: "moderator", UserRef: "u-1",
		Grants: []string{"send", "receive", "sendToAll", "moderate"}, Data: json.RawMessage(`{"seat":4}`), JoinedAt: at,
	}
	share := protocol.Share{
		ID: "sh_bbbbbbbbbbbbbbbbbbbbbbbbbb", Room: "rm_cccccccccccccccccccccccccc",
		Name: "DP1.pdf", Type: "application/pdf", Size: &size, Offset: 65536, State: protocol.Uploading,
		Sender: protocol.Sender{ID: ana.ID, Name: ana.Name}, To: protocol.ToRoom(),
		CreatedAt: at, ExpiresAt: at.Add(24 * time.Hour), Rev: 1,
	}
	available := share
	available.State, available.Offset, available.AvailableAt, available.Rev = protocol.Available, size, &later, 2
	available.SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	targeted := share
	targeted.Size, targeted.Offset = nil, 0
	targeted.Path, targeted.Thumbnail = "photos/2024", true
	targeted.To = protocol.Audience{List: []protocol.ParticipantID{"pt_dddddddddddddddddddddddddd", "visitor-7"}}
	fromApp := targeted
	fromApp.Sender = protocol.Sender{ID: protocol.OperatorID, Name: "Front desk"}
	revoked := available
	revoked.State, revoked.Rev = protocol.Revoked, 3
	failed := share
	failed.State, failed.Reason, failed.Rev = protocol.Failed, string(protocol.CodeUploadIdle), 2
	expired := available
	expired.State, expired.Reason, expired.Rev = protocol.Expired, string(protocol.CodeRoomEmpty), 3

	sharing := protocol.Sharing{Off: []string{protocol.RoleParticipant, protocol.RoleViewer}, Rev: 3}
	rules := protocol.Rules{
		Limits: map[string]int64{"fileSize": 10 << 20, "lifetimeSeconds": 3600}, Allow: []string{"image/*", ".pdf"}, Deny: []string{"image/svg+xml"},
		SendToAll: []string{protocol.RoleModerator}, Rev: 2,
	}
	inRoom := rules.Within(protocol.Limits{FileSize: 2 << 30, RoomBytes: 20 << 30, RoomShares: 1000, OpenUploads: 100, FilesPerRequest: 100, LifetimeSeconds: 86400, EmptyRoomSeconds: 600, UploadIdleSeconds: 3600, ReconnectSeconds: 10, MessageBytes: 16384, ParticipantsPerRoom: 2000, RecipientsPerRequest: 200, ReceiptsPerRequest: 2000})
	seen, downloading := receipt(at, later)
	received, _ := downloading.Step(protocol.ReceiptReceived, "", later)
	received.Bytes = 0 // never stored

	return map[string]any{
		"event-receipts-changed": protocol.Event{Type: protocol.ReceiptsChanged, Stream: protocol.PersonalStream, Seq: 8, Time: at, Receipts: []protocol.Receipt{seen, downloading}},
		"receipt-page":           protocol.ReceiptPage{Seq: 8, More: true, Receipts: []protocol.Receipt{downloading}},
		"ledger":                 protocol.Ledger{Receipts: []protocol.Receipt{{Share: share.ID, Participant: "visitor-9", State: protocol.ReceiptOffered, OfferedAt: at}, seen}, More: true},
		"receipt-words": protocol.ReceiptWords{Receipts: []protocol.ReceiptWord{
			{Share: share.ID, State: protocol.ReceiptSeen},
			{Share: share.ID, State: protocol.ReceiptReceived, SHA256: available.SHA256},
			{Share: share.ID, State: protocol.ReceiptFailed, Reason: "no-space"},
		}},
		"receipt-answers": protocol.ReceiptAnswers{Receipts: []protocol.ReceiptAnswer{
			{Share: share.ID, Receipt: &seen},
			{Share: targeted.ID, Code: protocol.CodeChecksumMismatch, Detail: "the bytes received are not those of the share"},
		}},
		"event-participant-joined": protocol.Event{Type: protocol.ParticipantJoined, Stream: protocol.RoomStream, Seq: 1, Time: at, Participant: &ana},
		"event-participant-left":   protocol.Event{Type: protocol.ParticipantLeft, Stream: protocol.RoomStream, Seq: 9, Time: at, Participant: &ana},
		"event-shares-created":     protocol.Event{Type: protocol.SharesCreated, Stream: protocol.RoomStream, Seq: 2, Time: at, Shares: []protocol.Share{share, available}},
		"event-shares-available":   protocol.Event{Type: protocol.SharesAvailable, Stream: protocol.RoomStream, Seq: 3, Time: at, Shares: []protocol.Share{available}},
		"event-shares-ended":       protocol.Event{Type: protocol.SharesEnded, Stream: protocol.PersonalStream, Seq: 4, Time: at, Shares: []protocol.Share{revoked, failed, expired}},
		"event-stream-moved": protocol.Event{Type: protocol.StreamMoved, Stream: protocol.PersonalStream, Time: at, Head: 12},
		"event-transfers-moved": protocol.Event{Type: protocol.TransfersMoved, Time: at, Transfers: []protocol.Transfer{
			{Share: share.ID, Bytes: 65536}, {Share: available.ID, Participant: "visitor-7", Bytes: 131072},
		}},
		"event-rules-changed":   protocol.Event{Type: protocol.RulesChanged, Stream: protocol.RoomStream, Seq: 12, Time: at, Rules: &rules, Limits: &inRoom},
		"roster-ruled":          protocol.Roster{Participants: []protocol.Participant{ana}, Sharing: sharing, Rules: rules, Limits: inRoom},
		"event-sharing-changed": protocol.Event{Type: protocol.SharingChanged, Stream: protocol.RoomStream, Seq: 11, Time: at, Sharing: &sharing},
		"sharing-switch":        protocol.SharingSwitch{Off: &sharing.Off, CancelRunning: true},
		"event-room-ended":      protocol.Event{Type: protocol.RoomEnded, Stream: protocol.RoomStream, Seq: 10, Time: at},
		"event-message": protocol.Event{Type: protocol.MessageReceived, Time: at, Message: &protocol.Message{
			Kind: protocol.TextMessage, Sender: protocol.Sender{ID: ana.ID, Name: ana.Name}, To: protocol.ToRoom(), Body: json.RawMessage(`"hello"`),
		}},
		"webhook-received": protocol.Webhook{Type: protocol.WebhookReceived, Timestamp: later, Data: protocol.WebhookData{
			App: "shop", Room: &protocol.WebhookRoom{ID: share.Room, Name: "Physics 101", OwnerRef: "school-7"}, Share: &available, Receipt: &received,
		}},
		"share-targeted": targeted,
		"usage": protocol.Usage{
			From: "2026-03-01", To: "2026-03-14", More: true,
			Total: protocol.Used{Files: 7, BytesIn: 1400000, BytesOut: 4200000, Receipts: 21, Joins: 12, Peak: 5},
			Rooms: []protocol.RoomUsed{{Room: share.Room, Used: protocol.Used{Files: 3, BytesIn: 600000, BytesOut: 1800000, Receipts: 9, Joins: 5, Peak: 4}}},
		},
		"share-list": protocol.ShareList{Shares: []protocol.Share{fromApp}, More: true},
		"share-page": protocol.SharePage{
			Seq: protocol.Cursor{Room: 41, Personal: 7}, Reset: true, More: true, Shares: []protocol.Share{available},
		},
		"offer": protocol.Offer{
			Files: []protocol.FileInfo{
				{Name: "DP1.pdf", Size: &size, Type: "application/pdf"},
				{Name: "a.png", Size: &size, Type: "image/png", Path: "photos/2024", Thumbnail: []byte("\x89PNG\r\n\x1a\n")},
			},
			To: &protocol.Audience{List: []protocol.ParticipantID{"visitor-7"}},
		},
		"offered": protocol.Offered{Shares: []protocol.OfferedShare{{Share: share, UploadURL: "/uploads/sh_bbbbbbbbbbbbbbbbbbbbbbbbbb"}}},
		"split":   protocol.Split{Count: 2},
		"parts": protocol.Parts{Parts: []protocol.Part{
			{Offset: 65536, Size: 62733, Received: 62733, UploadURL: "/uploads/sh_ffffffffffffffffffffffffff"},
			{Offset: 128269, Size: 62733, Received: 1024, UploadURL: "/uploads/sh_gggggggggggggggggggggggggg"},
		}},
		"welcome": protocol.Welcome{
			Me:     ana,
			Room:   protocol.RoomInfo{ID: share.Room, Name: "Physics 101", Settings: json.RawMessage(`{"mode":"group"}`)},
			Limits: protocol.Limits{FileSize: 2 << 30, RoomBytes: 20 << 30, RoomShares: 1000, OpenUploads: 100, FilesPerRequest: 100, LifetimeSeconds: 86400, EmptyRoomSeconds: 600, UploadIdleSeconds: 3600, ReconnectSeconds: 10, MessageBytes: 16384, ParticipantsPerRoom: 2000, RecipientsPerRequest: 200, ReceiptsPerRequest: 2000},
		},
		"roster":          protocol.Roster{Participants: []protocol.Participant{ana}, Sharing: sharing},
		"ticket":          protocol.Ticket{URL: "/v1/shares/sh_bbbbbbbbbbbbbbbbbbbbbbbbbb/content?ticket=dt_eeeeeeeeeeeeeeeeeeeeeeeeee", ExpiresAt: later},
		"message-request": protocol.MessageRequest{Kind: protocol.DataMessage, To: &protocol.Audience{Room: true}, Body: json.RawMessage(`{"page":3}`)},
		"problem": protocol.Problem{
			Type: "urn:handout:error:offset-mismatch", Title: "Conflict", Status: 409, Code: protocol.CodeOffsetMismatch,
			Detail: "the upload is at offset 65536, not 0",
		},
	}
}

// receipt returns one that was seen, and one whose download began again after it
// had failed.
func receipt(at, later time.Time) (seen, downloading protocol.Receipt) {
	seen = protocol.Receipt{
		Share: "sh_bbbbbbbbbbbbbbbbbbbbbbbbbb", Participant: "visitor-7", Name: "Bo",
		State: protocol.ReceiptSeen, OfferedAt: at, SeenAt: &later, Rev: 1,
	}
	downloading = seen
	downloading.State, downloading.StartedAt, downloading.Bytes, downloading.Rev = protocol.ReceiptDownloading, &later, 65536, 4
	return seen, downloading
}

func TestGoldenMessages(t *testing.T) {
	for name, value := range golden() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".json")
			got, err := json.MarshalIndent(value, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("the wire changed (-golden +now):\n%s", diff)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) != len(golden()) {
		t.Errorf("testdata has %d messages, this file %d (%v)", len(files), len(golden()), err)
	}
}

// TestGoldenMessagesReadBack reads what other implementations are held to.
func TestGoldenMessagesReadBack(t *testing.T) {
	for name, into := range map[string]any{
		"event-shares-created": new(protocol.Event), "event-sharing-changed": new(protocol.Event), "event-rules-changed": new(protocol.Event), "roster-ruled": new(protocol.Roster), "sharing-switch": new(protocol.SharingSwitch), "roster": new(protocol.Roster), "event-message": new(protocol.Event),
		"share-targeted": new(protocol.Share), "share-list": new(protocol.ShareList), "usage": new(protocol.Usage), "share-page": new(protocol.SharePage), "offer": new(protocol.Offer),
		"event-receipts-changed": new(protocol.Event), "receipt-page": new(protocol.ReceiptPage), "ledger": new(protocol.Ledger),
		"receipt-words": new(protocol.ReceiptWords), "receipt-answers": new(protocol.ReceiptAnswers),
		"offered": new(protocol.Offered), "split": new(protocol.Split), "parts": new(protocol.Parts), "webhook-received": new(protocol.Webhook), "welcome": new(protocol.Welcome), "problem": new(protocol.Problem),
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := json.Marshal(into)
		if err != nil {
			t.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(compact.String(), string(again)); diff != "" {
			t.Errorf("%s does not survive reading and writing (-was +is):\n%s", name, diff)
		}
	}
}
