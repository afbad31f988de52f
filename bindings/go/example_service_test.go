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

	"bouncer_verify/bouncer"
)

// A whole service: it believes requests by the issuer's keys, which keep themselves fresh, and
// sends its own ones with a token that keeps itself valid.
func Example_service() {
	// What is around it: the issuer, another service behind it, and the service account's secret in
	// a file.
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
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	// Its requests to others.
	renewer, err := bouncer.NewTokenRenewer(bouncer.RenewerOptions{
		ServiceAccountFile: secretFile, // "/run/secrets/service-account.json"
		Logger:             slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer renewer.Close()
	if err := renewer.WaitReady(ctx); err != nil {
		log.Print(err) // or end here; until there is a token, requests fail with ErrLogin
	}
	client := &http.Client{Transport: renewer.Transport(nil, otherHost)} // "master.mesos"

	// Others' requests to it.
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
		answer, err := client.Do(request)
		if err != nil {
			http.Error(w, "", bouncer.HTTPStatus(err)) // 503 if the service has no token
			return
		}
		defer answer.Body.Close()
		word, _ := io.ReadAll(answer.Body)
		uid, _ := bouncer.UIDFromContext(r.Context())
		fmt.Fprintf(w, "%s, %s", word, uid)
	}
	service := httptest.NewServer(bouncer.RequireToken(verifier, nil)(http.HandlerFunc(greet)))
	defer service.Close()

	ask := func(authorization string) {
		request, err := http.NewRequestWithContext(ctx, "GET", service.URL, nil)
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Authorization", authorization)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Fatal(err)
		}
		defer answer.Body.Close()
		word, _ := io.ReadAll(answer.Body)
		fmt.Println(answer.StatusCode, string(word))
	}
	expiry := time.Now().Add(time.Hour).Unix()
	anna := testIssuer().sign(nil, bouncer.RS256, `{"alg":"RS256"}`, fmt.Sprintf(`{"uid":"anna","exp":%d}`, expiry))
	ask("token=" + anna)
	ask("token=" + anna[:len(anna)-8] + "AAAAAAAA")
	issuer.revoke() // the other service takes the service's token no more: it has a new one at once
	ask("token=" + anna)
	fmt.Println(issuer.logins.Load(), "logins")
	// Output:
	// 200 hello, anna
	// 401 Unauthorized
	//
	// 200 hello, anna
	// 2 logins
}

// exampleSecret writes the service account's secret to a file.
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
