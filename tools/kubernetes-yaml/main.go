// Command kubernetes-yaml reads manifests as Pulumi's Kubernetes provider does.
//
// The input is a stream of JSON strings, each the text of a manifest. Each line of the output is
// {"objects": [...]} or {"objects": null, "error": "..."}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// bufferSize is how many bytes the provider reads to see whether a manifest is JSON.
const bufferSize = 128

type result struct {
	Objects []any  `json:"objects"`
	Error   string `json:"error,omitempty"`
}

func main() {
	input := json.NewDecoder(bufio.NewReader(os.Stdin))
	output := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(output)
	for {
		var text string
		if err := input.Decode(&text); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := encoder.Encode(read(text)); err != nil {
			log.Fatal(err)
		}
		if err := output.Flush(); err != nil {
			log.Fatal(err)
		}
	}
}

// read returns the objects of a manifest. Like the provider, it skips empty ones.
func read(text string) result {
	decoder := yaml.NewYAMLOrJSONDecoder(io.NopCloser(strings.NewReader(text)), bufferSize)
	objects := []any{}
	for {
		var object map[string]any
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return result{Objects: objects}
		} else if err != nil {
			return result{Error: err.Error()}
		}
		if len(object) > 0 {
			objects = append(objects, object)
		}
	}
}
