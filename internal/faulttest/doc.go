// Package faulttest is what the project's faults are made with, and judged by.
//
//   - [Server] is the program itself, in a process of its own: started with flags,
//     killed, stopped, and started again at the same address.
//   - [Client] is a participant. What it asks goes through a [Recorder], an
//     http.RoundTripper, so whatever is sent through its HTTP client is in the
//     journal; Send and Receive go on after any fault as the SDK does, and Listen
//     follows the pushes.
//   - [Journal] keeps all that was asked, answered and heard, and the faults, in
//     one order. A test that fails leaves it in a file of JSON lines.
//   - [Check] decides afterwards, from the journal and from what is left of the
//     server ([Facts]), whether an invariant was violated, and says how. It knows
//     nothing of the test, so no test can forget to look.
//
// The invariants I1 to I12 and the faults F1 to F21 stand in docs/reliability.md,
// with the command that runs each. A test of a fault looks like this:
//
//	journal := faulttest.NewJournal(t)
//	server := faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: []string{"--dev"}, Journal: journal})
//	room := faulttest.MakeRoom(t, server.URL(), journal)
//	ana, bo := room.Enter(t, "ana"), room.Enter(t, "bo")
//	ana.Listen(t)
//	bo.Listen(t)
//	// clients at work in goroutines, here the fault:
//	server.Kill(t)
//	server.Restart(t)
//	// when the work is done:
//	journal.Over()                          // no fault from here on
//	faulttest.Verdict(t, room, server, faulttest.Rules{})
//
// [Verdict] waits until everybody has heard everything, stops the server, reads
// its data directory, and fails the test with the report of [Check].
//
// Amounts are for two machines: few for each change ([Amount]), many for
// HANDOUT_LONG=1. What is random comes from [Seed], which is said when the test
// fails, and is set by HANDOUT_SEED.
package faulttest
