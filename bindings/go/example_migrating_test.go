package bouncer_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"bouncer-verify.internal/bouncer"
	"bouncer-verify.internal/bouncer/testdata/jwt"
)

// oidcProvider starts an OpenID Connect provider on loopback. It also returns a token that the
// provider has issued for https://api.example/.
func oidcProvider() (provider *httptest.Server, token string) {
	key, err := bouncer.JWKFromPublicKey(&testIssuer().rsa.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /jwks", document(`{"keys":[`+key.String()+`]}`))
	provider = httptest.NewServer(mux)
	issuer := provider.URL + "/"
	metadata := asJSON(map[string]string{"issuer": issuer, "jwks_uri": provider.URL + "/jwks"})
	mux.Handle("GET /.well-known/openid-configuration", document(metadata))
	claims := asJSON(map[string]any{
		"iss": issuer, "aud": "https://api.example/", "sub": "peter", "exp": time.Now().Add(time.Hour).Unix(),
	})
	return provider, testIssuer().sign(nil, bouncer.RS256, `{"alg":"RS256"}`, claims)
}

// The interface of this package, in place of jwt.Parse.
func Example_migratingFromGolangJWT() {
	provider, text := oidcProvider()
	defer provider.Close()
	issuer := provider.URL + "/"

	// Once, when the service starts.
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{
		Discover: issuer, // "https://idp.example/"
	})
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	verifier, err := bouncer.NewVerifier(keys, bouncer.ForIssuer(issuer, "https://api.example/"))
	if err != nil {
		log.Fatal(err)
	}

	// For each token.
	subjectOf := func(text string) (string, error) {
		token, err := verifier.Verify(text)
		if err != nil {
			return "", err
		}
		return token.Subject(), nil
	}

	handler := bouncer.RequireToken(verifier, nil)(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			token, _ := bouncer.TokenFromContext(r.Context())
			fmt.Fprintln(w, "hello", token.Subject())
		}))

	var own struct {
		Tenant string   `json:"tenant"`
		Roles  []string `json:"roles"`
	}
	token, err := verifier.Verify(text)
	if err == nil {
		err = token.Claims(&own)
	}
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(subjectOf(text))
	for _, authorization := range []string{"Bearer " + text, "Bearer a.b.c"} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("Authorization", authorization)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		fmt.Println(response.Code)
	}
	// Output:
	// peter <nil>
	// 200
	// 401
}

// golang-jwt 5 with the keys and the signature check of this package.
func Example_migratingFromGolangJWTKeepingParse() {
	provider, text := oidcProvider()
	defer provider.Close()
	issuer := provider.URL + "/"
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: issuer})
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()

	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{"RS256"}),
		// And jwt.WithIssuer, jwt.WithAudience, jwt.WithExpirationRequired.
	}
	jwt.RegisterSigningMethod("RS256", func() jwt.SigningMethod { return bouncer.SigningMethodRS256 })
	keyFunc := func(*jwt.Token) (any, error) { return keys, nil }
	token, err := jwt.Parse(text, keyFunc, options...)
	switch {
	case errors.Is(err, bouncer.ErrKeysUnavailable):
		fmt.Println("503")
	case err != nil:
		fmt.Println("401")
	default:
		fmt.Println("hello", token.Claims["sub"])
	}
	// Output: hello peter
}

// golang-jwt 4 with the keys of this package, and golang-jwt's own signature check.
func Example_migratingFromGolangJWTKeepingSignatures() {
	provider, _ := oidcProvider()
	defer provider.Close()
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: provider.URL + "/"})
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()

	keyFunc := func(token *jwt.Token) (any, error) {
		found, err := keys.PublicKeys(token.Header)
		if err != nil {
			return nil, err
		}
		return found[0], nil
	}
	_, err = keyFunc(&jwt.Token{Header: map[string]any{"alg": "RS256"}})
	fmt.Println(err)
	// Output: <nil>
}
