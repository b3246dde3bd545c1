// Command handout is the Handout server: in-session file sharing for
// real-time rooms.
package main

import (
	"os"

	"github.com/alecthomas/kong"
)

// version is set by the release build (-ldflags -X main.version=…).
var version = "dev"

type commands struct {
	Serve   serveCommand     `cmd:"" help:"Run the server."`
	Verify  verifyCommand    `cmd:"" help:"Hold a data directory against its records."`
	Audit   auditCommand     `cmd:"" help:"Read the audit log: who did what, when, with which file."`
	Backup  backupCommand    `cmd:"" help:"Copy a data directory, beside a running server too."`
	Version kong.VersionFlag `env:"-" help:"Print the version and exit."`
}

func main() {
	var c commands
	ctx := kong.Parse(&c, options()...)
	ctx.FatalIfErrorf(ctx.Run())
	os.Exit(0)
}

// options say how the command line is read.
func options() []kong.Option {
	return []kong.Option{
		kong.Name("handout"),
		kong.Description("In-session file sharing for real-time rooms."),
		kong.Vars{"version": version, "metrics_listen": defaultMetricsListen},
		kong.DefaultEnvars("HANDOUT"),
		kong.ShortUsageOnError(),
	}
}
