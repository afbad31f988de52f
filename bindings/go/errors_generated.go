// Code generated from src/settings by tests/generated. DO NOT EDIT.

//go:build cgo

package bouncer

// The causes of [ErrProgram].
var (
	// ErrInvalidArgument: invalid argument.
	ErrInvalidArgument = newCause(3, "invalid_argument", ErrProgram)
)

// The causes of [ErrKeys].
var (
	// ErrMalformedJWKSet: the document is not a JWK Set.
	ErrMalformedJWKSet = newCause(100, "malformed_jwk_set", ErrKeys)
	// ErrNoUsableKey: the JWK Set has no usable key.
	ErrNoUsableKey = newCause(101, "no_usable_key", ErrKeys)
	// ErrUnusableKey: the key is not usable.
	ErrUnusableKey = newCause(102, "unusable_key", ErrKeys)
	// ErrKeysUnavailable: no keys are available.
	ErrKeysUnavailable = newCause(103, "keys_unavailable", ErrKeys)
)

// The causes of [ErrInvalidToken].
var (
	// ErrTokenTooLarge: the token is too large.
	ErrTokenTooLarge = newCause(200, "token_too_large", ErrInvalidToken)
	// ErrMalformedToken: the token is malformed.
	ErrMalformedToken = newCause(201, "malformed_token", ErrInvalidToken)
	// ErrEncryptedToken: the token is encrypted.
	ErrEncryptedToken = newCause(202, "encrypted_token", ErrInvalidToken)
	// ErrMalformedHeader: the token's header is malformed.
	ErrMalformedHeader = newCause(203, "malformed_header", ErrInvalidToken)
	// ErrUnsupportedAlgorithm: the token's algorithm is not supported.
	ErrUnsupportedAlgorithm = newCause(204, "unsupported_algorithm", ErrInvalidToken)
	// ErrAlgorithmNotAllowed: the token's algorithm is not allowed.
	ErrAlgorithmNotAllowed = newCause(205, "algorithm_not_allowed", ErrInvalidToken)
	// ErrUnsupportedHeader: the token's header requires an unsupported extension.
	ErrUnsupportedHeader = newCause(206, "unsupported_header", ErrInvalidToken)
	// ErrWrongTokenType: the token is of another type.
	ErrWrongTokenType = newCause(207, "wrong_token_type", ErrInvalidToken)
	// ErrNoMatchingKey: no key matches the token.
	ErrNoMatchingKey = newCause(208, "no_matching_key", ErrInvalidToken)
	// ErrInvalidSignature: the token's signature is invalid.
	ErrInvalidSignature = newCause(209, "invalid_signature", ErrInvalidToken)
	// ErrMalformedAuthorization: the Authorization header is malformed.
	ErrMalformedAuthorization = newCause(210, "malformed_authorization", ErrInvalidToken)
	// ErrMalformedClaims: the token's claims are malformed.
	ErrMalformedClaims = newCause(300, "malformed_claims", ErrInvalidToken)
	// ErrMissingClaim: a required claim is missing.
	ErrMissingClaim = newCause(301, "missing_claim", ErrInvalidToken)
	// ErrExpired: the token has expired.
	ErrExpired = newCause(302, "expired", ErrInvalidToken)
	// ErrNotYetValid: the token is not valid yet.
	ErrNotYetValid = newCause(303, "not_yet_valid", ErrInvalidToken)
	// ErrWrongIssuer: the token is from another issuer.
	ErrWrongIssuer = newCause(304, "wrong_issuer", ErrInvalidToken)
	// ErrWrongAudience: the token is for another audience.
	ErrWrongAudience = newCause(305, "wrong_audience", ErrInvalidToken)
	// ErrClaimNotAllowed: a claim of the token is not allowed.
	ErrClaimNotAllowed = newCause(306, "claim_not_allowed", ErrInvalidToken)
	// ErrInsufficientScope: a required scope is missing.
	ErrInsufficientScope = newCause(307, "insufficient_scope", ErrInvalidToken)
)

// The causes of [ErrLogin].
var (
	// ErrUnusableCredentials: the credentials are not usable.
	ErrUnusableCredentials = newCause(400, "unusable_credentials", ErrLogin)
	// ErrLoginRejected: the issuer rejected the login.
	ErrLoginRejected = newCause(401, "login_rejected", ErrLogin)
	// ErrLoginUnavailable: no valid token can be obtained now.
	ErrLoginUnavailable = newCause(402, "login_unavailable", ErrLogin)
)
