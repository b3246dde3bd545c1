package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A node is one server process of a cluster. What it holds, uploads and duties, is
// its own while it is heard of; a node that was not heard of for NodeDead, by the
// store's clock, is dead, and others may take what it held. Nothing relies on a dead
// node being still: whoever takes an upload over raises its fence, and the store
// refuses what is written under the one before (ErrFenced).

// NodeDead is how long a node may not be heard of.
const NodeDead = 3 * time.Second

// ErrFenced: the change speaks for a node that does not hold any more what it
// changes. Nothing was changed.
var ErrFenced = errors.New("another node has taken over")

// Node is one server process of a cluster.
type Node struct {
	ID  string // new at each start
	URL string // where other nodes reach it
	// SeenAt is when it was heard of last; zero for one that has left.
	SeenAt time.Time
	// Alive: it was heard of within NodeDead.
	Alive bool
}

// Cluster is who is there, as the store knows it at a moment.
type Cluster struct {
	Now    time.Time // by the store's clock
	Nodes  []Node    // dead ones included, until nothing is theirs
	Duties map[string]string
}

// AsNode has the store make records as that node of a cluster: it holds the uploads
// that are created, and has the connections of who joins. Call it before the first
// change. Without it the process serves alone.
func (db *DB) AsNode(id string) { db.node = id }

// microsNow is the store's clock, as an expression.
func (db *DB) microsNow() string { return db.engine.Clock() }

// Enter puts the node into the table of nodes. Whoever was there under its URL has
// ended: there is one process at an address.
func (db *DB) Enter(ctx context.Context, n Node) error {
	return db.updateIn(ctx, itself(), "entering the cluster", func(ctx context.Context, c *change) error {
		if _, err := c.exec(ctx, `UPDATE nodes SET seen_at = 0 WHERE url = $1 AND id <> $2`, n.URL, n.ID); err != nil {
			return err
		}
		_, err := c.exec(ctx, `INSERT INTO nodes (id, url, started_at, seen_at) VALUES ($1, $2, `+db.microsNow()+`, `+db.microsNow()+`)
			ON CONFLICT (id) DO UPDATE SET url = $2, seen_at = `+db.microsNow(), n.ID, n.URL)
		return err
	})
}

// Beat says that the node is there. lapsed reports that it was dead before: others may
// have taken what it held.
func (db *DB) Beat(ctx context.Context, n Node) (lapsed bool, err error) {
	err = db.updateIn(ctx, itself(), "beating", func(ctx context.Context, c *change) error {
		seen, err := one(ctx, c, column[int64], `SELECT seen_at FROM nodes WHERE id = $1 AND seen_at > `+db.microsNow()+` - $2`, n.ID, NodeDead.Microseconds())
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		lapsed = seen == 0
		_, err = c.exec(ctx, `INSERT INTO nodes (id, url, started_at, seen_at) VALUES ($1, $2, `+db.microsNow()+`, `+db.microsNow()+`)
			ON CONFLICT (id) DO UPDATE SET seen_at = `+db.microsNow(), n.ID, n.URL)
		return err
	})
	return lapsed, err
}

// Exit notes that the node has ended: what it held is anybody's at once.
func (db *DB) Exit(ctx context.Context, node string) error {
	return db.updateIn(ctx, itself(), "leaving the cluster", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `UPDATE nodes SET seen_at = 0 WHERE id = $1`, node)
		return err
	})
}

// Cluster returns who is there.
func (db *DB) Cluster(ctx context.Context) (Cluster, error) {
	c := Cluster{Duties: make(map[string]string)}
	type pair struct{ name, node string }
	q := db.engine.Reader()
	nodes, err := list(ctx, q, func(r row) (n Node, err error) {
		err = r.Scan(&n.ID, &n.URL, timeColumn{&n.SeenAt}, timeColumn{&c.Now})
		return n, err
	}, `SELECT id, url, seen_at, `+db.microsNow()+` FROM nodes ORDER BY started_at, id`)
	if err != nil {
		return c, fmt.Errorf("reading the nodes: %w", err)
	}
	for _, n := range nodes {
		n.Alive = c.Now.Sub(n.SeenAt) < NodeDead
		c.Nodes = append(c.Nodes, n)
	}
	duties, err := list(ctx, q, func(r row) (p pair, err error) {
		err = r.Scan(&p.name, &p.node)
		return p, err
	}, `SELECT name, node FROM duties`)
	if err != nil {
		return c, fmt.Errorf("reading the duties: %w", err)
	}
	for _, p := range duties {
		c.Duties[p.name] = p.node
	}
	return c, nil
}

