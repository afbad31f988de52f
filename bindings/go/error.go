//go:build cgo

package bouncer

import (
	"fmt"

	"bouncer_verify/bouncer/internal/native"
)

// An Error says why a token, a key set, a key, a policy or a login was refused. It holds no token,
// no value of a claim and no key, so it may be logged.
//
// Compare it with the variables of this package by [errors.Is]: with that of its cause, such as
// [ErrExpired], or with that of its group, such as [ErrInvalidToken].
type Error struct {
	// Status is the number of the cause, the same for ever and in every language: the
	// BOUNCER_STATUS_ constants of bouncer_verify.h.
	Status uint32
	// Claim is the claim or header parameter at fault, such as "exp" or "crit". Empty: there is
	// none.
	Claim string
	// Message says what happened, in a sentence for a log. The words may change between versions.
	Message string
}

// errorOf converts the error of a call.
func errorOf(err *native.Error) error {
	switch err {
	case nil:
		return nil
	case native.Closed:
		return ErrClosed
	}
	return (*Error)(err)
}

func invalidArgument(message string) error {
	return &Error{Status: native.StatusInvalidArgument, Message: message}
}

// Error returns the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "bouncer: " + e.Name()
	}
	return "bouncer: " + e.Message
}

// Name returns the stable name of the cause, such as "expired": for metrics, and the same in every
// language.
func (e *Error) Name() string {
	if cause, known := causes[e.Status]; known {
		return cause.name
	}
	return native.StatusName(e.Status)
}

// Unwrap returns the variable of the cause, such as [ErrExpired], or that of its group if the
// library is newer than this package and has a cause that it does not know.
func (e *Error) Unwrap() error {
	if cause, known := causes[e.Status]; known {
		return cause
	}
	switch {
	case e.Status < 100:
		return ErrProgram
	case e.Status < 200:
		return ErrKeys
	case e.Status >= 400 && e.Status < 500:
		return ErrLogin
	default:
		return ErrInvalidToken
	}
}

// isOfClaims reports whether the token's claims are at fault, whose signature then holds.
func (e *Error) isOfClaims() bool {
	return e.Status >= native.StatusMalformedClaims && e.Status < native.StatusUnusableCredentials
}

// The groups of causes. Each says who has to act, and with which HTTP status a request is answered.
var (
	// ErrInvalidToken: the token is at fault, and with it who sent it. HTTP 401.
	ErrInvalidToken error = &group{"invalid token"}
	// ErrKeys: the issuer's keys are at fault, so nothing can be said of the token. HTTP 503, never
	// 401.
	ErrKeys error = &group{"unusable keys"}
	// ErrLogin: the service's own login is at fault, so it has no valid token to send. HTTP 503.
	ErrLogin error = &group{"no valid token of its own"}
	// ErrProgram: the program that calls is at fault. HTTP 500.
	ErrProgram error = &group{"misuse by the program"}
)

// The causes of [ErrProgram].
var (
	// ErrClosed: a JWKSet, RemoteJWKS, Verifier or TokenRenewer was used after its Close.
	ErrClosed error = &cause{name: "closed", group: ErrProgram}
	// ErrIncompatibleLibrary: the program was built for another version of libbouncer_verify than
	// the one it found.
	ErrIncompatibleLibrary error = &cause{name: "incompatible_library", group: ErrProgram}
	// ErrNullArgument: the library was given no pointer. This package does not do that.
	ErrNullArgument = newCause(native.StatusNullArgument, "null_argument", ErrProgram)
	// ErrInternal: a bug in the library; please report it. The program can go on.
	ErrInternal = newCause(native.StatusInternal, "internal", ErrProgram)
	// ErrInvalidArgument: an argument or a setting of the policy is not usable.
	ErrInvalidArgument = newCause(native.StatusInvalidArgument, "invalid_argument", ErrProgram)
)

// The causes of [ErrKeys].
var (
	// ErrMalformedJWKSet: the document is not a JWK Set (RFC 7517 section 5), or over 1 MiB or 1000
	// members.
	ErrMalformedJWKSet = newCause(native.StatusMalformedJWKSet, "malformed_jwk_set", ErrKeys)
	// ErrNoUsableKey: the JWK Set has no key that could verify a token.
	ErrNoUsableKey = newCause(native.StatusNoUsableKey, "no_usable_key", ErrKeys)
	// ErrUnusableKey: a single key cannot be used.
	ErrUnusableKey = newCause(native.StatusUnusableKey, "unusable_key", ErrKeys)
	// ErrKeysUnavailable: a remote JWK Set has not been fetched yet, or not for longer than its
	// bound.
	ErrKeysUnavailable = newCause(native.StatusKeysUnavailable, "keys_unavailable", ErrKeys)
)

