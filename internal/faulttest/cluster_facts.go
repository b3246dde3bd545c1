package faulttest

import (
	"context"
	"database/sql"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// left is what the nodes of a cluster leave in the engines.
func (e *Engines) left() left {
	return left{open: func() (*sql.DB, error) { return sql.Open("pgx", e.database) }, files: e.bucket}
}

// Objects counts all that is in the bucket, unfinished uploads too.
func (e *Engines) Objects(ctx context.Context) (int, error) {
	objects, err := e.bucket.list(ctx)
	if err != nil {
		return 0, err
	}
	unfinished, err := e.bucket.unfinished(ctx)
	return len(objects) + len(unfinished), err
}