// TakeDuty gives the duty to the node, unless another live node has it, and reports
// whether it is the node's.
func (db *DB) TakeDuty(ctx context.Context, name, node string) (mine bool, err error) {
	err = db.updateIn(ctx, duty(name), "taking a duty", func(ctx context.Context, c *change) error {
		n, err := c.exec(ctx, `INSERT INTO duties (name, node) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET node = $2
			WHERE duties.node NOT IN (SELECT id FROM nodes WHERE seen_at > `+db.microsNow()+` - $3 AND id <> $2)`,
			name, node, NodeDead.Microseconds())
		mine = n == 1
		return err
	})
	return mine, err
}

// onDuty is ErrFenced in a cluster unless this node has the duty.
func (c *change) onDuty(ctx context.Context, name string) error {
	if c.node == "" {
		return nil
	}
	node, err := one(ctx, c, column[string], `SELECT node FROM duties WHERE name = $1`, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if node != c.node {
		return ErrFenced
	}
	return nil
}

// DeadAway notes that the connections of nodes that are dead, or have left, are gone,
// and returns of how many participants. They are away since their node was heard of
// last, or since now if it left: who is told to come back gets the whole time for it.
// In a cluster it is what AllAway is where one process serves alone.
func (db *DB) DeadAway(ctx context.Context, now time.Time) (int, error) {
	away := 0
	err := db.updateIn(ctx, deadNodes(), "marking the participants of dead nodes away", func(ctx context.Context, c *change) error {
		away = 0
		type gone struct {
			id    string
			since int64 // microseconds ago
		}
		dead, err := list(ctx, c, func(r row) (g gone, err error) {
			err = r.Scan(&g.id, &g.since)
			return g, err
		}, `SELECT id, CASE WHEN seen_at = 0 THEN 0 ELSE `+db.microsNow()+` - seen_at END FROM nodes WHERE seen_at <= `+db.microsNow()+` - $1`,
			NodeDead.Microseconds())
		if err != nil {
			return err
		}
		for _, g := range dead {
			// If it lives after all, it sees that its connections have lost their places.
			if _, err := c.exec(ctx, `UPDATE streams SET changed = changed + 1, roster = changed + 1 WHERE participant = ''
				AND room IN (SELECT room FROM members WHERE node = $1 AND node <> '' AND away_since = 0)`, g.id); err != nil {
				return err
			}
			n, err := c.exec(ctx, `UPDATE members SET connection = '', node = '', away_since = $1 WHERE node = $2 AND node <> '' AND away_since = 0`,
				micros(now)-g.since, g.id)
			if err != nil {
				return err
			}
			away += int(n)
		}
		return nil
	})
	return away, err
}

// deadNodes is the scope of what is cleared away behind nodes that have died.
func deadNodes() Scope { return these(Key{Name: "dead nodes"}) }

// ForgetNodes deletes dead nodes of which nothing is left.
func (db *DB) ForgetNodes(ctx context.Context) error {
	return db.updateIn(ctx, deadNodes(), "forgetting dead nodes", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `DELETE FROM nodes WHERE seen_at <= `+db.microsNow()+` - $1
			AND NOT EXISTS (SELECT 1 FROM members WHERE node = nodes.id AND node <> '' AND away_since = 0)
			AND NOT EXISTS (SELECT 1 FROM shares WHERE holder = nodes.id AND holder <> '' AND state = 'uploading')`,
			(20 * NodeDead).Microseconds())
		return err
	})
}
