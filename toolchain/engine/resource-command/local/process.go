package local

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	provider "github.com/pulumi/pulumi-go-provider"
)

// run executes a command, shows its output line by line while it runs, and returns what it left.
//
// previous is the result that the state holds: the command finds its output in its environment.
// The text of an error is the official plugin's: exit status, command, output of both streams.
// So is what makes a program hang that was tried with a milder plugin alone: see lineWriter, and
// newProcess.
func run(ctx context.Context, command string, in Settings, previous Result) (Result, error) {
	var stdout, stderr, both bytes.Buffer
	var lock sync.Mutex
	show := provider.GetLogger(ctx).InfoStatus
	outLines := newLineWriter(show, in.Logging.showsStdout())
	errLines := newLineWriter(show, in.Logging.showsStderr())

	process, err := newProcess(ctx, command, in, previous)
	if err != nil {
		return previous, err
	}
	process.Stdout = io.MultiWriter(&stdout, &lockedWriter{&lock, &both}, outLines)
	process.Stderr = io.MultiWriter(&stderr, &lockedWriter{&lock, &both}, errLines)
	err = process.Run()
	outLines.finish()
	errLines.finish()
	if err != nil {
		return previous, fmt.Errorf("%w: running %q:\n%s", err, command, both.String())
	}

	result := Result{
		Stdout:  strings.TrimSuffix(stdout.String(), "\n"),
		Stderr:  strings.TrimSuffix(stderr.String(), "\n"),
		Assets:  previous.Assets,
		Archive: previous.Archive,
	}
	return result, collectFiles(process.Dir, in, &result)
}

// newProcess prepares the command with its interpreter, directory, environment and input.
//
// When the update is cancelled, the first process alone is killed, at once. What that one started
// runs on, and as long as any of it holds the command's output open, the update waits for it.
func newProcess(
	ctx context.Context, command string, in Settings, previous Result,
) (*exec.Cmd, error) {
	words := in.Interpreter
	if len(words) == 0 {
		words = []string{"/bin/sh", "-c"}
	}
	words = append(append([]string{}, words...), command)

	process := exec.CommandContext(ctx, words[0], words[1:]...)
	process.Env = environment(in, previous)
	if in.Stdin != nil {
		process.Stdin = strings.NewReader(*in.Stdin)
	}
	if in.Dir != nil {
		process.Dir = *in.Dir
		return process, nil
	}
	var err error
	process.Dir, err = os.Getwd()
	return process, err
}

// environment is the plugin's own, the program's additions, and the previous output if wanted.
func environment(in Settings, previous Result) []string {
	variables := os.Environ()
	for name, value := range in.Environment {
		variables = append(variables, name+"="+value)
	}
	if in.AddPreviousOutputInEnv != nil && !*in.AddPreviousOutputInEnv {
		return variables
	}
	if previous.Stdout != "" {
		variables = append(variables, "PULUMI_COMMAND_STDOUT="+previous.Stdout)
	}
	if previous.Stderr != "" {
		variables = append(variables, "PULUMI_COMMAND_STDERR="+previous.Stderr)
	}
	return variables
}

type lockedWriter struct {
	lock *sync.Mutex
	into io.Writer
}

func (w *lockedWriter) Write(data []byte) (int, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.into.Write(data)
}

// lineWriter shows complete lines as they come. Each stream has its own, whether it is shown or not.
//
// A line of more than 64 KB ends the reading for good, as bufio.Scanner does: nobody reads what is
// written after it, the command blocks once the pipe is full, and the update hangs.
type lineWriter struct {
	*io.PipeWriter
	done chan struct{}
}

func newLineWriter(show func(string), on bool) *lineWriter {
	reader, writer := io.Pipe()
	lines := &lineWriter{writer, make(chan struct{})}
	go func() {
		defer close(lines.done)
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			if on {
				show(scanner.Text())
			}
		}
	}()
	return lines
}

// finish waits until the last line is shown.
func (w *lineWriter) finish() {
	_ = w.Close()
	<-w.done
}