// The causes of [ErrInvalidToken]: the token and its signature.
var (
	// ErrTokenTooLarge: the token is longer than the policy allows.
	ErrTokenTooLarge = newCause(native.StatusTokenTooLarge, "token_too_large", ErrInvalidToken)
	// ErrMalformedToken: the token is not a JWS in Compact Serialization (RFC 7515 section 3.1).
	ErrMalformedToken = newCause(native.StatusMalformedToken, "malformed_token", ErrInvalidToken)
	// ErrEncryptedToken: the token has five parts: a JWE.
	ErrEncryptedToken = newCause(native.StatusEncryptedToken, "encrypted_token", ErrInvalidToken)
	// ErrMalformedHeader: the JOSE Header is not strict JSON, or a parameter has the wrong type.
	ErrMalformedHeader = newCause(native.StatusMalformedHeader, "malformed_header", ErrInvalidToken)
	// ErrUnsupportedAlgorithm: "alg" is none of those implemented; "none" and the HS family never
	// are.
	ErrUnsupportedAlgorithm = newCause(native.StatusUnsupportedAlgorithm, "unsupported_algorithm", ErrInvalidToken)
	// ErrAlgorithmNotAllowed: "alg" is implemented, but not in the policy.
	ErrAlgorithmNotAllowed = newCause(native.StatusAlgorithmNotAllowed, "algorithm_not_allowed", ErrInvalidToken)
	// ErrUnsupportedHeader: the header demands something that is not done here: crit, b64, enc.
	ErrUnsupportedHeader = newCause(native.StatusUnsupportedHeader, "unsupported_header", ErrInvalidToken)
	// ErrWrongTokenType: "typ" is not the type that the policy asks for.
	ErrWrongTokenType = newCause(native.StatusWrongTokenType, "wrong_token_type", ErrInvalidToken)
	// ErrNoMatchingKey: no key of the set fits the token's "kid" and "alg".
	ErrNoMatchingKey = newCause(native.StatusNoMatchingKey, "no_matching_key", ErrInvalidToken)
	// ErrInvalidSignature: no candidate key verifies the signature.
	ErrInvalidSignature = newCause(native.StatusInvalidSignature, "invalid_signature", ErrInvalidToken)
	// ErrMalformedAuthorization: the value of the Authorization header holds no token.
	ErrMalformedAuthorization = newCause(native.StatusMalformedAuthorization, "malformed_authorization", ErrInvalidToken)
)

// The causes of [ErrInvalidToken]: the claims.
var (
	// ErrMalformedClaims: the Claims Set is not strict JSON, or a claim has the wrong type.
	ErrMalformedClaims = newCause(native.StatusMalformedClaims, "malformed_claims", ErrInvalidToken)
	// ErrMissingClaim: a claim that the policy requires is missing.
	ErrMissingClaim = newCause(native.StatusMissingClaim, "missing_claim", ErrInvalidToken)
	// ErrExpired: "exp" has passed (RFC 7519 section 4.1.4).
	ErrExpired = newCause(native.StatusExpired, "expired", ErrInvalidToken)
	// ErrNotYetValid: "nbf" lies ahead (RFC 7519 section 4.1.5).
	ErrNotYetValid = newCause(native.StatusNotYetValid, "not_yet_valid", ErrInvalidToken)
	// ErrWrongIssuer: "iss" is none of the accepted issuers (RFC 7519 section 4.1.1).
	ErrWrongIssuer = newCause(native.StatusWrongIssuer, "wrong_issuer", ErrInvalidToken)
	// ErrWrongAudience: "aud" names none of the accepted audiences, or the policy has none (RFC
	// 7519 section 4.1.3).
	ErrWrongAudience = newCause(native.StatusWrongAudience, "wrong_audience", ErrInvalidToken)
)

// The causes of [ErrLogin].
var (
	// ErrUnusableCredentials: the service account's secret cannot be read, or is none. The operator
	// has to act.
	ErrUnusableCredentials = newCause(native.StatusUnusableCredentials, "unusable_credentials", ErrLogin)
	// ErrLoginRejected: the issuer refuses the login: unknown account, wrong key, or a wrong
	// request. The operator has to act.
	ErrLoginRejected = newCause(native.StatusLoginRejected, "login_rejected", ErrLogin)
	// ErrLoginUnavailable: there is no valid token of the service's own, and no login succeeds now.
	ErrLoginUnavailable = newCause(native.StatusLoginUnavailable, "login_unavailable", ErrLogin)
)

// A group is a variable that stands for several causes.
type group struct{ text string }

func (g *group) Error() string { return "bouncer: " + g.text }

// A cause is a variable that stands for one status.
type cause struct {
	name  string
	group error
}

func (c *cause) Error() string { return "bouncer: " + c.name }

func (c *cause) Unwrap() error { return c.group }

// The causes by status number.
var causes = map[uint32]*cause{}

func newCause(status uint32, name string, group error) error {
	if _, taken := causes[status]; taken {
		panic(fmt.Sprintf("bouncer: two causes have the status %d", status))
	}
	causes[status] = &cause{name, group}
	return causes[status]
}
