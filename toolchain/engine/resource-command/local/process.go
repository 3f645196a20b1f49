package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	provider "github.com/pulumi/pulumi-go-provider"
)

// grace is how long a cancelled command has to end by itself before it is killed.
const grace = 10 * time.Second

// run executes a command, shows its output line by line while it runs, and returns what it left.
//
// previous is the result that the state holds: the command finds its output in its environment.
// The text of an error is the official plugin's: exit status, command, output of both streams.
func run(ctx context.Context, command string, in Settings, previous Result) (Result, error) {
	var stdout, stderr, both bytes.Buffer
	var lock sync.Mutex
	show := provider.GetLogger(ctx).InfoStatus
	outLines := &lineWriter{show: show, on: in.Logging.showsStdout()}
	errLines := &lineWriter{show: show, on: in.Logging.showsStderr()}

	process, err := newProcess(ctx, command, in, previous)
	if err != nil {
		return previous, err
	}
	process.Stdout = io.MultiWriter(&stdout, &lockedWriter{&lock, &both}, outLines)
	process.Stderr = io.MultiWriter(&stderr, &lockedWriter{&lock, &both}, errLines)
	err = process.Run()
	outLines.flush()
	errLines.flush()
	if err != nil {
		return previous, fmt.Errorf("%w: running %q:\n%s", describe(ctx, err), command, both.String())
	}

	result := Result{
		Stdout:  strings.TrimSuffix(stdout.String(), "\n"),
		Stderr:  strings.TrimSuffix(stderr.String(), "\n"),
		Assets:  previous.Assets,
		Archive: previous.Archive,
	}
	return result, collectFiles(process.Dir, in, &result)
}

// newProcess prepares the command with its interpreter, directory, environment and input, in a
// process group of its own so that a cancelled update leaves nothing of it running.
func newProcess(
	ctx context.Context, command string, in Settings, previous Result,
) (*exec.Cmd, error) {
	words := in.Interpreter
	if len(words) == 0 {
		words = []string{"/bin/sh", "-c"}
	}
	words = append(append([]string{}, words...), command)

	process := exec.CommandContext(ctx, words[0], words[1:]...)
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return endGroup(process) }
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

// endGroup asks the whole process group to end and kills what is left of it after the grace time.
func endGroup(process *exec.Cmd) error {
	group := -process.Process.Pid
	err := syscall.Kill(group, syscall.SIGTERM)
	go func() {
		time.Sleep(grace)
		_ = syscall.Kill(group, syscall.SIGKILL)
	}()
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// describe says that a command was cancelled, which its exit status alone does not.
func describe(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("cancelled (%w)", err)
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

// lineWriter shows complete lines as they come. Each stream has its own.
type lineWriter struct {
	show func(string)
	on   bool
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	if !w.on {
		return len(data), nil
	}
	w.rest = append(w.rest, data...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		w.show(strings.TrimSuffix(string(line), "\r"))
		w.rest = rest
	}
}

// flush shows a last line that has no line break.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.show(string(w.rest))
	}
	w.rest = nil
}
