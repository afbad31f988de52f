package bouncer_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// corpusFolder contains the conformance corpus, and a README.md that describes it.
const corpusFolder = "../../tests/conformance"

type corpusFile struct {
	Class, About string
	JWKS         map[string]string
	Cases        []corpusCase
}

type corpusCase struct {
	ID, Why, JWKS string
	document      string          // the JWK Set that JWKS names
	Policy        json.RawMessage // settings; absent means DCOS
	Time          int64
	Token         string
	TokenHex      string `json:"token_hex"`
	Expect        outcome
}

type outcome struct {
	Status   string
	Claim    string
	Claims   any
	UID      string
	Identity string
	Scopes   []string
	KID      string
	Alg      string
	Paths    map[string]*string // the JSON texts of claims; nil if there is none
	Keys     *int
	Skipped  [][]any
}

func (c corpusCase) token(t testing.TB) string {
	if c.TokenHex == "" {
		return c.Token
	}
	token, err := hex.DecodeString(c.TokenHex)
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

func (c corpusCase) policy(t testing.TB) bouncer.Policy {
	policy := bouncer.DCOS()
	if c.Policy != nil {
		policy = must(bouncer.LoadPolicy(c.Policy))(t)
	}
	policy.Time = time.Unix(c.Time, 0)
	return policy
}

// readCorpus calls read with each file of the corpus that matches the pattern. It skips the test if
// the package is not in a checkout of the project.
func readCorpus[File any](t testing.TB, pattern string, read func(file File)) {
	paths := must(filepath.Glob(filepath.Join(corpusFolder, pattern)))(t)
	if len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there is no corpus in %s", corpusFolder)
		}
		t.Skipf("SKIPPED: the corpus: run the tests in a checkout that contains %s", corpusFolder)
	}
	for _, path := range paths {
		var file File
		if err := decodeStrictly(must(os.ReadFile(path))(t), &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		read(file)
	}
}

// corpus returns all cases with a key set and a policy.
func corpus(t testing.TB) []corpusCase {
	var all []corpusCase
	readCorpus(t, "*.json", func(file corpusFile) {
		for _, c := range file.Cases {
			document, known := file.JWKS[c.JWKS]
			if !known {
				t.Fatalf("%s: the file has no key set %q", c.ID, c.JWKS)
			}
			c.document = document
			all = append(all, c)
		}
	})
	if len(all) < 250 {
		t.Fatalf("the corpus has only %d cases", len(all))
	}
	return all
}

func TestEveryCaseOfTheCorpusHasTheExpectedResult(t *testing.T) {
	cases := corpus(t)
	for _, c := range cases {
		for function, verify := range verifyFunctions {
			found := outcomeOf(t, c, verify)
			if c.Expect.Keys == nil {
				found.Keys = nil
			}
			if c.Expect.Skipped == nil {
				found.Skipped = nil
			}
			if !reflect.DeepEqual(found, c.Expect) {
				t.Errorf("%s with %s:\nexpected %s\n   found %s", c.ID, function, asJSON(c.Expect), asJSON(found))
			}
		}
	}
	t.Logf("verified %d cases with %d functions", len(cases), len(verifyFunctions))
}

// All functions that verify a token.
var verifyFunctions = map[string]func(*bouncer.JWKSet, bouncer.Policy, string) (*bouncer.VerifiedToken, error){
	"VerifyToken": bouncer.VerifyToken,
	"Verifier.Verify": func(jwks *bouncer.JWKSet, policy bouncer.Policy, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.NewVerifier(jwks, policy)
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		return verifier.Verify(token)
	},
	"Verifier.VerifyBytes": func(jwks *bouncer.JWKSet, policy bouncer.Policy, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.NewVerifier(jwks, policy)
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		return verifier.VerifyBytes([]byte(token))
	},
	"VerifyTokens": func(jwks *bouncer.JWKSet, policy bouncer.Policy, token string) (*bouncer.VerifiedToken, error) {
		return lastOf(bouncer.VerifyTokens(jwks, policy, slices.Repeat([]string{token}, 8), 1))
	},
	"Verifier.VerifyBatch": func(jwks *bouncer.JWKSet, policy bouncer.Policy, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.NewVerifier(jwks, policy)
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		return lastOf(verifier.VerifyBatch([]string{"a.b.c", token}, 1))
	},
	"a cache": func(jwks *bouncer.JWKSet, policy bouncer.Policy, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.NewVerifier(jwks, policy)
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		cached, err := verifier.WithCache(1)
		if err != nil {
			return nil, err
		}
		defer cached.Close()
		first, err := cached.Verify(token)
		second, again := cached.Verify(token)
		if !reflect.DeepEqual(err, again) || !reflect.DeepEqual(first, second) {
			return nil, fmt.Errorf("the first call returns %v, the second %v", err, again)
		}
		return second, again
	},
}

// lastOf returns the result of the last token.
func lastOf(results []bouncer.BatchResult, err error) (*bouncer.VerifiedToken, error) {
	if err != nil {
		return nil, err
	}
	last := results[len(results)-1]
	return last.Token, last.Err
}

