//go:build cgo

package bouncer

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// settings collects the fields of the structs in settings_generated.go. A field with its zero value
// is not set. The library checks the values. As with append, callers must use the returned value.
type settings struct{ native.Settings }

func (s settings) set(name, value string) settings { return settings{s.Set(name, value)} }

func (s settings) load(document string) settings {
	if document == "" {
		return s
	}
	return settings{s.Load(document)}
}

func (s settings) text(name, value string) settings {
	if value == "" {
		return s
	}
	return s.set(name, value)
}

func (s settings) flag(name string, value bool) settings {
	if !value {
		return s
	}
	return s.set(name, "true")
}

func (s settings) list(name string, values []string) settings { return list(s, name, values) }

func (s settings) algorithms(name string, values []Algorithm) settings {
	return list(s, name, values)
}

func (s settings) backend(name string, value Backend) settings { return s.text(name, string(value)) }

// list sets a list setting. It replaces the values from a document.
func list[Item ~string](s settings, name string, values []Item) settings {
	for i, value := range values {
		if i == 0 {
			s = s.set(name, string(value))
		} else {
			s = settings{s.Add(name, string(value))}
		}
	}
	return s
}

// members sets the entries of a map, in sorted order.
func (s settings) members(name string, values map[string][]string) settings {
	if len(values) == 0 {
		return s // sorting would allocate
	}
	for _, member := range slices.Sorted(maps.Keys(values)) {
		path := name + "." + member
		if strings.ContainsRune(member, 0) {
			path = name + "." // a C string ends at a NUL; the library rejects an empty name
		}
		s = list(s, path, values[member])
	}
	return s
}

// duration sets a duration in milliseconds, rounded toward 0. A value that would become 0 is set to
// 1 ms or -1 ms. The value 0 itself is not set.
func (s settings) duration(name string, value time.Duration) settings {
	count := int64(value / time.Millisecond)
	switch {
	case value == 0:
		return s
	case count == 0 && value > 0:
		count = 1
	case count == 0:
		count = -1
	}
	var room [24]byte
	return s.set(name, native.BorrowText(append(strconv.AppendInt(room[:0], count, 10), "ms"...)))
}

// wait sets a duration that may be 0s, but whose default is not 0s. A negative value sets 0s,
// because 0 means the default. Other values are set as duration sets them.
func (s settings) wait(name string, value time.Duration) settings {
	if value < 0 {
		return s.set(name, "0s")
	}
	return s.duration(name, value)
}

// size sets a size that may be 0, but whose default is not 0. A negative value sets 0, because 0
// means the default.
func (s settings) size(name string, value int) settings {
	if value < 0 {
		return s.set(name, "0")
	}
	return s.number(name, value)
}

func (s settings) number(name string, value int) settings {
	if value == 0 {
		return s
	}
	return s.integer(name, int64(value))
}

func (s settings) time(name string, value time.Time) settings {
	if value.IsZero() {
		return s
	}
	return s.integer(name, value.Unix())
}

func (s settings) integer(name string, value int64) settings {
	var room [24]byte
	return s.set(name, native.BorrowText(strconv.AppendInt(room[:0], value, 10)))
}

// effective contains the settings that have a value, from a field or from a document.
type effective struct {
	kind native.Kind
	set  map[string]any
}

func (s settings) effective(kind native.Kind) effective {
	document, _ := s.Document(kind)
	var set map[string]any
	_ = json.Unmarshal([]byte(document), &set)
	return effective{kind, set}
}

// duration returns the value of a setting, or its default.
func (e effective) duration(name string) time.Duration {
	text, isSet := e.set[name].(string)
	if !isSet {
		text = native.Default(e.kind, name)
	}
	return parseDuration(text)
}

// parseDuration parses the library's format: a whole number and a unit. time.ParseDuration does not
// know the unit "d" for days.
func parseDuration(text string) time.Duration {
	if days, found := strings.CutSuffix(text, "d"); found {
		count, _ := strconv.ParseInt(days, 10, 32)
		return time.Duration(count) * 24 * time.Hour
	}
	duration, _ := time.ParseDuration(text)
	return duration
}

// check returns an error if a document of settings is not valid.
func check(kind native.Kind, document []byte) error {
	if errLibrary != nil {
		return errLibrary
	}
	_, err := settings{}.Load(string(document)).Document(kind)
	return errorOf(err)
}

// describe returns the settings as a JSON document without secrets.
func describe(kind native.Kind, apply func(settings) settings) string {
	if errLibrary != nil {
		return errLibrary.Error()
	}
	document, _ := apply(settings{}).Document(kind)
	return document
}
