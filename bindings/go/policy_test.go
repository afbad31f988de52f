package bouncer_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestAnInvalidPolicyIsAnError(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	for name, policy := range map[string]bouncer.Policy{
		"nothing is set":           {},
		"unknown profile":          {Profile: "bouncer"},
		"issuers and AnyIssuer":    {Issuers: []string{"a"}, AnyIssuer: true},
		"negative leeway":          {Leeway: -time.Second},
		"leeway over 5 minutes":    {Leeway: 5*time.Minute + time.Millisecond},
		"length over 1 MiB":        {MaxTokenLen: 1<<20 + 1},
		"unknown algorithm":        {Algorithms: []bouncer.Algorithm{"HS256"}},
		"algorithm none":           {Algorithms: []bouncer.Algorithm{"none"}},
		"two algorithms in one":    {Algorithms: []bouncer.Algorithm{"RS256 ES256"}},
		"empty algorithm":          {Algorithms: []bouncer.Algorithm{""}},
		"issuer not UTF-8":         {Issuers: []string{"\xff"}},
		"audience not UTF-8":       {Audiences: []string{"\xff"}},
		"claim not UTF-8":          {RequiredClaims: []string{"\xff"}},
		"string claim not UTF-8":   {RequiredStringClaims: []string{"\xff"}},
		"type not UTF-8":           {TokenType: "\xff"},
		"Time and Clock":           {Time: time.Unix(1, 0), Clock: time.Now},
		"Clock, negative leeway":   {Clock: time.Now, Leeway: -time.Second},
		"one issuer of 3 not UTF8": {Issuers: []string{"a", "\xff", "b"}, Audiences: []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "nothing is set" && policy.Profile == "" {
				policy.Profile = "dcos"
			}
			verifier, err := bouncer.NewVerifier(jwks, policy)
			expectError(t, err, bouncer.ErrInvalidArgument)
			expectError(t, err, bouncer.ErrProgram)
			if verifier != nil {
				t.Error("NewVerifier returned a verifier and an error")
			}
			_, err = bouncer.VerifyToken(jwks, policy, documentToken)
			expectError(t, err, bouncer.ErrInvalidArgument)
		})
	}
}

func TestAPolicyMayHaveTheLargestValues(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	policy := bouncer.Policy{
		Profile:     "dcos",
		Time:        time.Unix(documentExp+299, 0),
		Leeway:      5 * time.Minute,
		MaxTokenLen: 1 << 20,
		Algorithms:  []bouncer.Algorithm{bouncer.RS256, bouncer.EdDSA},
	}
	if _, err := bouncer.VerifyToken(jwks, policy, documentToken); err != nil {
		t.Error(err)
	}
	policy.Leeway -= time.Nanosecond
	_, err := bouncer.VerifyToken(jwks, policy, documentToken)
	expectError(t, err, bouncer.ErrExpired)
}

func TestThePolicyUsesTheSystemClockByDefault(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256)
	exp := func(exp time.Time) string {
		return issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, asJSON(map[string]any{"uid": "anna", "exp": exp.Unix()}))
	}
	if _, err := bouncer.VerifyToken(jwks, bouncer.DCOS(), exp(time.Now().Add(time.Minute))); err != nil {
		t.Error(err)
	}
	_, err := bouncer.VerifyToken(jwks, bouncer.DCOS(), exp(time.Now().Add(-time.Minute)))
	expectError(t, err, bouncer.ErrExpired)
}

