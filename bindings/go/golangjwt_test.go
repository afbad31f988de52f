package bouncer_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
	"bouncer-verify.internal/bouncer/testdata/jwt"
)

// signingMethod is a copy of jwt.SigningMethod in github.com/golang-jwt/jwt/v5.
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

// parse verifies the signature of a token in the same steps as golang-jwt's Parser. It does not
// check the claims.
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
			// The first token, with the payload of another token.
			other := issuer.sign(t, algorithm, header, `{"sub":"root"}`)
			parts, otherParts := strings.Split(text, "."), strings.Split(other, ".")
			forged := parts[0] + "." + otherParts[1] + "." + parts[2]
			err := parse(t, forged, func(map[string]any) (any, error) { return key, nil })
			expectError(t, err, bouncer.ErrInvalidSignature)
		}
	}
}

func TestASigningMethodDoesNotCheckClaims(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256)
	keys := func(map[string]any) (any, error) { return jwks, nil }
	for _, payload := range []string{
		`{"exp":1}`, `{"nbf":99999999999}`, `{"exp":99999999999}`, `{}`,
		// Payloads with invalid claims must not be reported as an invalid signature.
		`{"exp":"tomorrow"}`, `{"aud":5}`, `{"sub":null}`, `{"sub":7}`, `{"a":1,"a":2}`, `{"exp":1e999}`, `[1]`, `not JSON`,
	} {
		text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, payload)
		if err := parse(t, text, keys); err != nil {
			t.Errorf("%s: %v", payload, err)
		}
		err := parse(t, text[:len(text)-5]+"AAAAA", keys)
		expectError(t, err, bouncer.ErrInvalidToken)
	}
}

func TestASigningMethodChecksTheHeaderAsStrictlyAsAVerifier(t *testing.T) {
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
	// A valid ES256 signature must not be accepted by the method for RS256.
	parts := strings.Split(issuer.sign(t, bouncer.ES256, `{"alg":"ES256"}`, `{}`), ".")
	signature := must(base64.RawURLEncoding.DecodeString(parts[2]))(t)
	err := bouncer.SigningMethodRS256.Verify(parts[0]+"."+parts[1], signature, jwks)
	expectError(t, err, bouncer.ErrAlgorithmNotAllowed)
}

func TestASigningMethodFailsWithoutAUsableKey(t *testing.T) {
	err := bouncer.SigningMethodRS256.Verify("a.b", nil, nil)
	expectError(t, err, bouncer.ErrUnusableKey)
	err = bouncer.SigningMethodRS256.Verify("a.b", nil, []byte("secret"))
	expectError(t, err, bouncer.ErrUnusableKey)
	for _, key := range []any{
		(*bouncer.JWKSet)(nil), (*bouncer.RemoteJWKS)(nil), (*bouncer.JWK)(nil),
		(*rsa.PublicKey)(nil), (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}, &ecdsa.PublicKey{Curve: elliptic.P256()}, ed25519.PublicKey(nil),
	} {
		if err := bouncer.SigningMethodRS256.Verify("a.b", nil, key); err == nil || errors.Is(err, bouncer.ErrInvalidToken) {
			t.Errorf("%T: %v", key, err)
		}
	}
	var none *bouncer.JWKSet
	_, err = none.PublicKeys(map[string]any{"alg": "RS256"})
	expectError(t, err, bouncer.ErrInvalidArgument)
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	_ = jwks.Close()
	err = bouncer.SigningMethodRS256.Verify("a.b", nil, jwks)
	expectError(t, err, bouncer.ErrClosed)
	_, err = bouncer.SigningMethodRS256.Sign("a.b", jwks)
	expectError(t, err, bouncer.ErrInvalidArgument)
}

func TestASigningMethodFetchesANewKey(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second})
	waitReady(t, remote)
	keys := func(map[string]any) (any, error) { return remote, nil }
	for range 10 {
		if err := parse(t, issuer.token(t, "a"), keys); err != nil {
			t.Error(err)
		}
	}
	server.expectHits(t, 1)
	server.handleWith(document(issuer.jwks(t, "a", "b")))
	together(20, func(int) {
		if err := parse(t, issuer.token(t, "b"), keys); err != nil {
			t.Error(err)
		}
	})
	server.expectHits(t, 2)
}

