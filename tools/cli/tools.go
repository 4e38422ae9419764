//go:build tools

// Package tools pins the Pulumi CLI and its YAML language host, which are built from these Go modules.
package tools

import (
	_ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
)
