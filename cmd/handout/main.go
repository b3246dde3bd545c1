// Command handout is the Handout server: in-session file sharing for
// real-time rooms.
package main

import (
	"os"

	"github.com/alecthomas/kong"

	"github.com/handout-rtc/handout/internal/cli"
)

// version is set by the release build (-ldflags -X main.version=…).
var version = "dev"

type commands struct {
	cli.Commands
	Serve    serveCommand     `cmd:"" help:"Run the server."`
	Verify   verifyCommand    `cmd:"" help:"Hold a data directory against its records."`
	Audit    auditCommand     `cmd:"" help:"Read the audit log: who did what, when, with which file."`
	Backup   backupCommand    `cmd:"" help:"Copy a data directory, beside a running server too."`
	Migrate  migrateCommand   `cmd:"" help:"Move everything that a server has to other engines, while no server runs."`
	Restored restoredCommand  `cmd:"" help:"Note that the database of the records was restored from a backup of its own."`
	Version  kong.VersionFlag `env:"-" help:"Print the version and exit."`
}

// kongUsage is how kong ends a program whose command line is wrong.
const kongUsage = 80

func main() {
	var c commands
	parser := kong.Must(&c, options()...)
	ctx, err := parser.Parse(os.Args[1:])
	if err != nil {
		parser.Stdout = os.Stderr // what is printed there is results alone
		parser.FatalIfErrorf(err)
	}
	ctx.FatalIfErrorf(ctx.Run())
	os.Exit(0)
}

// options say how the command line is read.
func options() []kong.Option {
	return []kong.Option{
		kong.Name("handout"),
		kong.Description("In-session file sharing for real-time rooms: the server, and what people and scripts do at one."),
		kong.Vars{"version": version, "metrics_listen": defaultMetricsListen},
		kong.DefaultEnvars("HANDOUT"),
		kong.ShortUsageOnError(),
		kong.Exit(func(code int) {
			if code == kongUsage {
				code = cli.ExitUsage
			}
			os.Exit(code)
		}),
	}
}
