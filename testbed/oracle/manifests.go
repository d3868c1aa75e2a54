package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
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

// splitDocuments cuts a text into documents. A separator that the reader leaves at the beginning of one is cut off.
func splitDocuments(text string) ([]byte, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	documents := []string{}
	for {
		chunk, err := reader.Read()
		if err == io.EOF {
			return json.Marshal(documents)
		} else if err != nil {
			return nil, err
		}
		document := string(chunk)
		if strings.HasPrefix(document, "---") {
			_, document, _ = strings.Cut(document, "\n")
		}
		if document != "" {
			documents = append(documents, document)
		}
	}
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
			for _, item := range items {
				if err := hasKind(item); err != nil {
					return nil, err
				}
			}
			waiting = append(waiting, items...)
		}
	}
}

// hasKind fails for an object that the builder could not ask the server about.
func hasKind(object runtime.Object) error {
	kind := object.GetObjectKind().GroupVersionKind()
	if kind.Kind == "" || kind.Version == "" {
		return errors.New("an item of a list has no kind or no version")
	}
	return nil
}
