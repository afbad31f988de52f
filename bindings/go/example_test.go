package bouncer_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"bouncer-verify.internal/bouncer"
	"bouncer-verify.internal/bouncer/testdata/jwt"
)

// Tokens of one issuer for one audience. The key set and the verifier are made once, when the
// program starts.
func Example() {
	provider := newProvider() // an identity provider on this machine
	defer provider.Close()
	issuer := provider.URL
	ctx, text := context.Background(), provider.token("https://api.example/")

	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: issuer}) // "https://idp.example/"
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	verifier, err := bouncer.NewVerifier(keys, bouncer.ForIssuer(issuer, "https://api.example/"))
	if err != nil {
		log.Fatal(err)
	}

	token, err := verifier.VerifyContext(ctx, text) // text is the token alone, without "Bearer "
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject())
	// Output: anna
}

// Keys from a document. The token expired in 2016, so the policy of this example sets Time. If Time
// is not set, the verifier uses the system's clock.
func ExampleLoadJWKS() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}
	defer verifier.Close()

	token, err := verifier.Verify(documentToken)
	if err != nil {
		log.Fatal(err)
	}
	expiry, _ := token.ExpiresAt()
	fmt.Println(token.UID(), "until", expiry)
	// Output: peter until 2016-07-08 13:44:26 +0000 UTC
}

// Keys from the URL of a JWK Set. The policy sets Time because the token expired in 2016.
func ExampleRemoteJWKS() {
	issuer := httptest.NewServer(document(documentJWKS))
	defer issuer.Close()
	jwksURL := issuer.URL

	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{
		URL:    jwksURL, // "https://master.mesos/acs/api/v1/auth/jwks"
		Logger: slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := keys.WaitReady(ctx); err != nil {
		log.Print(err) // or exit; until there are keys, the error is ErrKeysUnavailable
	}
	verifier, err := bouncer.NewVerifier(keys, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}

	token, err := verifier.VerifyContext(ctx, documentToken)
	if err != nil {
		log.Fatal(err)
	}
	stats, err := keys.Stats()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.UID(), stats.State, stats.Usable)
	// Output: peter fresh 1
}

func ExampleVerifyToken() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	_, err = bouncer.VerifyToken(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985466, 0)}, documentToken)
	fmt.Println(err)
	// Output: bouncer: the token has expired: "exp": 0 s ago
}

// An error has a cause, a group, a number and a name.
func ExampleError() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	_, err = bouncer.VerifyToken(jwks, bouncer.DCOS(), documentToken)

	switch {
	case errors.Is(err, bouncer.ErrExpired):
		fmt.Println("log in again")
	case errors.Is(err, bouncer.ErrInvalidToken):
		fmt.Println("401")
	case errors.Is(err, bouncer.ErrKeys):
		fmt.Println("503")
	}
	var fault *bouncer.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Status, fault.Name(), fault.Claim)
	}
	// Output:
	// log in again
	// 302 expired exp
}

// A policy for one issuer and one audience, with more rules.
func ExampleForIssuer() {
	policy := bouncer.ForIssuer("https://idp.example/", "https://api.example/")
	policy.Algorithms = []bouncer.Algorithm{bouncer.RS256, bouncer.ES256}
	policy.RequiredClaims = []string{"tenant"}
	policy.Leeway = 30 * time.Second

	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	policy.Time = time.Unix(1467985465, 0)
	_, err = bouncer.VerifyToken(jwks, policy, documentToken)
	fmt.Println(err)
	// Output: bouncer: a required claim is missing: "iss": expected "https://idp.example/"
}

func ExampleVerifiedToken_Claims() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	token, err := bouncer.VerifyToken(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)}, documentToken)
	if err != nil {
		log.Fatal(err)
	}
	var claims struct {
		UID    string `json:"uid"`
		Expiry int64  `json:"exp"`
	}
	if err := token.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.UID, claims.Expiry)
	// Output: peter 1467985466
}

// A service that greets each caller by the "uid" of the token.
func ExampleRequireToken() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		uid, _ := bouncer.UIDFromContext(r.Context())
		fmt.Fprintln(w, "Hello,", uid)
	})
	service := bouncer.RequireToken(verifier, nil)(mux)

	for _, authorization := range []string{"token=" + documentToken, "Bearer a.b.c"} {
		request := httptest.NewRequest("GET", "/hello", nil)
		request.Header.Set("Authorization", authorization)
		response := httptest.NewRecorder()
		service.ServeHTTP(response, request)
		fmt.Print(response.Code, " ", response.Body)
	}
	// Output:
	// 200 Hello, peter
	// 401 Unauthorized
}

