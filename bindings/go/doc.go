// Package bouncer verifies JSON Web Tokens against an issuer's JWK Set.
//
//	jwks, err := bouncer.LoadJWKS(document)                       // once: the issuer's keys
//	verifier, err := bouncer.NewVerifier(jwks, bouncer.DCOS())    // once: and what its tokens must be
//	token, err := verifier.Verify(text)                           // for every request
//	fmt.Println(token.UID())
//
// [RequireToken] is middleware for HTTP services, and [Verifier.VerifyAuthorization] takes the
// header's value.
//
// The decision is made by the library bouncer_verify, the same for every language that it serves: a
// token has one verdict, with one error, whether Go, C, C++, Python or Rust asks. The verdicts are
// those of RFC 7519, RFC 7515 and RFC 8725 in their strict reading.
//
// # Remote keys
//
// A [*RemoteJWKS] takes the place of a [*JWKSet] where keys are to be fetched from the issuer, and
// kept fresh:
//
//	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: "https://master.mesos/acs/api/v1/auth/jwks"})
//	verifier, err := bouncer.NewVerifier(keys, bouncer.DCOS())
//	token, err := verifier.VerifyContext(ctx, text)  // may wait for a key; never for one that is there
//
// # The service's own token
//
// A [*TokenRenewer] logs the service in, and keeps the token valid that it sends with its own
// requests:
//
//	renewer, err := bouncer.NewTokenRenewer(bouncer.RenewerOptions{ServiceAccountFile: "/run/secrets/account.json"})
//	client := &http.Client{Transport: renewer.Transport(nil, "master.mesos")}
//
// # Many tokens, and tokens that come again
//
// [Verifier.VerifyBatch] verifies many tokens in one call, [Verifier.VerifyBatchColumns] gives the
// verdicts in Apache Arrow's layout, and [Verifier.WithCache] remembers tokens that passed:
//
//	results, err := verifier.VerifyBatch(texts, 4)  // on up to four threads
//	cached, err := verifier.WithCache(10_000)       // a verifier too
//
// # Policies
//
// A [Policy] says whose tokens are accepted: [ForIssuer] makes the one for an issuer and an
// audience, [DCOS] that for DC/OS's Bouncer. A policy with nothing set is an error. Every field
// that is left alone is at its strictest. [LoadPolicy] reads a JSON document; so do
// [LoadRemoteOptions] and [LoadRenewerOptions].
//
// # Errors
//
// Every refusal is an [*Error], and for each of its causes there is one variable to compare with,
// and one for each group of causes:
//
//	errors.Is(err, bouncer.ErrExpired)       // this cause
//	errors.Is(err, bouncer.ErrInvalidToken)  // the token is at fault: HTTP 401
//	errors.Is(err, bouncer.ErrKeys)          // the keys are at fault: HTTP 503, never 401
//	errors.Is(err, bouncer.ErrLogin)         // the service's own login is at fault: HTTP 503
//	errors.Is(err, bouncer.ErrProgram)       // this program is at fault: HTTP 500
//
// [HTTPStatus] and [Challenge] are the answer to a request whose token was rejected. No error holds
// a token, the value of a claim or a key, so all of them may be logged. Nor do fmt and slog show
// the claims of a [*VerifiedToken].
//
// # Goroutines and memory
//
// Everything here may be used by any number of goroutines at once, Close included. A
// [*VerifiedToken], an [OwnToken], a [*JWK] and an [*Error] are Go values, with nothing to close. A
// [*JWKSet], a [*RemoteJWKS], a [*Verifier] and a [*TokenRenewer] own memory outside of Go's heap:
// Close frees it at once, and without Close the garbage collector has it freed some time after the
// last use. Once closed, they answer [ErrClosed].
//
// # Linking
//
// The package needs cgo, a C compiler and libbouncer_verify. The linker has to find the library:
//
//	CGO_LDFLAGS="-L/opt/bouncer_verify/lib" go build
//	CGO_LDFLAGS="-L/opt/bouncer_verify/lib" go build -tags bouncer_static
//
// The first links libbouncer_verify.so, which the program then needs when it runs; the second puts
// libbouncer_verify.a into the program.
package bouncer
