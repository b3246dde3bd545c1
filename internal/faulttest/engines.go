package faulttest

// Engines are where the nodes of a cluster keep what they share: servers that are
// there for them alone, or a place of their own in ones that others use too.
type Engines struct {
	Store, Push, Blobs Engine
}

// Engine is one of them, as a node is told of it.
type Engine struct {
	// Address is where it is reached, by a node that has a network of its own to it
	// through that.
	Address string
	// Told returns what the environment of a node says, for that address.
	Told func(address string) []string
}

// Env is the environment of a node.
func (e Engines) Env() (env []string) {
	for _, engine := range []Engine{e.Store, e.Push, e.Blobs} {
		env = append(env, engine.Told(engine.Address)...)
	}
	return env
}
