package client

import (
	"slices"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// model is what is known of a room, and who listens to it.
type model struct {
	mu           sync.Mutex
	participants map[protocol.ParticipantID]protocol.Participant
	shares       map[protocol.ShareID]protocol.Share
	order        []protocol.ShareID             // of shares, as they became known
	receipts     map[receiptID]protocol.Receipt // of own shares, beyond offered
	sharing      protocol.Sharing
	rules        protocol.Rules
	limits       protocol.Limits // by the rules
	queues       map[*queue]bool
}

type receiptID struct {
	share       protocol.ShareID
	participant protocol.ParticipantID
}

func newModel() *model {
	return &model{
		participants: make(map[protocol.ParticipantID]protocol.Participant),
		shares:       make(map[protocol.ShareID]protocol.Share),
		receipts:     make(map[receiptID]protocol.Receipt),
		queues:       make(map[*queue]bool),
	}
}

func (m *model) tell(e Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told(e)
}

// told is tell for who holds the lock.
func (m *model) told(e Event) {
	for q := range m.queues {
		q.add(e)
	}
}

// listen returns a queue that begins with what is there now.
func (m *model) listen() *queue {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := newQueue()
	for _, p := range m.sortedParticipants() {
		q.add(ParticipantJoined{p})
	}
	for _, id := range m.order {
		q.add(ShareChanged{m.shares[id]})
	}
	for _, r := range m.receipts {
		q.add(ReceiptChanged{r})
	}
	m.queues[q] = true
	return q
}

func (m *model) unlisten(q *queue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.queues, q)
}

// applyShares takes shares as the server tells them. Telling one twice does no harm.
func (m *model) applyShares(shares []protocol.Share) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range shares {
		before, known := m.shares[s.ID]
		if known && s.Rev <= before.Rev {
			continue
		}
		m.shares[s.ID] = s
		if !known {
			m.order = append(m.order, s.ID)
		}
		m.told(ShareChanged{s})
	}
}

// keepShares forgets all shares but these.
func (m *model) keepShares(ids map[protocol.ShareID]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.order = slices.DeleteFunc(m.order, func(id protocol.ShareID) bool {
		if ids[id] {
			return false
		}
		delete(m.shares, id)
		m.told(ShareForgotten{id})
		return true
	})
	for id := range m.receipts {
		if !ids[id.share] {
			delete(m.receipts, id)
		}
	}
}

func (m *model) applyReceipts(receipts []protocol.Receipt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range receipts {
		id := receiptID{r.Share, r.Participant}
		if r.Rev > m.receipts[id].Rev {
			m.receipts[id] = r
			m.told(ReceiptChanged{r})
		}
	}
}

func (m *model) applySharing(s protocol.Sharing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Rev > m.sharing.Rev {
		m.sharing = s
		m.told(SharingChanged{s})
	}
}

func (m *model) applyRules(rules protocol.Rules, limits protocol.Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rules.Rev > m.rules.Rev {
		m.rules, m.limits = rules, limits
		m.told(RulesChanged{rules, limits})
	}
}

// greeted takes the limits that a connection begins with.
func (m *model) greeted(w protocol.Welcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newer := w.Room.Rules.Rev > m.rules.Rev
	if newer || w.Room.Rules.Rev == m.rules.Rev {
		m.rules, m.limits = w.Room.Rules, w.Limits
	}
	if newer {
		m.told(RulesChanged{m.rules, m.limits})
	}
}

func (m *model) ruledBy() (protocol.Rules, protocol.Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rules, m.limits
}

func (m *model) sharingNow() protocol.Sharing {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sharing
}

func (m *model) joined(p protocol.Participant) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, here := m.participants[p.ID]; here && before.JoinedAt.Equal(p.JoinedAt) {
		return
	}
	m.participants[p.ID] = p
	m.told(ParticipantJoined{p})
}

func (m *model) left(id protocol.ParticipantID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, here := m.participants[id]; here {
		delete(m.participants, id)
		m.told(ParticipantLeft{p})
	}
}

// roster replaces who is here.
func (m *model) roster(all []protocol.Participant) {
	here := make(map[protocol.ParticipantID]bool, len(all))
	for _, p := range all {
		here[p.ID] = true
		m.joined(p)
	}
	for _, p := range m.listParticipants() {
		if !here[p.ID] {
			m.left(p.ID)
		}
	}
}

func (m *model) listParticipants() []protocol.Participant {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sortedParticipants()
}

// sortedParticipants is for who holds the lock.
func (m *model) sortedParticipants() []protocol.Participant {
	list := make([]protocol.Participant, 0, len(m.participants))
	for _, p := range m.participants {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b protocol.Participant) int { return a.JoinedAt.Compare(b.JoinedAt) })
	return list
}

func (m *model) listShares() []protocol.Share {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]protocol.Share, 0, len(m.order))
	for _, id := range m.order {
		list = append(list, m.shares[id])
	}
	return list
}

func (m *model) share(id protocol.ShareID) (protocol.Share, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, known := m.shares[id]
	return s, known
}
