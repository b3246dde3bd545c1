package server

import (
	"net/http"
	"time"
)

const (
	// answerPatience is how long a client may take for an answer that is no
	// transfer, beside a second for each answerPace bytes of it.
	answerPatience = 30 * time.Second
	answerPace     = 16 << 10
)

// timely sees to it that who does not read its answers cannot hold what answers
// them: net/http sends the end of an answer when the handler has returned, and what
// a client has not read of many small ones adds up. It takes from each request the
// deadline of the one before it. What is longer sets its own: see expectTaken.
func timely(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			next.ServeHTTP(w, r) // a stream of HTTP/2 ends with its request
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		next.ServeHTTP(w, r)
		if taken, ok := w.(*recorder); ok && taken.hijacked {
			return // the connection is another's
		}
		expectTaken(w, 0)
	})
}

// expectTaken gives the client the time that so many bytes may take it.
func expectTaken(w http.ResponseWriter, bytes int) {
	patience := answerPatience + time.Duration(bytes/answerPace)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience))
}
