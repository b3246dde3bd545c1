package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// life names the time between two recoveries of a database server. A number that a
// transaction had and that was not on the disk when the server crashed, or not on the
// standby that was promoted, is given out again: so "committed" is said of the
// transaction that was asked about only by the life in which that ran.
//
// Its words are when the server was started, and the processes that belong to nobody.
// Those that write its log and its pages are of one life: when any process crashes
// all are ended, and others begin while the server's start stays what it was. Others
// in the list come and go, an archiver or the launcher of the vacuum, say; and a role
// without rights sees the process, but not which it is.
type life []string

// lifeColumn is a life, for any role. A standby that is promoted lives on: nothing of
// ours was committed there before.
const lifeColumn = `EXTRACT(EPOCH FROM pg_postmaster_start_time())::text || COALESCE((
	SELECT string_agg(' ' || pid, '') FROM pg_stat_activity WHERE datid IS NULL AND usesysid IS NULL), '')`

// longLived is how many processes there are in every life that are there until its end:
// the checkpointer and the background writer, the first from before a promotion.
const longLived = 2

// timesLooked is how often a connection looks for them: they begin beside the first
// connections, and a database may be set up to show none.
const timesLooked = 5

// known reports whether a life can be told from others.
func (l life) known() bool { return len(l) > longLived }

// is reports whether both are one life, and known.
func (l life) is(other life) bool {
	if !l.known() || !other.known() || l[0] != other[0] {
		return false
	}
	both := 0
	for _, process := range l[1:] {
		if slices.Contains(other[1:], process) {
			both++
		}
	}
	return both >= longLived
}

// note notes the life of the server, once for a connection. It is noted before a
// transaction begins, and lives follow each other, so if it is still that life when the
// transaction is asked about, that ran in it. Behind a pooler a connection can outlive
// the server: then what it noted is from before, which makes an outcome unknown at
// worst, and the connection is lost with that.
func (c *conn) note(ctx context.Context, on *pgx.Conn) {
	if c.life.known() || c.looked == timesLooked {
		return
	}
	c.looked++
	answers, err := on.PgConn().Exec(ctx, `SELECT `+lifeColumn).ReadAll()
	if err == nil && len(answers[0].Rows) == 1 { // else it stays unknown, and a lost connection is found at once
		c.life = strings.Fields(string(answers[0].Rows[0][0]))
	}
}
