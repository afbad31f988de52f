package bouncer

// Everything that crosses to C is in this file: the flags, the calls, and all of the package's unsafe code. The
// other files are plain Go.
//
// Link modes. Without a build tag the library is linked dynamically, with bouncer_static statically. In both the
// folder that holds it comes from the builder: CGO_LDFLAGS=-L<folder>, or a folder the linker searches anyway. The
// header is found beside this package in a checkout, and through CGO_CFLAGS=-I<folder> where only bindings/go was
// copied, as `go mod vendor` does. The archive is named in full because -lbouncer_verify would take the shared
// library when both are there.
//
// What keeps memory alive. Three kinds of pointers cross:
//
//   - Go memory that C reads or fills during a call: a token, the buffer for the result. cgo keeps every argument
//     alive and in its place until the call returns, C keeps no copy (the header's first rule), and so nothing more
//     is needed. "noescape" says so to the compiler, which then leaves buffers on the stack; "nocallback" says
//     that C never calls Go, which saves the preparations for that. Only calls on the hot path have them.
//   - C objects that Go owns: those of JWKSet, Verifier, RemoteJWKS and TokenRenewer. To the garbage collector their addresses are mere
//     numbers. The owner could be found unreachable, and its object be freed by the cleanup, while the last call
//     with it is under way: the compiler holds a variable only up to its last use, and that is the argument's
//     evaluation. And another goroutine may call Close. So every use lies between (*lease).enter and
//     (*lease).leave: leave is a use of the owner after the call, which does what runtime.KeepAlive does, and
//     a Close in between leaves the freeing to it. The functions of this file take bare addresses and count on
//     their callers for that.
//   - C objects that live no longer than one function: policies, settings, errors, single keys, own tokens, snapshots. They have no
//     Go owner and no cleanup; the function frees them.
//
// The tokens of a batch are copied into one buffer, with the places where they end: an array of Go's strings holds Go pointers,
// which must not be passed unless each of them is pinned.
//
// What waits. A call that blocks in C holds a thread of the operating system, and Go never ends the threads that it made
// for such calls. No verification blocks: with remote keys it comes back with a ticket, and waits in Go. So do the calls
// for the service's own token. The calls that do block are waitRemote, waitReady, waitAttempts and refreshRemote, which only
// goroutines of a keyKeeper make, and waitRenewer, waitLogins, waitLogin and renew, of a tokenKeeper.

