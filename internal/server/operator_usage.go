package server

import (
	"net/http"
	"net/url"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// usageDays is how many days of usage are told where the query names no first one.
const usageDays = 30

// usage is GET /v1/usage: what the application's rooms have used.
func (o operatorAPI) usage(w http.ResponseWriter, r *http.Request, app string) error {
	from, to, err := daysOf(r.URL.Query(), o.now())
	if err != nil {
		return err
	}
	used, err := o.Rooms.Usage(r.Context(), app, from, to, protocol.RoomID(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, used)
	return nil
}

// daysOf reads the days that a query is about, both included: by default up to now's,
// and thirty of them.
func daysOf(query url.Values, now time.Time) (from, to time.Time, err error) {
	to, from = now.UTC(), time.Time{}
	if text := query.Get("to"); text != "" {
		if to, err = time.Parse(time.DateOnly, text); err != nil {
			return from, to, protocol.NewError(protocol.CodeInvalidRequest, `"to" is no day, 2006-01-02`)
		}
	}
	from = to.AddDate(0, 0, 1-usageDays)
	if text := query.Get("from"); text != "" {
		if from, err = time.Parse(time.DateOnly, text); err != nil {
			return from, to, protocol.NewError(protocol.CodeInvalidRequest, `"from" is no day, 2006-01-02`)
		}
	}
	if from.After(to) {
		return from, to, protocol.NewError(protocol.CodeInvalidRequest, `"from" is after "to"`)
	}
	return from, to, nil
}
