// Command service is an HTTP service that accepts the tokens of one issuer for one audience.
package main

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	"bouncer-verify.internal/bouncer"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: service ISSUER AUDIENCE")
	}
	service, err := newService(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", service))
}

func newService(issuer, audience string) (http.Handler, error) {
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: issuer, Logger: slog.Default()})
	if err != nil {
		return nil, err
	}
	verifier, err := bouncer.NewVerifier(keys, bouncer.ForIssuer(issuer, audience))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		token, _ := bouncer.TokenFromContext(r.Context())
		fmt.Fprintln(w, "Hello,", token.Subject())
	})
	return bouncer.RequireToken(verifier, nil)(mux), nil
}
