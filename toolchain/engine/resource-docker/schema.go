package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	bridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// schema describes the plugin to the CLI and to the bridge's type checks. Upstream generates it
// when it releases and embeds it; made at start, in a few milliseconds, it cannot be out of date.
func schema(info bridge.ProviderInfo) []byte {
	result, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo:    info,
		DiagnosticsSink: diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never}),
		XInMemoryDocs:   true,
	})
	if err == nil {
		var text []byte
		if text, err = json.Marshal(result.PackageSpec); err == nil {
			return text
		}
	}
	fmt.Fprintln(os.Stderr, "the docker plugin cannot describe itself:", err)
	os.Exit(1)
	return nil
}