// outcomeOf loads the key set of a case and verifies its token.
func outcomeOf(
	t testing.TB, c corpusCase, verify func(*bouncer.JWKSet, bouncer.Policy, string) (*bouncer.VerifiedToken, error),
) outcome {
	jwks, err := bouncer.LoadJWKS([]byte(c.document))
	if err != nil {
		return rejection(t, err)
	}
	defer jwks.Close()
	token, err := verify(jwks, c.policy(t), c.token(t))
	found := outcome{}
	if err != nil {
		found = rejection(t, err)
	} else {
		found = outcome{
			Status: "ok", UID: token.UID(), Identity: token.Identity(), Scopes: token.Scopes(),
			KID: token.KeyID(), Alg: string(token.Algorithm()),
		}
		if c.Expect.Paths != nil {
			found.Paths = map[string]*string{}
		}
		for path := range c.Expect.Paths {
			found.Paths[path] = claimAt(t, token, path)
		}
		if err := token.Claims(&found.Claims); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		if c.Expect.Status == "ok" { // otherwise the caller reports the difference
			checkAccessors(t, c, token)
		}
	}
	count := len(jwks.Keys())
	found.Keys, found.Skipped = &count, [][]any{}
	for _, skipped := range jwks.Skipped() {
		found.Skipped = append(found.Skipped, []any{float64(skipped.Index), skipped.Reason})
	}
	return found
}

// claimAt returns the JSON text of a claim, or nil if it is absent. The methods that return a Go
// type must find the same claim.
func claimAt(t testing.TB, token *bouncer.VerifiedToken, path string) *string {
	value, found := token.Claim(path)
	text := string(value)
	if _, isString := token.ClaimString(path); isString != strings.HasPrefix(text, `"`) {
		t.Errorf("ClaimString(%q) reports %v for %s", path, isString, text)
	}
	if _, areStrings := token.ClaimStrings(path); areStrings && !strings.HasPrefix(strings.Trim(text, "["), `"`) {
		t.Errorf("ClaimStrings(%q) reports true for %s", path, text)
	}
	if _, isInteger := token.ClaimInteger(path); isInteger && !(text[0] >= '0' && text[0] <= '9') {
		t.Errorf("ClaimInteger(%q) reports true for %s", path, text)
	}
	if !found {
		return nil
	}
	return &text
}

func rejection(t testing.TB, err error) outcome {
	var fault *bouncer.Error
	if !errors.As(err, &fault) {
		t.Fatalf("not an *Error: %v", err)
	}
	return outcome{Status: fault.Name(), Claim: fault.Claim}
}

// checkAccessors compares the accessors of the token with the expected Claims Set.
func checkAccessors(t testing.TB, c corpusCase, token *bouncer.VerifiedToken) {
	claims := c.Expect.Claims.(map[string]any)
	texts := map[string]string{"uid": token.UID(), "iss": token.Issuer(), "sub": token.Subject(), "jti": token.TokenID()}
	for name, found := range texts {
		if expected, _ := claims[name].(string); found != expected {
			t.Errorf("%s: %s is %q, expected %q", c.ID, name, found, expected)
		}
	}
	for name, accessor := range map[string]func() (time.Time, bool){
		"exp": token.ExpiresAt, "nbf": token.NotBefore, "iat": token.IssuedAt,
	} {
		at, found := accessor()
		expected, present := claims[name].(float64)
		if found != present {
			t.Errorf("%s: %s is present: %v, expected %v", c.ID, name, found, present)
		}
		// A float64 may round a fraction up to the next second, so the values may differ by 1.
		if distance := float64(at.Unix()) - expected; present && expected < 1<<53 && (distance < -1 || distance > 1) {
			t.Errorf("%s: %s is %v, expected %v", c.ID, name, at.Unix(), expected)
		}
	}
	for _, scope := range c.Expect.Scopes {
		if !token.HasScope(scope) || token.HasScope(scope+" ") {
			t.Errorf("%s: HasScope is wrong for %q", c.ID, scope)
		}
	}
	var audience []string
	switch aud := claims["aud"].(type) {
	case string:
		audience = []string{aud}
	case []any:
		for _, one := range aud {
			audience = append(audience, one.(string))
		}
	}
	if found := token.Audience(); len(found)+len(audience) > 0 && !reflect.DeepEqual(found, audience) {
		t.Errorf("%s: aud is %q, expected %q", c.ID, found, audience)
	}
	for name, expected := range claims {
		var value any
		text, found := token.Claim(name)
		if err := json.Unmarshal(text, &value); !found || err != nil || !reflect.DeepEqual(value, expected) {
			t.Errorf("%s: the claim %q is %s, expected %v", c.ID, name, text, expected)
		}
	}
	if !json.Valid(token.Payload()) || !json.Valid(token.Header()) {
		t.Errorf("%s: not valid JSON: payload %q, header %q", c.ID, token.Payload(), token.Header())
	}
}
