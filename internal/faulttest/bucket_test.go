package faulttest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// bucketMemory is the most memory that a server may take while its bucket is away, in
// bytes. In a long run that is less than the files that are on their way come to.
const bucketMemory = 400 << 20

// bucketLab is a lab whose server has a bucket on a server of its own, which is taken
// from it.
type bucketLab struct {
	*lab
	s3 *enginetest.S3
}

func newBucketLab(t *testing.T) *bucketLab {
	t.Helper()
	enginetest.SharedS3(t) // the test is skipped where it is missing
	s3, err := enginetest.NewS3()
	if err != nil {
		t.Fatal(err)
	}
	return &bucketLab{newLab(t, faulttest.Build(t), "--blobs", s3.URL(s3.Bucket(t))), s3}
}

// away has the bucket be away for a while, and looks at the memory meanwhile.
func (l *bucketLab) away(t *testing.T, how string, last time.Duration) {
	t.Helper()
	l.journal.Fault(how, "S3")
	for end := time.Now().Add(last); time.Now().Before(end); time.Sleep(100 * time.Millisecond) { // the fault itself
		l.Memory("S3 " + how)
	}
}

// back waits until the server is ready again.
func (l *bucketLab) back(t *testing.T) {
	t.Helper()
	l.journal.Fault("is back", "S3")
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(l.URL() + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatal("the bucket is there, and the server is not ready")
		}
	}
}

// TestF13_TheBucketIsAway pauses the S3 server for a while, and kills it and starts it
// again, while large files come in and are followed. In the end it is away again, and
// the server dies meanwhile: what was acknowledged is in the bucket all the same, and
// what is in the spool alone was not.
func TestF13_TheBucketIsAway(t *testing.T) {
	t.Parallel()
	l := newBucketLab(t)
	l.enter(t, "eve")
	pace := faulttest.NewPace(float64(faulttest.Amount(24, 48) << 20))
	size, part := int64(faulttest.Amount(16, 64)<<20), int64(faulttest.Amount(6, 24)<<20)
	last := time.Second
	if faulttest.Long() {
		last = 30 * time.Second // longer than a request to the bucket is repeated
	}
	over := make(chan struct{})
	var work sync.WaitGroup
	for lane := range faulttest.Amount(4, 12) {
		people := l.enter(t, protocol.ParticipantID(fmt.Sprintf("ana%d", lane)), protocol.ParticipantID(fmt.Sprintf("bo%d", lane)))
		ana, bo := people[0], people[1]
		ana.Pace, bo.Pace, ana.Append = pace, pace, part
		seed := l.random.Uint64()
		work.Go(func() {
			for turn := 0; turn == 0 || !closed(over); turn++ {
				file := faulttest.File{Name: fmt.Sprintf("lane %d file %d", lane, turn), Size: size, Seed: seed + uint64(turn)}
				if err := l.carry(t.Context(), ana, bo, file); err != nil {
					t.Errorf("%s: %v", file.Name, err)
					return
				}
			}
		})
	}
	time.Sleep(time.Second) // under load
	l.s3.Pause()
	l.away(t, "stops", last)
	l.s3.Resume()
	l.back(t)
	time.Sleep(last / 4) // so that work is under way again
	if err := l.s3.Kill(); err != nil {
		t.Fatal(err)
	}
	l.away(t, "dies", last)
	if err := l.s3.Start(); err != nil {
		t.Fatal(err)
	}
	l.back(t)
	time.Sleep(last / 4)
	l.s3.Pause()
	l.away(t, "stops", time.Second)
	l.Kill(t)
	l.s3.Resume()
	l.Restart(t)
	l.back(t)
	l.journal.Over()
	close(over)
	pace.SetLimit(rate.Inf)
	work.Wait()
	faulttest.Verdict(t, l.Server, faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}, RSS: bucketMemory}, l.room)
	var files, most int64
	for _, e := range l.journal.Entries() {
		switch {
		case e.Usage != nil:
			most = max(most, e.Usage.RSS)
		case e.Job != nil && e.Job.What == "receive" && e.Job.Outcome == faulttest.Completed:
			files++
		}
	}
	t.Logf("%d files of %d MiB were sent and received; the server took %d MiB at most", files, size>>20, most>>20)
}
