package bouncer_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"testing"

	"bouncer-verify.internal/bouncer"
)

func TestAKeyReadFromAnyEncodingIsTheSameKey(t *testing.T) {
	for _, algorithm := range []bouncer.Algorithm{bouncer.RS256, bouncer.ES256, bouncer.Ed25519} {
		public := testIssuer().public(algorithm)
		key := must(bouncer.JWKFromPublicKey(public))(t)
		for encoding, read := range map[string]func() (*bouncer.JWK, error){
			"PEM":    func() (*bouncer.JWK, error) { return bouncer.JWKFromPEM([]byte(key.PEM())) },
			"DER":    func() (*bouncer.JWK, error) { return bouncer.JWKFromDER(key.DER()) },
			"JWK":    func() (*bouncer.JWK, error) { return bouncer.ParseJWK([]byte(key.String())) },
			"public": func() (*bouncer.JWK, error) { return bouncer.JWKFromPublicKey(must(key.PublicKey())(t)) },
		} {
			again := must(read())(t)
			if again.Thumbprint() != key.Thumbprint() || again.String() != key.String() || again.KeyID() != "" {
				t.Errorf("%s read from %s is %v", algorithm, encoding, again)
			}
		}
		found := must(key.PublicKey())(t).(interface{ Equal(crypto.PublicKey) bool })
		if !found.Equal(public) {
			t.Errorf("the public key for %s is %v", algorithm, found)
		}
	}
}

func TestAnRSAKeyReturnsItsProperties(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	key := jwks.Keys()[0]
	const kid = "55fb61042768f62ea3b06778c6043f7c8c92769a0c248076a2995dfd50c4acb9"
	if key.KeyID() != kid || key.DCOSKeyID() != kid {
		t.Errorf("kid %q, DC/OS kid %q", key.KeyID(), key.DCOSKeyID())
	}
	if key.Algorithm() != bouncer.RS256 || key.KeyType() != "RSA" || key.Curve() != "" || key.Bits() != 2048 || key.Tolerated() {
		t.Error(key)
	}
	public := must(key.PublicKey())(t).(*rsa.PublicKey)
	if public.E != 65537 || public.N.Cmp(new(big.Int).SetBytes(key.N())) != 0 || len(key.E()) != 3 {
		t.Error(public)
	}
	if text := must(json.Marshal(key))(t); string(text) != key.String() {
		t.Errorf("%s", text)
	}
	key.N()[0]++
	key.DER()[0]++
	if must(bouncer.JWKFromDER(key.DER()))(t).Thumbprint() != key.Thumbprint() {
		t.Error("the key can be changed through a returned slice")
	}
}

func TestUnusableKeysAreRejected(t *testing.T) {
	small := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1000), E: 65537}
	p224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))(t)
	for _, public := range []crypto.PublicKey{
		nil, "text", small, &rsa.PublicKey{}, (*rsa.PublicKey)(nil), &p224.PublicKey, testIssuer().rsa,
		&rsa.PublicKey{N: testIssuer().rsa.N, E: 2}, &rsa.PublicKey{N: testIssuer().rsa.N, E: -3},
	} {
		_, err := bouncer.JWKFromPublicKey(public)
		expectError(t, err, bouncer.ErrUnusableKey)
		expectError(t, err, bouncer.ErrKeys)
	}
	for _, text := range []string{"", "{}", "null", `{"kty":"oct","k":"AA"}`, "-----BEGIN PUBLIC KEY-----"} {
		_, err := bouncer.ParseJWK([]byte(text))
		expectError(t, err, bouncer.ErrUnusableKey)
		_, err = bouncer.JWKFromPEM([]byte(text))
		expectError(t, err, bouncer.ErrUnusableKey)
		_, err = bouncer.JWKFromDER([]byte(text))
		expectError(t, err, bouncer.ErrUnusableKey)
	}
}
