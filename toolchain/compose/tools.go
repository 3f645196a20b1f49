//go:build tools

// Package tools pins the command that toolchain/compose/build.py builds from this module.
package tools

import _ "github.com/docker/compose/v2/cmd"
