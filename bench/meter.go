package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// reading is what the processes of a rig have used since they were started.
type reading struct {
	at                        time.Time
	nodes                     []float64 // CPU-seconds of each
	database, redis, s3       float64   // CPU-seconds
	transactions, wal         float64   // committed; bytes
	published, bucketRequests float64
}

// settled is how long PostgreSQL takes, at most, to count what its sessions have done.
const settled = 1500 * time.Millisecond

// read takes a reading, when everything has been counted.
func (r *rig) read(ctx context.Context) (m reading, err error) {
	select {
	case <-ctx.Done():
		return m, ctx.Err()
	case <-time.After(settled):
	}
	m.at = time.Now()
	for _, p := range r.nodes {
		used, err := cpuTime(p.cmd.Process.Pid)
		if err != nil {
			return m, err
		}
		m.nodes = append(m.nodes, used.Seconds())
		requests, err := bucketRequests(ctx, p.address)
		if err != nil {
			return m, err
		}
		m.bucketRequests += requests
	}
	if m.database, err = familyTime(r.postgres.PID()); err != nil {
		return m, err
	}
	err = r.db.QueryRowContext(ctx, `SELECT xact_commit, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') FROM pg_stat_database WHERE datname = 'postgres'`).
		Scan(&m.transactions, &m.wal)
	if err != nil {
		return m, err
	}
	for pid, into := range map[int]*float64{r.redis.PID(): &m.redis, r.s3.PID(): &m.s3} {
		used, err := cpuTime(pid)
		if err != nil {
			return m, err
		}
		*into = used.Seconds()
	}
	m.published, err = published(r.redis)
	return m, err
}

// familyTime is the CPU time of a process and of its children, in seconds, those that
// have ended included, in steps of 10 ms.
func familyTime(pid int) (seconds float64, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended, and its parent has its time
		}
		// What is behind the name, which is in brackets: state, parent, …; 11 and 12 are
		// its own time, 13 and 14 that of its children that have ended (proc(5)).
		_, rest, _ := bytes.Cut(text, []byte(") "))
		fields := strings.Fields(string(rest))
		if len(fields) < 15 {
			return 0, fmt.Errorf("reading %s: it has %d fields", file, len(fields))
		}
		itself := file == procFile(pid, "stat")
		if !itself && fields[1] != strconv.Itoa(pid) {
			continue
		}
		own, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return 0, err
		}
		if used, err := cpuTime(own); err == nil { // finer than what stands here
			seconds += used.Seconds()
		}
		if !itself {
			continue
		}
		for _, field := range fields[13:15] {
			ticks, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return 0, fmt.Errorf("reading %s: %w", file, err)
			}
			seconds += ticks / 100 // USER_HZ
		}
	}
	return seconds, nil
}

// published is how many messages Redis was asked to publish.
func published(r *enginetest.Redis) (sum float64, err error) {
	said, err := r.Do("INFO", "commandstats")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(said) {
		for _, command := range []string{"cmdstat_publish:calls=", "cmdstat_spublish:calls="} {
			if rest, ok := strings.CutPrefix(line, command); ok {
				count, _, _ := strings.Cut(rest, ",")
				n, err := strconv.ParseFloat(count, 64)
				if err != nil {
					return 0, fmt.Errorf("reading what Redis says: %w", err)
				}
				sum += n
			}
		}
	}
	return sum, nil
}

// bucketRequests is how many requests a node has made to its bucket.
func bucketRequests(ctx context.Context, address string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var sum float64
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "handout_bucket_requests_total{") {
			continue
		}
		n, err := strconv.ParseFloat(lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("reading the metrics: %w", err)
		}
		sum += n
	}
	return sum, lines.Err()
}

// less is what was used between two readings, less what so many idle seconds use.
func (m reading) less(before, idle reading) reading {
	seconds := m.at.Sub(before.at).Seconds()
	d := reading{
		at: m.at, database: m.database - before.database - seconds*idle.database, redis: m.redis - before.redis - seconds*idle.redis, s3: m.s3 - before.s3,
		transactions: m.transactions - before.transactions - seconds*idle.transactions, wal: m.wal - before.wal - seconds*idle.wal,
		published: m.published - before.published - seconds*idle.published, bucketRequests: m.bucketRequests - before.bucketRequests - seconds*idle.bucketRequests,
	}
	for i := range m.nodes {
		used := m.nodes[i] - before.nodes[i]
		if len(idle.nodes) > 0 {
			used -= seconds * idle.nodes[i]
		}
		d.nodes = append(d.nodes, used)
	}
	return d
}

func (m reading) allNodes() (sum float64) {
	for _, each := range m.nodes {
		sum += each
	}
	return sum
}
