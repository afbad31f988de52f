package native

/*
#include <bouncer_verify.h>
*/
import "C"

// An Error is why a call failed. Package bouncer converts the pointer to its own type.
type Error struct {
	Status  uint32
	Claim   string
	Message string
}

// Closed is the error of every method whose object was closed.
var Closed = &Error{Message: "closed"}

// The statuses of the C header.
const (
	StatusNullArgument           = C.BOUNCER_STATUS_NULL_ARGUMENT
	StatusInternal               = C.BOUNCER_STATUS_INTERNAL
	StatusInvalidArgument        = C.BOUNCER_STATUS_INVALID_ARGUMENT
	StatusMalformedJWKSet        = C.BOUNCER_STATUS_MALFORMED_JWK_SET
	StatusNoUsableKey            = C.BOUNCER_STATUS_NO_USABLE_KEY
	StatusUnusableKey            = C.BOUNCER_STATUS_UNUSABLE_KEY
	StatusKeysUnavailable        = C.BOUNCER_STATUS_KEYS_UNAVAILABLE
	StatusTokenTooLarge          = C.BOUNCER_STATUS_TOKEN_TOO_LARGE
	StatusMalformedToken         = C.BOUNCER_STATUS_MALFORMED_TOKEN
	StatusEncryptedToken         = C.BOUNCER_STATUS_ENCRYPTED_TOKEN
	StatusMalformedHeader        = C.BOUNCER_STATUS_MALFORMED_HEADER
	StatusUnsupportedAlgorithm   = C.BOUNCER_STATUS_UNSUPPORTED_ALGORITHM
	StatusAlgorithmNotAllowed    = C.BOUNCER_STATUS_ALGORITHM_NOT_ALLOWED
	StatusUnsupportedHeader      = C.BOUNCER_STATUS_UNSUPPORTED_HEADER
	StatusWrongTokenType         = C.BOUNCER_STATUS_WRONG_TOKEN_TYPE
	StatusNoMatchingKey          = C.BOUNCER_STATUS_NO_MATCHING_KEY
	StatusInvalidSignature       = C.BOUNCER_STATUS_INVALID_SIGNATURE
	StatusMalformedAuthorization = C.BOUNCER_STATUS_MALFORMED_AUTHORIZATION
	StatusMalformedClaims        = C.BOUNCER_STATUS_MALFORMED_CLAIMS
	StatusMissingClaim           = C.BOUNCER_STATUS_MISSING_CLAIM
	StatusExpired                = C.BOUNCER_STATUS_EXPIRED
	StatusNotYetValid            = C.BOUNCER_STATUS_NOT_YET_VALID
	StatusWrongIssuer            = C.BOUNCER_STATUS_WRONG_ISSUER
	StatusWrongAudience          = C.BOUNCER_STATUS_WRONG_AUDIENCE
	StatusUnusableCredentials    = C.BOUNCER_STATUS_UNUSABLE_CREDENTIALS
	StatusLoginRejected          = C.BOUNCER_STATUS_LOGIN_REJECTED
	StatusLoginUnavailable       = C.BOUNCER_STATUS_LOGIN_UNAVAILABLE
)

// StatusName returns the library's name of a status, "unknown" if it knows none.
func StatusName(status uint32) string {
	return C.GoString(C.bouncer_status_name(C.uint32_t(status)))
}

// takeError makes an Error of the library's, which it frees.
func takeError(err *C.bouncer_error) *Error {
	defer C.bouncer_error_free(err)
	return &Error{
		Status:  uint32(C.bouncer_error_status(err)),
		Claim:   textOf(C.bouncer_error_claim(err)),
		Message: C.GoString(C.bouncer_error_message(err)),
	}
}
