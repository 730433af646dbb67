// The Kubernetes provider plugin. Upstream's own main embeds files that its release
// build generates; this one embeds the sources of those files, which tools/build.py
// copies out of the module before it compiles.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// version is that of the Python SDK in requirements-dev.txt; build.py sets it.
var version = "0.0.0"

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
