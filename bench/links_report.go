package main

import (
	"fmt"
	"time"
)

// machineTime is what a round trip to the first byte may take beside the wire:
// the server and the recipient, and the wires' clocks, which tick by the millisecond.
const machineTime = 5 * time.Millisecond

// linksPart puts the figures of the deliveries into words.
func (b *bench) linksPart(r *route, facts wireFacts, ways []way) (*part, error) {
	picture, err := plotDeliveries(r, b.links.sizes, ways)
	if err != nil {
		return nil, fmt.Errorf("drawing the deliveries: %w", err)
	}
	return &part{
		Bars: b.linkBars(r, facts, ways[0]),
		Sections: []section{
			{
				Title: fmt.Sprintf("From one participant to another over links of %s and %v round trip", megabits(float64(r.rate)), 2*r.delay),
				Text: "Delivery is from the sender's first byte to the recipient's last. With cut-through the recipient asks when the push connection tells it of the share; " +
					"with store-and-forward it asks the moment that the sender's upload is acknowledged. The least is what the packets of the file need on one wire, and the delay of both.\n\n" +
					"Sender, server and recipient are three network namespaces, joined by two wires in user space over TUN: a rate, a delay, and a queue that drops what would have to wait for longer than " +
					r.queue.String() + ". Measured before the run, on the wire between sender and server: round trip " + millis(facts.roundTrip) + ", one TCP stream " + megabits(facts.rate) +
					" of payload (headers leave " + megabits(float64(r.rate)*segmentSize/mtu) + "), congestion control " + facts.control + ". Each delivery is over new connections.",
				Image: "images/delivery.svg", SVG: picture,
				Columns: []string{"file", "least, s", "cut-through, s", "× least", "first byte after, s", "store-and-forward, s", "× least", "first byte after, s"},
				Rows:    b.deliveryRows(r, ways),
			},
		},
	}, nil
}

func (b *bench) deliveryRows(r *route, ways []way) [][]string {
	var rows [][]string
	for _, size := range b.links.sizes {
		least := r.least(int64(size))
		row := []string{size.String(), seconds(least)}
		for _, w := range ways {
			whole := median(w.whole(size))
			row = append(row, seconds(whole), ratio(float64(whole)/float64(least)), seconds(median(w.begun(size))))
		}
		rows = append(rows, row)
	}
	return rows
}

// linkBars holds the largest file against what the link permits.
func (b *bench) linkBars(r *route, facts wireFacts, cutThrough way) []bar {
	largest := b.links.sizes[len(b.links.sizes)-1]
	least := r.least(int64(largest))
	times := float64(median(cutThrough.whole(largest))) / float64(least)
	what := fmt.Sprintf("%s over %s and %v round trip on both sides: ", largest, megabits(float64(r.rate)), 2*r.delay)
	return []bar{
		{
			What:  what + "first byte sent to last byte received, against the least of " + seconds(least) + " s",
			Limit: fmt.Sprintf("at most %v", barLink), Measured: significant(times), Met: times <= barLink,
		},
		atMost(fmt.Sprintf("%sfirst byte received after the event, against a round trip of %s and %v for the machine", what, millis(facts.roundTrip), machineTime),
			median(cutThrough.asked(largest)), facts.roundTrip+machineTime),
	}
}

func (w *way) whole(s size) []time.Duration {
	return durations(w.took[s], func(d delivery) time.Duration { return d.whole })
}

func (w *way) begun(s size) []time.Duration {
	return durations(w.took[s], func(d delivery) time.Duration { return d.begun })
}

func (w *way) asked(s size) []time.Duration {
	return durations(w.took[s], func(d delivery) time.Duration { return d.asked })
}

func durations(ds []delivery, which func(delivery) time.Duration) []time.Duration {
	out := make([]time.Duration, len(ds))
	for i, d := range ds {
		out[i] = which(d)
	}
	return out
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func megabits(rate float64) string { return significant(rate/1e6) + " Mbit/s" }
