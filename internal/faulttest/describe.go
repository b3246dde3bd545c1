package faulttest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// describe says in one line what an entry is.
func describe(at int, e Entry) string {
	who := string(e.Who)
	if who == "" {
		who = "the test"
	}
	return fmt.Sprintf("%6d %s %s: %s", at, e.At.Format("15:04:05.000"), who, e.what())
}

func (e Entry) what() string {
	switch {
	case e.Request != nil:
		r := e.Request
		return fmt.Sprintf("asks (%d) %s %s%s of %d bytes", r.Call, r.Method, r.Path, named("Upload-Offset", r.Offset), r.Length)
	case e.Answer != nil:
		a := e.Answer
		return fmt.Sprintf("is answered (%d) %d %s%s after %d bytes%s", a.Call, a.Status, a.Code, named("Upload-Offset", a.Offset), a.Sent, sharesText(e))
	case e.Broken != nil:
		return fmt.Sprintf("gets no answer (%d) after %d bytes: %s", e.Broken.Call, e.Broken.Sent, e.Broken.Err)
	case e.Body != nil:
		b := e.Body
		return fmt.Sprintf("got (%d) bytes %d to %d of %d, SHA-256 %.12s %s", b.Call, b.From, b.From+b.Bytes, b.Total, b.SHA256, b.Err)
	case e.Push != nil && e.Push.Event != nil:
		return fmt.Sprintf("hears %s %s %d%s", e.Push.Event.Type, e.Push.Event.Stream, e.Push.Event.Seq, sharesText(e))
	case e.Fault != nil:
		return strings.TrimSpace(e.Fault.What + " " + e.Fault.Detail)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func named(name string, n *int64) string {
	if n == nil {
		return ""
	}
	return " " + name + " " + strconv.FormatInt(*n, 10)
}

func sharesText(e Entry) string {
	var text strings.Builder
	for _, s := range e.shares() {
		fmt.Fprintf(&text, " [%s %s rev %d at %d]", s.ID, s.State, s.Rev, s.Offset)
	}
	return text.String()
}
