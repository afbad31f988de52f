package bouncer

import (
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestOnlyPackageNativeUsesCgoAndUnsafe(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil || len(paths) == 0 {
		t.Fatal("found no source files", err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if name := spec.Path.Value; name == `"C"` || name == `"unsafe"` {
				t.Errorf("%s imports %s: only internal/native may import it", path, name)
			}
		}
	}
}

// Without cgo the compiler must report only the error in needs_cgo.go. So every other file must
// require cgo.
func TestOnlyNeedsCgoIsCompiledWithoutCgo(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	inner, err := filepath.Glob("internal/*/*.go")
	if err != nil || len(inner) == 0 {
		t.Fatal("found no source files", err)
	}
	for _, path := range append(paths, inner...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasSuffix(path, "_test.go"), path == "doc.go", path == "needs_cgo.go":
		case strings.Contains(string(text), "\nimport \"C\"\n"):
		case !regexp.MustCompile(`^(// Code generated .*\n\n)?//go:build cgo( && .*)?\n`).Match(text):
			t.Errorf("%s is also compiled without cgo: add the line //go:build cgo", path)
		}
	}
}

func TestAnotherABIVersionIsAnError(t *testing.T) {
	if err := compareABI(1, 1); err != nil {
		t.Error(err)
	}
	err := compareABI(2, 1)
	if !errors.Is(err, ErrIncompatibleLibrary) || !errors.Is(err, ErrProgram) {
		t.Error(err)
	}
	t.Log(err)
}

// run_tests.sh runs this test with a preloaded library that reports another ABI version.
func TestEveryEntryPointChecksTheABI(t *testing.T) {
	if os.Getenv("BOUNCER_TEST_WRONG_ABI") == "" {
		t.Skip("run_tests.sh runs this test")
	}
	_, load := LoadJWKS([]byte(`{"keys":[]}`))
	_, of := NewJWKSet()
	_, parse := ParseJWK(nil)
	_, pem := JWKFromPEM(nil)
	_, der := JWKFromDER(nil)
	_, public := JWKFromPublicKey(nil)
	_, authorization := AuthorizationToken("")
	_, remote := NewRemoteJWKS(RemoteOptions{URL: "https://keys.invalid/"})
	_, renewer := NewTokenRenewer(RenewerOptions{ServiceAccountFile: "/nowhere"})
	_, policy := LoadPolicy([]byte(`{"any_issuer": true}`))
	for _, err := range []error{load, of, parse, pem, der, public, authorization, remote, renewer, policy} {
		if !errors.Is(err, ErrIncompatibleLibrary) {
			t.Error(err)
		}
	}
}

func TestTheLibraryHasAVersion(t *testing.T) {
	if strings.Count(LibraryVersion(), ".") != 2 {
		t.Error(LibraryVersion())
	}
}
