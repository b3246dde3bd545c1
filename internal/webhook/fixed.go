package webhook

import (
	"bufio"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/handout-rtc/handout/internal/store"
)

// idLength is how much of a hash names an endpoint: characters of base32 for 128
// bits, as of the ids that are made at random.
const idLength = 26

// ReadFixed reads the endpoints of the server's configuration: an application, a URL
// and one to four secrets on each line, with blanks between; lines that are empty
// or begin with # say nothing. An endpoint is known by its application and URL.
func (s *Service) ReadFixed(from io.Reader) ([]store.Endpoint, error) {
	var all []store.Endpoint
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("line %d: write APP URL SECRET, and further secrets if there are", n)
		}
		e := store.Endpoint{App: fields[0], Fixed: true, CreatedAt: s.Now()}
		secrets := fields[2:]
		if err := s.grant(Wish{URL: &fields[1], Secrets: &secrets}, &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		sum := sha256.Sum256([]byte(e.App + " " + e.URL))
		e.ID = "wh_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:idLength])
		if slices.ContainsFunc(all, func(other store.Endpoint) bool { return other.ID == e.ID }) {
			return nil, fmt.Errorf("line %d: the application has this url already", n)
		}
		all = append(all, e)
	}
	return all, lines.Err()
}
