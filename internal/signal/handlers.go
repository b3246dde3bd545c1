package signal

import (
	"context"
	"net/http"

	"github.com/centrifugal/centrifuge"
)

// WebsocketHandler serves connections over WebSocket.
func (e *Edge) WebsocketHandler() http.Handler {
	return e.bounded(detached(centrifuge.NewWebsocketHandler(e.node, centrifuge.WebsocketConfig{
		CheckOrigin:                e.AllowOrigin,
		ReadBufferSize:             readBuffer,
		UseWriteBufferPool:         true,
		MessageSizeLimit:           maxCommand,
		ProcessCommandsOffReadLoop: true,
	})))
}

// detached hides the request's context from a handler that takes the connection
// over: it has ended by then, and would stay in memory as long as the connection.
// Over HTTP/2 the connection is the request.
func detached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 {
			r = r.WithContext(context.Background())
		}
		next.ServeHTTP(w, r)
	})
}

// HTTPStreamHandler serves connections over a streamed HTTP response, for
// networks that let no WebSocket through.
func (e *Edge) HTTPStreamHandler() http.Handler {
	return e.bounded(centrifuge.NewHTTPStreamHandler(e.node, centrifuge.HTTPStreamConfig{MaxRequestBodySize: maxCommand}))
}

// EmulationHandler takes what clients on a streamed response have to say.
func (e *Edge) EmulationHandler() http.Handler {
	return centrifuge.NewEmulationHandler(e.node, centrifuge.EmulationConfig{MaxRequestBodySize: maxCommand})
}

// bounded refuses early when there is no place for another connection.
func (e *Edge) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		full := len(e.connections) >= e.MaxConnections || e.stopping
		e.mu.Unlock()
		if full {
			e.Refused("max-connections")
			w.Header().Set("Retry-After", "1")
			http.Error(w, "no place for another connection", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}
