package faulttest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// patience is how long anything may take that must happen at all.
const patience = 60 * time.Second

// Config says which program is started, and how. Path is required.
type Config struct {
	Path string // of the program
	// Args are the flags of `handout serve`. Without --data, it is a directory of
	// the test; without --listen, an address on loopback.
	Args []string
	Env  []string // added to the environment
	Wrap []string // a command that runs the program, say strace with its flags
	// Name tells the servers of a cluster apart, in the journal; "" for one alone.
	Name string
	// Pooled are addresses from and to which connections are kept for the next request:
	// Usage does not count them.
	Pooled []string
	// Journal, if set, is told of each start and each end that the test makes.
	Journal *Journal
}

// Server is a running `handout serve`. Its methods are for one goroutine, save
// for URL and Said.
type Server struct {
	Config
	Data string // its data directory

	files   storage
	log     transcript
	url     string
	process *exec.Cmd
	exited  chan struct{} // closed when the process has ended, and err is set
	err     error
}

// transcript is what a server has said so far, in all its lives.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *transcript) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(line + "\n")
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Start starts a server and returns when it listens. The end of the test kills it.
func Start(t testing.TB, c Config) *Server {
	t.Helper()
	s := &Server{Config: c}
	s.Args = slices.Clone(c.Args)
	if s.Data = valueOf(s.Args, "--data"); s.Data == "" {
		s.Data = t.TempDir()
		s.Args = append(s.Args, "--data", s.Data)
	}
	if valueOf(s.Args, "--listen") == "" {
		s.Args = append(s.Args, "--listen", FreeAddress(t))
	}
	s.chooseFiles(t)
	t.Cleanup(func() {
		if s.process != nil {
			s.signal(syscall.SIGKILL)
			<-s.exited
		}
		if t.Failed() {
			saveText(t, strings.TrimSpace("what the server said "+s.Name), "log", s.Said())
		}
	})
	s.Restart(t)
	return s
}

// BlobsVariable, if it is "s3", has servers keep their files in a bucket, each data
// directory in one of its own: so what is tested with a directory is tested with that.
const BlobsVariable = "HANDOUT_TEST_BLOBS"

// InBucket reports whether BlobsVariable says so.
func InBucket() bool { return os.Getenv(BlobsVariable) == "s3" }

// buckets are those that data directories have got.
var buckets sync.Map // of the data directory's name, to a URL

// chooseFiles has the server keep its files where --blobs says; without it, in a bucket
// if all tests are to have one, or in its data directory. A node is told in its
// environment, and its files are not its own.
func (s *Server) chooseFiles(t testing.TB) {
	t.Helper()
	if InBucket() && valueOf(s.Args, "--blobs") == "" && !s.isNode() {
		engine := enginetest.SharedS3(t)
		at, known := buckets.Load(s.Data)
		if !known {
			at, _ = buckets.LoadOrStore(s.Data, engine.URL(engine.Bucket(t)))
		}
		s.Args = append(s.Args, "--blobs", at.(string))
	}
	s.files = newDirectory(s.Data)
	if url := valueOf(s.Args, "--blobs"); url != "" {
		bucket, err := newBucket(url)
		if err != nil {
			t.Fatal(err)
		}
		s.files, s.Env = bucket, append(slices.Clone(s.Env), enginetest.S3Env()...)
		s.Pooled = append(slices.Clone(s.Pooled), bucket.Endpoint)
	}
}

func (s *Server) isNode() bool { return slices.Contains(s.Args, "--node-listen") }

// valueOf returns what follows a flag.
func valueOf(args []string, flag string) string {
	if at := slices.Index(args, flag); at >= 0 && at+1 < len(args) {
		return args[at+1]
	}
	return ""
}

// FreeAddress returns an address that nobody listens on, below the ports that
// systems give to outgoing connections: those could take it while the server is
// down.
func FreeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(18000))
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// Restart starts a server that has ended, with the same flags and address, and
// returns when it listens.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
}

