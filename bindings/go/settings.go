//go:build cgo

package bouncer

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// settings takes the fields of the structs in settings_generated.go. A field that is zero is not
// set. The library checks the values. As with append, the result has to be kept.
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

// list replaces what a document says.
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

// members sets each name of a map, in a fixed order.
func (s settings) members(name string, values map[string][]string) settings {
	for _, member := range slices.Sorted(maps.Keys(values)) {
		path := name + "." + member
		if strings.ContainsRune(member, 0) {
			path = name + "." // C's text ends at a NUL; this the library refuses
		}
		s = list(s, path, values[member])
	}
	return s
}

// duration rounds down to milliseconds, but a short time is not no time.
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

// wait is duration where 0 is not the default: below 0 is 0.
func (s settings) wait(name string, value time.Duration) settings {
	if value < 0 {
		return s.set(name, "0s")
	}
	return s.duration(name, value)
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

// effective is what settings mean, as far as this package has to know it.
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

// duration returns what a duration is set to, or its default.
func (e effective) duration(name string) time.Duration {
	text, isSet := e.set[name].(string)
	if !isSet {
		text = native.Default(e.kind, name)
	}
	return parseDuration(text)
}

// parseDuration reads what the library writes: a whole number and a unit, of which Go lacks days.
func parseDuration(text string) time.Duration {
	if days, found := strings.CutSuffix(text, "d"); found {
		count, _ := strconv.ParseInt(days, 10, 32)
		return time.Duration(count) * 24 * time.Hour
	}
	duration, _ := time.ParseDuration(text)
	return duration
}

// check returns what is wrong with a document of settings.
func check(kind native.Kind, document []byte) error {
	if errLibrary != nil {
		return errLibrary
	}
	_, err := settings{}.Load(string(document)).Document(kind)
	return errorOf(err)
}

// describe returns what settings say, without any secret.
func describe(kind native.Kind, apply func(settings) settings) string {
	if errLibrary != nil {
		return errLibrary.Error()
	}
	document, _ := apply(settings{}).Document(kind)
	return document
}
