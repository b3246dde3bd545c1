package store

import (
	"database/sql/driver"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/handout-rtc/handout/protocol"
)

// CheckText returns protocol.CodeInvalidRequest if an argument of a query is text that
// is not UTF-8 or has a NUL, which not every database keeps. Each engine asks it of
// every query, so that all refuse the same.
func CheckText(args []driver.NamedValue) error {
	for _, arg := range args {
		text, ok := arg.Value.(string)
		if !ok {
			if v := reflect.ValueOf(arg.Value); v.Kind() == reflect.String {
				text = v.String()
			}
		}
		if err := checkText(text); err != nil {
			return err
		}
	}
	return nil
}

func checkText(texts ...string) error {
	for _, text := range texts {
		if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
			return protocol.NewError(protocol.CodeInvalidRequest, "a text is not UTF-8, or has a NUL")
		}
	}
	return nil
}

// checkText is that of what a client says of a share. Those that are made together
// with it must not fail with it.
func (s Share) checkText() error {
	return checkText(string(s.ID), string(s.Room), string(s.Sender.ID), s.Sender.Name, s.SenderRole, s.Name, s.Path, s.Type,
		s.SHA256, s.Metadata, s.Concat, s.Dialect, s.Offer.Key, s.Offer.Digest, s.Checkpoint.Run)
}

// checkText is that of what a client says of a receipt.
func (m ReceiptMove) checkText() error {
	return checkText(string(m.Share), string(m.Participant), m.Name, string(m.State), m.Reason)
}
