package bouncer_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"bouncer-verify.internal/bouncer"
)

// A DC/OS service. It verifies the tokens of incoming requests with the issuer's keys, and sends
// its own token with outgoing requests.
func Example_service() {
	// The environment of the example: an issuer, another service, and a file with the secret of the
	// service account.
	issuer := newIAM()
	defer issuer.Close()
	jwksURL, otherURL := issuer.URL+jwksPath, issuer.URL+"/service"
	secretFile, remove := exampleSecret(issuer)
	defer remove()
	other, err := url.Parse(otherURL)
	if err != nil {
		log.Fatal(err)
	}
	otherHost := other.Host

	// Outgoing requests.
	renewer, err := bouncer.NewTokenRenewer(bouncer.RenewerOptions{
		ServiceAccountFile: secretFile, // "/run/secrets/service-account.json"
		Logger:             slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer renewer.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := renewer.WaitReady(ctx); err != nil {
		log.Print(err) // or exit; until there is a token, requests fail with ErrLogin
	}
	client := &http.Client{Transport: renewer.Transport(nil, otherHost)} // "master.mesos"

	// Incoming requests.
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: jwksURL})
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	verifier, err := bouncer.NewVerifier(keys, bouncer.DCOS())
	if err != nil {
		log.Fatal(err)
	}
	greet := func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), "GET", otherURL, nil)
		if err != nil {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		response, err := client.Do(request)
		if err != nil {
			http.Error(w, "", bouncer.HTTPStatus(err)) // 503 if the service has no token
			return
		}
		defer response.Body.Close()
		greeting, _ := io.ReadAll(response.Body)
		uid, _ := bouncer.UIDFromContext(r.Context())
		fmt.Fprintf(w, "%s, %s", greeting, uid)
	}
	service := httptest.NewServer(bouncer.RequireToken(verifier, nil)(http.HandlerFunc(greet)))
	defer service.Close()

	get := func(authorization string) {
		request, err := http.NewRequestWithContext(ctx, "GET", service.URL, nil)
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		fmt.Println(response.StatusCode, string(body))
	}
	expiry := time.Now().Add(time.Hour).Unix()
	anna := testIssuer().sign(nil, bouncer.RS256, `{"alg":"RS256"}`, fmt.Sprintf(`{"uid":"anna","exp":%d}`, expiry))
	get("token=" + anna)
	get("token=" + anna[:len(anna)-8] + "AAAAAAAA")
	issuer.revoke() // the other service now rejects the token; the renewer gets a new one at once
	get("token=" + anna)
	fmt.Println(issuer.logins.Load(), "logins")
	// Output:
	// 200 hello, anna
	// 401 Unauthorized
	//
	// 200 hello, anna
	// 2 logins
}

// exampleSecret writes the secret of the service account to a file.
func exampleSecret(issuer *iam) (path string, remove func()) {
	key, err := os.ReadFile(keyFolder + "rsa-2048-a.pem")
	if err != nil {
		log.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "bouncer")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(folder, "service-account.json")
	if err := os.WriteFile(path, []byte(issuer.secretOf(string(key))), 0o600); err != nil {
		log.Fatal(err)
	}
	return path, func() { _ = os.RemoveAll(folder) }
}
