package bouncer_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"bouncer_verify/bouncer"
)

// signingMethod is jwt.SigningMethod of github.com/golang-jwt/jwt/v5.
type signingMethod interface {
	Verify(signingString string, sig []byte, key any) error
	Sign(signingString string, key any) ([]byte, error)
	Alg() string
}

var signingMethods = []signingMethod{
	bouncer.SigningMethodRS256, bouncer.SigningMethodRS384, bouncer.SigningMethodRS512,
	bouncer.SigningMethodPS256, bouncer.SigningMethodPS384, bouncer.SigningMethodPS512,
	bouncer.SigningMethodES256, bouncer.SigningMethodES384, bouncer.SigningMethodES512,
	bouncer.SigningMethodEd25519, bouncer.SigningMethodEdDSA,
}

// parse does with a token what golang-jwt's Parser does up to the claims.
func parse(t testing.TB, text string, keys func(header map[string]any) (any, error)) error {
	parts := strings.Split(text, ".")
	var header map[string]any
	if err := json.Unmarshal(must(base64.RawURLEncoding.DecodeString(parts[0]))(t), &header); err != nil {
		return err
	}
	key, err := keys(header)
	if err != nil {
		return err
	}
	signature := must(base64.RawURLEncoding.DecodeString(parts[2]))(t)
	for _, method := range signingMethods {
		if method.Alg() == header["alg"] {
			return method.Verify(parts[0]+"."+parts[1], signature, key)
		}
	}
	return errors.New("no such method")
}

func TestGolangJWTVerifiesWithEveryKindOfKey(t *testing.T) {
	issuer := testIssuer()
	for _, algorithm := range []bouncer.Algorithm{bouncer.RS256, bouncer.PS256, bouncer.ES256, bouncer.Ed25519, bouncer.EdDSA} {
		public := issuer.public(algorithm)
		keys := map[string]any{
			"set":    issuer.jwks(t, bouncer.ES256, bouncer.RS256, bouncer.Ed25519),
			"JWK":    must(bouncer.JWKFromPublicKey(public))(t),
			"public": public,
		}
		header := `{"alg":"` + string(algorithm) + `"}`
		for kind, key := range keys {
			text := issuer.sign(t, algorithm, header, `{"sub":"anna","aud":"anybody"}`)
			if err := parse(t, text, func(map[string]any) (any, error) { return key, nil }); err != nil {
				t.Errorf("%s with a %s: %v", algorithm, kind, err)
			}
			// The payload of another token under the same signature.
			other := issuer.sign(t, algorithm, header, `{"sub":"root"}`)
			parts, otherParts := strings.Split(text, "."), strings.Split(other, ".")
			forged := parts[0] + "." + otherParts[1] + "." + parts[2]
			err := parse(t, forged, func(map[string]any) (any, error) { return key, nil })
			expectError(t, err, bouncer.ErrInvalidSignature)
		}
	}
}

func TestGolangJWTJudgesTheTimesItself(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256)
	keys := func(map[string]any) (any, error) { return jwks, nil }
	for _, payload := range []string{`{"exp":1}`, `{"nbf":99999999999}`, `{"exp":99999999999}`, `{}`} {
		text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, payload)
		if err := parse(t, text, keys); err != nil {
			t.Errorf("%s: %v", payload, err)
		}
		err := parse(t, text[:len(text)-5]+"AAAAA", keys)
		expectError(t, err, bouncer.ErrInvalidToken)
	}
}

func TestGolangJWTGetsNoLaxerTokensThanOthers(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256, bouncer.ES256)
	keys := func(map[string]any) (any, error) { return jwks, nil }
	for header, expected := range map[string]error{
		`{"alg":"RS256","crit":["exp"]}`:    bouncer.ErrUnsupportedHeader,
		`{"alg":"RS256","a":1,"a":2}`:       bouncer.ErrMalformedHeader,
		`{"alg":"RS256","b64":false}`:       bouncer.ErrUnsupportedHeader,
		`{"alg":"ES256","typ":"JWT"}`:       bouncer.ErrInvalidSignature,
		`{"alg":"RS256","kid":"elsewhere"}`: nil,
	} {
		err := parse(t, issuer.sign(t, bouncer.RS256, header, `{"sub":"anna"}`), keys)
		if expected == nil && err == nil {
			continue
		}
		expectError(t, err, expected)
	}
	// The method's algorithm counts, whatever the header says.
	parts := strings.Split(issuer.sign(t, bouncer.ES256, `{"alg":"ES256"}`, `{}`), ".")
	signature := must(base64.RawURLEncoding.DecodeString(parts[2]))(t)
	err := bouncer.SigningMethodRS256.Verify(parts[0]+"."+parts[1], signature, jwks)
	expectError(t, err, bouncer.ErrAlgorithmNotAllowed)
}

