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

// A Kind is what settings are for.
type Kind uint32

// The kinds.
const (
	KindPolicy  Kind = C.BOUNCER_KIND_POLICY
	KindKeys    Kind = C.BOUNCER_KIND_KEYS
	KindRenewer Kind = C.BOUNCER_KIND_RENEWER
)

// Settings are changes of the library's settings, in order, for one call. Nothing is checked
// before. The methods append to them, as append does: so a buffer can stay on the stack.
type Settings []byte

// Set sets a setting in place of what was set. A list then has this one item.
func (s Settings) Set(name, value string) Settings { return s.change('s', name, value) }

// Add appends an item to a list.
func (s Settings) Add(name, value string) Settings { return s.change('a', name, value) }

// Load sets what a JSON document sets.
func (s Settings) Load(document string) Settings { return s.change('l', "", document) }

// change appends what bouncer_go_settings reads. The name has no NUL.
func (s Settings) change(how byte, name, value string) Settings {
	s = append(s, how)
	s = binary.NativeEndian.AppendUint32(s, uint32(len(value)))
	s = append(append(s, name...), 0)
	return append(s, value...)
}

// Document returns what the settings set, as JSON without any secret, up to the first failure, and
// that failure.
func (s Settings) Document(kind Kind) (string, *Error) {
	settings := C.bouncer_go_settings(C.uint32_t(kind), bytesPointer(s), C.size_t(len(s)))
	defer C.bouncer_settings_free(settings)
	document := textOf(C.bouncer_settings_json(settings))
	if err := C.bouncer_settings_error(settings); err != nil {
		return document, readError(err)
	}
	return document, nil
}

// Default returns the default of a setting as text; "" if there is none.
func Default(kind Kind, name string) string {
	pointer := C.CString(name)
	defer C.free(unsafe.Pointer(pointer))
	setting := C.bouncer_setting_find(C.uint32_t(kind), pointer)
	if setting == nil {
		return ""
	}
	return C.GoString(setting.default_value)
}
