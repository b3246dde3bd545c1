// Package crash names the points between two steps of the server's work at which
// its death is tested: after each step of the commit order, of a cancel, of a
// deposit, of a join.
//
// The program as it is shipped has none of them: At is empty, and gone when it is
// compiled. Built with the tag "crashpoints" it dies, as by kill -9, when it comes
// to the point that the file named by HANDOUT_CRASH_FILE says; the file is removed
// before, so that a successor lives, and so that it is known where it died.
package crash

// Point is a place between two steps.
type Point string

// FileVariable names the file that says at which point to die.
const FileVariable = "HANDOUT_CRASH_FILE"

// Every point there is, in the order in which work comes to them.
const (
	// SharesMade: the records of an offer are committed, the request is not answered.
	SharesMade Point = "shares-made"
	// BytesWritten: an append's bytes are written, its offset is not recorded.
	BytesWritten Point = "bytes-written"
	// OffsetRecorded: the offset is recorded, the append is not answered.
	OffsetRecorded Point = "offset-recorded"
	// BlobSynced: the whole file is synced and still staged.
	BlobSynced Point = "blob-synced"
	// BlobNamed: the file has its final name, which is not synced.
	BlobNamed Point = "blob-named"
	// NamesSynced: the file survives; the record still says that it is uploading.
	NamesSynced Point = "names-synced"
	// CompletionWritten: the record says available, in a transaction that is not
	// committed.
	CompletionWritten Point = "completion-written"
	// CompletionRecorded: the record and its event are committed, the append is not
	// answered.
	CompletionRecorded Point = "completion-recorded"
	// EventTaken: a committed event is about to be published.
	EventTaken Point = "event-taken"
	// EventPublished: an event is published, the outbox still has it.
	EventPublished Point = "event-published"
	// EventsCleared: published events are out of the outbox.
	EventsCleared Point = "events-cleared"

	// PackWritten: a small file is in its pack, which is not synced.
	PackWritten Point = "pack-written"
	// DepositKept: a deposit's bytes survive, no record knows them.
	DepositKept Point = "deposit-kept"
	// DepositWritten: the record of a deposit is written and not committed.
	DepositWritten Point = "deposit-written"
	// DepositRecorded: the record of a deposit is committed, it is not answered.
	DepositRecorded Point = "deposit-recorded"

	// UploadSplit: an upload has its parts, the request is not answered.
	UploadSplit Point = "upload-split"
	// PartsTaken: partial uploads belong to their file, which has none of their bytes.
	PartsTaken Point = "parts-taken"
	// PartJoined: a part's bytes are in its file, it has not ended.
	PartJoined Point = "part-joined"
	// PartEnded: a part has ended, its bytes are still there.
	PartEnded Point = "part-ended"
	// PartRemoved: a part's bytes are gone, which is not recorded.
	PartRemoved Point = "part-removed"

	// EndWritten: the record says that the share has ended, in a transaction that is
	// not committed.
	EndWritten Point = "end-written"
	// EndRecorded: the end is committed, its downloads go on.
	EndRecorded Point = "end-recorded"
	// ReadersCut: its downloads are cut off, its upload goes on.
	ReadersCut Point = "readers-cut"
	// WriterStopped: nobody reads or writes it, its bytes are still there.
	WriterStopped Point = "writer-stopped"
	// PackPunched: a small file is taken off the disk, its pack still lists it.
	PackPunched Point = "pack-punched"
	// BytesRemoved: the bytes are gone, which is not recorded.
	BytesRemoved Point = "bytes-removed"
	// PurgeRecorded: it is recorded that the bytes are gone, the request is not
	// answered.
	PurgeRecorded Point = "purge-recorded"
)

// Points returns every point, in the order in which work comes to them.
func Points() []Point {
	return []Point{
		SharesMade, BytesWritten, OffsetRecorded, BlobSynced, BlobNamed, NamesSynced, CompletionWritten, CompletionRecorded,
		EventTaken, EventPublished, EventsCleared, PackWritten, DepositKept, DepositWritten, DepositRecorded,
		UploadSplit, PartsTaken, PartJoined, PartEnded, PartRemoved,
		EndWritten, EndRecorded, ReadersCut, WriterStopped, PackPunched, BytesRemoved, PurgeRecorded,
	}
}
