// Command oracle answers questions about patches and manifests with the packages that Helm itself is built from.
//
// It reads one JSON object per line and writes one answer per line, in the same order. A question has an "op":
//
//	three_way   apiVersion, kind, old, target, live  -> the strategic merge patch
//	two_way     apiVersion, kind, old, target        -> the strategic merge patch
//	apply       apiVersion, kind, old, patch         -> the patched object
//	convertible apiVersion, kind, old                -> whether the object can be read into its Go type
//	merge_diff  old, target                          -> the RFC 7396 patch
//	patch       apiVersion, kind, old, target, live  -> the patch that Helm sends, and its kind; null when it is empty
//	yaml        text                                 -> the first document as JSON, null when there is none
//	manifest    text                                 -> the list of objects, lists flattened
//	documents   text                                 -> the texts of the documents, separators left out
//
// Called as `oracle table` it prints the fields of all types of Kubernetes' client and how patches merge them; see table.go.
//
// An answer holds "ok" with the result, or "err" with the message; a panic of a package is an error that starts with "panic: ".
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	jsonpatch "github.com/evanphx/json-patch/v5"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

type question struct {
	Op         string          `json:"op"`
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Old        json.RawMessage `json:"old"`
	Target     json.RawMessage `json:"target"`
	Live       json.RawMessage `json:"live"`
	Patch      json.RawMessage `json:"patch"`
	Text       string          `json:"text"`
}

type answer struct {
	OK  json.RawMessage `json:"ok,omitempty"`
	Err string          `json:"err,omitempty"`
}

func main() {
	types := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme,
		apiextensionsv1beta1.AddToScheme,
		apiextensionsv1.AddToScheme,
	} {
		if err := add(types); err != nil {
			fail(err)
		}
	}
	if len(os.Args) == 2 && os.Args[1] == "table" {
		if err := printTable(types, os.Stdout); err != nil {
			fail(err)
		}
		return
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			if err := reply(out, solve(types, line)); err != nil {
				fail(err)
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			fail(err)
		}
		// Whoever asks waits for the last answer of a batch: nothing may stay behind when no question is left.
		if lines.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				fail(err)
			}
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "oracle:", err)
	os.Exit(1)
}

func reply(out *bufio.Writer, given answer) error {
	text, err := json.Marshal(given)
	if err != nil {
		return err
	}
	if _, err := out.Write(append(text, '\n')); err != nil {
		return err
	}
	return nil
}

func solve(types *runtime.Scheme, line []byte) (given answer) {
	defer func() {
		if caught := recover(); caught != nil {
			given = answer{Err: fmt.Sprintf("panic: %v", caught)}
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Err: "question: " + err.Error()}
	}
	result, err := work(types, asked)
	if err != nil {
		return answer{Err: err.Error()}
	}
	return answer{OK: result}
}

func work(types *runtime.Scheme, asked question) ([]byte, error) {
	switch asked.Op {
	case "three_way", "two_way", "apply":
		return strategic(types, asked)
	case "convertible":
		return convertible(types, asked)
	case "merge_diff":
		return jsonpatch.CreateMergePatch(asked.Old, asked.Target)
	case "patch":
		return helmsPatch(types, asked)
	case "documents":
		return splitDocuments(asked.Text)
	case "yaml":
		return readDocument(asked.Text)
	case "manifest":
		return readManifest(asked.Text)
	default:
		return nil, fmt.Errorf("unknown op %q", asked.Op)
	}
}

// helmsPatch makes the patch that Helm makes: a strategic one of what can be read into its Go type, a two-way merge patch of
// all else, and of the old definitions of custom resources.
func helmsPatch(types *runtime.Scheme, asked question) ([]byte, error) {
	target := &unstructured.Unstructured{}
	if err := target.UnmarshalJSON(asked.Target); err != nil {
		return nil, err
	}
	old, err := written(asked.Old)
	if err != nil {
		return nil, err
	}
	wanted, err := written(asked.Target)
	if err != nil {
		return nil, err
	}
	live, err := written(asked.Live)
	if err != nil {
		return nil, err
	}
	version := target.GroupVersionKind().GroupVersion()
	var object any = target
	if typed, err := runtime.ObjectConvertor(types).ConvertToVersion(target, version); err == nil {
		object = typed
	}
	_, isUnstructured := object.(runtime.Unstructured)
	_, isOldDefinition := object.(*apiextensionsv1beta1.CustomResourceDefinition)
	kind, patch := "merge", []byte(nil)
	if isUnstructured || isOldDefinition {
		patch, err = jsonpatch.CreateMergePatch(old, wanted)
	} else {
		var meta strategicpatch.PatchMetaFromStruct
		if meta, err = strategicpatch.NewPatchMetaFromStruct(object); err != nil {
			return nil, err
		}
		kind = "strategic"
		patch, err = strategicpatch.CreateThreeWayMergePatch(old, wanted, live, meta, true)
	}
	if err != nil {
		return nil, err
	}
	if string(patch) == "{}" {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]any{"kind": kind, "patch": json.RawMessage(patch)})
}

// written returns an object as Helm's client writes it that has read it; null where there is none.
func written(text []byte) ([]byte, error) {
	if len(text) == 0 {
		return []byte("null"), nil
	}
	var value any
	if err := utiljson.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func convertible(types *runtime.Scheme, asked question) ([]byte, error) {
	version, err := schema.ParseGroupVersion(asked.APIVersion)
	if err != nil {
		return nil, err
	}
	object, err := types.New(version.WithKind(asked.Kind))
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := utiljson.Unmarshal(asked.Old, &content); err != nil {
		return nil, err
	}
	failed := runtime.DefaultUnstructuredConverter.FromUnstructured(content, object)
	return json.Marshal(failed == nil)
}

func strategic(types *runtime.Scheme, asked question) ([]byte, error) {
	version, err := schema.ParseGroupVersion(asked.APIVersion)
	if err != nil {
		return nil, err
	}
	object, err := types.New(version.WithKind(asked.Kind))
	if err != nil {
		return nil, err
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(object)
	if err != nil {
		return nil, err
	}
	switch asked.Op {
	case "three_way":
		return strategicpatch.CreateThreeWayMergePatch(asked.Old, asked.Target, asked.Live, meta, true)
	case "two_way":
		return strategicpatch.CreateTwoWayMergePatchUsingLookupPatchMeta(asked.Old, asked.Target, meta)
	default:
		return strategicpatch.StrategicMergePatchUsingLookupPatchMeta(asked.Old, asked.Patch, meta)
	}
}