func TestUnknownKidsCauseFewFetches(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, remote)
	keys := func(map[string]any) (any, error) { return remote, nil }
	for i := range 100 {
		kid := fmt.Sprint("unknown-", i)
		err := parse(t, signers{kid: issuer["a"]}.token(t, kid), keys)
		expectError(t, err, bouncer.ErrNoMatchingKey)
		_, err = remote.PublicKeys(map[string]any{"alg": "EdDSA", "kid": kid})
		expectError(t, err, bouncer.ErrNoMatchingKey)
	}
	if hits := server.hits.Load(); hits > 3 {
		t.Errorf("%d requests", hits)
	}
}

// Verify returns an error about claims only if the signature is valid. If the key is missing, the
// signature cannot be verified. So Verify must report the missing key.
func TestASigningMethodReportsAMissingKeyBeforeInvalidClaims(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, remote)
	empty := startRemote(t, bouncer.RemoteOptions{URL: "http://127.0.0.1:1/", Lazy: true})
	for _, payload := range []string{`{"exp":1}`, `{"nbf":99999999999}`, `{"exp":"x"}`, `{"a":1,"a":2}`, `[]`, `x`, `{}`} {
		text := bareToken(t, issuer["b"], `{"alg":"EdDSA","kid":"b"}`, payload)
		err := parse(t, text, func(map[string]any) (any, error) { return remote, nil })
		expectError(t, err, bouncer.ErrNoMatchingKey)
		err = parse(t, text, func(map[string]any) (any, error) { return empty, nil })
		expectError(t, err, bouncer.ErrKeysUnavailable)
	}
}

func bareToken(t testing.TB, key ed25519.PrivateKey, header, payload string) string {
	return issuer{ed25519: key}.sign(t, bouncer.EdDSA, header, payload)
}

func TestPublicKeysOfRemoteKeysFetchesANewKey(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second})
	waitReady(t, remote)
	expectKey := func(kid string) {
		t.Helper()
		found := must(remote.PublicKeys(map[string]any{"alg": "EdDSA", "kid": kid}))(t)
		if len(found) != 1 || !issuer[kid].Public().(ed25519.PublicKey).Equal(found[0]) {
			t.Error(found)
		}
	}
	expectKey("a")
	server.expectHits(t, 1)
	server.handleWith(document(issuer.jwks(t, "a", "b")))
	expectKey("b")
	server.expectHits(t, 2)

	// If a fetch cannot change the result, there must be no fetch.
	for _, header := range []map[string]any{{"alg": "ES256"}, {"alg": "HS256", "kid": "c"}, {"alg": "none", "kid": "c"}} {
		_, err := remote.PublicKeys(header)
		expectError(t, err, bouncer.ErrNoMatchingKey)
	}
	for _, header := range []map[string]any{nil, {"alg": 1}, {"alg": "EdDSA", "kid": 1}} {
		_, err := remote.PublicKeys(header)
		expectError(t, err, bouncer.ErrMalformedHeader)
	}
	server.expectHits(t, 2)

	empty := startRemote(t, bouncer.RemoteOptions{URL: "http://127.0.0.1:1/", Lazy: true})
	_, err := empty.PublicKeys(map[string]any{"alg": "EdDSA"})
	expectError(t, err, bouncer.ErrKeysUnavailable)
}

func TestAWrongRSASignatureMatchesRSAErrVerification(t *testing.T) {
	issuer := testIssuer()
	set := issuer.jwks(t, bouncer.RS256, bouncer.ES256, bouncer.Ed25519)
	server := startKeyServer(t, document(asJSON(map[string]any{"keys": set.Keys()})))
	remote := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, remote)
	for _, algorithm := range []bouncer.Algorithm{bouncer.RS256, bouncer.PS256, bouncer.ES256, bouncer.EdDSA} {
		text := issuer.sign(t, algorithm, `{"alg":"`+string(algorithm)+`"}`, `{"sub":"anna"}`)
		parts := strings.Split(text, ".")
		forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"root"}`)) + "." + parts[2]
		isRSA := algorithm == bouncer.RS256 || algorithm == bouncer.PS256
		for kind, key := range map[string]any{"set": set, "remote": remote, "public": issuer.public(algorithm)} {
			err := parse(t, forged, func(map[string]any) (any, error) { return key, nil })
			expectError(t, err, bouncer.ErrInvalidSignature)
			expectError(t, err, bouncer.ErrInvalidToken)
			var fault *bouncer.Error
			if !errors.As(err, &fault) || err.Error() != fault.Error() {
				t.Errorf("%s with a %s: %v", algorithm, kind, err)
			}
			if errors.Is(err, rsa.ErrVerification) != isRSA {
				t.Errorf("%s with a %s matches rsa.ErrVerification: %v", algorithm, kind, !isRSA)
			}
		}
	}
	// Other errors must not match rsa.ErrVerification.
	text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256","crit":["exp"]}`, `{}`)
	err := parse(t, text, func(map[string]any) (any, error) { return set, nil })
	if expectError(t, err, bouncer.ErrUnsupportedHeader); errors.Is(err, rsa.ErrVerification) {
		t.Error(err)
	}
}

