package protocol

// Used is what has been used in a time, by a room or by all rooms of an application.
type Used struct {
	Files    int64 `json:"files"`    // that were all there
	BytesIn  int64 `json:"bytesIn"`  // that senders sent, also of uploads that came to nothing
	BytesOut int64 `json:"bytesOut"` // of the files that were received, each time that one was
	Receipts int64 `json:"receipts"` // recipients that have said of a file that they have received it
	Joins    int64 `json:"joins"`    // participants that came into the room
	Peak     int64 `json:"peak"`     // the most participants in one room at once
}

// RoomUsed is what one room has used.
type RoomUsed struct {
	Room RoomID `json:"room_id"`
	Used
}

// Usage is what an application has used on the days from From to To, both included,
// each as "2006-01-02" in UTC.
type Usage struct {
	Result int        `json:"result"` // 0
	From   string     `json:"from"`
	To     string     `json:"to"`
	Total  Used       `json:"total"` // of all its rooms
	Rooms  []RoomUsed `json:"rooms"`
	More   bool       `json:"more,omitempty"` // ask again with "after", the last room
}

// RoomsPerPage bounds the rooms of one page of usage.
const RoomsPerPage = 500
