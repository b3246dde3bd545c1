package enginetest

import (
	"strings"
	"testing"
)

// Whom a Redis of SecureRedis, RedisSentinels and RedisCluster lets in, if it asks.
const (
	RedisUser     = "handout"
	RedisPassword = "MarkedPasswordOfRedis4711"

	redisAdmin, redisAdminPassword = "admin", "adminsOwnPassword"
)

// PushCommands are the commands that a user needs who pushes through one Redis.
const PushCommands = "+publish +subscribe +unsubscribe +ping +hello +client|setname"

// redisUsers are the lines of a Redis in which a user may do what the commands say, on
// the channels that the server uses and on no key, and nobody who gives no name.
func redisUsers(commands string) []string {
	return []string{
		"user default off", "user " + redisAdmin + " on >" + redisAdminPassword + " ~* &* +@all",
		"user " + RedisUser + " on >" + RedisPassword + " resetkeys resetchannels &handout* -@all " + commands,
	}
}

// SecureRedis returns a server of the test's own that speaks TLS alone, and lets in
// RedisUser by his password, who may do no more than PushCommands.
func SecureRedis(t testing.TB) *Redis {
	t.Helper()
	r, err := newSecureRedis()
	return redisOr(t, r, err)
}

func newSecureRedis() (*Redis, error) {
	r := &Redis{guarded: true, lines: redisUsers(PushCommands)}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if err := r.secure(); err != nil {
		return nil, err
	}
	return r, r.Start()
}

// secure has the server speak TLS from its start on.
func (r *Redis) secure() (err error) {
	if r.secured, err = ownAuthority(); err != nil {
		return err
	}
	return r.secured.certificate(r.dir, nil)
}

// userInfo is what stands before the host in a URL of the server.
func (r *Redis) userInfo() string {
	if r.guarded {
		return RedisUser + ":" + RedisPassword + "@"
	}
	return ""
}

// others are the parameters of a URL that name more servers.
func others(all []*Redis) string {
	var b strings.Builder
	for _, r := range all {
		b.WriteString("&addr=" + r.Address())
	}
	return b.String()
}
