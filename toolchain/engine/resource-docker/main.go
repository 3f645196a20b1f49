// Command pulumi-resource-docker is a stand-in for Pulumi's docker plugin, for networks that
// cannot reach the official one: Pulumi's Terraform bridge over the same upstream provider, named
// as the Python SDK pulumi-docker 5.2.0 names things. The native docker.Image is not in it.
package main

import (
	bridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// version is set by the linker to the version of the official plugin that this one stands in for.
var version = "0.0.0-dev"

func main() {
	info := describe()
	bridge.Main("docker", version, info, schema(info))
}

// describe maps upstream's names to the SDK's: the standard way, and the exceptions.
func describe() bridge.ProviderInfo {
	info := bridge.ProviderInfo{
		P:           shimv2.NewProvider(shim.New(version)),
		Name:        "docker",
		Version:     version,
		DisplayName: "Docker",
		Config: map[string]*bridge.SchemaInfo{
			"host":          {Default: &bridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: bridge.False()},
		},
		Resources: map[string]*bridge.ResourceInfo{
			"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
			"docker_image": {
				Tok:    "docker:index/remoteImage:RemoteImage",
				Fields: map[string]*bridge.SchemaInfo{"name": {Name: "name"}},
			},
			"docker_container": {
				// A container's name and ports are taken until it is gone.
				DeleteBeforeReplace: true,
				Fields: map[string]*bridge.SchemaInfo{
					"command":           {Name: "command"},
					"networks_advanced": {Name: "networksAdvanced"},
				},
			},
		},
		DataSources: map[string]*bridge.DataSourceInfo{
			"docker_image": {Tok: "docker:index/getRemoteImage:getRemoteImage"},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", "index", tokens.MakeStandard("docker")))
	info.SetAutonaming(255, "-")
	return info
}
