package token

import (
	"crypto/sha256"
	"sync"
	"time"
)

// cacheBytes bounds the tokens whose claims one generation of a Cache keeps, as
// long as the tokens are together.
const cacheBytes = 4 << 20

// Cache verifies tokens and remembers those that did, so that the many requests
// of one participant cost one signature. It is safe for concurrent use.
type Cache struct {
	ring *Ring

	mu         sync.Mutex
	of         *Keys                        // what all below was verified with; guarded by mu, as the rest
	young, old map[[sha256.Size]byte]Claims // by the hash of the token
	size       int                          // bytes of the tokens in young
}

// NewCache returns a Cache of what the keys of a ring verify. When they are
// replaced, it begins again.
func NewCache(ring *Ring) *Cache { return &Cache{ring: ring} }

// Verify is Ring.Verify.
func (c *Cache) Verify(token string, now time.Time) (Claims, error) {
	keys := c.ring.keys.Load()
	if len(token) > MaxBytes {
		return keys.Verify(token, now) // it says why not
	}
	hash := sha256.Sum256([]byte(token))
	if claims, ok := c.look(keys, hash, len(token)); ok && now.Before(claims.ExpiresAt) {
		return claims, nil
	}
	claims, err := keys.Verify(token, now)
	if err == nil {
		c.keep(keys, hash, len(token), claims)
	}
	return claims, err
}

// look finds claims of either generation, and brings those of the old one into
// the young one: what nobody asks for is gone after two of them.
func (c *Cache) look(keys *Keys, hash [sha256.Size]byte, size int) (Claims, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != keys {
		c.of, c.young, c.old, c.size = keys, make(map[[sha256.Size]byte]Claims), nil, 0
	}
	if claims, ok := c.young[hash]; ok {
		return claims, true
	}
	claims, ok := c.old[hash]
	if ok {
		c.keepLocked(hash, size, claims)
	}
	return claims, ok
}

// keep remembers what these keys have verified, unless there are others by now.
func (c *Cache) keep(keys *Keys, hash [sha256.Size]byte, size int, claims Claims) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == keys {
		c.keepLocked(hash, size, claims)
	}
}

func (c *Cache) keepLocked(hash [sha256.Size]byte, size int, claims Claims) {
	if c.size+size > cacheBytes {
		c.old, c.young, c.size = c.young, make(map[[sha256.Size]byte]Claims), 0
	}
	if _, ok := c.young[hash]; !ok {
		c.size += size
	}
	c.young[hash] = claims
}
