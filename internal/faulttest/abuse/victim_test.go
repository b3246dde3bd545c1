package abuse_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// victim is a participant of another room than the attackers', at work.
type victim struct {
	client *http.Client
	url    string
	room   string
	token  string
	file   []byte
}

// victimsFile is how much the victim uploads and downloads each time.
const victimsFile = 1 << 20

// victimsPace is how long a round of the victim takes at least: it leaves the
// machine time, as a person does.
const victimsPace = 50 * time.Millisecond

func (s *siege) newVictim(t *testing.T) *victim {
	t.Helper()
	room := s.makeRoom(t)
	v := &victim{client: from(victimsAddress, 2), url: s.url, room: string(room), token: sign(t, room, "victim"), file: make([]byte, victimsFile)}
	rand.Read(v.file)
	t.Cleanup(v.client.CloseIdleConnections)
	return v
}

// figures are how a victim fared in a stretch of time.
type figures struct {
	took   []time.Duration // of each request
	rounds int
	failed []string
	over   time.Duration
}

// p99 is the time within which 99 of 100 requests were answered.
func (f figures) p99() time.Duration {
	if len(f.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(f.took))
	return sorted[(len(sorted)-1)*99/100]
}

// rate is rounds a second.
func (f figures) rate() float64 { return float64(f.rounds) / f.over.Seconds() }

// work uploads, lists, downloads and ends files until ctx ends.
func (v *victim) work(ctx context.Context) (f figures) {
	began := time.Now()
	for ctx.Err() == nil {
		round := time.Now()
		if err := v.round(ctx, &f); err != nil {
			if ctx.Err() == nil {
				f.failed = append(f.failed, err.Error())
			}
			continue
		}
		f.rounds++
		select {
		case <-time.After(victimsPace - time.Since(round)):
		case <-ctx.Done():
		}
	}
	f.over = time.Since(began)
	return f
}

// round is one file from its offer to its end.
func (v *victim) round(ctx context.Context, f *figures) error {
	request := func(want int, method, path string, body []byte, headers ...string) (*http.Response, string, error) {
		began := time.Now()
		response, text := ask(ctx, v.client, method, v.url+path, v.token, bytes.NewReader(body), headers...)
		if ctx.Err() != nil {
			return response, text, ctx.Err()
		}
		f.took = append(f.took, time.Since(began))
		if response.StatusCode != want {
			return response, text, fmt.Errorf("%s %s: %s %.200s", method, path, outcome(response, text), text)
		}
		return response, text, nil
	}
	made, _, err := request(http.StatusCreated, "POST", "/uploads", v.file, append(tusAppend, "Upload-Length", fmt.Sprint(len(v.file)))...)
	if err != nil {
		return err
	}
	share := strings.Replace(made.Header.Get("Location"), "/uploads/", "/v1/shares/", 1)
	if _, _, err := request(http.StatusOK, "GET", "/v1/rooms/"+v.room+"/shares", nil); err != nil {
		return err
	}
	_, got, err := request(http.StatusOK, "GET", share+"/content", nil)
	if err == nil && got != string(v.file) {
		err = fmt.Errorf("%s: other bytes came than were sent", share)
	}
	if err != nil {
		return err
	}
	_, _, err = request(http.StatusNoContent, "DELETE", share, nil)
	return err
}

// during lets the victim work while do runs, and returns how it fared.
func (v *victim) during(t *testing.T, do func()) figures {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var f figures
	var working sync.WaitGroup
	working.Go(func() { f = v.work(ctx) })
	do()
	cancel()
	working.Wait()
	return f
}
