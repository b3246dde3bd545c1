package protocol

// CloseCode says why the server ended a push connection. After 4000 to 4499 a
// client connects again, after 4500 to 4999 it does not: the codes cross the
// wire and never change their meaning.
type CloseCode uint32

const (
	// CloseStopping: the server is stopping; connect again at once.
	CloseStopping CloseCode = 4000
	// CloseReplaced: this participant connected elsewhere.
	CloseReplaced CloseCode = 4500
	// CloseUnauthenticated: the token does not verify or has expired.
	CloseUnauthenticated CloseCode = 4501
	// CloseDropped: a moderator or the operator removed the participant.
	CloseDropped CloseCode = 4502
	// CloseRoomEnded: the room has ended.
	CloseRoomEnded CloseCode = 4503
	// CloseLeft: the participant left over HTTP.
	CloseLeft CloseCode = 4504
	// CloseRoomFull: the room has no place for another participant.
	CloseRoomFull CloseCode = 4505
)

var closeNames = map[CloseCode]string{
	CloseStopping:        "stopping",
	CloseReplaced:        "replaced",
	CloseUnauthenticated: "unauthenticated",
	CloseDropped:         "dropped",
	CloseRoomEnded:       "room-ended",
	CloseLeft:            "left",
	CloseRoomFull:        "room-full",
}

// String returns the code's name, which travels as the reason; "" for a code
// that is not of this list.
func (c CloseCode) String() string { return closeNames[c] }
