package store

// table is one table of the schema, and what a copy of the records does with it.
type table struct {
	name string
	key  string // the columns of its primary key, with ", " between, of one that is copied
	// stays says why nothing of it is copied; "" for one that is.
	stays string
	// but is the condition of the rows that are not copied; "" for none.
	but string
}

// tables lists every table of the schema, those that others refer to first: in
// this order records can be written, and in the reverse one removed. A test holds
// it to the migrations.
func tables() []table {
	return []table{
		{name: "goose_db_version", stays: "the schema says it of itself"},
		{name: "counters", key: "name", but: `name IN ('` + copying + `', '` + copied + `', '` + filling + `', '` + filled + `', 'boot', 'synced', 'distrust')`},
		{name: "rooms", key: "id"},
		{name: "streams", key: "room, participant"},
		{name: "members", key: "room, id"},
		{name: "dropped", key: "room, participant"},
		{name: "shares", key: "id"},
		{name: "receipts", key: "share, participant"},
		{name: "thumbnails", key: "share"},
		{name: "tickets", key: "hash"},
		{name: "outbox", key: "room, id"},
		{name: "apps", key: "id"},
		{name: "accounts", key: "app, room, day"},
		{name: "noted", key: "room, n"},
		{name: "audit", key: "id"},
		{name: "audit_log", key: "id"},
		{name: "endpoints", key: "id"},
		{name: "deliveries", key: "id"},
		{name: "manifests", stays: "it is of the bytes, which are written anew"},
		{name: "segments", stays: "it is of the bytes, which are written anew"},
		{name: "nodes", stays: "no process moves with the records"},
		{name: "duties", stays: "no process moves with the records"},
	}
}

// copiedTables are the tables that are copied.
func copiedTables() []table {
	var all []table
	for _, t := range tables() {
		if t.stays == "" {
			all = append(all, t)
		}
	}
	return all
}

// rest is the condition of the rows that are copied.
func (t table) rest() string {
	if t.but == "" {
		return `1 = 1`
	}
	return `NOT (` + t.but + `)`
}
