// Command pulumi-resource-command is a stand-in for Pulumi's command plugin, for networks that
// cannot reach the official one. It serves local.Command and local.run as the Python SDK
// pulumi-command 1.2.1 sends and reads them; the remote module is not in it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"

	"django-on-docker/toolchain/resource-command/local"
)

// version is set by the linker to the version of the official plugin that this one stands in for.
var version = "0.0.0-dev"

func main() {
	provider, err := infer.NewProviderBuilder().
		WithDisplayName("Command").
		WithDescription("A stand-in for Pulumi's command plugin: local.Command and local.run.").
		WithResources(infer.Resource(&local.Command{})).
		WithFunctions(infer.Function(&local.Run{})).
		Build()
	if err == nil {
		err = provider.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
