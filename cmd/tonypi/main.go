// Command tonypi is the whole system in one binary: the monitoring server, a simulated fleet, and the robot's agent.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"tonypi/api"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "tonypi: "+err.Error())
		os.Exit(1)
	}
}

// run parses the command line and runs the command until it ends or a signal comes.
func run(args []string) error {
	var line commandLine
	parser, err := kong.New(&line,
		kong.Name("tonypi"),
		kong.Description("Monitoring and control of HiWonder TonyPi robots."),
		kong.Vars{"version": version},
		kong.DefaultEnvars("TONYPI"),
		kong.Configuration(fileLoader),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run(newLog(line.LogLevel, line.LogFormat))
}

// newLog makes the one logger of the process.
func newLog(level, format string) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// openapiCommand prints the API's document; `make generate` keeps it for the page.
type openapiCommand struct{}

// Run prints the document on standard output.
func (openapiCommand) Run() error {
	document, err := api.OpenAPI()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(document)
	return err
}
