package s3blob

import "testing"

// TestSegmentsAreFewEnough walks through the largest files that there may be, with
// segments as they are made: never more than a bucket can join, none too large, and
// those of small files never larger than the least.
func TestSegmentsAreFewEnough(t *testing.T) {
	for _, largest := range []int64{1, 2 << 30, 80 << 30, 100 << 30, 1 << 40, 5 << 40} {
		var at int64
		segments := 0
		for at < largest {
			size := min(segmentSize(at, segments, largest), largest-at)
			if size > largestPart || size <= 0 || size < leastPart && at+size < largest {
				t.Fatalf("of %d bytes, segment %d has %d", largest, segments, size)
			}
			if at < plainSegments*leastSegment && size > leastSegment {
				t.Fatalf("of %d bytes, the segment at %d has %d", largest, at, size)
			}
			at += size
			segments++
		}
		if segments > mostParts {
			t.Errorf("%d bytes are in %d segments", largest, segments)
		}
	}
	if size := segmentSize(5<<40, 20_000, 5<<40); size < leastPart || size > largestPart {
		t.Errorf("beyond all bounds a segment has %d bytes", size)
	}
}

func TestWhatCanBeJoined(t *testing.T) {
	row := func(lengths ...int64) (row []Segment) {
		for _, length := range lengths {
			row = append(row, Segment{Length: length})
		}
		return row
	}
	many := func(n int) []Segment { return row(append(make([]int64, 0, n), repeat(leastSegment, n)...)...) }
	for _, c := range []struct {
		segments []Segment
		want     bool
	}{
		{nil, false},
		{row(leastSegment), false},
		{row(leastSegment, 1), true},
		{row(leastPart-1, leastSegment), false},
		{row(leastPart, leastPart, 7), true},
		{row(leastSegment, largestPart+1), false},
		{many(mostParts), true},
		{many(mostParts + 1), false},
	} {
		if got := joinable(c.segments); got != c.want {
			t.Errorf("%d segments: joinable is %v", len(c.segments), got)
		}
	}
}

func repeat(length int64, n int) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = length
	}
	return all
}

func TestPlaces(t *testing.T) {
	for text, want := range map[string]Place{
		"s3://files":                                               {Bucket: "files", Endpoint: "s3.amazonaws.com"},
		"s3://files/a/b/?region=eu-central-1":                      {Bucket: "files", Prefix: "a/b/", Endpoint: "s3.amazonaws.com", Region: "eu-central-1"},
		"s3://files?endpoint=http://127.0.0.1:9000":                {Bucket: "files", Endpoint: "127.0.0.1:9000", Insecure: true},
		"s3://files?endpoint=https://s3.example.org&region=garage": {Bucket: "files", Endpoint: "s3.example.org", Region: "garage"},
		"s3://files?endpoint=s3.example.org:8443":                  {Bucket: "files", Endpoint: "s3.example.org:8443"},
	} {
		if got, err := ParsePlace(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "files", "s3://", "http://files", "s3://key:secret@files", "s3://files?endpoint=ftp://x", "s3://files?endpoint=http://x/y", "s3://files?pathstyle=1", "s3://files:99"} {
		if got, err := ParsePlace(text); err == nil {
			t.Errorf("%s is %+v", text, got)
		}
	}
}