// golang-jwt's EdDSA method does not check "alg", and golang-jwt's test vectors contain "ED25519".
// So the EdDSA method must also accept this name.
func TestTheEdDSAMethodAcceptsTheOldNameED25519(t *testing.T) {
	issuer := testIssuer()
	set := issuer.jwks(t, bouncer.RS256, bouncer.Ed25519)
	var document map[string]any
	key := must(bouncer.JWKFromPublicKey(issuer.public(bouncer.EdDSA)))(t)
	if err := json.Unmarshal([]byte(key.String()), &document); err != nil {
		t.Fatal(err)
	}
	document["kid"] = "ED25519"
	named := must(bouncer.LoadJWKS([]byte(asJSON(map[string]any{"keys": []any{document}}))))(t)
	verify := func(text string, key any) error {
		parts := strings.Split(text, ".")
		signature := must(base64.RawURLEncoding.DecodeString(parts[2]))(t)
		for _, method := range []*bouncer.SigningMethod{bouncer.SigningMethodRS256, bouncer.SigningMethodES256} {
			expectError(t, method.Verify(parts[0]+"."+parts[1], signature, key), bouncer.ErrInvalidToken)
		}
		err := bouncer.SigningMethodEdDSA.Verify(parts[0]+"."+parts[1], signature, key)
		if other := bouncer.SigningMethodEd25519.Verify(parts[0]+"."+parts[1], signature, key); fmt.Sprint(other) != fmt.Sprint(err) {
			t.Errorf("EdDSA returns %v, Ed25519 returns %v", err, other)
		}
		return err
	}
	for header, keys := range map[string][]any{
		`{"alg":"ED25519","typ":"JWT"}`:               {set, key, issuer.public(bouncer.EdDSA)},
		` { "kid" : "ED25519" , "alg" : "ED25519" } `: {set, named},
	} {
		for _, key := range keys {
			text := issuer.sign(t, bouncer.EdDSA, header, `{"foo":"bar"}`)
			if err := verify(text, key); err != nil {
				t.Errorf("%s with %T: %v", header, key, err)
			}
			parts := strings.Split(text, ".")
			other := base64.RawURLEncoding.EncodeToString([]byte(`{"foo":"root"}`))
			expectError(t, verify(parts[0]+"."+other+"."+parts[2], key), bouncer.ErrInvalidSignature)
		}
	}
	for header, expected := range map[string]error{
		`{"alg":"ED25519","crit":["exp"]}`:      bouncer.ErrUnsupportedHeader,
		`{"alg":"ED25519","b64":false}`:         bouncer.ErrUnsupportedHeader,
		`{"alg":"ED25519","alg":"EdDSA"}`:       bouncer.ErrMalformedHeader,
		`{"alg":"ED25519","a":1,"a":2}`:         bouncer.ErrMalformedHeader,
		`{"alg":"ED25519"`:                      bouncer.ErrMalformedHeader,
		`{"x":{"alg":"ED25519"},"alg":"HS256"}`: bouncer.ErrUnsupportedAlgorithm,
		`{"alg":"ed25519"}`:                     bouncer.ErrUnsupportedAlgorithm,
	} {
		expectError(t, verify(issuer.sign(t, bouncer.EdDSA, header, `{}`), set), expected)
	}
	// The signature covers the header: it must be invalid after "alg" is changed to the old name.
	for _, payload := range []string{`{}`, `{"exp":1}`, `{"nbf":99999999999}`, `{"a":1,"a":2}`, `x`} {
		today := strings.Split(issuer.sign(t, bouncer.EdDSA, `{"alg":"Ed25519"}`, payload), ".")
		old := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ED25519"}`))
		expectError(t, verify(old+"."+today[1]+"."+today[2], set), bouncer.ErrInvalidSignature)
	}
	expectError(t, verify(issuer.sign(t, bouncer.EdDSA, `{"alg":"ED25519"}`, `{}`), issuer.jwks(t, bouncer.RS256)), bouncer.ErrNoMatchingKey)
	other := newSigners(t, "x")["x"].Public()
	expectError(t, verify(issuer.sign(t, bouncer.EdDSA, `{"alg":"ED25519"}`, `{}`), other), bouncer.ErrInvalidSignature)
}

