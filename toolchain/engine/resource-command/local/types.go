// Package local runs commands on the machine that runs Pulumi. Its name is the middle part of the
// tokens that the SDK sends: command:local:Command and command:local:run.
package local

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Logging says which of the command's streams are shown while it runs. Both are kept as outputs.
type Logging string

// The values that the SDK's enumeration knows. A missing value means both streams.
const (
	LogStdout Logging = "stdout"
	LogStderr Logging = "stderr"
	LogBoth   Logging = "stdoutAndStderr"
	LogNone   Logging = "none"
)

// Values lists the enumeration for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: LogStdout, Description: "Show stdout, not stderr"},
		{Name: "Stderr", Value: LogStderr, Description: "Show stderr, not stdout"},
		{Name: "StdoutAndStderr", Value: LogBoth, Description: "Show stdout and stderr"},
		{Name: "None", Value: LogNone, Description: "Show nothing"},
	}
}

func (l *Logging) showsStdout() bool { return l == nil || *l == LogStdout || *l == LogBoth }
func (l *Logging) showsStderr() bool { return l == nil || *l == LogStderr || *l == LogBoth }

// Settings are the inputs that the resource and the function share.
type Settings struct {
	Interpreter            []string          `pulumi:"interpreter,optional"`
	Dir                    *string           `pulumi:"dir,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Logging                *Logging          `pulumi:"logging,optional"`
	AssetPaths             []string          `pulumi:"assetPaths,optional"`
	ArchivePaths           []string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate describes the fields. None has a default, since the official plugin writes none into the
// state: taking over from either would show a difference.
func (s *Settings) Annotate(a infer.Annotator) {
	a.Describe(&s.Interpreter, "Program and arguments that run the command. Default: /bin/sh -c")
	a.Describe(&s.Dir, "Directory to run in. Default: where Pulumi runs the plugin")
	a.Describe(&s.Environment, "Variables added to the environment of the plugin")
	a.Describe(&s.Stdin, "Text for the standard input of the command")
	a.Describe(&s.Logging, "Which streams are shown while the command runs. Default: both")
	a.Describe(&s.AssetPaths, "Globs of files to return as assets; a leading ! excludes")
	a.Describe(&s.ArchivePaths, "Globs of files to return as one archive; a leading ! excludes")
	a.Describe(&s.AddPreviousOutputInEnv,
		"Whether the last output is in PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR. Default: it is")
}

// Result is what a finished command leaves behind.
type Result struct {
	Stdout  string                          `pulumi:"stdout"`
	Stderr  string                          `pulumi:"stderr"`
	Assets  map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive               `pulumi:"archive,optional"`
}

// Annotate describes the fields.
func (r *Result) Annotate(a infer.Annotator) {
	a.Describe(&r.Stdout, "Standard output, without its last line break")
	a.Describe(&r.Stderr, "Standard error, without its last line break")
	a.Describe(&r.Assets, "Files found by assetPaths, by their path below dir")
	a.Describe(&r.Archive, "Files found by archivePaths")
}