/*
#cgo CFLAGS: -I${SRCDIR}/../../include
#cgo !bouncer_static LDFLAGS: -lbouncer_verify
#cgo bouncer_static LDFLAGS: -l:libbouncer_verify.a -lpthread -ldl -lm
#cgo noescape bouncer_go_verify
#cgo nocallback bouncer_go_verify
#cgo noescape bouncer_go_read
#cgo nocallback bouncer_go_read
#cgo noescape bouncer_go_batch_run
#cgo nocallback bouncer_go_batch_run
#cgo noescape bouncer_go_batch_read
#cgo nocallback bouncer_go_batch_read
#cgo noescape bouncer_go_authorization
#cgo nocallback bouncer_go_authorization
#cgo noescape bouncer_go_own_token
#cgo nocallback bouncer_go_own_token
#cgo noescape bouncer_go_read_own_token
#cgo nocallback bouncer_go_read_own_token
#cgo noescape bouncer_go_is_token_rejection
#cgo nocallback bouncer_go_is_token_rejection

#include <stdlib.h>
#include <string.h>
#include <bouncer_verify.h>

// The ABI version of the library. The call before it makes the linker refuse one of another version.
static inline uint32_t bouncer_go_abi_version(void) {
	bouncer_abi_1();
	return bouncer_abi_version();
}

// Where a piece lies in the text that bouncer_go_read wrote.
typedef struct {
	uint32_t start, len;
} bouncer_go_span;

// What a verified token says, beside the text. The bits of times: 1 exp, 2 nbf, 4 iat.
typedef struct {
	int64_t exp, nbf, iat;
	bouncer_go_span payload, header, kid, alg, uid, iss, sub, jti;
	uint32_t times, has_uid; // an empty "uid" is there
} bouncer_go_claims;

// The outcome of one call. While token or error is not 0, it is still to be read into a text of text_len bytes. They are
// addresses in numbers: cgo looks through memory that is passed to C if its type has pointers, in each call.
typedef struct {
	uintptr_t token, error;
	size_t text_len;
	uint64_t ticket; // 0, or what the verdict may wait for; in the next call, what it has waited for
	bouncer_status status;
	bouncer_go_span message, claim;
	bouncer_go_claims claims;
} bouncer_go_verdict;

// Appends a piece to the text as far as there is room, and counts it in any case.
static inline bouncer_go_span bouncer_go_append(char *text, size_t room, size_t *len, const char *data, size_t data_len) {
	bouncer_go_span span = {(uint32_t)*len, (uint32_t)data_len};
	if (data_len > 0 && *len <= room && data_len <= room - *len) {
		memcpy(text + *len, data, data_len);
	}
	*len += data_len;
	return span;
}

// As bouncer_go_append, but a piece of the payload is not stored twice. The payload is the text's beginning.
static inline bouncer_go_span bouncer_go_place(char *text, size_t room, size_t *len, bouncer_str payload, bouncer_str piece) {
	size_t start = (uintptr_t)piece.data - (uintptr_t)payload.data;
	if (piece.data != NULL && start <= payload.len && piece.len <= payload.len - start) {
		return (bouncer_go_span){(uint32_t)start, (uint32_t)piece.len};
	}
	return bouncer_go_append(text, room, len, piece.data, piece.len);
}

// Writes what a token says to the text, as far as there is room, and counts it in any case.
static inline void bouncer_go_write_token(const bouncer_token *token, bouncer_go_claims *claims, char *text, size_t room, size_t *len) {
	bouncer_str payload = bouncer_token_payload(token);
	claims->payload = bouncer_go_append(text, room, len, payload.data, payload.len);
	bouncer_str header = bouncer_token_header(token);
	claims->header = bouncer_go_append(text, room, len, header.data, header.len);
	bouncer_str kid = bouncer_token_kid(token);
	claims->kid = bouncer_go_append(text, room, len, kid.data, kid.len);
	bouncer_str alg = bouncer_token_algorithm(token);
	claims->alg = bouncer_go_append(text, room, len, alg.data, alg.len);
	bouncer_str uid = bouncer_token_uid(token);
	claims->uid = bouncer_go_place(text, room, len, payload, uid);
	claims->iss = bouncer_go_place(text, room, len, payload, bouncer_token_issuer(token));
	claims->sub = bouncer_go_place(text, room, len, payload, bouncer_token_subject(token));
	claims->jti = bouncer_go_place(text, room, len, payload, bouncer_token_token_id(token));
	claims->times = (bouncer_token_expires_at(token, &claims->exp) ? 1 : 0) |
		(bouncer_token_not_before(token, &claims->nbf) ? 2 : 0) |
		(bouncer_token_issued_at(token, &claims->iat) ? 4 : 0);
	claims->has_uid = uid.data != NULL;
}

// The same for an error.
static inline void bouncer_go_write_error(const bouncer_error *error, bouncer_go_span *message, bouncer_go_span *claim, char *text,
		size_t room, size_t *len) {
	const char *words = bouncer_error_message(error);
	bouncer_str name = bouncer_error_claim(error);
	*message = bouncer_go_append(text, room, len, words, words == NULL ? 0 : strlen(words));
	*claim = bouncer_go_append(text, room, len, name.data, name.len);
}

// Moves a verdict's token or error to the text and frees it, or leaves it where it is if the text is too small.
static inline void bouncer_go_read(bouncer_go_verdict *verdict, char *text, size_t room) {
	bouncer_token *token = (bouncer_token *)verdict->token;
	bouncer_error *error = (bouncer_error *)verdict->error;
	size_t len = 0;
	if (verdict->status == BOUNCER_STATUS_OK) {
		bouncer_go_write_token(token, &verdict->claims, text, room, &len);
	} else {
		bouncer_go_write_error(error, &verdict->message, &verdict->claim, text, room, &len);
	}
	verdict->text_len = len;
	if (len <= room) {
		bouncer_token_free(token);
		bouncer_error_free(error);
		verdict->token = 0;
		verdict->error = 0;
	}
}

// A whole verification in one crossing: with the verifier, or if that is NULL with jwks and policy. It never waits.
static inline void bouncer_go_verify(const bouncer_verifier *verifier, const bouncer_jwks *jwks, const bouncer_policy *policy,
		const char *token, size_t token_len, bouncer_go_verdict *verdict, char *text, size_t room) {
	bouncer_token *verified = NULL;
	bouncer_error *error = NULL;
	verdict->status = verifier != NULL
		? bouncer_verifier_verify_now(verifier, token, token_len, &verdict->ticket, &verified, &error)
		: bouncer_verify_token(jwks, policy, token, token_len, &verified, &error);
	verdict->token = (uintptr_t)verified;
	verdict->error = (uintptr_t)error;
	bouncer_go_read(verdict, text, room);
}

// A whole batch. The tokens lie one behind the other in joined, and ends says where each ends: Go memory that holds pointers
// must not be passed, so the array of them is made here. bouncer_go_batch_run fills in the rest.
typedef struct {
	bouncer_batch *batch;
	bouncer_error *error;
	size_t waiting; // the verdicts with a ticket
} bouncer_go_batch;

// Verifies a batch with the verifier, or if that is NULL with jwks and policy. It never waits.
static inline bouncer_go_batch bouncer_go_batch_run(const bouncer_verifier *verifier, const bouncer_jwks *jwks,
		const bouncer_policy *policy, const char *joined, const size_t *ends, size_t count, size_t threads) {
	bouncer_go_batch result = {NULL, NULL, 0};
	bouncer_str *tokens = malloc((count == 0 ? 1 : count) * sizeof *tokens);
	if (tokens == NULL) {
		return result;
	}
	size_t start = 0;
	for (size_t i = 0; i < count; i++) {
		tokens[i] = (bouncer_str){joined + start, ends[i] - start};
		start = ends[i];
	}
	if (verifier != NULL) {
		bouncer_verifier_verify_batch_now(verifier, tokens, count, threads, &result.batch, &result.error);
	} else {
		bouncer_verify_tokens(jwks, policy, tokens, count, threads, &result.batch, &result.error);
	}
	free(tokens);
	for (size_t i = 0; i < bouncer_batch_count(result.batch); i++) {
		result.waiting += bouncer_batch_ticket(result.batch, i) != 0;
	}
	return result;
}

// One verdict of a batch, which keeps its tokens and errors: the text may be too small the first time.
static inline void bouncer_go_batch_read(const bouncer_batch *batch, size_t index, bouncer_go_verdict *verdict, char *text, size_t room) {
	verdict->text_len = 0;
	verdict->ticket = bouncer_batch_ticket(batch, index);
	verdict->status = bouncer_batch_status(batch, index);
	if (verdict->status == BOUNCER_STATUS_OK) {
		bouncer_go_write_token(bouncer_batch_token(batch, index), &verdict->claims, text, room, &verdict->text_len);
	} else {
		bouncer_go_write_error(bouncer_batch_error(batch, index), &verdict->message, &verdict->claim, text, room, &verdict->text_len);
	}
}

// The columns of a batch, which live as long as that.
static inline bouncer_columns bouncer_go_batch_columns(const bouncer_batch *batch) {
	bouncer_columns columns = {0};
	bouncer_batch_columns(batch, &columns);
	return columns;
}

typedef struct {
	size_t start, len;
	bouncer_error *error;
} bouncer_go_part;

// The place of the token in value. Places, because a pointer into Go memory must not be stored in Go memory.
static inline bouncer_go_part bouncer_go_authorization(const char *value, size_t value_len) {
	bouncer_go_part part = {0, 0, NULL};
	bouncer_str token;
	if (bouncer_authorization_token(value, value_len, &token, &part.error) == BOUNCER_STATUS_OK) {
		part.start = (size_t)(token.data - value);
		part.len = token.len;
	}
	return part;
}

// The answer to a call for the service's own token. While token or error is not NULL, it is still to be read into a text of
// text_len bytes.
typedef struct {
	bouncer_own_token *token;
	bouncer_error *error;
	size_t text_len, token_at; // the header's value, and where in it the token begins
	uint64_t ticket;           // 0, or what a better answer may wait for; in the next call, what it has waited for
	uint64_t generation;       // the token's; before the call, that of the token which Go has
	int64_t expires_at;
	bouncer_status status;
	uint32_t is_known, expires;
} bouncer_go_own_answer;

// Moves an answer's token or error to the text and frees it, or leaves it where it is if the text is too small.
static inline void bouncer_go_read_own_token(bouncer_go_own_answer *answer, char *text, size_t room) {
	size_t len = 0;
	if (answer->status == BOUNCER_STATUS_OK) {
		bouncer_str authorization = bouncer_own_token_authorization(answer->token);
		bouncer_go_append(text, room, &len, authorization.data, authorization.len);
		answer->token_at = authorization.len - bouncer_own_token_text(answer->token).len;
		answer->expires = bouncer_own_token_expires_at(answer->token, &answer->expires_at) ? 1 : 0;
	} else {
		const char *message = bouncer_error_message(answer->error);
		bouncer_go_append(text, room, &len, message, message == NULL ? 0 : strlen(message));
	}
	answer->text_len = len;
	if (len <= room) {
		bouncer_own_token_free(answer->token);
		bouncer_error_free(answer->error);
		answer->token = NULL;
		answer->error = NULL;
	}
}

// The own token in one crossing, another one than the rejected if there is such. It never waits. A token that Go has is
// not copied again: a generation is that of one token for ever.
static inline void bouncer_go_own_token(const bouncer_renewer *renewer, const char *rejected, size_t rejected_len,
		bouncer_go_own_answer *answer, char *text, size_t room) {
	uint64_t known = answer->generation;
	answer->status = rejected_len == 0
		? bouncer_renewer_token_now(renewer, &answer->ticket, &answer->token, &answer->error)
		: bouncer_renewer_reject_now(renewer, rejected, rejected_len, &answer->ticket, &answer->token, &answer->error);
	if (answer->status == BOUNCER_STATUS_OK) {
		answer->generation = bouncer_own_token_generation(answer->token);
		if (answer->generation == known) {
			answer->is_known = 1;
			bouncer_own_token_free(answer->token);
			answer->token = NULL;
			return;
		}
	}
	bouncer_go_read_own_token(answer, text, room);
}

// A header that is there with an empty value is there: its pointer must not be NULL.
static inline int32_t bouncer_go_is_token_rejection(uint16_t status, int32_t has_challenge, const char *challenge,
		size_t challenge_len, const char *grpc, size_t grpc_len) {
	if (has_challenge && challenge_len == 0) {
		challenge = "";
	}
	return bouncer_is_token_rejection(status, has_challenge ? challenge : NULL, challenge_len,
		grpc_len == 0 ? NULL : grpc, grpc_len);
}
*/
import "C"

