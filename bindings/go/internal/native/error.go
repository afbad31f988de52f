package native

/*
#include "bouncer_verify.h"
*/
import "C"

// An Error is the reason why a call failed. Package bouncer converts *Error to its own type.
type Error struct {
	Status  uint32
	Claim   string
	Message string
}

// Closed is the error of all methods after Close, if they return an *Error.
var Closed = &Error{Message: "closed"}

// The statuses of errors that package bouncer creates itself.
const (
	StatusNullArgument           = C.BOUNCER_STATUS_NULL_ARGUMENT
	StatusInternal               = C.BOUNCER_STATUS_INTERNAL
	StatusInvalidArgument        = C.BOUNCER_STATUS_INVALID_ARGUMENT
	StatusSystemError            = C.BOUNCER_STATUS_SYSTEM_ERROR
	StatusUnusableKey            = C.BOUNCER_STATUS_UNUSABLE_KEY
	StatusKeysUnavailable        = C.BOUNCER_STATUS_KEYS_UNAVAILABLE
	StatusMalformedHeader        = C.BOUNCER_STATUS_MALFORMED_HEADER
	StatusNoMatchingKey          = C.BOUNCER_STATUS_NO_MATCHING_KEY
	StatusInvalidSignature       = C.BOUNCER_STATUS_INVALID_SIGNATURE
	StatusMalformedAuthorization = C.BOUNCER_STATUS_MALFORMED_AUTHORIZATION
	StatusMalformedClaims        = C.BOUNCER_STATUS_MALFORMED_CLAIMS
	StatusUnusableCredentials    = C.BOUNCER_STATUS_UNUSABLE_CREDENTIALS
)

// StatusName returns the library's name of a status, or "unknown".
func StatusName(status uint32) string {
	return C.GoString(C.bouncer_status_name(C.uint32_t(status)))
}

// takeError copies an error of the library, and frees the original.
func takeError(err *C.bouncer_error) *Error {
	defer C.bouncer_error_free(err)
	return readError(err)
}

func readError(err *C.bouncer_error) *Error {
	return &Error{
		Status:  uint32(C.bouncer_error_status(err)),
		Claim:   textOf(C.bouncer_error_claim(err)),
		Message: C.GoString(C.bouncer_error_message(err)),
	}
}
