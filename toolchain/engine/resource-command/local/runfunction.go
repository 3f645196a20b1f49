package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Run is the function command:local:run. It runs on every execution of a program, previews too.
type Run struct{}

// Annotate describes the function.
func (r *Run) Annotate(a infer.Annotator) {
	a.Describe(&r, "Runs a command on this machine, in every preview and update.")
}

// RunInputs are what a program passes.
type RunInputs struct {
	Settings
	Command string `pulumi:"command"`
}

// Annotate describes the field.
func (r *RunInputs) Annotate(a infer.Annotator) {
	a.Describe(&r.Command, "What to run")
}

// RunOutputs are what a program gets back.
type RunOutputs struct {
	RunInputs
	Result
}

// Invoke runs the command.
func (*Run) Invoke(
	ctx context.Context, req infer.FunctionRequest[RunInputs],
) (infer.FunctionResponse[RunOutputs], error) {
	result, err := run(ctx, req.Input.Command, req.Input.Settings, Result{})
	return infer.FunctionResponse[RunOutputs]{
		Output: RunOutputs{RunInputs: req.Input, Result: result},
	}, err
}
