package diskblob

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
)

// A pack is a file of entries, one behind the other. Each begins at a multiple
// of entryAlign and describes itself:
//
//	 0  magic           4 bytes
//	 4  state           1 byte: entryLive, or entryDead once it was removed
//	 5  length of key   1 byte
//	 6  zero            2 bytes
//	 8  length of data  4 bytes
//	12  CRC-32C of data 4 bytes
//	16  when            8 bytes, microseconds since 1970
//	24  CRC-32C         4 bytes, of the pack's name, the 24 bytes before without
//	                    the state, and the key
//	28  zero            4 bytes
//	32  key, data
//
// All integers are little-endian. The state is the one byte that changes, so it
// is in no checksum, and to change it cannot tear anything. The pack's name, which
// is random, is in the checksum so that no data that somebody uploads can pass
// for an entry.
const (
	entryMagic = 0x6b706f68
	entryLive  = 0xa5
	entryDead  = 0x00
	entryHead  = 32
	entryAlign = 64
	stateAt    = 4

	maxKey = 64
)

// entry is what the head of one says.
type entry struct {
	key  blob.Key
	dead bool
	size int    // bytes of data
	sum  uint32 // of the data
	when int64  // microseconds since 1970
}

// dataAt is where the data begins, from the beginning of the entry.
func (e entry) dataAt() int64 { return int64(entryHead + len(e.key)) }

// span is how far it is to where the next entry may begin.
func (e entry) span() int64 { return aligned(e.dataAt() + int64(e.size)) }

func aligned(n int64) int64 { return (n + entryAlign - 1) &^ (entryAlign - 1) }

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once by the package

func sumOf(data []byte) uint32 { return crc32.Checksum(data, castagnoli()) }

// append writes the entry's head and key, and the data, behind b.
func (e entry) append(b []byte, pack string, data []byte) []byte {
	at := len(b)
	b = append(b, make([]byte, entryHead)...)
	head := b[at:]
	binary.LittleEndian.PutUint32(head[0:], entryMagic)
	head[5] = byte(len(e.key))
	binary.LittleEndian.PutUint32(head[8:], uint32(e.size))
	binary.LittleEndian.PutUint32(head[12:], e.sum)
	binary.LittleEndian.PutUint64(head[16:], uint64(e.when))
	binary.LittleEndian.PutUint32(head[24:], headSum(pack, head, e.key))
	head[stateAt] = entryLive
	b = append(b, e.key...)
	return append(b, data...)
}

// headSum is the checksum of a head.
func headSum(pack string, head []byte, key blob.Key) uint32 {
	var plain [24]byte
	copy(plain[:], head)
	plain[stateAt] = 0
	sum := crc32.Update(crc32.Checksum([]byte(pack), castagnoli()), castagnoli(), plain[:])
	return crc32.Update(sum, castagnoli(), []byte(key))
}

// parseEntry reads the head and key at the beginning of b, which may be followed
// by anything. It reports false for what no pack of that name has written.
func parseEntry(pack string, b []byte) (entry, bool) {
	if len(b) < entryHead || binary.LittleEndian.Uint32(b) != entryMagic {
		return entry{}, false
	}
	length := int(b[5])
	if length > maxKey || len(b) < entryHead+length {
		return entry{}, false
	}
	e := entry{
		key:  blob.Key(b[entryHead : entryHead+length]),
		dead: b[stateAt] == entryDead,
		size: int(binary.LittleEndian.Uint32(b[8:])),
		sum:  binary.LittleEndian.Uint32(b[12:]),
		when: int64(binary.LittleEndian.Uint64(b[16:])),
	}
	ok := e.key.Valid() && e.size <= maxPacked && headSum(pack, b, e.key) == binary.LittleEndian.Uint32(b[24:])
	return e, ok
}

// scan calls found with each entry of a pack of that size, from its beginning to
// its end. What is no entry is passed over: the tail that a power cut tore, a
// place that was taken by a writer which died, or damage.
func scan(pack string, r io.ReaderAt, size int64, found func(at int64, e entry)) error {
	window := make([]byte, 64<<10)
	var from, to int64 // what of the pack is in the window
	for at := int64(0); at+entryHead <= size; {
		if at < from || min(at+entryHead+maxKey, size) > to {
			n, err := r.ReadAt(window[:min(int64(len(window)), size-at)], at)
			if err != nil && err != io.EOF {
				return err
			}
			from, to = at, at+int64(n)
		}
		e, ok := parseEntry(pack, window[at-from:to-from])
		if !ok || at+e.dataAt()+int64(e.size) > size {
			at += entryAlign
			continue
		}
		found(at, e)
		at += e.span()
	}
	return nil
}
