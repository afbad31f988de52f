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

	"bouncer_verify/bouncer"
	"bouncer_verify/bouncer/testdata/jwt"
)

// Keys and policy once, and then one call for every token. The token of this example is that of the
// DC/OS document, so it is judged at a time in 2016; leave At out, and it is the system's.
func Example() {
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

// Keys from the issuer's URL. The issuer of this example is a server beside it; real ones have a
// longer life, and a Policy without At.
func ExampleRemoteJWKS() {
	issuer := httptest.NewServer(document(documentJWKS))
	defer issuer.Close()
	jwksURL := issuer.URL
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{
		URL:    jwksURL, // "https://master.mesos/acs/api/v1/auth/jwks"
		Logger: slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	if err := keys.WaitReady(ctx); err != nil {
		log.Print(err) // or end here; until there are keys, tokens are answered with ErrKeysUnavailable
	}
	verifier, err := bouncer.NewVerifier(keys, bouncer.Policy{Profile: "dcos", Time: time.Unix(1467985465, 0)})
	if err != nil {
		log.Fatal(err)
	}

	token, err := verifier.VerifyContext(ctx, documentToken)
	if err != nil {
		log.Fatal(err)
	}
	status, err := keys.Stats()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.UID(), status.State, status.Usable)
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

// One error, asked for its cause, its group and its name.
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

// The tokens of another issuer than Bouncer.
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

// A service that greets its callers by the name in their tokens.
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
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, request)
		fmt.Print(answer.Code, " ", answer.Body)
	}
	// Output:
	// 200 Hello, peter
	// 401 Unauthorized
}

// A set of a key that came as PEM.
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

// A program that uses golang-jwt. The package jwt of this example has only what the example needs
// of it.
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

	results, err := verifier.VerifyBatch(tokens, 4)
	if err != nil {
		log.Fatal(err) // of no single token
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
	fmt.Println(stats.Hits, "hits,", stats.Misses, "miss")
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

// Single claims with their types, whatever else the token says.
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
	account, _ := token.ClaimInteger("account") // every digit, beyond 2^53 too
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

// A service that verifies without the middleware.
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
	refused := httptest.NewRecorder()
	handler(refused, r)
	fmt.Printf("%s%d %s", w.Body, refused.Code, refused.Header().Get("WWW-Authenticate"))
	// Output:
	// Hello, peter
	// 401 Bearer
}

// A service for browsers, which have their token in a cookie, and for programs, which send a
// header.
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
			slog.InfoContext(r.Context(), "refused", "error", err)
			bouncer.Refuse(w, r, err)
		},
	}
	service := middleware.Wrap(mux)

	request := httptest.NewRequest("GET", "/hello", nil)
	request.AddCookie(&http.Cookie{Name: "session", Value: documentToken})
	answer := httptest.NewRecorder()
	service.ServeHTTP(answer, request)
	fmt.Print(answer.Code, " ", answer.Body)
	// Output: 200 Hello, peter
}

// revocations rejects tokens that it has a list of. It holds its verifier in a named field, so that
// RequireToken calls its own VerifyContext once, and nothing else.
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
		return nil, fmt.Errorf("revoked: %w", bouncer.ErrInvalidToken)
	}
	return token, nil
}

// A verifier with a check of the program's own.
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
	answer := httptest.NewRecorder()
	service.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer error="invalid_token"
}

// A clock that a test moves.
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
