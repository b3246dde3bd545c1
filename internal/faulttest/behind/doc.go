// Package behind has the program do its work behind the reverse proxies that its
// operators put before it: nginx and Caddy, started on the very files of deploy/.
//
// They are Debian's, which the tests fetch where they may; a test that cannot have
// one is skipped, and says why.
package behind
