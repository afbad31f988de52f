package bouncer_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"bouncer-verify.internal/bouncer"
)

// Once, at start. The keys are fetched in the background and stay fresh.
func protect(handler http.Handler, issuer, audience string) (http.Handler, error) {
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: issuer, Logger: slog.Default()})
	if err != nil {
		return nil, err
	}
	verifier, err := bouncer.NewVerifier(keys, bouncer.ForIssuer(issuer, audience))
	if err != nil {
		return nil, err
	}
	// For each request: 401, or 503 without keys. The handler calls bouncer.TokenFromContext.
	return bouncer.RequireToken(verifier, nil)(handler), nil
}

// The Go code of the project's README.
func Example_readme() {
	const tokenHeader = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwZXRlciJ9.c2lnbmF0dXJl"
	handler, err := protect(http.NotFoundHandler(), "http://127.0.0.1:1/", "https://api.example/")
	if err != nil {
		log.Fatal(err)
	}
	for _, authorization := range []string{"", tokenHeader} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Authorization", authorization)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		fmt.Println(response.Code)
	}
	// Output:
	// 401
	// 503
}