// A key set from a key in PEM.
func ExampleNewJWKSet() {
	key, err := bouncer.JWKFromPEM([]byte(documentPEM))
	if err != nil {
		log.Fatal(err)
	}
	jwks, err := bouncer.NewJWKSet(key)
	if err != nil {
		log.Fatal(err)
	}
	defer jwks.Close()
	fmt.Println(key.KeyType(), key.Bits(), key.DCOSKeyID()[:8])
	// Output: RSA 2048 55fb6104
}

func ExampleJWKSet_Skipped() {
	jwks, err := bouncer.LoadJWKS([]byte(`{"keys": [{"kty": "oct", "k": "c2VjcmV0"}, ` + documentJWKS[len(`{"keys": [`):]))
	if err != nil {
		log.Fatal(err)
	}
	for _, skipped := range jwks.Skipped() {
		fmt.Println(skipped.Index, skipped.Reason)
	}
	fmt.Println(len(jwks.Keys()), "key")
	// Output:
	// 0 symmetric
	// 1 key
}

// A program that uses golang-jwt. In this example, jwt is a small test double of golang-jwt.
func ExampleSigningMethod() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	text := documentToken

	jwt.RegisterSigningMethod("RS256", func() jwt.SigningMethod { return bouncer.SigningMethodRS256 })
	keys := func(*jwt.Token) (any, error) { return jwks, nil }
	token, err := jwt.Parse(text, keys, jwt.WithValidMethods([]string{"RS256"}))
	fmt.Println(token.Claims["uid"], err)
	// Output: peter token is expired
}

func ExampleVerifier_VerifyBatch() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}
	tokens := []string{documentToken, "a.b.c"}

	results, err := verifier.VerifyBatch(tokens, 4) // on up to 4 threads
	if err != nil {
		log.Fatal(err) // concerns the call, not a token
	}
	for i, result := range results {
		switch {
		case result.Err == nil:
			fmt.Println(i, result.Token.UID())
		case errors.Is(result.Err, bouncer.ErrInvalidToken):
			fmt.Println(i, "401")
		}
	}
	// Output:
	// 0 peter
	// 1 401
}

func ExampleVerifier_VerifyBatchColumns() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}
	tokens := []string{documentToken, "a.b.c"}

	columns, err := verifier.VerifyBatchColumns(tokens, 4)
	if err != nil {
		log.Fatal(err)
	}
	for row, status := range columns.Status {
		uid, _ := columns.UID(row)
		fmt.Println(status, uid, columns.Exp[row])
	}
	// Output:
	// 0 peter 1467985466
	// 201  0
}

func ExampleVerifier_WithCache() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}

	cached, err := verifier.WithCache(10_000)
	if err != nil {
		log.Fatal(err)
	}
	defer cached.Close()
	for range 3 {
		if _, err := cached.Verify(documentToken); err != nil {
			log.Fatal(err)
		}
	}
	stats, err := cached.Stats()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Cache.Hits, "hits,", stats.Cache.Misses, "miss")
	// Output: 2 hits, 1 miss
}

func ExampleLoadPolicy() {
	policy, err := bouncer.LoadPolicy([]byte(`{"issuers": ["https://idp.example/"], "leeway": "30s"}`))
	if err != nil {
		log.Fatal(err)
	}
	policy.Audiences = []string{"https://api.example/"}
	fmt.Println(policy)
	// Output: {"audiences":["https://api.example/"],"issuers":["https://idp.example/"],"leeway":"30s"}
}

func ExampleLoadJWKSWith() {
	jwks, err := bouncer.LoadJWKSWith([]byte(documentJWKS), bouncer.BackendAWSLC)
	if err != nil {
		log.Fatal(err)
	}
	defer jwks.Close()
	fmt.Println(jwks.AcceleratedKeys(), "of", len(jwks.Keys()), "keys")
	// Output: 0 of 1 keys
}

