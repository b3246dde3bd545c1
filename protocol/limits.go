package protocol

// Limits are the bounds that a client should know before it tries. Zero is
// never "unlimited": the server always has a bound. Sizes are bytes.
type Limits struct {
	FileSize             int64 `json:"fileSize"`
	RoomBytes            int64 `json:"roomBytes"`
	RoomShares           int   `json:"roomShares"`
	OpenUploads          int   `json:"openUploads"` // per participant
	FilesPerRequest      int   `json:"filesPerRequest"`
	LifetimeSeconds      int64 `json:"lifetimeSeconds"`
	EmptyRoomSeconds     int64 `json:"emptyRoomSeconds"`
	UploadIdleSeconds    int64 `json:"uploadIdleSeconds"`
	ReconnectSeconds     int64 `json:"reconnectSeconds"` // grace before an absent participant has left
	MessageBytes         int   `json:"messageBytes"`
	ParticipantsPerRoom  int   `json:"participantsPerRoom"`
	RecipientsPerRequest int   `json:"recipientsPerRequest"`
	ReceiptsPerRequest   int   `json:"receiptsPerRequest"` // files times recipients; the whole room counts as none
}

// Fixed bounds of the wire, the same on every server.
const (
	MaxFileNameBytes    = 255
	MaxPathBytes        = 512
	MaxPathDepth        = 32 // folders
	MaxThumbnailBytes   = 16 << 10
	MaxThumbnailsBytes  = 128 << 10 // of the files of one request
	MaxDisplayNameBytes = 128
	MaxTypeBytes        = 127
	MaxMetadataBytes    = 8 << 10 // Upload-Metadata, tus, beside a thumbnail
	MaxMetadataKeys     = 32
	SharesPerPage       = 200
	ReceiptsPerPage     = 500
	MaxReceiptWords     = 200      // of one request
	MaxReasonBytes      = 64       // of a failed receipt
	MaxParts            = 64       // of one file
	MaxConcatBytes      = 16 << 10 // Upload-Concat, tus

	// MaxEventBytes bounds one push: shares that take more are told of in
	// several.
	MaxEventBytes = 64 << 10
	// MaxShareBytes bounds a share on the wire, but for the list of its
	// recipients.
	MaxShareBytes = 3 << 10
	// MaxListedBytes bounds one participant's place in a list.
	MaxListedBytes = maxParticipantID + len(`"",`)
)
