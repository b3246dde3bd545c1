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
	keys Keys

	mu         sync.Mutex
	young, old map[[sha256.Size]byte]Claims // by the hash of the token; guarded by mu, as size
	size       int                          // bytes of the tokens in young
}

// NewCache returns a Cache of what the keys verify. They must not change.
func NewCache(keys Keys) *Cache {
	return &Cache{keys: keys, young: make(map[[sha256.Size]byte]Claims)}
}

// Verify is Keys.Verify.
func (c *Cache) Verify(token string, now time.Time) (Claims, error) {
	if len(token) > MaxBytes {
		return c.keys.Verify(token, now) // it says why not
	}
	hash := sha256.Sum256([]byte(token))
	if claims, ok := c.look(hash, len(token)); ok && now.Before(claims.ExpiresAt) {
		return claims, nil
	}
	claims, err := c.keys.Verify(token, now)
	if err == nil {
		c.keep(hash, len(token), claims)
	}
	return claims, err
}

// look finds claims of either generation, and brings those of the old one into
// the young one: what nobody asks for is gone after two of them.
func (c *Cache) look(hash [sha256.Size]byte, size int) (Claims, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if claims, ok := c.young[hash]; ok {
		return claims, true
	}
	claims, ok := c.old[hash]
	if ok {
		c.keepLocked(hash, size, claims)
	}
	return claims, ok
}

func (c *Cache) keep(hash [sha256.Size]byte, size int, claims Claims) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keepLocked(hash, size, claims)
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
