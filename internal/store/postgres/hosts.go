package postgres

import (
	"errors"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// findPrimary has a URL that names several hosts find the one that takes writes, and
// refuses one that asks for another.
func findPrimary(settings *pgx.ConnConfig, at string) error {
	if u, err := url.Parse(at); err == nil {
		switch u.Query().Get("target_session_attrs") {
		case "read-only", "standby", "prefer-standby":
			return errors.New("target_session_attrs in the URL of the store must be read-write or primary: a standby takes no changes, and may not have what was committed last")
		}
	}
	if settings.ValidateConnect != nil {
		return nil
	}
	for _, other := range settings.Fallbacks {
		if other.Host != settings.Host || other.Port != settings.Port { // and not the same host without TLS
			settings.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
		}
	}
	return nil
}
