package bouncer

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// Every field must set the setting of its name, and no other.
func TestEveryFieldSetsTheSettingOfItsName(t *testing.T) {
	everyField(t, native.KindPolicy, (*Policy).apply)
	everyField(t, native.KindKeys, (*RemoteOptions).apply)
	everyField(t, native.KindRenewer, (*RenewerOptions).apply)
}

func everyField[Options any](t *testing.T, kind native.Kind, apply func(*Options, settings) settings) {
	notSettings := []string{"Clock", "Logger", "Source"}
	of := reflect.TypeFor[Options]()
	for i := range of.NumField() {
		field := of.Field(i)
		if !field.IsExported() || slices.Contains(notSettings, field.Name) {
			continue
		}
		var options Options
		value := reflect.ValueOf(&options).Elem().Field(i)
		setSample(value, "a")
		if _, err := apply(&options, settings{}).Document(kind); err != nil {
			// Read a valid value from the error text: the first choice, or the smallest number.
			possible := regexp.MustCompile(`is not one of ([^,]+)|is not in the range (\d+)`).FindStringSubmatch(err.Message)
			if possible == nil {
				t.Errorf("%s: %v", field.Name, errorOf(err))
				continue
			}
			setSample(value, possible[1])
		}
		document := describe(kind, func(s settings) settings { return apply(&options, s) })
		var set map[string]any
		if err := json.Unmarshal([]byte(document), &set); err != nil || len(set) != 1 {
			t.Errorf("%s: %s: %v", field.Name, document, err)
		}
		for name := range set {
			if !strings.EqualFold(strings.ReplaceAll(name, "_", ""), field.Name) {
				t.Errorf("%s sets %s", field.Name, name)
			}
		}
	}
}

func setSample(value reflect.Value, text string) {
	switch at := value.Addr().Interface().(type) {
	case *bool:
		*at = true
	case *int:
		if *at = 1 << 10; text != "a" {
			*at = 1
		}
	case *time.Duration:
		*at = time.Minute
	case *time.Time:
		*at = time.Unix(1, 0)
	case *map[string][]string:
		*at = map[string][]string{"a": {text}}
	default:
		if value.Kind() == reflect.Slice {
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
			value = value.Index(0)
		}
		value.SetString(text)
	}
}

func TestDurationsAreWrittenInMillisecondsAndParsed(t *testing.T) {
	for value, expected := range map[time.Duration]string{
		time.Nanosecond: "1ms", 1500 * time.Microsecond: "1ms", time.Hour: "3600000ms",
		-time.Nanosecond: "-1ms", -time.Second: "-1000ms",
	} {
		made := settings{}.duration("leeway", value)
		if !strings.HasSuffix(string(made.Settings), "\x00"+expected) {
			t.Errorf("%v is written as %q", value, made.Settings)
		}
	}
	for text, expected := range map[string]time.Duration{
		"0s": 0, "1500ms": 1500 * time.Millisecond, "5m": 5 * time.Minute, "2h": 2 * time.Hour, "366d": 366 * 24 * time.Hour,
	} {
		if found := parseDuration(text); found != expected {
			t.Errorf("%s is parsed as %v", text, found)
		}
	}
}

func TestADocumentSetsSettingsAndFieldsReplaceThem(t *testing.T) {
	policy, err := LoadPolicy([]byte(`{"issuers": ["a", "b"], "leeway": "30s", "any_audience": true}`))
	if err != nil {
		t.Fatal(err)
	}
	policy.Issuers = []string{"c", "d"}
	if found := policy.String(); found != `{"any_audience":true,"issuers":["c","d"],"leeway":"30s"}` {
		t.Error(found)
	}
	keys, err := LoadRemoteOptions([]byte(`{"url": "http://127.0.0.1:1/", "max_wait": "7s", "lazy": true}`))
	if err != nil {
		t.Fatal(err)
	}
	remote, err := NewRemoteJWKS(keys)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(remote, DCOS())
	if err != nil || verifier.native.MaxWait(1) != 7*time.Second {
		t.Fatal(verifier, err)
	}
	_ = remote.Close()
	renewer, err := LoadRenewerOptions([]byte(`{"supplied": "vault"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTokenRenewer(renewer); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	for _, document := range []string{``, `{`, `{"leewya": "30s"}`, `{"leeway": 30}`, `{"issuers": []}`, `{"time": 1}`, "{\"issuers\": [\"\xff\"]}"} {
		policy, err := LoadPolicy([]byte(document))
		if !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: %v", document, err)
		}
		if made, err := policy.settings(settings{}); err == nil {
			if _, err := newPolicy(made); err == nil {
				t.Errorf("%q is accepted as a policy", document)
			}
		}
	}
}
