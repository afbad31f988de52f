package bouncer

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

const header = "../../include/bouncer_verify.h"

// TestEveryStatusHasItsVariable reads the C header: a status is there with its number, its
// library's name, and a variable that is called after it.
func TestEveryStatusHasItsVariable(t *testing.T) {
	text, err := os.ReadFile(header)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: the header: run in a checkout that has %s", header)
	}
	variables := variablesOf(t, "error.go")
	statuses := regexp.MustCompile(`BOUNCER_STATUS_(\w+) = (\d+)`).FindAllStringSubmatch(string(text), -1)
	for _, status := range statuses {
		number, err := strconv.ParseUint(status[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if number == 0 {
			continue
		}
		name := strings.ToLower(status[1])
		found := causes[uint32(number)]
		switch {
		case found == nil:
			t.Errorf("error.go has no cause %d for BOUNCER_STATUS_%s", number, status[1])
		case found.name != name || native.StatusName(uint32(number)) != name:
			t.Errorf("%d is %q here, %q in the library and %q in the header", number, found.name, native.StatusName(uint32(number)), name)
		}
		variable := variableName(name)
		if constant := "Status" + strings.TrimPrefix(variable, "Err"); variables[variable] != constant {
			t.Errorf("error.go has %s with %q, not %s", variable, variables[variable], constant)
		}
	}
	if len(statuses) != len(causes)+1 {
		t.Errorf("the header has %d statuses, and error.go %d and success", len(statuses), len(causes))
	}
}

// variableName makes "ErrMalformedJWKSet" of "malformed_jwk_set".
func variableName(status string) string {
	name := "Err"
	for _, word := range strings.Split(status, "_") {
		if word == "jwk" {
			name += "JWK"
		} else {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return name
}

// variablesOf gives the variables that newCause makes, with the names of their numbers.
func variablesOf(t *testing.T, path string) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if call, ok := spec.Values[0].(*ast.CallExpr); ok && len(call.Args) == 3 {
			if number, ok := call.Args[0].(*ast.SelectorExpr); ok {
				variables[spec.Names[0].Name] = number.Sel.Name
			}
		}
		return true
	})
	return variables
}

// A number that C has a name for is written by that name, in this package's code.
func TestNoStatusIsWrittenAsANumber(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`(Status:|newCause\()\s*\d`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if found := number.Find(text); found != nil && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %q", path, found)
		}
	}
}

func TestAnErrorIsItsCauseAndItsGroup(t *testing.T) {
	for status, cause := range causes {
		err := error(&Error{Status: status})
		if !errors.Is(err, cause) {
			t.Errorf("%v is not %v", err, cause)
		}
		groups := 0
		for _, group := range []error{ErrProgram, ErrKeys, ErrInvalidToken, ErrLogin} {
			if errors.Is(err, group) {
				groups++
			}
		}
		if groups != 1 || !errors.Is(err, groupOf(status)) {
			t.Errorf("%v is in %d groups", err, groups)
		}
		for other, otherCause := range causes {
			if other != status && errors.Is(err, otherCause) {
				t.Errorf("%v is %v too", err, otherCause)
			}
		}
	}
}

func groupOf(status uint32) error {
	return []error{ErrProgram, ErrKeys, ErrInvalidToken, ErrInvalidToken, ErrLogin}[status/100]
}

