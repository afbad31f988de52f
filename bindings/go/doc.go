// Package bouncer verifies JSON Web Tokens (JWTs) against an issuer's JWK Set.
//
// It is the Go interface of the library bouncer_verify. Go, C, C++, Python and Rust programs get
// the same result and the same error for the same token. The rules are those of RFC 7519, RFC 7515
// and RFC 8725, applied strictly.
//
//	// Once, when the program starts:
//	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: "https://idp.example/"})
//	verifier, err := bouncer.NewVerifier(keys, bouncer.ForIssuer("https://idp.example/", "https://api.example/"))
//
//	// For each token:
//	token, err := verifier.VerifyContext(ctx, text)
//	fmt.Println(token.Subject())
//
// [RequireToken] is middleware for HTTP services. [Verifier.VerifyAuthorization] verifies the value
// of an Authorization header.
//
// # Keys
//
// A [*RemoteJWKS] fetches the keys from the issuer and refreshes them in the background. It finds
// them through OpenID Connect Discovery (Discover) or by their URL. Only a token whose key is
// missing waits for a fetch.
//
// A [*JWKSet] is a fixed set of keys, see [LoadJWKS].
//
// # Many issuers
//
// A [Verifier] may have entries for many issuers, each with its own keys and policy.
// [NewVerifierOf] makes it in code, and [LoadVerifier] from a configuration document.
// [Verifier.Reload] replaces the entries while tokens are verified:
//
//	verifier, err := bouncer.LoadVerifier(document)
//	err = verifier.Reload(newDocument)
//
// # Policies
//
// A [Policy] defines which tokens are accepted. [ForIssuer] returns the policy for one issuer and
// one audience, and [DCOS] the policy for DC/OS's Bouncer. The zero Policy is an error: it names no
// issuer. Every other field that is not set has its default: only RS256 is accepted, "exp" is
// required, and there is no leeway. [LoadPolicy] parses a policy in JSON; [LoadRemoteOptions] and
// [LoadRenewerOptions] do the same for their types.
//
// # Batches and cache
//
// [Verifier.VerifyBatch] verifies many tokens in one call. [Verifier.VerifyBatchColumns] returns
// the results in the layout of Apache Arrow. [Verifier.WithCache] returns a verifier that caches
// accepted tokens:
//
//	results, err := verifier.VerifyBatch(texts, 4)  // on up to 4 threads
//	cached, err := verifier.WithCache(10_000)       // caches about 10,000 tokens
//
// # The service's own token
//
// A [*TokenRenewer] gets the token that the service sends with its own requests. It replaces the
// token before the token expires:
//
//	renewer, err := bouncer.NewTokenRenewer(bouncer.RenewerOptions{ServiceAccountFile: "/run/secrets/account.json"})
//	client := &http.Client{Transport: renewer.Transport(nil, "master.mesos")}
//
// # Errors
//
// Every rejection is an [*Error]. Use [errors.Is] to compare it with the variable of its cause or
// of its group:
//
//	errors.Is(err, bouncer.ErrExpired)       // this cause
//	errors.Is(err, bouncer.ErrInvalidToken)  // the token is invalid: HTTP 401
//	errors.Is(err, bouncer.ErrKeys)          // keys are missing or unusable: HTTP 503, never 401
//	errors.Is(err, bouncer.ErrLogin)         // the service's own login failed: HTTP 503
//	errors.Is(err, bouncer.ErrProgram)       // the program misuses the package: HTTP 500
//
// [HTTPStatus] and [Challenge] return the status and the WWW-Authenticate header for a rejected
// request. An [*Error] contains no token, no claim value and no key, so it is safe to log. fmt and
// slog do not print the claims of a [*VerifiedToken].
//
// # Goroutines and memory
//
// Any number of goroutines may use everything in this package at the same time, including Close.
//
// A [*VerifiedToken], [OwnToken], [*JWK] or [*Error] is a Go value and needs no Close. A [*JWKSet],
// [*RemoteJWKS], [*Verifier] or [*TokenRenewer] owns memory outside the Go heap. Close frees this
// memory. Without Close, the garbage collector frees the memory some time after the last use. After
// Close, methods return [ErrClosed].
//
// # Linking
//
// The package needs cgo and a C compiler. The module contains the library for Linux with glibc, on
// amd64 and arm64, and go build links it into the program. On other platforms, install
// libbouncer_verify and use the build tag bouncer_system:
//
//	CGO_LDFLAGS="-L/opt/bouncer_verify/lib" go build -tags bouncer_system
//
// This command links libbouncer_verify.so, which the program needs at run time.
package bouncer
