package diskblob

import (
	"bytes"
	"testing"
)

func FuzzScan(f *testing.F) {
	const pack = "abc"
	one := entry{key: "sh_1", size: 5, sum: sumOf([]byte("hello"))}.append(nil, pack, []byte("hello"))
	f.Add(one)
	f.Add(append(make([]byte, entryAlign), one...))
	f.Add(one[:entryHead])
	f.Fuzz(func(t *testing.T, data []byte) {
		last := int64(0)
		err := scan(pack, bytes.NewReader(data), int64(len(data)), func(at int64, e entry) {
			if at < last || at%entryAlign != 0 || !e.key.Valid() || e.size > maxPacked || at+e.dataAt()+int64(e.size) > int64(len(data)) {
				t.Errorf("an entry at %d behind %d of %d bytes: %+v", at, last, len(data), e)
			}
			last = at + e.span()
		})
		if err != nil {
			t.Error(err)
		}
	})
}