import (
	"fmt"
	"math"
	"time"
	"unsafe"
)

// The pointers of the library, for the files that cannot name them.
type (
	jwksPointer     = *C.bouncer_jwks
	verifierPointer = *C.bouncer_verifier
	policyPointer   = *C.bouncer_policy
	remotePointer   = *C.bouncer_remote_jwks
	renewerPointer  = *C.bouncer_renewer
	tokenClaims     = C.bouncer_go_claims
	span            = C.bouncer_go_span
)

// The bits of tokenClaims.times.
const (
	hasExp = 1 << iota
	hasNbf
	hasIat
)

// The statuses of the C header, for the files that cannot name them.
const (
	statusNullArgument           = C.BOUNCER_STATUS_NULL_ARGUMENT
	statusInternal               = C.BOUNCER_STATUS_INTERNAL
	statusInvalidArgument        = C.BOUNCER_STATUS_INVALID_ARGUMENT
	statusMalformedJWKSet        = C.BOUNCER_STATUS_MALFORMED_JWK_SET
	statusNoUsableKey            = C.BOUNCER_STATUS_NO_USABLE_KEY
	statusUnusableKey            = C.BOUNCER_STATUS_UNUSABLE_KEY
	statusKeysUnavailable        = C.BOUNCER_STATUS_KEYS_UNAVAILABLE
	statusTokenTooLarge          = C.BOUNCER_STATUS_TOKEN_TOO_LARGE
	statusMalformedToken         = C.BOUNCER_STATUS_MALFORMED_TOKEN
	statusEncryptedToken         = C.BOUNCER_STATUS_ENCRYPTED_TOKEN
	statusMalformedHeader        = C.BOUNCER_STATUS_MALFORMED_HEADER
	statusUnsupportedAlgorithm   = C.BOUNCER_STATUS_UNSUPPORTED_ALGORITHM
	statusAlgorithmNotAllowed    = C.BOUNCER_STATUS_ALGORITHM_NOT_ALLOWED
	statusUnsupportedHeader      = C.BOUNCER_STATUS_UNSUPPORTED_HEADER
	statusWrongTokenType         = C.BOUNCER_STATUS_WRONG_TOKEN_TYPE
	statusNoMatchingKey          = C.BOUNCER_STATUS_NO_MATCHING_KEY
	statusInvalidSignature       = C.BOUNCER_STATUS_INVALID_SIGNATURE
	statusMalformedAuthorization = C.BOUNCER_STATUS_MALFORMED_AUTHORIZATION
	statusMalformedClaims        = C.BOUNCER_STATUS_MALFORMED_CLAIMS
	statusMissingClaim           = C.BOUNCER_STATUS_MISSING_CLAIM
	statusExpired                = C.BOUNCER_STATUS_EXPIRED
	statusNotYetValid            = C.BOUNCER_STATUS_NOT_YET_VALID
	statusWrongIssuer            = C.BOUNCER_STATUS_WRONG_ISSUER
	statusWrongAudience          = C.BOUNCER_STATUS_WRONG_AUDIENCE
	statusUnusableCredentials    = C.BOUNCER_STATUS_UNUSABLE_CREDENTIALS
	statusLoginRejected          = C.BOUNCER_STATUS_LOGIN_REJECTED
	statusLoginUnavailable       = C.BOUNCER_STATUS_LOGIN_UNAVAILABLE
)

// errLibrary is not nil if the library that was found when the program started cannot be used. Whatever does not need
// a JWKSet, RemoteJWKS, Verifier or TokenRenewer asks it first; they cannot be had without.
var errLibrary = compareABI(uint32(C.bouncer_go_abi_version()), C.BOUNCER_ABI_VERSION)

func compareABI(loaded, built uint32) error {
	if loaded == built {
		return nil
	}
	return fmt.Errorf("%w: the loaded library, version %s, has ABI version %d, but this program was built for %d",
		ErrIncompatibleLibrary, LibraryVersion(), loaded, built)
}

// LibraryVersion returns the version of the library that the program runs with, as "MAJOR.MINOR.PATCH".
func LibraryVersion() string {
	return C.GoString(C.bouncer_version())
}

// statusName is the library's name of a status, "unknown" if it knows none.
func statusName(status uint32) string {
	return C.GoString(C.bouncer_status_name(C.uint32_t(status)))
}

func textPointer(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

func bytesPointer(bytes []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(bytes)))
}

// borrowText is text that lies in bytes, valid as long as nobody writes those.
func borrowText(bytes []byte) string {
	return unsafe.String(unsafe.SliceData(bytes), len(bytes))
}

func textOf(text C.bouncer_str) string {
	if text.len == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text.data)), text.len))
}

func bytesOf(bytes C.bouncer_bytes) []byte {
	if bytes.len == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(bytes.data)), bytes.len)...)
}

// takeError makes an *Error of the library's, and frees that.
func takeError(err *C.bouncer_error) error {
	defer C.bouncer_error_free(err)
	return &Error{
		Status:  uint32(C.bouncer_error_status(err)),
		Claim:   textOf(C.bouncer_error_claim(err)),
		Message: C.GoString(C.bouncer_error_message(err)),
	}
}

// scratchLen is how much of a result fits on the stack, in bytes; shortLen is that of most results. Go clears such a buffer
// before each call, which a short one is spared.
const (
	scratchLen = 1024
	shortLen   = 512
)

// beginsLater is the bit of a ticket which says that its fetch or login begins after the token was seen. A token that comes
// back with it gets a final verdict: there is nothing else to wait for.
const beginsLater = 1 << 63

// verify judges a token with the verifier, or if that is nil with jwks and policy.
//
// It crosses to C once. What comes back is header, payload and kid, or an error's message, and goes to a buffer whose size is
// known to do before: the two parts of a token decode to at most 3/4 of its length, and what a kid and strings with escapes
// add nearly always fits in the rest. Where it does not, a second crossing fetches the result.
//
// The ticket is 0 at first. If another comes back, the verdict may be another one once the fetch is done that it stands for
// (waitRemote): then verify once more with it, twice at most.
func verify(
	verifier verifierPointer, jwks jwksPointer, policy policyPointer, token string, ticket uint64,
) (*VerifiedToken, uint64, error) {
	switch {
	case len(token) <= shortLen:
		return verifyShort(verifier, jwks, policy, token, ticket)
	case len(token) > scratchLen*4/3 && len(token) <= maxTokenLen:
		return verifyLong(verifier, jwks, policy, token, ticket)
	}
	verdict := C.bouncer_go_verdict{ticket: C.uint64_t(ticket)}
	var scratch [scratchLen]byte
	C.bouncer_go_verify(verifier, jwks, policy, textPointer(token), C.size_t(len(token)),
		&verdict, (*C.char)(unsafe.Pointer(&scratch)), scratchLen)
	if verdict.text_len > scratchLen {
		return readAgain(&verdict)
	}
	return outcomeIn(&verdict, scratch[:verdict.text_len])
}

