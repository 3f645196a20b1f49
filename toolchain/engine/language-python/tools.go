//go:build tools

// Package tools pins the command that toolchain/engine/build.py builds from this module.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
