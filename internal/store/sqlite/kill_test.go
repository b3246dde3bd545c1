package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// victimPath, in the environment, makes TestKilled the process that is killed.
const victimPath = "HANDOUT_TEST_VICTIM"

// TestKilled: what was acknowledged before the process was killed is there, in
// a database that opens without repair.
func TestKilled(t *testing.T) {
	if path := os.Getenv(victimPath); path != "" {
		beVictim(path)
	}
	path := filepath.Join(t.TempDir(), "records.db")
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	victim.Env = append(os.Environ(), victimPath+"="+path)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []int
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("the victim says %q", lines.Text())
			break
		}
		if acknowledged = append(acknowledged, n); len(acknowledged) == 100 {
			victim.Process.Kill() // and read on what it had said by then
		}
	}
	victim.Wait() // an error, as it was killed
	if len(acknowledged) < 100 {
		t.Fatalf("the victim died after %d changes", len(acknowledged))
	}

	e, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, n := range acknowledged {
		var there int
		if err := e.Reader().QueryRow(`SELECT COUNT(*) FROM numbers WHERE n = $1`, n).Scan(&there); err != nil || there != 1 {
			t.Errorf("change %d was acknowledged and is lost (%v)", n, err)
		}
	}
}

// beVictim writes numbers and says each once it is durable, until it is killed.
func beVictim(path string) {
	e, err := open(context.Background(), path)
	if err == nil {
		err = update(context.Background(), e, func(tx *sql.Tx) error {
			_, err := tx.Exec(`CREATE TABLE numbers (n BIGINT PRIMARY KEY)`)
			return err
		})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for n := w; ; n += 8 {
				if err := update(context.Background(), e, insert(n)); err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				fmt.Println(n)
			}
		})
	}
	writers.Wait()
}
