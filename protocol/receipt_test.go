package protocol_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

// TestReceiptSteps is the whole table of steps.
func TestReceiptSteps(t *testing.T) {
	const (
		offered, seen, downloading = protocol.ReceiptOffered, protocol.ReceiptSeen, protocol.ReceiptDownloading
		received, declined         = protocol.ReceiptReceived, protocol.ReceiptDeclined
		cancelled, failed, unknown = protocol.ReceiptCancelled, protocol.ReceiptFailed, protocol.ReceiptState("polished")
	)
	all := []protocol.ReceiptState{offered, seen, downloading, received, declined, cancelled, failed, unknown}
	may := map[protocol.ReceiptState][]protocol.ReceiptState{
		offered:     {seen, downloading, received, declined, cancelled, failed},
		seen:        {downloading, received, declined, cancelled, failed},
		downloading: {received, declined, cancelled, failed},
		declined:    {downloading, received},
		cancelled:   {downloading, received, declined},
		failed:      {downloading, received, declined},
	}
	for _, from := range all {
		var got []protocol.ReceiptState
		for _, to := range all {
			if from.CanBecome(to) {
				got = append(got, to)
			}
		}
		if diff := cmp.Diff(may[from], got); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", from, diff)
		}
		if sayable := from != offered && from != unknown; from.Sayable() != sayable {
			t.Errorf("%s can be said: %v, want %v", from, from.Sayable(), sayable)
		}
	}
}

// TestReceiptTimes follows one receipt through a failure to its end.
func TestReceiptTimes(t *testing.T) {
	at := func(minute int) *time.Time {
		then := time.Date(2026, 3, 14, 15, minute, 0, 0, time.UTC)
		return &then
	}
	receipt := protocol.Receipt{Share: "sh_1", Participant: "bo", State: protocol.ReceiptOffered, OfferedAt: *at(0)}
	steps := []struct {
		to     protocol.ReceiptState
		reason string
		want   protocol.Receipt
	}{
		{protocol.ReceiptSeen, "", protocol.Receipt{State: protocol.ReceiptSeen, SeenAt: at(1), Rev: 1}},
		{protocol.ReceiptDownloading, "", protocol.Receipt{State: protocol.ReceiptDownloading, SeenAt: at(1), StartedAt: at(2), Rev: 2}},
		{protocol.ReceiptFailed, "no-space", protocol.Receipt{State: protocol.ReceiptFailed, Reason: "no-space", SeenAt: at(1), StartedAt: at(2), EndedAt: at(3), Rev: 3}},
		{protocol.ReceiptDownloading, "", protocol.Receipt{State: protocol.ReceiptDownloading, SeenAt: at(1), StartedAt: at(4), Rev: 4}},
		{protocol.ReceiptReceived, "", protocol.Receipt{State: protocol.ReceiptReceived, SeenAt: at(1), StartedAt: at(4), EndedAt: at(5), Rev: 5}},
	}
	for i, step := range steps {
		moved := false
		if receipt, moved = receipt.Step(step.to, step.reason, *at(i + 1)); !moved {
			t.Fatalf("the step to %s was not taken", step.to)
		}
		step.want.Share, step.want.Participant, step.want.OfferedAt = "sh_1", "bo", *at(0)
		if diff := cmp.Diff(step.want, receipt); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.to, diff)
		}
	}
	if after, moved := receipt.Step(protocol.ReceiptFailed, "network", *at(9)); moved || !cmp.Equal(after, receipt) {
		t.Errorf("what was received became %+v", after)
	}
}