// Single claims, each with its type.
func ExampleVerifiedToken_ClaimStrings() {
	issuer := testIssuer()
	key, err := bouncer.JWKFromPublicKey(issuer.public(bouncer.ES256))
	if err != nil {
		log.Fatal(err)
	}
	jwks, err := bouncer.NewJWKSet(key)
	if err != nil {
		log.Fatal(err)
	}
	policy := bouncer.Policy{Profile: "dcos", Algorithms: []bouncer.Algorithm{bouncer.ES256}, OptionalExp: true}
	text := issuer.sign(nil, bouncer.ES256, `{"alg":"ES256"}`,
		`{"uid":"anna","tenant":"north","account":9007199254740993,"roles":["reader","writer"]}`)
	token, err := bouncer.VerifyToken(jwks, policy, text)
	if err != nil {
		log.Fatal(err)
	}

	tenant, _ := token.ClaimString("tenant")    // false: absent, or not a string
	account, _ := token.ClaimInteger("account") // exact beyond 2^53 too
	roles, _ := token.ClaimStrings("roles")     // one string or an array of strings
	fmt.Println(tenant, account, roles)

	var claims struct {
		Tenant string   `json:"tenant"`
		Roles  []string `json:"roles"`
	}
	if err := token.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Tenant, claims.Roles)
	fmt.Println(token)
	// Output:
	// north 9007199254740993 [reader writer]
	// north [reader writer]
	// token verified by ES256 with key "" (claims not shown)
}

// A handler that verifies the token itself, without middleware.
func ExampleVerifier_VerifyAuthorization() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/hello", nil)
	r.Header.Set("Authorization", "token="+documentToken)

	handler := func(w http.ResponseWriter, r *http.Request) {
		token, err := verifier.VerifyAuthorizationContext(r.Context(), r.Header.Get("Authorization"))
		if err != nil {
			bouncer.Refuse(w, r, err)
			return
		}
		fmt.Fprintln(w, "Hello,", token.UID())
	}
	handler(w, r)
	r.Header.Del("Authorization")
	rejected := httptest.NewRecorder()
	handler(rejected, r)
	fmt.Printf("%s%d %s", w.Body, rejected.Code, rejected.Header().Get("WWW-Authenticate"))
	// Output:
	// Hello, peter
	// 401 Bearer
}

// A service for two kinds of clients: programs send the token in a header, browsers in a cookie.
func ExampleMiddleware() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		uid, _ := bouncer.UIDFromContext(r.Context())
		fmt.Fprintln(w, "Hello,", uid)
	})

	fromCookie := bouncer.FromCookie("session")
	middleware := bouncer.Middleware{
		Verifier: verifier,
		Extract: func(r *http.Request) (string, error) {
			if r.Header.Get("Authorization") != "" {
				return bouncer.FromAuthorization(r)
			}
			return fromCookie(r)
		},
		Refuse: func(w http.ResponseWriter, r *http.Request, err error) {
			slog.InfoContext(r.Context(), "token rejected", "error", err)
			bouncer.Refuse(w, r, err)
		},
	}
	service := middleware.Wrap(mux)

	request := httptest.NewRequest("GET", "/hello", nil)
	request.AddCookie(&http.Cookie{Name: "session", Value: documentToken})
	response := httptest.NewRecorder()
	service.ServeHTTP(response, request)
	fmt.Print(response.Code, " ", response.Body)
	// Output: 200 Hello, peter
}

// revocations is a verifier that also rejects the tokens on a list. The field verifier is not
// embedded, so RequireToken finds only the methods that this type declares.
type revocations struct {
	verifier *bouncer.Verifier
	revoked  map[string]bool
}

func (r *revocations) Verify(token string) (*bouncer.VerifiedToken, error) {
	return r.VerifyContext(context.Background(), token)
}

func (r *revocations) VerifyContext(ctx context.Context, text string) (*bouncer.VerifiedToken, error) {
	token, err := r.verifier.VerifyContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if r.revoked[token.TokenID()] {
		return nil, fmt.Errorf("the token is revoked: %w", bouncer.ErrInvalidToken)
	}
	return token, nil
}

// A verifier with an additional check.
func ExampleTokenVerifier() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}
	service := bouncer.RequireToken(&revocations{verifier, map[string]bool{"": true}}, nil)(http.NotFoundHandler())
	request := httptest.NewRequest("GET", "/hello", nil)
	request.Header.Set("Authorization", "token="+documentToken)
	response := httptest.NewRecorder()
	service.ServeHTTP(response, request)
	fmt.Println(response.Code, response.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer error="invalid_token"
}

// A clock that a test controls.
func ExamplePolicy() {
	jwks, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}

	now := time.Date(2016, 7, 8, 13, 44, 25, 0, time.UTC)
	verifier, err := bouncer.NewVerifier(jwks, bouncer.Policy{Profile: "dcos", Clock: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}

	_, err = verifier.Verify(documentToken)
	fmt.Println(err)
	now = now.Add(time.Second)
	_, err = verifier.Verify(documentToken)
	fmt.Println(errors.Is(err, bouncer.ErrExpired))
	// Output:
	// <nil>
	// true
}
