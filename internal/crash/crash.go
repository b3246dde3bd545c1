// Package crash names the points between two steps of the server's work at which
// its death is tested: after each step of the commit order, of a cancel, of a
// deposit, of a join, in a directory and in a bucket.
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
	// BlobSynced: the whole file is synced and still staged; in a bucket, its objects
	// are all there.
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

	// EpochBegun: a new writer of a file of a bucket alone may add to it, what it has cut
	// off is still in the bucket.
	EpochBegun Point = "epoch-begun"
	// SegmentStored: an object with a stretch of a file is in the bucket, no manifest
	// has it.
	SegmentStored Point = "segment-stored"
	// SegmentsListed: the manifest has more segments, what they take the place of is
	// still in the bucket, the offset is not recorded.
	SegmentsListed Point = "segments-listed"
	// JoinBegun: a multipart upload of a whole file is there, and has no part.
	JoinBegun Point = "join-begun"
	// SegmentsCopied: it has all its parts, and is not complete.
	SegmentsCopied Point = "segments-copied"
	// ObjectJoined: one object has the file, the manifest says that its segments do.
	ObjectJoined Point = "object-joined"
	// JoinListed: the manifest says that it does, the segments are still there.
	JoinListed Point = "join-listed"

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
	// BlobRetired: nobody gets the file of the bucket any more, its objects are there.
	BlobRetired Point = "blob-retired"
	// ObjectsRemoved: its objects are gone, its manifest is there.
	ObjectsRemoved Point = "objects-removed"
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
		EventTaken, EventPublished, EventsCleared,
		EpochBegun, SegmentStored, SegmentsListed, JoinBegun, SegmentsCopied, ObjectJoined, JoinListed, PackWritten, DepositKept, DepositWritten, DepositRecorded,
		UploadSplit, PartsTaken, PartJoined, PartEnded, PartRemoved,
		EndWritten, EndRecorded, ReadersCut, WriterStopped, PackPunched, BlobRetired, ObjectsRemoved, BytesRemoved, PurgeRecorded,
	}
}