func TestAPolicyAcceptsTheAlgorithmOfEverySigningMethod(t *testing.T) {
	for _, method := range signingMethods {
		jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
		policy := bouncer.Policy{Profile: "dcos", Algorithms: []bouncer.Algorithm{bouncer.Algorithm(method.Alg())}, Time: time.Unix(1, 0)}
		if _, err := bouncer.NewVerifier(jwks, policy); err != nil {
			t.Error(method.Alg(), err)
		}
	}
}

// PublicKeys must return keys for each accepted token of the conformance corpus. It must return
// ErrNoMatchingKey for each token that is rejected with ErrNoMatchingKey.
func TestPublicKeysFindsKeysForEveryAcceptedToken(t *testing.T) {
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
		t.Errorf("only %d cases were compared, want at least 300", compared)
	}
}

func TestPublicKeysRejectsAHeaderWithWrongTypes(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	for _, header := range []map[string]any{nil, {"alg": 1}, {"alg": "RS256", "kid": 1}, {"alg": "RS256", "kid": []any{}}} {
		_, err := jwks.PublicKeys(header)
		expectError(t, err, bouncer.ErrMalformedHeader)
	}
	// A null or empty "kid" counts as absent, as it does when the library verifies a token.
	for _, kid := range []any{nil, ""} {
		if keys := must(jwks.PublicKeys(map[string]any{"alg": "RS256", "kid": kid}))(t); len(keys) != 1 {
			t.Errorf("%#v: %d keys", kid, len(keys))
		}
	}
	_, err := jwks.PublicKeys(map[string]any{"alg": "HS256"})
	expectError(t, err, bouncer.ErrNoMatchingKey)
}

// Checks the errors that jwt.Parse returns. Package jwt is a small copy of golang-jwt's interface.
func TestGolangJWTReportsAnInvalidSignatureOnlyForAWrongSignature(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256, bouncer.Ed25519)
	keys := func(*jwt.Token) (any, error) { return jwks, nil }
	jwt.RegisterSigningMethod("RS256", func() jwt.SigningMethod { return bouncer.SigningMethodRS256 })
	jwt.RegisterSigningMethod("ED25519", func() jwt.SigningMethod { return bouncer.SigningMethodEdDSA })
	for payload, expected := range map[string]error{
		`{"exp":99999999999}`: nil,
		`{"exp":"tomorrow"}`:  nil, // but the real golang-jwt returns an error here
		`{"aud":5}`:           nil,
		`{"a":1,"a":2}`:       nil,
		`{"exp":1}`:           jwt.ErrTokenExpired,
	} {
		for algorithm, method := range map[bouncer.Algorithm]string{bouncer.RS256: "RS256", bouncer.EdDSA: "EdDSA"} {
			name := string(algorithm)
			if algorithm == bouncer.EdDSA {
				name = "ED25519"
			}
			text := issuer.sign(t, algorithm, `{"alg":"`+name+`"}`, payload)
			token, err := jwt.Parse(text, keys, jwt.WithValidMethods([]string{method}))
			if !errors.Is(err, expected) || expected == nil && (err != nil || !token.Valid) {
				t.Errorf("%s, %s: %v", name, payload, err)
			}
			_, err = jwt.Parse(text[:len(text)-6]+"AAAAAA", keys, jwt.WithValidMethods([]string{method}))
			expectError(t, err, jwt.ErrTokenSignatureInvalid)
			expectError(t, err, bouncer.ErrInvalidToken)
		}
	}
}
