package native

/*
#cgo noescape bouncer_go_authorization
#cgo nocallback bouncer_go_authorization
#cgo noescape bouncer_go_is_token_rejection
#cgo nocallback bouncer_go_is_token_rejection

#include "bouncer_verify.h"

typedef struct {
	size_t start, len;
	bouncer_error *error;
} bouncer_go_part;

// Returns the position of the token in value. It does not return a pointer, because cgo does not
// allow C code to return a pointer into Go memory.
static inline bouncer_go_part bouncer_go_authorization(const char *value, size_t value_len) {
	bouncer_go_part part = {0, 0, NULL};
	bouncer_str token;
	if (bouncer_authorization_token(value, value_len, &token, &part.error) == BOUNCER_STATUS_OK) {
		part.start = (size_t)(token.data - value);
		part.len = token.len;
	}
	return part;
}

// In C, NULL means that the header is absent. So the pointer to an empty value must not be NULL.
static inline int32_t bouncer_go_is_token_rejection(uint16_t status, int32_t has_challenge,
		const char *challenge, size_t challenge_len, const char *grpc, size_t grpc_len) {
	if (has_challenge && challenge_len == 0) {
		challenge = "";
	}
	return bouncer_is_token_rejection(status, has_challenge ? challenge : NULL, challenge_len,
		grpc_len == 0 ? NULL : grpc, grpc_len);
}
*/
import "C"

// AuthorizationToken returns the token in the value of an Authorization header.
func AuthorizationToken(value string) (string, *Error) {
	part := C.bouncer_go_authorization(textPointer(value), C.size_t(len(value)))
	if part.error != nil {
		return "", takeError(part.error)
	}
	return value[part.start : part.start+part.len], nil
}

// IsTokenRejection reports whether a response means that the server rejected the token. grpcStatus
// is "" if the response has no gRPC status.
func IsTokenRejection(status int, hasChallenge bool, challenge, grpcStatus string) bool {
	return C.bouncer_go_is_token_rejection(C.uint16_t(status), flag(hasChallenge), textPointer(challenge),
		C.size_t(len(challenge)), textPointer(grpcStatus), C.size_t(len(grpcStatus))) != 0
}