func TestAnUnknownStatusGoesByItsHundred(t *testing.T) {
	for status, expected := range map[uint32]error{
		99: ErrProgram, 199: ErrKeys, 299: ErrInvalidToken, 399: ErrInvalidToken, 499: ErrLogin, 500: ErrInvalidToken,
	} {
		err := &Error{Status: status}
		if !errors.Is(err, expected) || err.Name() != "unknown" {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestEachGroupHasItsHTTPStatus(t *testing.T) {
	for err, expected := range map[error]int{
		nil:                       http.StatusOK,
		ErrExpired:                http.StatusUnauthorized,
		ErrInvalidSignature:       http.StatusUnauthorized,
		ErrNoUsableKey:            http.StatusServiceUnavailable,
		ErrKeysUnavailable:        http.StatusServiceUnavailable,
		ErrLoginRejected:          http.StatusServiceUnavailable,
		ErrInternal:               http.StatusInternalServerError,
		ErrClosed:                 http.StatusInternalServerError,
		ErrIncompatibleLibrary:    http.StatusInternalServerError,
		errors.New("another one"): http.StatusInternalServerError,
	} {
		if found := HTTPStatus(err); found != expected {
			t.Errorf("%v is answered with %d, not %d", err, found, expected)
		}
	}
}

func TestErrorsSayWhoseTheyAre(t *testing.T) {
	for _, err := range []error{ErrExpired, ErrInvalidToken, ErrClosed, &Error{Status: 302}, &Error{Message: "m"}} {
		if !strings.HasPrefix(err.Error(), "bouncer: ") || len(err.Error()) < 10 {
			t.Error(err)
		}
	}
}

// An operator finds the cause in the text: the settings that are at fault, with their values and
// bounds.
func TestAnInvalidArgumentNamesTheSetting(t *testing.T) {
	source := func(context.Context) (string, time.Duration, error) { return "", 0, nil }
	jwks, err := NewJWKSet()
	if err == nil {
		t.Error(jwks, "has no key")
	}
	policy := func(policy Policy) error { _, err := policy.build(); return err }
	remote := func(options RemoteOptions) error { _, err := options.build(); return err }
	renewer := func(options RenewerOptions) error { _, err := options.build(); return err }
	for _, c := range []struct {
		err   error
		words []string
	}{
		{policy(Policy{Leeway: -time.Second}), []string{"Policy.Leeway", "-1s"}},
		{policy(Policy{Leeway: time.Hour}), []string{"Policy.Leeway", "1h0m0s", "5m0s"}},
		{policy(Policy{MaxTokenLen: -7}), []string{"Policy.MaxTokenLen", "-7"}},
		{policy(Policy{Algorithms: []Algorithm{"RS256 ES256"}}), []string{"Policy.Algorithms", "RS256 ES256"}},
		{policy(Policy{At: time.Unix(1, 0), Now: time.Now}), []string{"Policy.At", "Policy.Now", "mutually exclusive"}},
		{remote(RemoteOptions{}), []string{"RemoteOptions.URL", "RemoteOptions.Issuer", "empty"}},
		{remote(RemoteOptions{URL: "a", Issuer: "b"}), []string{"RemoteOptions.URL", "RemoteOptions.Issuer", "mutually exclusive"}},
		{remote(RemoteOptions{URL: "a", Proxy: "b", NoProxy: true}), []string{"Proxy", "NoProxy", "mutually exclusive"}},
		{remote(RemoteOptions{URL: "a", TTL: -time.Second}), []string{"RemoteOptions.TTL", "-1s"}},
		{remote(RemoteOptions{URL: "a", MaxStale: -time.Second}), []string{"RemoteOptions.MaxStale", "-1s"}},
		{remote(RemoteOptions{URL: "a", Timeout: -time.Second}), []string{"RemoteOptions.Timeout", "-1s"}},
		{renewer(RenewerOptions{}), []string{"ServiceAccountFile", "Source", "none"}},
		{renewer(RenewerOptions{Source: source, ServiceAccountFile: "a"}), []string{"set are ServiceAccountFile and Source"}},
		{renewer(RenewerOptions{Source: source, LoginEndpoint: "a"}), []string{"RenewerOptions.LoginEndpoint", "service account"}},
		{renewer(RenewerOptions{ServiceAccountFile: "a", Name: "b"}), []string{"RenewerOptions.Name", "RenewerOptions.Source"}},
		{renewer(RenewerOptions{Source: source, Bearer: true, DCOSHeader: true}), []string{"Bearer", "DCOSHeader", "mutually exclusive"}},
		{renewer(RenewerOptions{Source: source, Proxy: "b", NoProxy: true}), []string{"Proxy", "NoProxy", "mutually exclusive"}},
		{renewer(RenewerOptions{Source: source, Timeout: -time.Second}), []string{"RenewerOptions.Timeout", "-1s"}},
	} {
		if !errors.Is(c.err, ErrInvalidArgument) {
			t.Errorf("%v", c.err)
			continue
		}
		for _, word := range c.words {
			if !strings.Contains(c.err.Error(), word) {
				t.Errorf("%q lacks %q", c.err, word)
			}
		}
	}
}
