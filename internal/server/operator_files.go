package server

import (
	"net/http"

	"github.com/handout-rtc/handout/protocol"
)

// listFiles tells what is remembered of the files of a room, ended ones included.
func (o operatorAPI) listFiles(w http.ResponseWriter, r *http.Request, app string) error {
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	files, more, err := o.Shares.In(r.Context(), found.ID, protocol.ShareID(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "files": files, "more": more})
	return nil
}

// listReceipts tells what has become of one share at each of its recipients.
func (o operatorAPI) listReceipts(w http.ResponseWriter, r *http.Request, app string) error {
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	ledger, err := o.Shares.ReceiptsOf(r.Context(), found.ID, shareID(r), after(r))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "receipts": ledger.Receipts, "more": ledger.More})
	return nil
}

// withdrawFile ends a file as a moderator would.
func (o operatorAPI) withdrawFile(w http.ResponseWriter, r *http.Request, app string) error {
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	if err := o.Shares.Withdraw(r.Context(), found.ID, shareID(r)); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int{"result": 0})
	return nil
}

// dropUser removes a participant for good, as a moderator would.
func (o operatorAPI) dropUser(w http.ResponseWriter, r *http.Request, app string) error {
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	if err := o.Rooms.Drop(r.Context(), found.ID, protocol.ParticipantID(r.PathValue("id"))); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int{"result": 0})
	return nil
}
