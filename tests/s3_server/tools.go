//go:build tools

// Package tools pins the command that tests/s3_server/build.py builds from this module.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
