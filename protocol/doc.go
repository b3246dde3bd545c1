// Package protocol holds the words that travel: identifiers, shares, events,
// limits and error codes, exactly as they stand on the wire.
//
// docs/protocol.md is the normative text. The golden messages in testdata are
// read by the Go and the TypeScript tests alike, so neither side can drift.
// The package imports nothing of the project and does no I/O.
package protocol
