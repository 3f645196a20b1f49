package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is the resource command:local:Command.
type Command struct{}

// Annotate describes the resource.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command on this machine. It has failed when its exit code is not zero.")
}

// CommandInputs are what a program sets.
type CommandInputs struct {
	Settings
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
	Triggers []any   `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// Annotate describes the fields.
func (c *CommandInputs) Annotate(a infer.Annotator) {
	a.Describe(&c.Create, "What to run once, and again on changed inputs where update is not set")
	a.Describe(&c.Update, "What to run on changed inputs")
	a.Describe(&c.Delete, "What to run on deletion")
	a.Describe(&c.Triggers, "Values that replace the resource when they change")
}

// CommandOutputs are what the state keeps.
type CommandOutputs struct {
	CommandInputs
	Result
}

// Create runs the create command, if there is one; nothing in a preview.
func (*Command) Create(
	ctx context.Context, req infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandOutputs], error) {
	response := infer.CreateResponse[CommandOutputs]{
		Output: CommandOutputs{CommandInputs: req.Inputs},
	}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err != nil {
		return response, err
	}
	response.ID = id
	if req.DryRun || req.Inputs.Create == nil {
		return response, nil
	}
	response.Output.Result, err = run(ctx, *req.Inputs.Create, req.Inputs.Settings, Result{})
	return response, err
}

// Update runs the update command, else the create command, else nothing; nothing in a preview.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[CommandInputs, CommandOutputs],
) (infer.UpdateResponse[CommandOutputs], error) {
	response := infer.UpdateResponse[CommandOutputs]{
		Output: CommandOutputs{CommandInputs: req.Inputs, Result: req.State.Result},
	}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	if req.DryRun || command == nil {
		return response, nil
	}
	var err error
	response.Output.Result, err = run(ctx, *command, req.Inputs.Settings, req.State.Result)
	return response, err
}

// Delete runs the delete command as the state recorded it, if there is one.
func (*Command) Delete(
	ctx context.Context, req infer.DeleteRequest[CommandOutputs],
) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := run(ctx, *req.State.Delete, req.State.Settings, req.State.Result)
	return infer.DeleteResponse{}, err
}
