// Package abuse holds the abuses that the server is put through, with their
// numbers, and the victim that must not suffer from them: a participant of
// another room, who uploads, lists and downloads meanwhile.
//
// Each abuse is run by a process of its own, at a lower priority than the server's,
// because who attacks has a machine of its own. go test runs them in small numbers
// and looks at what came of them. With HANDOUT_LONG=1 they come in full, and the
// victim's requests have bars: 99 of 100 within 100 ms, and more than half of the
// rate that it has undisturbed. The figures go to the file that HANDOUT_ABUSE_REPORT
// names; those of docs/abuse.md came of
//
//	make abuse
package abuse
