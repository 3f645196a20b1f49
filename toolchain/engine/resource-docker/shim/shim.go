// Package shim passes on upstream's Terraform provider for Docker.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New returns the provider.
func New(version string) *schema.Provider {
	return provider.New(version)()
}
