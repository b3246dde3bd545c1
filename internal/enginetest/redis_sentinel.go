package enginetest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sentinelMaster is what the sentinels call the servers that they watch.
const sentinelMaster = "push"

// SentinelPassword is that of the sentinels, if they ask for one.
const SentinelPassword = "MarkedPasswordOfSentinels4711"

// RedisSentinels are a Redis, one that follows it, and three sentinels that put the
// second in the place of the first.
type RedisSentinels struct {
	servers   []*Redis
	sentinels []*Redis
}

// NewRedisSentinels starts them. Secure, all speak TLS alone and let in who is named in
// the URL. The test is skipped where there is no Redis.
func NewRedisSentinels(t testing.TB, secure bool) *RedisSentinels {
	t.Helper()
	s := &RedisSentinels{}
	err := s.start(secure)
	var first *Redis
	if len(s.servers) > 0 {
		first = s.servers[0]
	}
	redisOr(t, first, err)
	return s
}

func (s *RedisSentinels) start(secure bool) error {
	for i := range 2 {
		r := &Redis{}
		s.servers = append(s.servers, r)
		if err := r.prepare(); err != nil {
			return err
		}
		if secure {
			if err := r.secure(); err != nil {
				return err
			}
			r.guarded = true
			// Who follows comes as an administrator, as the sentinels do.
			r.lines = append(redisUsers(PushCommands+" +role"), "masteruser "+redisAdmin, "masterauth "+redisAdminPassword)
		}
		if i > 0 {
			r.lines = append(r.lines, "replicaof 127.0.0.1 "+strconv.Itoa(s.servers[0].port))
		}
		if err := r.Start(); err != nil {
			return err
		}
	}
	for range 3 {
		if err := s.watch(secure); err != nil {
			return err
		}
	}
	return until(func() error { return s.agreed(len(s.servers)-1, len(s.sentinels)-1) })
}

// watch starts one more sentinel.
func (s *RedisSentinels) watch(secure bool) error {
	r := &Redis{args: []string{"--sentinel"}}
	if err := r.prepare(); err != nil {
		return err
	}
	r.lines = []string{
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2", sentinelMaster, s.servers[0].port),
		"sentinel down-after-milliseconds " + sentinelMaster + " 500", "sentinel failover-timeout " + sentinelMaster + " 5000",
	}
	if secure {
		if err := r.secure(); err != nil {
			return err
		}
		r.guarded = true
		r.lines = append(r.lines, "sentinel auth-user "+sentinelMaster+" "+redisAdmin, "sentinel auth-pass "+sentinelMaster+" "+redisAdminPassword,
			"user default off", "user "+redisAdmin+" on >"+redisAdminPassword+" ~* &* +@all",
			"user "+RedisUser+" on >"+SentinelPassword+" resetkeys allchannels -@all "+SentinelCommands,
			"sentinel sentinel-user "+redisAdmin, "sentinel sentinel-pass "+redisAdminPassword)
	}
	s.sentinels = append(s.sentinels, r)
	return r.Start()
}

// SentinelCommands are the commands that a user needs who asks a sentinel.
const SentinelCommands = "+sentinel|sentinels +sentinel|get-master-addr-by-name +subscribe +unsubscribe +ping +hello +client|setname"

// agreed returns nil when each sentinel knows of so many replicas and other sentinels.
func (s *RedisSentinels) agreed(replicas, sentinels int) error {
	for _, r := range s.sentinels {
		said, err := r.Do("INFO", "sentinel")
		if err != nil {
			return err
		}
		want := fmt.Sprintf("slaves=%d,sentinels=%d", replicas, sentinels+1)
		if !strings.Contains(said, want) || !strings.Contains(said, "status=ok") {
			return fmt.Errorf("a sentinel says %q, want %q", said, want)
		}
	}
	return nil
}

// FailOver kills the server that messages go through, and returns when the other has
// its place.
func (s *RedisSentinels) FailOver() error {
	if err := s.servers[0].Kill(); err != nil {
		return err
	}
	return until(func() error {
		said, err := s.servers[1].Do("INFO", "replication")
		if err == nil && !strings.Contains(said, "role:master") {
			err = errors.New("the follower follows")
		}
		return err
	})
}

// URL names the sentinels.
func (s *RedisSentinels) URL() string {
	first := s.sentinels[0]
	text := "redis+sentinel://"
	if first.secured != nil {
		text = "rediss+sentinel://"
	}
	text += first.userInfo() + first.Address() + "?sentinel_master_name=" + sentinelMaster + others(s.sentinels[1:])
	if first.guarded {
		text += "&sentinel_user=" + RedisUser + "&sentinel_password=" + SentinelPassword
	}
	return text
}

// until asks until there is no error, or for as long as a start may take.
func until(ask func() error) error {
	for deadline := time.Now().Add(startPatience); ; time.Sleep(lookAgain) {
		if err := ask(); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
