package bouncer_test

import (
	"testing"
	"time"

	"bouncer_verify/bouncer"
)

func TestAPolicyThatCannotBeUsed(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	for name, policy := range map[string]bouncer.Policy{
		"negative leeway":          {Leeway: -time.Second},
		"leeway over 5 minutes":    {Leeway: 5*time.Minute + 1},
		"negative length":          {MaxTokenLen: -1},
		"length over 1 MiB":        {MaxTokenLen: 1<<20 + 1},
		"unknown algorithm":        {Algorithms: []bouncer.Algorithm{"HS256"}},
		"none":                     {Algorithms: []bouncer.Algorithm{"none"}},
		"two algorithms in one":    {Algorithms: []bouncer.Algorithm{"RS256 ES256"}},
		"empty algorithm":          {Algorithms: []bouncer.Algorithm{""}},
		"issuer not UTF-8":         {Issuers: []string{"\xff"}},
		"audience not UTF-8":       {Audiences: []string{"\xff"}},
		"claim not UTF-8":          {RequiredClaims: []string{"\xff"}},
		"string claim not UTF-8":   {RequiredStringClaims: []string{"\xff"}},
		"type not UTF-8":           {TokenType: "\xff"},
		"the first failure counts": {Issuers: []string{"a", "\xff", "b"}, Audiences: []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			verifier, err := bouncer.NewVerifier(jwks, policy)
			expectError(t, err, bouncer.ErrInvalidArgument)
			expectError(t, err, bouncer.ErrProgram)
			if verifier != nil {
				t.Error("a verifier in spite of that")
			}
			_, err = bouncer.VerifyToken(jwks, policy, documentToken)
			expectError(t, err, bouncer.ErrInvalidArgument)
		})
	}
}

func TestThePolicyAtItsBounds(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	policy := bouncer.Policy{
		At:          time.Unix(documentExp+299, 0),
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

func TestWithoutATimeTheClockIsTheSystems(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256)
	exp := func(exp time.Time) string {
		return issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, asJSON(map[string]any{"uid": "anna", "exp": exp.Unix()}))
	}
	if _, err := bouncer.VerifyToken(jwks, bouncer.Policy{}, exp(time.Now().Add(time.Minute))); err != nil {
		t.Error(err)
	}
	_, err := bouncer.VerifyToken(jwks, bouncer.Policy{}, exp(time.Now().Add(-time.Minute)))
	expectError(t, err, bouncer.ErrExpired)
}
