package webhook_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The two functions stand in docs/webhooks.md too; TestThePagesReceiversReceive
// holds the page to them.

// receive verifies a message and returns what it tells.
func receive(key *standardwebhooks.Webhook, r *http.Request) (event Event, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = key.Verify(body, r.Header) // also that it is not older than five minutes
	}
	if err == nil {
		err = json.Unmarshal(body, &event)
	}
	return event, err
}

// Event is what this application wants to know of a message.
type Event struct {
	Type string
	Data struct {
		Room  struct{ ID, OwnerRef string }
		Share struct{ ID, Name, State, SHA256 string }
	}
}

// Example is an application's receiver: it verifies each message, and answers at
// once. The same message may come twice, so what it does goes by the webhook-id.
func Example() {
	key, err := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		panic(err)
	}
	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := receive(key, r)
		if err != nil {
			http.Error(w, "who are you?", http.StatusBadRequest)
			return
		}
		fmt.Println(event.Type, event.Data.Share.Name)
	})

	body := `{"type":"share.available","timestamp":"2026-03-14T15:09:26Z","data":{"app":"shop","share":{"name":"DP1.pdf"}}}`
	signature, _ := key.Sign("msg_1", time.Now(), []byte(body))
	for _, sent := range []string{body, strings.Replace(body, "DP1", "DP2", 1)} {
		r := httptest.NewRequest("POST", "/hooks", strings.NewReader(sent))
		r.Header.Set("webhook-id", "msg_1")
		r.Header.Set("webhook-timestamp", strconv.FormatInt(time.Now().Unix(), 10))
		r.Header.Set("webhook-signature", signature)
		w := httptest.NewRecorder()
		receiver(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// share.available DP1.pdf
	// 200
	// 400
}
