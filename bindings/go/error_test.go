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

	"bouncer-verify.internal/bouncer/internal/native"
)

const header = "internal/native/bouncer_verify.h"

// TestEveryStatusHasAnErrorVariable reads the C header. For each status, this package must have the
// same number, the same name, and an error variable that is named after the status.
func TestEveryStatusHasAnErrorVariable(t *testing.T) {
	text, err := os.ReadFile(header)
	if err != nil {
		t.Fatal(err)
	}
	variables := variablesOf(t, "errors_generated.go")
	for variable, status := range variablesOf(t, "error.go") {
		variables[variable] = status
	}
	statuses := regexp.MustCompile(`BOUNCER_STATUS_(\w+) = (\d+)`).FindAllStringSubmatch(string(text), -1)
	for _, status := range statuses {
		number, err := strconv.ParseUint(status[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if number == 0 || status[1] == "PENDING" { // not errors
			continue
		}
		name := strings.ToLower(status[1])
		found := causes[uint32(number)]
		switch {
		case found == nil:
			t.Errorf("BOUNCER_STATUS_%s (%d) has no cause", status[1], number)
		case found.name != name || native.StatusName(uint32(number)) != name:
			t.Errorf("status %d is %q in this package, %q in the library and %q in the header",
				number, found.name, native.StatusName(uint32(number)), name)
		}
		variable := variableName(name)
		constant := "Status" + strings.TrimPrefix(variable, "Err")
		if found := variables[variable]; found != constant && found != status[2] {
			t.Errorf("the number of %s is %q, expected %s or %s", variable, found, constant, status[2])
		}
	}
	if len(statuses) != len(causes)+2 {
		t.Errorf("the header has %d statuses and this package has %d causes, expected 2 fewer causes: success and pending have none",
			len(statuses), len(causes))
	}
}

// variableName returns "ErrMalformedJWKSet" for "malformed_jwk_set".
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

// variablesOf returns the variables that newCause makes in a file. The value is the first argument
// of newCause: a number, or the name of a constant.
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
			switch number := call.Args[0].(type) {
			case *ast.SelectorExpr:
				variables[spec.Names[0].Name] = number.Sel.Name
			case *ast.BasicLit:
				variables[spec.Names[0].Name] = number.Value
			}
		}
		return true
	})
	return variables
}

// The code of this package must write the constant of a status, not its number.
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
		written := !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "_generated.go")
		if found := number.Find(text); found != nil && written {
			t.Errorf("%s contains %q: use the constant", path, found)
		}
	}
}

func TestAnErrorMatchesItsCauseAndItsGroup(t *testing.T) {
	for status, cause := range causes {
		err := error(&Error{Status: status})
		if !errors.Is(err, cause) {
			t.Errorf("%v does not match %v", err, cause)
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
				t.Errorf("%v also matches %v", err, otherCause)
			}
		}
	}
}

func groupOf(status uint32) error {
	return []error{ErrProgram, ErrKeys, ErrInvalidToken, ErrInvalidToken, ErrLogin}[status/100]
}

func TestAnUnknownStatusBelongsToTheGroupOfItsRange(t *testing.T) {
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
			t.Errorf("the HTTP status of %v is %d, expected %d", err, found, expected)
		}
	}
}

func TestErrorTextsBeginWithTheNameOfThePackage(t *testing.T) {
	for _, err := range []error{ErrExpired, ErrInvalidToken, ErrClosed, &Error{Status: 302}, &Error{Message: "m"}} {
		if !strings.HasPrefix(err.Error(), "bouncer: ") || len(err.Error()) < 10 {
			t.Error(err)
		}
	}
}

// The error text must contain the invalid setting, its value and its limits.
func TestAnInvalidArgumentNamesTheSetting(t *testing.T) {
	source := func(context.Context) (string, time.Duration, error) { return "", 0, nil }
	jwks, err := NewJWKSet()
	if err == nil {
		t.Error(jwks, "has no key and must be an error")
	}
	policy := func(policy Policy) error {
		made, err := policy.settings(settings{})
		if err == nil {
			_, err = newPolicy(made)
		}
		return err
	}
	remote := func(options RemoteOptions) error { _, err := NewRemoteJWKS(options); return err }
	renewer := func(options RenewerOptions) error { _, err := NewTokenRenewer(options); return err }
	for _, c := range []struct {
		err   error
		words []string
	}{
		{policy(Policy{Profile: "dcos", Leeway: -time.Second}), []string{"leeway", "-1000ms"}},
		{policy(Policy{Profile: "dcos", Leeway: time.Hour}), []string{"leeway", "3600000ms", "0s to 5m"}},
		{policy(Policy{Profile: "dcos", Algorithms: []Algorithm{"RS256 ES256"}}), []string{"algorithms", "RS256 ES256"}},
		{policy(Policy{Profile: "dcos", Time: time.Unix(1, 0), Clock: time.Now}), []string{"Policy.Time", "Policy.Clock", "mutually exclusive"}},
		{remote(RemoteOptions{}), []string{"neither \"url\" nor \"discover\" is set"}},
		{remote(RemoteOptions{URL: "a", Discover: "b"}), []string{"url", "discover", "cannot be combined"}},
		{remote(RemoteOptions{URL: "a", TTL: -time.Second}), []string{"ttl", "-1000ms"}},
		{remote(RemoteOptions{URL: "a", MaxKeys: -7}), []string{"max_keys", "-7"}},
		{remote(RemoteOptions{URL: "a", MaxStale: -time.Second}), []string{"max_stale", "-1000ms"}},
		{remote(RemoteOptions{URL: "a", Timeout: -time.Second}), []string{"timeout", "-1000ms"}},
		{renewer(RenewerOptions{}), []string{"service_account_file", "supplied", "no token source is set"}},
		{renewer(RenewerOptions{Source: source, ServiceAccountFile: "a"}), []string{"service_account_file", "supplied", "cannot be combined"}},
		{renewer(RenewerOptions{Source: source, LoginEndpoint: "a"}), []string{"login_endpoint", "service account"}},
		{renewer(RenewerOptions{ServiceAccountFile: "a", Supplied: "b"}), []string{"RenewerOptions.Supplied", "RenewerOptions.Source"}},
		{renewer(RenewerOptions{Source: source, Header: "basic"}), []string{"header", "basic", "dcos", "bearer"}},
		{renewer(RenewerOptions{Source: source, Timeout: -time.Second}), []string{"timeout", "-1000ms"}},
	} {
		if !errors.Is(c.err, ErrInvalidArgument) {
			t.Errorf("%v", c.err)
			continue
		}
		for _, word := range c.words {
			if !strings.Contains(c.err.Error(), word) {
				t.Errorf("%q does not contain %q", c.err, word)
			}
		}
	}
}
