package enginetest

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
)

// Standby starts a server that follows this one, and has each commit wait until it is
// on the standby's disk too. Stop stops it.
func (p *Postgres) Standby() (*Postgres, error) {
	s := &Postgres{bin: p.bin, as: p.as}
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	copies, err := postgresProgram("pg_basebackup")
	if err != nil {
		return nil, err
	}
	command := exec.Command(copies, "--pgdata=data", "--host=127.0.0.1", "--port="+strconv.Itoa(p.port),
		"--username=handout", "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	command.Dir, command.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: p.as}
	if said, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copying a database cluster: %w\n%s", err, said)
	}
	if s.port, err = FreePort(); err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	return s, errors.Join(p.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'"), p.execute("postgres", "SELECT pg_reload_conf()"))
}

// Promote makes a standby the one that takes writes.
func (p *Postgres) Promote() error {
	return errors.Join(p.execute("postgres", "ALTER SYSTEM RESET synchronous_standby_names"), p.execute("postgres", "SELECT pg_promote()"))
}