// Begin is Restart, for a server that may refuse to start: then it is an error
// with what the server said.
func (s *Server) Begin() error {
	argv := append(slices.Clone(s.Wrap), s.Path, "serve")
	argv = append(argv, s.Args...)
	s.process = exec.Command(argv[0], argv[1:]...)
	s.process.Env = append(os.Environ(), s.Env...)
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it runs ends with it
	stderr, err := s.process.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	process, exited := s.process, make(chan struct{})
	s.exited = exited
	listening := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			s.log.add(lines.Text())
			if _, url, ok := strings.Cut(lines.Text(), "msg=listening url="); ok {
				listening <- strings.TrimSuffix(strings.Fields(url)[0], "/")
			}
		}
		s.err = process.Wait()
		close(exited)
	}()
	select {
	case s.url = <-listening:
	case <-exited:
		return fmt.Errorf("the server ended at its start: %w\n%s", s.err, lastOf(s.Said(), 4<<10))
	case <-time.After(patience):
		return errors.New("the server does not listen")
	}
	s.Journal.note("start", s.Name)
	return nil
}

// URL is where the server listens, without a slash at its end.
func (s *Server) URL() string { return s.url }

// PID is the process that was started.
func (s *Server) PID() int { return s.process.Process.Pid }

// Said is what the server has said on its standard error, in all its lives.
func (s *Server) Said() string { return s.log.String() }

// Exited is closed when the process has ended.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Kill kills the server (kill -9) and returns when it is dead.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.Journal.note("kill", s.Name)
	if err := s.End(syscall.SIGKILL, patience); err == nil {
		t.Fatal("the server had ended by itself")
	}
}

// Died returns when the server has died by itself of the signal that kills.
func (s *Server) Died(t testing.TB) {
	t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		t.Fatal("the server goes on to live")
	}
	var exit *exec.ExitError
	if !errors.As(s.err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the server ended otherwise: %v\n%s", s.err, lastOf(s.Said(), 4<<10))
	}
	s.Journal.note("died", s.Name)
}

// Stop ends the server by SIGTERM and returns when it has ended. It must end
// within a minute, and say that it ended well.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.Journal.note("stop", s.Name)
	if err := s.End(syscall.SIGTERM, patience); err != nil {
		t.Fatalf("stopping the server: %v\n%s", err, lastOf(s.Said(), 4<<10))
	}
}

// Pause has the process do nothing, as a machine that hangs, until Resume.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	s.Journal.note("pause", s.Name)
	if err := s.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

// Resume ends a Pause.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.Journal.note("resume", s.Name)
	if err := s.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// End sends a signal and returns how the process has ended. One that does not end is
// ended, and says what it is at.
func (s *Server) End(signal syscall.Signal, within time.Duration) error {
	if err := s.signal(signal); err != nil {
		return err
	}
	select {
	case <-s.exited:
		return s.err
	case <-time.After(within):
		s.signal(syscall.SIGQUIT)
		<-s.exited
		return fmt.Errorf("the server does not end by %v", signal)
	}
}

// signal goes to the process, and one that kills to all that it has started.
func (s *Server) signal(signal syscall.Signal) error {
	if signal == syscall.SIGKILL {
		return syscall.Kill(-s.PID(), signal)
	}
	return s.process.Process.Signal(signal)
}

// saveText writes a text where it outlives the test.
func saveText(t testing.TB, what, kind, text string) {
	t.Helper()
	file, err := os.CreateTemp("", "handout-"+strings.ReplaceAll(t.Name(), "/", "-")+"-*."+kind)
	if err != nil {
		t.Logf("%s is lost: %v", what, err)
		return
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Logf("%s is not whole: %v", what, err)
	}
	t.Logf("%s is in %s", what, file.Name())
}

func lastOf(text string, n int) string { return text[max(0, len(text)-n):] }