// Every function that verifies tokens must call the clock of the policy exactly once.
func TestEveryVerificationCallsTheClockOnce(t *testing.T) {
	var now atomic.Int64
	var calls atomic.Int64
	clock := func() time.Time {
		calls.Add(1)
		return time.Unix(now.Load(), 999_999_999)
	}
	policy := bouncer.Policy{Profile: "dcos", Clock: clock}
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	server := startKeyServer(t, document(documentJWKS))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, remote)
	fixed, fetched := must(bouncer.NewVerifier(jwks, policy))(t), must(bouncer.NewVerifier(remote, policy))(t)
	if calls.Load() != 0 {
		t.Errorf("the clock was called %d times before any token", calls.Load())
	}
	functionsOf := func(verifier *bouncer.Verifier) map[string]func() error {
		return map[string]func() error{
			"Verify": func() error { _, err := verifier.Verify(documentToken); return err },
			"VerifyBatch": func() error {
				results, err := verifier.VerifyBatch([]string{documentToken, documentToken}, 1)
				if err != nil || len(results) != 2 {
					t.Fatal(err)
				}
				return results[1].Err
			},
			"VerifyBatchColumns": func() error {
				columns, err := verifier.VerifyBatchColumns([]string{documentToken}, 1)
				if err != nil || columns.Rows() != 1 {
					t.Fatal(err)
				}
				if columns.Status[0] == 0 {
					return nil
				}
				return &bouncer.Error{Status: columns.Status[0]}
			},
		}
	}
	functions := functionsOf(fixed)
	for name, verify := range functionsOf(fetched) {
		functions["remote "+name] = verify
	}
	functions["VerifyToken"] = func() error { _, err := bouncer.VerifyToken(jwks, policy, documentToken); return err }
	functions["VerifyTokens"] = func() error {
		results, err := bouncer.VerifyTokens(jwks, policy, []string{documentToken}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return results[0].Err
	}
	for name, verify := range functions {
		for _, at := range []struct {
			second   int64
			expected error
		}{{documentExp - 1, nil}, {documentExp, bouncer.ErrExpired}, {documentExp - 1, nil}} {
			now.Store(at.second)
			before := calls.Load()
			if err := verify(); !errors.Is(err, at.expected) {
				t.Errorf("%s at %d: %v", name, at.second, err)
			}
			if times := calls.Load() - before; times != 1 {
				t.Errorf("%s called the clock %d times", name, times)
			}
		}
	}
	server.expectHits(t, 1)

	_, err := fixed.WithCache(10)
	expectError(t, err, bouncer.ErrInvalidArgument)

	// Closing the keys has the same effect as for a verifier without a clock.
	_ = jwks.Close()
	_ = remote.Close()
	if _, err := fixed.Verify(documentToken); err != nil {
		t.Error(err)
	}
	_, err = fetched.Verify(documentToken)
	expectError(t, err, bouncer.ErrKeysUnavailable)
	for _, verifier := range []*bouncer.Verifier{fixed, fetched} {
		if stats := must(verifier.Stats())(t); stats.Cache != (bouncer.CacheStats{}) || len(stats.Entries) > 0 {
			t.Error(stats)
		}
		expectError(t, verifier.Reload([]byte(`{}`)), bouncer.ErrInvalidArgument)
		_ = verifier.Close()
		_ = verifier.Close()
		_, err = verifier.Verify(documentToken)
		expectError(t, err, bouncer.ErrClosed)
		_, err = verifier.Stats()
		expectError(t, err, bouncer.ErrClosed)
		expectError(t, verifier.WaitReady(soon(t)), bouncer.ErrClosed)
	}
	_, err = bouncer.NewVerifier(jwks, policy)
	expectError(t, err, bouncer.ErrClosed)
	_, err = bouncer.NewVerifier(new(bouncer.RemoteJWKS), policy)
	expectError(t, err, bouncer.ErrClosed)
}

// Policy.Time treats the zero time.Time, in the year 1, as not set. The time of a Policy.Clock is
// always used, even if it is zero.
func TestTheZeroTimeOfAClockIsAValidTime(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	policy := bouncer.Policy{Profile: "dcos", Clock: func() time.Time { return time.Time{} }}
	if _, err := bouncer.VerifyToken(jwks, policy, documentToken); err != nil {
		t.Error(err)
	}
	_ = must(bouncer.VerifyToken(jwks, documentPolicy, documentToken))(t) // jwks keeps this policy prepared
	policy.Clock = func() time.Time { return time.Unix(documentExp, 0) }
	_, err := bouncer.VerifyToken(jwks, policy, documentToken)
	expectError(t, err, bouncer.ErrExpired)

	// The prepared policy uses the system's clock. It must not be used for a policy with a Clock.
	jwks = must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	_, err = bouncer.VerifyToken(jwks, bouncer.DCOS(), documentToken)
	expectError(t, err, bouncer.ErrExpired)
	policy.Clock = func() time.Time { return documentPolicy.Time }
	if _, err := bouncer.VerifyToken(jwks, policy, documentToken); err != nil {
		t.Error(err)
	}
}

func TestVerifyingWithAClockLeaksNoMemory(t *testing.T) {
	expectNoGrowth(t, 8000, 300, func() {
		jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
		verifier := must(bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Clock: time.Now}))(t)
		_ = jwks.Close()
		_, err := verifier.Verify(documentToken)
		expectError(t, err, bouncer.ErrExpired)
		_ = verifier.Close()
	})
}

func TestTheKeysLiveUntilTheLastCallWithAClockReturns(t *testing.T) {
	policy := bouncer.Policy{Profile: "dcos", Clock: func() time.Time {
		runtime.GC()
		return documentPolicy.Time
	}}
	for range 50 {
		verifier := must(bouncer.NewVerifier(must(bouncer.LoadJWKS([]byte(documentJWKS)))(t), policy))(t)
		if token := must(verifier.Verify(documentToken))(t); token.UID() != "peter" {
			t.Error(token.UID())
		}
	}
}

// An issuer or audience can be empty by mistake, for example if an environment variable is not set.
// Such a policy would reject every token.
func TestAnEmptyIssuerOrAudienceIsAnError(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	for name, policy := range map[string]bouncer.Policy{
		"issuer":            {Issuers: []string{""}},
		"one issuer of two": {Issuers: []string{"https://idp.example/", ""}},
		"audience":          {Audiences: []string{""}},
		"AccessToken":       bouncer.AccessToken("https://idp.example/", ""),
		"ForIssuer, issuer": bouncer.ForIssuer("", "https://api.example/"),
		"ForIssuer":         bouncer.ForIssuer("https://idp.example/", ""),
		"with a clock":      {Issuers: []string{""}, Clock: time.Now},
	} {
		_, err := bouncer.NewVerifier(jwks, policy)
		if expectError(t, err, bouncer.ErrInvalidArgument); err != nil && !strings.Contains(err.Error(), "empty") {
			t.Error(name, err)
		}
		_, err = bouncer.VerifyToken(jwks, policy, documentToken)
		expectError(t, err, bouncer.ErrInvalidArgument)
	}
}
