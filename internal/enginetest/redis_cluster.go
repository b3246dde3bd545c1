package enginetest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

const (
	clusterMasters = 3
	clusterSlots   = 16384
)

// RedisCluster is a Redis Cluster of three servers and one more for each, which takes
// its place.
type RedisCluster struct {
	servers []*Redis // the masters first
	ids     []string // what the servers call themselves
}

// NewRedisCluster starts one. Secure, all speak TLS alone and let in who is named in the
// URL. The test is skipped where there is no Redis.
func NewRedisCluster(t testing.TB, secure bool) *RedisCluster {
	t.Helper()
	c := &RedisCluster{}
	err := c.start(secure)
	var first *Redis
	if len(c.servers) > 0 {
		first = c.servers[0]
	}
	redisOr(t, first, err)
	return c
}

func (c *RedisCluster) start(secure bool) error {
	buses := make([]string, 2*clusterMasters)
	for i := range buses {
		r := &Redis{}
		c.servers = append(c.servers, r)
		if err := r.prepare(); err != nil {
			return err
		}
		bus, err := FreePort()
		if err != nil {
			return err
		}
		buses[i] = strconv.Itoa(bus)
		r.lines = []string{"cluster-enabled yes", "cluster-port " + buses[i], "cluster-node-timeout 1000", "cluster-replica-validity-factor 0"}
		if secure {
			if err := r.secure(); err != nil {
				return err
			}
			r.guarded = true
			r.lines = append(r.lines, redisUsers(PushCommands+" +cluster|slots +cluster|shards")...)
			r.lines = append(r.lines, "masteruser "+redisAdmin, "masterauth "+redisAdminPassword)
		}
		if err := r.Start(); err != nil {
			return err
		}
		id, err := r.Do("CLUSTER", "MYID")
		if err != nil {
			return err
		}
		c.ids = append(c.ids, id)
	}
	return c.join(buses)
}

// join makes one cluster of the servers.
func (c *RedisCluster) join(buses []string) error {
	var errs []error
	for i, r := range c.servers {
		if i > 0 {
			errs = append(errs, done(c.servers[0].Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(r.port), buses[i])))
		}
		if i < clusterMasters {
			errs = append(errs, done(r.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*clusterSlots/clusterMasters), strconv.Itoa((i+1)*clusterSlots/clusterMasters-1))))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := c.all(func(r *Redis) error { return r.knows("cluster_known_nodes:" + strconv.Itoa(len(c.servers))) }); err != nil {
		return err
	}
	for i, r := range c.servers[clusterMasters:] {
		if err := done(r.Do("CLUSTER", "REPLICATE", c.ids[i])); err != nil {
			return err
		}
	}
	return c.all(func(r *Redis) error {
		nodes, err := r.Do("CLUSTER", "NODES")
		if err == nil && strings.Count(nodes, "slave ") != clusterMasters {
			err = errors.New("not every follower is known")
		}
		return errors.Join(err, r.knows("cluster_state:ok"))
	})
}

// all asks every server until it has no error.
func (c *RedisCluster) all(ask func(*Redis) error) error {
	for _, r := range c.servers {
		if r.process == nil {
			continue
		}
		if err := until(func() error { return ask(r) }); err != nil {
			return fmt.Errorf("%s: %w", r.Address(), err)
		}
	}
	return nil
}

// knows returns nil if that stands in what the server says of the cluster.
func (r *Redis) knows(what string) error {
	said, err := r.Do("CLUSTER", "INFO")
	if err == nil && !strings.Contains(said, what+"\r\n") {
		err = fmt.Errorf("want %s: %s", what, said)
	}
	return err
}

func done(_ string, err error) error { return err }

// Lose kills a server that has a third of the slots, and returns when its follower has
// them.
func (c *RedisCluster) Lose() error {
	if err := c.servers[0].Kill(); err != nil {
		return err
	}
	return c.all(func(r *Redis) error {
		nodes, err := r.Do("CLUSTER", "NODES")
		if err != nil {
			return err
		}
		for line := range strings.Lines(nodes) {
			if strings.HasPrefix(line, c.ids[clusterMasters]) && strings.Contains(line, "master") {
				return r.knows("cluster_state:ok")
			}
		}
		return errors.New("nobody has the place of the one that is lost")
	})
}

// Reshard moves slots of one server, in which nothing is, to another.
func (c *RedisCluster) Reshard() error {
	const from, to, slots = 1, 2, 200
	for slot := range slots {
		at := strconv.Itoa(clusterSlots/clusterMasters + 100 + slot)
		for _, i := range []int{to, from} {
			if err := done(c.servers[i].Do("CLUSTER", "SETSLOT", at, "NODE", c.ids[to])); err != nil {
				return err
			}
		}
	}
	return c.all(func(r *Redis) error { return r.knows("cluster_state:ok") })
}

// URL names the servers, all of them.
func (c *RedisCluster) URL() string {
	first := c.servers[0]
	text := "redis+cluster://" + first.userInfo() + first.Address() + "?" + strings.TrimPrefix(others(c.servers[1:]), "&")
	if first.secured != nil {
		text += "&tls_enabled=true"
	}
	return text
}