// verifyShort is verify with the smaller buffer.
func verifyShort(
	verifier verifierPointer, jwks jwksPointer, policy policyPointer, token string, ticket uint64,
) (*VerifiedToken, uint64, error) {
	verdict := C.bouncer_go_verdict{ticket: C.uint64_t(ticket)}
	var scratch [shortLen]byte
	C.bouncer_go_verify(verifier, jwks, policy, textPointer(token), C.size_t(len(token)),
		&verdict, (*C.char)(unsafe.Pointer(&scratch)), shortLen)
	if verdict.text_len > shortLen {
		return readAgain(&verdict)
	}
	return outcomeIn(&verdict, scratch[:verdict.text_len])
}

// verifyLong is verify for tokens whose result does not fit on the stack.
func verifyLong(
	verifier verifierPointer, jwks jwksPointer, policy policyPointer, token string, ticket uint64,
) (*VerifiedToken, uint64, error) {
	verdict := C.bouncer_go_verdict{ticket: C.uint64_t(ticket)}
	text := make([]byte, len(token))
	C.bouncer_go_verify(verifier, jwks, policy, textPointer(token), C.size_t(len(token)),
		&verdict, bytesPointer(text), C.size_t(len(text)))
	switch {
	case verdict.text_len > C.size_t(len(text)):
		return readAgain(&verdict)
	case verdict.status != C.BOUNCER_STATUS_OK:
		return outcome(&verdict, string(text[:verdict.text_len])) // let go of the long buffer
	}
	return outcome(&verdict, borrowText(text[:verdict.text_len])) // nobody writes text any more
}

// readAgain fetches a result that was longer than the buffer.
func readAgain(verdict *C.bouncer_go_verdict) (*VerifiedToken, uint64, error) {
	text := make([]byte, verdict.text_len)
	C.bouncer_go_read(verdict, bytesPointer(text), C.size_t(len(text)))
	return outcome(verdict, borrowText(text))
}

// A VerifiedToken with what it points to and room for the text behind it: one object, which the
// text points into, in place of three. The lengths fill size classes of Go's allocator.
type (
	smallToken struct {
		longToken
		room [256 - unsafe.Sizeof(longToken{})]byte
	}
	mediumToken struct {
		longToken
		room [384 - unsafe.Sizeof(longToken{})]byte
	}
	largeToken struct {
		longToken
		room [640 - 8 - unsafe.Sizeof(longToken{})]byte // objects over 512 bytes that hold a pointer have a header
	}
	// A longToken has its text elsewhere.
	longToken struct {
		token   VerifiedToken
		pointer *tokenContent
		content tokenContent
	}
)

// copyTo has the token say what claims and text do; the text goes to its room.
func (t *longToken) copyTo(room, text []byte, claims tokenClaims) *VerifiedToken {
	return t.fill(borrowText(room[:copy(room, text)]), claims)
}

func (t *longToken) fill(text string, claims tokenClaims) *VerifiedToken {
	t.content = tokenContent{text, claims}
	t.pointer = &t.content
	t.token.content = &t.pointer
	return &t.token
}

// outcomeIn is outcome for a text that is in a buffer.
func outcomeIn(verdict *C.bouncer_go_verdict, text []byte) (*VerifiedToken, uint64, error) {
	if verdict.status == C.BOUNCER_STATUS_OK {
		switch {
		case len(text) <= len(smallToken{}.room):
			token := new(smallToken)
			return token.copyTo(token.room[:], text, verdict.claims), 0, nil
		case len(text) <= len(mediumToken{}.room):
			token := new(mediumToken)
			return token.copyTo(token.room[:], text, verdict.claims), 0, nil
		case len(text) <= len(largeToken{}.room):
			token := new(largeToken)
			return token.copyTo(token.room[:], text, verdict.claims), 0, nil
		}
	}
	return outcome(verdict, string(text))
}

func outcome(verdict *C.bouncer_go_verdict, text string) (*VerifiedToken, uint64, error) {
	if verdict.status != C.BOUNCER_STATUS_OK {
		return nil, uint64(verdict.ticket), &Error{
			Status:  uint32(verdict.status),
			Claim:   pieceOf(text, verdict.claim),
			Message: pieceOf(text, verdict.message),
		}
	}
	return new(longToken).fill(text, verdict.claims), 0, nil
}

func pieceOf(text string, at span) string {
	return text[at.start : at.start+at.len]
}

func (c *tokenContent) piece(at span) string { return pieceOf(c.text, at) }

// joinTokens puts tokens one behind the other, and says where each ends.
func joinTokens(tokens []string) ([]byte, []C.size_t) {
	total := 0
	for _, token := range tokens {
		total += len(token)
	}
	joined, ends := make([]byte, 0, total), make([]C.size_t, len(tokens))
	for i, token := range tokens {
		joined = append(joined, token...)
		ends[i] = C.size_t(len(joined))
	}
	return joined, ends
}

// A judgedBatch is a batch of the library's. Whoever has it calls results or columns, once: that frees it.
type judgedBatch struct {
	pointer *C.bouncer_batch
	size    int
	waiting int // the verdicts that a fetch of keys could change
}

// judgeBatch judges tokens with the verifier, or if that is nil with jwks and policy. It never waits.
func judgeBatch(
	verifier verifierPointer, jwks jwksPointer, policy policyPointer, tokens []string, threads int,
) (judgedBatch, error) {
	joined, ends := joinTokens(tokens)
	result := C.bouncer_go_batch_run(verifier, jwks, policy, bytesPointer(joined), unsafe.SliceData(ends),
		C.size_t(len(tokens)), C.size_t(max(threads, 1)))
	switch {
	case result.error != nil:
		return judgedBatch{}, takeError(result.error)
	case result.batch == nil:
		return judgedBatch{}, &Error{Status: statusInternal, Message: "no memory for the batch"}
	}
	return judgedBatch{result.batch, len(tokens), int(result.waiting)}, nil
}

// results has beside them the tickets of what could change each, 0 for nothing; nil if nothing can change.
//
// It crosses to C for each, which costs less than memory for all of them at once.
func (b judgedBatch) results() (results []BatchResult, tickets []uint64) {
	defer C.bouncer_batch_free(b.pointer)
	results = make([]BatchResult, b.size)
	if b.waiting > 0 {
		tickets = make([]uint64, b.size)
	}
	var scratch [scratchLen]byte
	for i := range results {
		var verdict C.bouncer_go_verdict
		text := scratch[:]
		b.read(i, &verdict, text)
		if int(verdict.text_len) > len(text) {
			text = make([]byte, verdict.text_len)
			b.read(i, &verdict, text)
		}
		var ticket uint64
		results[i].Token, ticket, results[i].Err = outcomeIn(&verdict, text[:verdict.text_len])
		if ticket != 0 {
			tickets[i] = ticket
		}
	}
	return results, tickets
}

