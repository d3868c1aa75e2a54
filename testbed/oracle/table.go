package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// printTable prints a line per kind ("group/version Kind", type) and a line per field ("type.field", type, strategies, merge
// key), separated by tabs, sorted by bytes. A star before a type says that the field is a pointer.
//
// Types that are read and written by code of their own have names without a point: time, microtime, quantity, int-or-string,
// and "any:NAME" for all others. Their fields are there by the names that Go gives them, since patches look into them as into
// any other type. The old version of custom resource definitions is left out, as Helm makes no strategic patches of it.
func printTable(types *runtime.Scheme, out io.Writer) error {
	var rows []string
	seen := map[reflect.Type]bool{}
	var waiting []reflect.Type
	reach := func(t reflect.Type) {
		if !seen[t] {
			seen[t] = true
			waiting = append(waiting, t)
		}
	}
	for kind, t := range types.AllKnownTypes() {
		if kind.Version == runtime.APIVersionInternal || !isObject(t) || kind.GroupVersion() == oldDefinitions {
			continue
		}
		rows = append(rows, fmt.Sprintf("%s %s\t%s", kind.GroupVersion(), kind.Kind, structName(t)))
		reach(t)
	}
	for len(waiting) > 0 {
		t := waiting[0]
		waiting = waiting[1:]
		for _, field := range fieldsOf(t) {
			strategy, key := field.Tag.Get("patchStrategy"), field.Tag.Get("patchMergeKey")
			row := fmt.Sprintf("%s.%s\t%s\t%s\t%s", structName(t), jsonName(field), typeName(field.Type, reach), strategy, key)
			rows = append(rows, strings.TrimRight(row, "\t"))
		}
	}
	sort.Slice(rows, func(i, j int) bool {
		one, _, _ := strings.Cut(rows[i], "\t")
		two, _, _ := strings.Cut(rows[j], "\t")
		return one < two
	})
	_, err := io.WriteString(out, strings.Join(rows, "\n")+"\n")
	return err
}

var oldDefinitions = schema.GroupVersion{Group: "apiextensions.k8s.io", Version: "v1beta1"}

// isObject says whether a kind's type is that of objects: it has metadata of its own, and is no list.
func isObject(t reflect.Type) bool {
	meta, ok := t.FieldByName("ObjectMeta")
	return ok && meta.Type == reflect.TypeFor[metav1.ObjectMeta]()
}

// fieldsOf returns the fields as they stand in JSON, those of embedded types among them.
func fieldsOf(t reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case tag == "-" || !field.IsExported():
		case field.Anonymous && tag == "" && field.Type.Kind() == reflect.Struct:
			all = append(all, fieldsOf(field.Type)...)
		default:
			all = append(all, field)
		}
	}
	return all
}

func jsonName(field reflect.StructField) string {
	if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag != "" {
		return tag
	}
	return field.Name
}

func structName(t reflect.Type) string {
	if name, ok := scalars[t]; ok {
		return name
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return "any:" + t.Name()
	}
	path := t.PkgPath()
	for _, prefix := range []string{
		"k8s.io/apiextensions-apiserver/pkg/apis/",
		"k8s.io/apimachinery/pkg/apis/",
		"k8s.io/api/",
	} {
		path = strings.TrimPrefix(path, prefix)
	}
	return strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

var scalars = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():        "time",
	reflect.TypeFor[metav1.MicroTime]():   "microtime",
	reflect.TypeFor[metav1.Duration]():    "duration",
	reflect.TypeFor[resource.Quantity]():  "quantity",
	reflect.TypeFor[intstr.IntOrString](): "int-or-string",
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func typeName(t reflect.Type, reach func(reflect.Type)) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem(), reach)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + typeName(t.Elem(), reach)
	case reflect.Map:
		return "map:" + typeName(t.Elem(), reach)
	case reflect.Struct:
		reach(t)
		return structName(t)
	default:
		return t.Kind().String()
	}
}
