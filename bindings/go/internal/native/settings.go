package native

/*
#include <stdlib.h>
#include "settings.h"
*/
import "C"

import (
	"encoding/binary"
	"unsafe"
)

// A Kind is the type of object that settings configure.
type Kind uint32

// The kinds of settings.
const (
	KindPolicy  Kind = C.BOUNCER_KIND_POLICY
	KindKeys    Kind = C.BOUNCER_KIND_KEYS
	KindRenewer Kind = C.BOUNCER_KIND_RENEWER
)

// Settings is a list of changes that one C call applies in order. That call also checks the values.
// The methods return the extended list, as append does, so that the buffer can stay on the stack.
type Settings []byte

// Set sets a setting and replaces its previous value. A setting that is a list then contains only
// this item.
func (s Settings) Set(name, value string) Settings { return s.change('s', name, value) }

// Add appends an item to a setting that is a list.
func (s Settings) Add(name, value string) Settings { return s.change('a', name, value) }

// Load applies a JSON document.
func (s Settings) Load(document string) Settings { return s.change('l', "", document) }

// change appends one change in the format of bouncer_go_settings. The name must not contain NUL.
func (s Settings) change(how byte, name, value string) Settings {
	s = append(s, how)
	s = binary.NativeEndian.AppendUint32(s, uint32(len(value)))
	s = append(append(s, name...), 0)
	return append(s, value...)
}

// Document returns the settings as JSON without secrets. If a change is invalid, it returns the
// settings before that change, and the error.
func (s Settings) Document(kind Kind) (string, *Error) {
	settings := C.bouncer_go_settings(C.uint32_t(kind), bytesPointer(s), C.size_t(len(s)))
	defer C.bouncer_settings_free(settings)
	document := textOf(C.bouncer_settings_json(settings))
	if err := C.bouncer_settings_error(settings); err != nil {
		return document, readError(err)
	}
	return document, nil
}

// Default returns the default of a setting as text, or "" if the setting has no default.
func Default(kind Kind, name string) string {
	pointer := C.CString(name)
	defer C.free(unsafe.Pointer(pointer))
	setting := C.bouncer_setting_find(C.uint32_t(kind), pointer)
	if setting == nil {
		return ""
	}
	return C.GoString(setting.default_value)
}