func (b judgedBatch) read(index int, verdict *C.bouncer_go_verdict, text []byte) {
	C.bouncer_go_batch_read(b.pointer, C.size_t(index), verdict, bytesPointer(text), C.size_t(len(text)))
}

// columns has the verdicts as they are, whatever could change them.
func (b judgedBatch) columns() *Columns {
	defer C.bouncer_batch_free(b.pointer)
	columns := newColumns(b.size)
	if b.size == 0 {
		return columns
	}
	found := C.bouncer_go_batch_columns(b.pointer)
	copyColumn(columns.Status, unsafe.Pointer(found.status))
	copyColumn(columns.Exp, unsafe.Pointer(found.exp))
	copyColumn(columns.ExpValidity, unsafe.Pointer(found.exp_validity))
	copyColumn(columns.UIDOffsets, unsafe.Pointer(found.uid_offsets))
	columns.UIDData = make([]byte, columns.UIDOffsets[b.size])
	copyColumn(columns.UIDData, unsafe.Pointer(found.uid_data))
	copyColumn(columns.UIDValidity, unsafe.Pointer(found.uid_validity))
	return columns
}

// copyColumn fills column from the buffer at data.
func copyColumn[T any](column []T, data unsafe.Pointer) {
	copy(column, unsafe.Slice((*T)(data), len(column)))
}

func findAuthorization(value string) (string, error) {
	part := C.bouncer_go_authorization(textPointer(value), C.size_t(len(value)))
	if part.error != nil {
		return "", takeError(part.error)
	}
	return value[part.start : part.start+part.len], nil
}

