// Package model holds the whole server against a small model of what
// docs/protocol.md says.
//
// A state machine (pgregory.net/rapid) draws what participants of a room do, one
// after the other: they join, leave and are dropped, offer files in every way and in
// both dialects of uploads, append rightly and wrongly, cancel, read, use tickets, say
// receipts, switch sharing; and now and then the server is killed. Before each request
// the model says the status and the code of its answer. At checkpoints everybody's
// listing, roster and receipts are compared with the model's, and so is what the
// pushes alone have told everybody.
//
// All of it is tests. A failure is made as short as it can be, and told as the list
// of the requests with their answers.
package model
