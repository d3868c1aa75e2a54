package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// readDocument reads a text as one document, the way a chunk of a manifest is read: it always ends with a line's end.
func readDocument(text string) ([]byte, error) {
	var raw runtime.RawExtension
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	return typed(raw.Raw)
}

// typed gives numbers the types that the API machinery gives them.
func typed(raw []byte) ([]byte, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return []byte("null"), nil
	}
	var value any
	if err := utiljson.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// readManifest reads a manifest into objects, as the resource builder of Helm does before it asks the server for kinds.
func readManifest(text string) ([]byte, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	objects := []any{}
	for {
		var raw runtime.RawExtension
		if err := decoder.Decode(&raw); err == io.EOF {
			return json.Marshal(objects)
		} else if err != nil {
			return nil, err
		}
		raw.Raw = bytes.TrimSpace(raw.Raw)
		if len(raw.Raw) == 0 || bytes.Equal(raw.Raw, []byte("null")) {
			continue
		}
		object, _, err := unstructured.UnstructuredJSONScheme.Decode(raw.Raw, nil, nil)
		if err != nil {
			return nil, err
		}
		waiting := []runtime.Object{object}
		for at := 0; at < len(waiting); at++ {
			if !meta.IsListType(waiting[at]) {
				if single, ok := waiting[at].(*unstructured.Unstructured); ok {
					objects = append(objects, single.Object)
				}
				continue
			}
			items, err := meta.ExtractList(waiting[at])
			if err != nil {
				return nil, err
			}
			if errs := runtime.DecodeList(items, unstructured.UnstructuredJSONScheme); len(errs) > 0 {
				return nil, errs[0]
			}
			waiting = append(waiting, items...)
		}
	}
}