func loadJWKS(document []byte) (jwks jwksPointer, _ error) {
	var err *C.bouncer_error
	if C.bouncer_jwks_load(bytesPointer(document), C.size_t(len(document)), &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return jwks, nil
}

func loadJWKSWith(document []byte, backend C.uint32_t) (jwks jwksPointer, _ error) {
	var err *C.bouncer_error
	if C.bouncer_jwks_load_with(bytesPointer(document), C.size_t(len(document)), backend, &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return jwks, nil
}

// number is the library's of a back end, which knows no default.
func (b Backend) number() C.uint32_t {
	switch b {
	case BackendAccelerated:
		return C.BOUNCER_BACKEND_ACCELERATED
	case BackendAWSLC:
		return C.BOUNCER_BACKEND_AWS_LC
	default:
		return math.MaxUint32 // the library refuses it
	}
}

func acceleratedKeysOf(jwks jwksPointer) int { return int(C.bouncer_jwks_accelerated_keys(jwks)) }

// jwksOf makes a set of keys that are given as JWKs.
func jwksOf(documents []string) (jwks jwksPointer, _ error) {
	var err *C.bouncer_error
	keys := make([]*C.bouncer_jwk, 0, len(documents))
	defer func() {
		for _, key := range keys {
			C.bouncer_jwk_free(key)
		}
	}()
	for _, document := range documents {
		var key *C.bouncer_jwk
		if C.bouncer_jwk_from_json(textPointer(document), C.size_t(len(document)), &key, &err) != C.BOUNCER_STATUS_OK {
			return nil, takeError(err)
		}
		keys = append(keys, key)
	}
	if C.bouncer_jwks_from_keys(unsafe.SliceData(keys), C.size_t(len(keys)), &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return jwks, nil
}

func freeJWKS(jwks jwksPointer) { C.bouncer_jwks_free(jwks) }

func keysOf(jwks jwksPointer) []*JWK {
	keys := make([]*JWK, C.bouncer_jwks_key_count(jwks))
	for i := range keys {
		keys[i] = readJWK(C.bouncer_jwks_key(jwks, C.size_t(i)))
	}
	return keys
}

func skippedOf(jwks jwksPointer) []SkippedKey {
	skipped := make([]SkippedKey, C.bouncer_jwks_skipped_count(jwks))
	for i := range skipped {
		skipped[i] = SkippedKey{
			Index:   int(C.bouncer_jwks_skipped_index(jwks, C.size_t(i))),
			KeyID:   textOf(C.bouncer_jwks_skipped_kid(jwks, C.size_t(i))),
			Reason:  textOf(C.bouncer_jwks_skipped_reason(jwks, C.size_t(i))),
			Message: textOf(C.bouncer_jwks_skipped_message(jwks, C.size_t(i))),
		}
	}
	return skipped
}

func jwkFromJSON(document []byte) (*JWK, error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	if C.bouncer_jwk_from_json(bytesPointer(document), C.size_t(len(document)), &key, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return takeJWK(key), nil
}

func jwkFromPEM(pem []byte) (*JWK, error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	if C.bouncer_jwk_from_pem(bytesPointer(pem), C.size_t(len(pem)), &key, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return takeJWK(key), nil
}

func jwkFromDER(der []byte) (*JWK, error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	pointer := (*C.uint8_t)(unsafe.SliceData(der))
	if C.bouncer_jwk_from_der(pointer, C.size_t(len(der)), &key, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return takeJWK(key), nil
}

func jwkFromRSA(n, e []byte) (*JWK, error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	nPointer, ePointer := (*C.uint8_t)(unsafe.SliceData(n)), (*C.uint8_t)(unsafe.SliceData(e))
	if C.bouncer_jwk_from_rsa_components(nPointer, C.size_t(len(n)), ePointer, C.size_t(len(e)), &key, &err) !=
		C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return takeJWK(key), nil
}

func takeJWK(key *C.bouncer_jwk) *JWK {
	defer C.bouncer_jwk_free(key)
	return readJWK(key)
}

// readJWK copies all there is to know of a key.
func readJWK(key *C.bouncer_jwk) *JWK {
	kid := C.bouncer_jwk_kid(key)
	return &JWK{
		kid:        textOf(kid),
		hasKID:     kid.data != nil,
		algorithm:  Algorithm(textOf(C.bouncer_jwk_algorithm(key))),
		keyType:    textOf(C.bouncer_jwk_key_type(key)),
		curve:      textOf(C.bouncer_jwk_curve(key)),
		bits:       int(C.bouncer_jwk_bits(key)),
		n:          bytesOf(C.bouncer_jwk_n(key)),
		e:          bytesOf(C.bouncer_jwk_e(key)),
		tolerated:  C.bouncer_jwk_is_tolerated(key) != 0,
		pem:        textOf(C.bouncer_jwk_pem(key)),
		der:        bytesOf(C.bouncer_jwk_der(key)),
		json:       textOf(C.bouncer_jwk_json(key)),
		thumbprint: textOf(C.bouncer_jwk_thumbprint(key)),
		bouncerKID: textOf(C.bouncer_jwk_dcos_kid(key)),
	}
}

// A policyDraft is a C policy that takes settings until one of them fails.
type policyDraft struct {
	policy policyPointer
	err    *C.bouncer_error
}

func newPolicyDraft(uidRequired bool) *policyDraft {
	if uidRequired {
		return &policyDraft{policy: C.bouncer_policy_new_old()}
	}
	return &policyDraft{policy: C.bouncer_policy_new_any_issuer()}
}

func (d *policyDraft) setAlgorithms(names string) {
	if d.err == nil {
		C.bouncer_policy_set_algorithms(d.policy, textPointer(names), C.size_t(len(names)), &d.err)
	}
}

func (d *policyDraft) addIssuer(issuer string) {
	if d.err == nil {
		C.bouncer_policy_add_issuer(d.policy, textPointer(issuer), C.size_t(len(issuer)), &d.err)
	}
}

func (d *policyDraft) addAudience(audience string) {
	if d.err == nil {
		C.bouncer_policy_add_audience(d.policy, textPointer(audience), C.size_t(len(audience)), &d.err)
	}
}

func (d *policyDraft) setAnyAudience() {
	if d.err == nil {
		C.bouncer_policy_set_any_audience(d.policy, &d.err)
	}
}

func (d *policyDraft) setOptionalExp() {
	if d.err == nil {
		C.bouncer_policy_set_optional_exp(d.policy, &d.err)
	}
}

func (d *policyDraft) addRequiredClaim(name string) {
	if d.err == nil {
		C.bouncer_policy_add_required_claim(d.policy, textPointer(name), C.size_t(len(name)), &d.err)
	}
}

func (d *policyDraft) addRequiredStringClaim(name string) {
	if d.err == nil {
		C.bouncer_policy_add_required_string_claim(d.policy, textPointer(name), C.size_t(len(name)), &d.err)
	}
}

func (d *policyDraft) setTokenType(tokenType string) {
	if d.err == nil {
		C.bouncer_policy_set_token_type(d.policy, textPointer(tokenType), C.size_t(len(tokenType)), &d.err)
	}
}

func (d *policyDraft) setLeeway(seconds uint32) {
	if d.err == nil {
		C.bouncer_policy_set_leeway(d.policy, C.uint32_t(seconds), &d.err)
	}
}

func (d *policyDraft) setMaxTokenLen(bytes int) {
	if d.err == nil {
		C.bouncer_policy_set_max_token_len(d.policy, C.size_t(bytes), &d.err)
	}
}

func (d *policyDraft) setTime(at time.Time) {
	if d.err == nil {
		C.bouncer_policy_set_time(d.policy, C.int64_t(at.Unix()), &d.err)
	}
}

// finish gives the policy, which the caller frees, or the first failure.
func (d *policyDraft) finish() (policyPointer, error) {
	if d.err != nil {
		C.bouncer_policy_free(d.policy)
		return nil, takeError(d.err)
	}
	return d.policy, nil
}

func freePolicy(policy policyPointer) { C.bouncer_policy_free(policy) }

func verifierOf(jwks jwksPointer, policy policyPointer) (verifier verifierPointer, _ error) {
	var err *C.bouncer_error
	if C.bouncer_verifier_new(jwks, policy, &verifier, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return verifier, nil
}

func remoteVerifierOf(remote remotePointer, policy policyPointer) (verifier verifierPointer, _ error) {
	var err *C.bouncer_error
	if C.bouncer_verifier_new_remote(remote, policy, &verifier, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return verifier, nil
}

func freeVerifier(verifier verifierPointer) { C.bouncer_verifier_free(verifier) }

// withCache makes a verifier that is like another, and remembers tokens.
func withCache(verifier verifierPointer, tokens int) (cached verifierPointer, _ error) {
	var err *C.bouncer_error
	if C.bouncer_verifier_with_cache(verifier, C.size_t(tokens), &cached, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return cached, nil
}

func cacheStatsOf(verifier verifierPointer) CacheStats {
	return CacheStats{
		Hits:     uint64(C.bouncer_verifier_cache_hits(verifier)),
		Misses:   uint64(C.bouncer_verifier_cache_misses(verifier)),
		Capacity: int(C.bouncer_verifier_cache_capacity(verifier)),
	}
}

// A remoteDraft is the C settings of a remote key set, which take settings until one of them fails.
type remoteDraft struct {
	options *C.bouncer_remote_options
	err     *C.bouncer_error
}

func newRemoteDraft(url string) *remoteDraft {
	draft := &remoteDraft{}
	C.bouncer_remote_options_new(textPointer(url), C.size_t(len(url)), &draft.options, &draft.err)
	return draft
}

func newRemoteDraftForIssuer(issuer string) *remoteDraft {
	draft := &remoteDraft{}
	C.bouncer_remote_options_new_for_issuer(textPointer(issuer), C.size_t(len(issuer)), &draft.options, &draft.err)
	return draft
}

func (d *remoteDraft) setBackend(backend Backend) {
	if d.err == nil {
		C.bouncer_remote_options_set_backend(d.options, backend.number(), &d.err)
	}
}

func (d *remoteDraft) setAllowHTTP() {
	if d.err == nil {
		C.bouncer_remote_options_set_allow_http(d.options, &d.err)
	}
}

func (d *remoteDraft) setCAFile(path string) {
	if d.err == nil {
		C.bouncer_remote_options_set_ca_file(d.options, textPointer(path), C.size_t(len(path)), &d.err)
	}
}

func (d *remoteDraft) setProxy(url string) {
	if d.err == nil {
		C.bouncer_remote_options_set_proxy(d.options, textPointer(url), C.size_t(len(url)), &d.err)
	}
}

func (d *remoteDraft) setNoProxy() {
	if d.err == nil {
		C.bouncer_remote_options_set_no_proxy(d.options, &d.err)
	}
}

func (d *remoteDraft) setSameOriginRedirects() {
	if d.err == nil {
		C.bouncer_remote_options_set_same_origin_redirects(d.options, &d.err)
	}
}

func (d *remoteDraft) setTTL(ttl time.Duration) {
	if d.err == nil {
		C.bouncer_remote_options_set_ttl(d.options, milliseconds(ttl), &d.err)
	}
}

func (d *remoteDraft) setMaxStale(maxStale time.Duration) {
	if d.err == nil {
		C.bouncer_remote_options_set_max_stale(d.options, milliseconds(maxStale), &d.err)
	}
}

func (d *remoteDraft) setTimeout(timeout time.Duration) {
	if d.err == nil {
		C.bouncer_remote_options_set_timeout(d.options, milliseconds(timeout), &d.err)
	}
}

func (d *remoteDraft) setMaxWait(maxWait time.Duration) {
	if d.err == nil {
		C.bouncer_remote_options_set_max_wait(d.options, milliseconds(maxWait), &d.err)
	}
}

func (d *remoteDraft) setSeed(document []byte) {
	if d.err == nil {
		C.bouncer_remote_options_set_seed(d.options, bytesPointer(document), C.size_t(len(document)), &d.err)
	}
}

func (d *remoteDraft) setLastGoodFile(path string) {
	if d.err == nil {
		C.bouncer_remote_options_set_last_good_file(d.options, textPointer(path), C.size_t(len(path)), &d.err)
	}
}

func (d *remoteDraft) setLazy() {
	if d.err == nil {
		C.bouncer_remote_options_set_lazy(d.options, &d.err)
	}
}

// finish gives the remote key set, or the first failure.
func (d *remoteDraft) finish() (remote remotePointer, _ error) {
	defer C.bouncer_remote_options_free(d.options)
	if d.err == nil && C.bouncer_remote_jwks_new_old(d.options, &remote, &d.err) == C.BOUNCER_STATUS_OK {
		return remote, nil
	}
	return nil, takeError(d.err)
}

// milliseconds rounds up: a little time is not none.
func milliseconds(duration time.Duration) C.uint64_t {
	count := duration / time.Millisecond
	if duration%time.Millisecond > 0 {
		count++
	}
	return C.uint64_t(max(count, 0))
}

func durationOf(milliseconds uint64) time.Duration {
	return time.Duration(min(milliseconds, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
}

// waitRemote blocks until the fetch is done that the ticket stands for. It reports false if it is not after timeout.
func waitRemote(remote remotePointer, ticket uint64, timeout time.Duration) bool {
	return C.bouncer_remote_jwks_wait(remote, C.uint64_t(ticket), milliseconds(timeout)) != 0
}

// waitAttempts blocks until so many attempts have been made. It reports false if that is not so after timeout.
func waitAttempts(remote remotePointer, attempts uint64, timeout time.Duration) bool {
	return C.bouncer_remote_jwks_wait_attempts(remote, C.uint64_t(attempts), milliseconds(timeout)) != 0
}

// waitReady blocks until there are keys. If there are none after timeout, the error is an ErrKeysUnavailable.
func waitReady(remote remotePointer, timeout time.Duration) error {
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_wait_ready(remote, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// refreshRemote fetches, and blocks until that is done. The error is an ErrKeysUnavailable.
func refreshRemote(remote remotePointer, timeout time.Duration) error {
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_refresh(remote, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

func currentJWKS(remote remotePointer) (jwks jwksPointer, _ error) {
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_current(remote, &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return jwks, nil
}

func statusOf(remote remotePointer) (RemoteStatus, error) {
	var status *C.bouncer_remote_status
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_status(remote, &status, &err) != C.BOUNCER_STATUS_OK {
		return RemoteStatus{}, takeError(err)
	}
	defer C.bouncer_remote_status_free(status)
	var success, failure C.int64_t
	hasSuccess := C.bouncer_remote_status_last_success(status, &success) != 0
	hasFailure := C.bouncer_remote_status_last_error_at(status, &failure) != 0
	lastSuccess, _ := timeOf(int64(success), hasSuccess)
	lastErrorAt, _ := timeOf(int64(failure), hasFailure)
	return RemoteStatus{
		Source:        textOf(C.bouncer_remote_status_source(status)),
		State:         RemoteState(textOf(C.bouncer_remote_status_state(status))),
		Generation:    uint64(C.bouncer_remote_status_generation(status)),
		SHA256:        textOf(C.bouncer_remote_status_sha256(status)),
		UsableKeys:    uint64(C.bouncer_remote_status_usable_keys(status)),
		SkippedKeys:   uint64(C.bouncer_remote_status_skipped_keys(status)),
		LastSuccess:   lastSuccess,
		LastError:     textOf(C.bouncer_remote_status_last_error(status)),
		LastErrorName: textOf(C.bouncer_remote_status_last_error_name(status)),
		LastErrorAt:   lastErrorAt,
		LastGoodError: textOf(C.bouncer_remote_status_last_good_error(status)),
		Failures:      uint64(C.bouncer_remote_status_failures(status)),
		FailuresInRow: uint64(C.bouncer_remote_status_failures_in_row(status)),
		NextAttempt:   durationOf(uint64(C.bouncer_remote_status_next_attempt_ms(status))),
		Attempts:      uint64(C.bouncer_remote_status_attempts(status)),
		Scheduled:     uint64(C.bouncer_remote_status_scheduled(status)),
		Retries:       uint64(C.bouncer_remote_status_retries(status)),
		UnknownKID:    uint64(C.bouncer_remote_status_unknown_kid(status)),
		WithoutKID:    uint64(C.bouncer_remote_status_without_kid(status)),
		Requested:     uint64(C.bouncer_remote_status_requested(status)),
		Suppressed:    uint64(C.bouncer_remote_status_suppressed(status)),
	}, nil
}

// closeRemote wakes whoever waits, so that their calls end.
func closeRemote(remote remotePointer) { C.bouncer_remote_jwks_close(remote) }

func freeRemote(remote remotePointer) { C.bouncer_remote_jwks_free(remote) }

// ownToken asks for the service's own token, or if one was rejected for another. It never waits; the ticket is as that of verify, for
// waitRenewer. A token may come together with a ticket: it is valid, but not for long.
//
// known is a token that an earlier call gave, or nil. If that is still the one, it is what comes back.
func ownToken(renewer renewerPointer, rejected string, known *heldToken, ticket uint64) (*heldToken, uint64, error) {
	answer := C.bouncer_go_own_answer{ticket: C.uint64_t(ticket)}
	if known != nil {
		answer.generation = C.uint64_t(known.generation)
	}
	var scratch [scratchLen]byte
	C.bouncer_go_own_token(renewer, textPointer(rejected), C.size_t(len(rejected)),
		&answer, (*C.char)(unsafe.Pointer(&scratch)), scratchLen)
	if answer.is_known != 0 {
		return known, uint64(answer.ticket), nil
	}
	var text string
	if answer.text_len > scratchLen {
		long := make([]byte, answer.text_len)
		C.bouncer_go_read_own_token(&answer, bytesPointer(long), C.size_t(len(long)))
		text = borrowText(long) // nobody writes it any more
	} else {
		text = string(scratch[:answer.text_len])
	}
	if answer.status != C.BOUNCER_STATUS_OK {
		return nil, uint64(answer.ticket), &Error{Status: uint32(answer.status), Message: text}
	}
	expiresAt, expires := timeOf(int64(answer.expires_at), answer.expires != 0)
	return &heldToken{
		authorization: &text,
		tokenAt:       int(answer.token_at),
		expiresAt:     expiresAt,
		expires:       expires,
		generation:    uint64(answer.generation),
	}, uint64(answer.ticket), nil
}

// isTokenRejection judges an answer to a request with the own token. grpcStatus is "" if there is none.
func isTokenRejection(status int, hasChallenge bool, challenge, grpcStatus string) bool {
	var has C.int32_t
	if hasChallenge {
		has = 1
	}
	return C.bouncer_go_is_token_rejection(C.uint16_t(status), has, textPointer(challenge), C.size_t(len(challenge)),
		textPointer(grpcStatus), C.size_t(len(grpcStatus))) != 0
}

// A renewerDraft is the C settings of a token renewer, which take settings until one of them fails.
type renewerDraft struct {
	options *C.bouncer_renewer_options
	err     *C.bouncer_error
}

func newServiceAccountDraft(secret []byte) *renewerDraft {
	draft := &renewerDraft{}
	C.bouncer_renewer_options_new_service_account(bytesPointer(secret), C.size_t(len(secret)), &draft.options, &draft.err)
	return draft
}

func newServiceAccountFileDraft(path string) *renewerDraft {
	draft := &renewerDraft{}
	C.bouncer_renewer_options_new_service_account_file(textPointer(path), C.size_t(len(path)), &draft.options, &draft.err)
	return draft
}

func newServiceAccountEnvDraft() *renewerDraft {
	draft := &renewerDraft{}
	C.bouncer_renewer_options_new_service_account_from_env(&draft.options, &draft.err)
	return draft
}

func newClientCredentialsDraft(tokenURL, id, secret string) *renewerDraft {
	draft := &renewerDraft{}
	C.bouncer_renewer_options_new_client_credentials(textPointer(tokenURL), C.size_t(len(tokenURL)),
		textPointer(id), C.size_t(len(id)), textPointer(secret), C.size_t(len(secret)), &draft.options, &draft.err)
	return draft
}

func newSuppliedDraft(name string) *renewerDraft {
	draft := &renewerDraft{}
	C.bouncer_renewer_options_new_supplied(textPointer(name), C.size_t(len(name)), &draft.options, &draft.err)
	return draft
}

func (d *renewerDraft) setLoginEndpoint(url string) {
	if d.err == nil {
		C.bouncer_renewer_options_set_login_endpoint(d.options, textPointer(url), C.size_t(len(url)), &d.err)
	}
}

func (d *renewerDraft) addParameter(name, value string) {
	if d.err == nil {
		C.bouncer_renewer_options_add_parameter(d.options, textPointer(name), C.size_t(len(name)),
			textPointer(value), C.size_t(len(value)), &d.err)
	}
}

func (d *renewerDraft) setBearer() {
	if d.err == nil {
		C.bouncer_renewer_options_set_bearer(d.options, &d.err)
	}
}

func (d *renewerDraft) setDCOSHeader() {
	if d.err == nil {
		C.bouncer_renewer_options_set_dcos_header(d.options, &d.err)
	}
}

func (d *renewerDraft) setAllowHTTP() {
	if d.err == nil {
		C.bouncer_renewer_options_set_allow_http(d.options, &d.err)
	}
}

func (d *renewerDraft) setCAFile(path string) {
	if d.err == nil {
		C.bouncer_renewer_options_set_ca_file(d.options, textPointer(path), C.size_t(len(path)), &d.err)
	}
}

func (d *renewerDraft) setProxy(url string) {
	if d.err == nil {
		C.bouncer_renewer_options_set_proxy(d.options, textPointer(url), C.size_t(len(url)), &d.err)
	}
}

func (d *renewerDraft) setNoProxy() {
	if d.err == nil {
		C.bouncer_renewer_options_set_no_proxy(d.options, &d.err)
	}
}

func (d *renewerDraft) setTimeout(timeout time.Duration) {
	if d.err == nil {
		C.bouncer_renewer_options_set_timeout(d.options, milliseconds(timeout), &d.err)
	}
}

func (d *renewerDraft) setMaxWait(maxWait time.Duration) {
	if d.err == nil {
		C.bouncer_renewer_options_set_max_wait(d.options, milliseconds(maxWait), &d.err)
	}
}

func (d *renewerDraft) setLazy() {
	if d.err == nil {
		C.bouncer_renewer_options_set_lazy(d.options, &d.err)
	}
}

// finish gives the renewer, or the first failure.
func (d *renewerDraft) finish() (renewer renewerPointer, _ error) {
	defer C.bouncer_renewer_options_free(d.options)
	if d.err == nil && C.bouncer_renewer_new_old(d.options, &renewer, &d.err) == C.BOUNCER_STATUS_OK {
		return renewer, nil
	}
	return nil, takeError(d.err)
}

// waitRenewer blocks until the login is done that the ticket stands for. It reports false if it is not after timeout.
func waitRenewer(renewer renewerPointer, ticket uint64, timeout time.Duration) bool {
	return C.bouncer_renewer_wait(renewer, C.uint64_t(ticket), milliseconds(timeout)) != 0
}

// waitLogins blocks until so many logins have been tried. It reports false if that is not so after timeout.
func waitLogins(renewer renewerPointer, attempts uint64, timeout time.Duration) bool {
	return C.bouncer_renewer_wait_attempts(renewer, C.uint64_t(attempts), milliseconds(timeout)) != 0
}

// checkToken returns nil if there is a valid token, and otherwise an error of the group ErrLogin. It never waits.
func checkToken(renewer renewerPointer) error {
	var err *C.bouncer_error
	if C.bouncer_renewer_wait_ready(renewer, 0, &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// renew logs in, and blocks until that is done. The error is an ErrLoginUnavailable.
func renew(renewer renewerPointer, timeout time.Duration) error {
	var err *C.bouncer_error
	if C.bouncer_renewer_renew(renewer, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// waitLogin blocks until the program is to supply a token. It reports false if it is not after timeout.
func waitLogin(renewer renewerPointer, timeout time.Duration) bool {
	return C.bouncer_renewer_wait_login(renewer, milliseconds(timeout)) != 0
}

// supply answers waitLogin with a token. A lifetime below zero is the one that the token says itself.
func supply(renewer renewerPointer, token string, seconds int64) error {
	var err *C.bouncer_error
	if C.bouncer_renewer_supply(renewer, textPointer(token), C.size_t(len(token)), C.int64_t(seconds), &err) !=
		C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// supplyFailure answers waitLogin without a token. The reason is UTF-8.
func supplyFailure(renewer renewerPointer, rejected bool, reason string) error {
	var err *C.bouncer_error
	var flag C.int32_t
	if rejected {
		flag = 1
	}
	if C.bouncer_renewer_supply_failure(renewer, flag, textPointer(reason), C.size_t(len(reason)), &err) !=
		C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

func renewalStatusOf(renewer renewerPointer) (RenewalStatus, error) {
	var status *C.bouncer_renewal_status
	var err *C.bouncer_error
	if C.bouncer_renewer_status(renewer, &status, &err) != C.BOUNCER_STATUS_OK {
		return RenewalStatus{}, takeError(err)
	}
	defer C.bouncer_renewal_status_free(status)
	var left, failure C.int64_t
	expires := C.bouncer_renewal_status_expires_in_ms(status, &left) != 0
	hasFailure := C.bouncer_renewal_status_last_error_at(status, &failure) != 0
	lastErrorAt, _ := timeOf(int64(failure), hasFailure)
	return RenewalStatus{
		Source:        textOf(C.bouncer_renewal_status_source(status)),
		State:         RenewalState(textOf(C.bouncer_renewal_status_state(status))),
		Generation:    uint64(C.bouncer_renewal_status_generation(status)),
		Expires:       expires,
		ExpiresIn:     durationOf(uint64(max(left, 0))),
		LastError:     textOf(C.bouncer_renewal_status_last_error(status)),
		LastErrorName: textOf(C.bouncer_renewal_status_last_error_name(status)),
		LastErrorAt:   lastErrorAt,
		Failures:      uint64(C.bouncer_renewal_status_failures(status)),
		FailuresInRow: uint64(C.bouncer_renewal_status_failures_in_row(status)),
		NextAttempt:   durationOf(uint64(C.bouncer_renewal_status_next_attempt_ms(status))),
		Attempts:      uint64(C.bouncer_renewal_status_attempts(status)),
		Scheduled:     uint64(C.bouncer_renewal_status_scheduled(status)),
		Retries:       uint64(C.bouncer_renewal_status_retries(status)),
		Rejections:    uint64(C.bouncer_renewal_status_rejections(status)),
		Requested:     uint64(C.bouncer_renewal_status_requested(status)),
		Suppressed:    uint64(C.bouncer_renewal_status_suppressed(status)),
	}, nil
}

// closeRenewer wakes whoever waits, so that their calls end.
func closeRenewer(renewer renewerPointer) { C.bouncer_renewer_close(renewer) }

func freeRenewer(renewer renewerPointer) { C.bouncer_renewer_free(renewer) }