func TestGolangJWTWithoutAKeyOrWithAClosedSet(t *testing.T) {
	err := bouncer.SigningMethodRS256.Verify("a.b", nil, nil)
	expectError(t, err, bouncer.ErrUnusableKey)
	err = bouncer.SigningMethodRS256.Verify("a.b", nil, []byte("secret"))
	expectError(t, err, bouncer.ErrUnusableKey)
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	_ = jwks.Close()
	err = bouncer.SigningMethodRS256.Verify("a.b", nil, jwks)
	expectError(t, err, bouncer.ErrClosed)
	_, err = bouncer.SigningMethodRS256.Sign("a.b", jwks)
	expectError(t, err, bouncer.ErrInvalidArgument)
}

func TestGolangJWTTakesRemoteKeysAndFetchesNothingForAToken(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, remote)
	keys := func(map[string]any) (any, error) { return remote, nil }
	if err := parse(t, issuer.token(t, "a"), keys); err != nil {
		t.Error(err)
	}
	expectError(t, parse(t, issuer.token(t, "b"), keys), bouncer.ErrNoMatchingKey)
	found := must(remote.PublicKeys(map[string]any{"alg": "EdDSA", "kid": "a"}))(t)
	if len(found) != 1 || !issuer["a"].Public().(ed25519.PublicKey).Equal(found[0]) {
		t.Error(found)
	}
	_, err := remote.PublicKeys(map[string]any{"alg": "EdDSA", "kid": "b"})
	expectError(t, err, bouncer.ErrNoMatchingKey)
	server.expectHits(t, 1)

	empty := startRemote(t, bouncer.RemoteOptions{URL: "https://keys.invalid/", Lazy: true})
	err = parse(t, issuer.token(t, "a"), func(map[string]any) (any, error) { return empty, nil })
	expectError(t, err, bouncer.ErrKeysUnavailable)
	_, err = empty.PublicKeys(map[string]any{"alg": "EdDSA"})
	expectError(t, err, bouncer.ErrKeysUnavailable)
}

func TestEveryAlgorithmHasItsSigningMethod(t *testing.T) {
	for _, method := range signingMethods {
		jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
		policy := bouncer.Policy{Algorithms: []bouncer.Algorithm{bouncer.Algorithm(method.Alg())}, At: time.Unix(1, 0)}
		if _, err := bouncer.NewVerifier(jwks, policy); err != nil {
			t.Error(method.Alg(), err)
		}
	}
}

// The candidates are those that the library would try: the token's verdict is the same with them alone.
func TestPublicKeysAreTheCandidatesOfTheCorpus(t *testing.T) {
	compared := 0
	for _, c := range corpus(t) {
		var header map[string]any
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(c.token(t), ".")[0])
		if err != nil || json.Unmarshal(text, &header) != nil {
			continue
		}
		jwks, err := bouncer.LoadJWKS([]byte(c.document))
		if err != nil {
			continue
		}
		found, err := jwks.PublicKeys(header)
		switch c.Expect.Status {
		case "ok":
			if len(found) == 0 {
				t.Errorf("%s: %v", c.ID, err)
			}
			compared++
		case "no_matching_key":
			expectError(t, err, bouncer.ErrNoMatchingKey)
			compared++
		}
		_ = jwks.Close()
	}
	if compared < 300 {
		t.Errorf("%d cases", compared)
	}
}

func TestPublicKeysOfAHeaderOfTheWrongTypes(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	for _, header := range []map[string]any{nil, {"alg": 1}, {"alg": "RS256", "kid": 1}, {"alg": "RS256", "kid": nil}} {
		_, err := jwks.PublicKeys(header)
		expectError(t, err, bouncer.ErrMalformedHeader)
	}
	_, err := jwks.PublicKeys(map[string]any{"alg": "HS256"})
	expectError(t, err, bouncer.ErrNoMatchingKey)
}
