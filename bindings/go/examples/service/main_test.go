package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

const audience = "https://api.example/"

func TestTheServiceAcceptsOnlyTokensOfItsIssuerAndAudience(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	issuer := startIssuer(t, key)
	service, err := newService(issuer, audience)
	if err != nil {
		t.Fatal(err)
	}
	valid := sign(t, key, issuer, audience)
	for _, test := range []struct {
		name, authorization string
		status              int
		body, challenge     string
	}{
		{"a valid token", "Bearer " + valid, 200, "Hello, anna\n", ""},
		{"no token", "", 401, "Unauthorized\n", "Bearer"},
		{
			"another audience", "Bearer " + sign(t, key, issuer, "https://other.example/"), 401, "Unauthorized\n",
			`Bearer error="invalid_token", error_description="wrong_audience"`,
		},
		{
			"another issuer", "Bearer " + sign(t, key, issuer+"/", audience), 401, "Unauthorized\n",
			`Bearer error="invalid_token", error_description="wrong_issuer"`,
		},
		{
			"a forged signature", "Bearer " + valid[:len(valid)-8] + "AAAAAAAA", 401, "Unauthorized\n",
			`Bearer error="invalid_token", error_description="invalid_signature"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest("GET", "/hello", nil)
			request.Header.Set("Authorization", test.authorization)
			response := httptest.NewRecorder()
			service.ServeHTTP(response, request)
			challenge := response.Header().Get("WWW-Authenticate")
			if response.Code != test.status || response.Body.String() != test.body || challenge != test.challenge {
				t.Errorf("%d %q %q", response.Code, response.Body, challenge)
			}
		})
	}
}

// startIssuer starts an issuer on loopback that has OpenID Connect metadata and one key.
func startIssuer(t *testing.T, key *rsa.PrivateKey) string {
	jwk, err := bouncer.JWKFromPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+"/jwks")
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"keys":[`+jwk.String()+`]}`)
	})
	return server.URL
}

// sign returns a token for anna that expires in one hour.
func sign(t *testing.T, key *rsa.PrivateKey, issuer, audience string) string {
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"anna","exp":%d}`, issuer, audience, time.Now().Add(time.Hour).Unix())
	input := encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims))
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encode(signature)
}
