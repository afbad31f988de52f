// Verifies a token and reads the result with one call from Go. Included by token.go and batch.go.
#ifndef BOUNCER_GO_TOKEN_H
#define BOUNCER_GO_TOKEN_H

#include <string.h>
#include "bouncer_verify.h"

// The position of a part in the text buffer that bouncer_go_read wrote.
typedef struct {
	uint32_t start, len;
} bouncer_go_span;

// The claims and header parameters of a verified token. The spans are positions in the text buffer.
// The bits of times show which claims are present: 1 for exp, 2 for nbf, 4 for iat.
typedef struct {
	int64_t exp, nbf, iat;
	bouncer_go_span payload, header, kid, alg, uid, identity, iss, sub, jti;
	bouncer_go_span scopes; // the JSON texts of the claims that contain scopes, each with a line feed
	uint32_t times, has_uid; // has_uid is needed because a "uid" may be empty
} bouncer_go_claims;

// The result of one call. If token or error is not 0, the text buffer was too small: call
// bouncer_go_read with a buffer of text_len bytes.
//
// token and error are addresses stored as integers. If the type contained pointers, cgo would
// search its memory for Go pointers in each call.
typedef struct {
	uintptr_t token, error;
	size_t text_len;
	uint64_t ticket; // set with BOUNCER_STATUS_PENDING
	bouncer_status status;
	bouncer_go_span message, claim;
	bouncer_go_claims claims;
} bouncer_go_verdict;

// Appends data to text, a buffer of room bytes, if the data fits. Always adds data_len to *len.
static inline bouncer_go_span bouncer_go_append(
		char *text, size_t room, size_t *len, const char *data, size_t data_len) {
	bouncer_go_span span = {(uint32_t)*len, (uint32_t)data_len};
	if (data_len > 0 && *len <= room && data_len <= room - *len) {
		memcpy(text + *len, data, data_len);
	}
	*len += data_len;
	return span;
}

// Returns the position of piece in the payload. The payload is at the start of the text, so this is
// also the position in the text. If piece is not part of the payload, appends piece as
// bouncer_go_append does.
static inline bouncer_go_span bouncer_go_place(
		char *text, size_t room, size_t *len, bouncer_str payload, bouncer_str piece) {
	size_t start = (uintptr_t)piece.data - (uintptr_t)payload.data;
	if (piece.data != NULL && start <= payload.len && piece.len <= payload.len - start) {
		return (bouncer_go_span){(uint32_t)start, (uint32_t)piece.len};
	}
	return bouncer_go_append(text, room, len, piece.data, piece.len);
}

// Appends each part of a token to text if it fits. Always adds the length of all parts to *len.
static inline void bouncer_go_write_token(
		const bouncer_token *token, bouncer_go_claims *claims, char *text, size_t room, size_t *len) {
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
	claims->identity = bouncer_go_place(text, room, len, payload, bouncer_token_identity(token));
	claims->iss = bouncer_go_place(text, room, len, payload, bouncer_token_issuer(token));
	claims->sub = bouncer_go_place(text, room, len, payload, bouncer_token_subject(token));
	claims->jti = bouncer_go_place(text, room, len, payload, bouncer_token_token_id(token));
	claims->scopes = (bouncer_go_span){(uint32_t)*len, 0};
	bouncer_str scopes;
	for (size_t i = 0; (scopes = bouncer_token_scope_claim(token, i)).data != NULL; i++) {
		bouncer_go_append(text, room, len, scopes.data, scopes.len);
		bouncer_go_append(text, room, len, "\n", 1);
	}
	claims->scopes.len = (uint32_t)*len - claims->scopes.start;
	claims->times = (bouncer_token_expires_at(token, &claims->exp) ? 1 : 0) |
		(bouncer_token_not_before(token, &claims->nbf) ? 2 : 0) |
		(bouncer_token_issued_at(token, &claims->iat) ? 4 : 0);
	claims->has_uid = uid.data != NULL;
}

// Appends each part of an error to text if it fits. Always adds the length of all parts to *len.
static inline void bouncer_go_write_error(const bouncer_error *error, bouncer_go_span *message,
		bouncer_go_span *claim, char *text, size_t room, size_t *len) {
	const char *words = bouncer_error_message(error);
	bouncer_str name = bouncer_error_claim(error);
	*message = bouncer_go_append(text, room, len, words, words == NULL ? 0 : strlen(words));
	*claim = bouncer_go_append(text, room, len, name.data, name.len);
}

// Copies the token or error of a verdict into text, a buffer of room bytes, and frees the token or
// error. If the buffer is too small, nothing is freed: call this again with a buffer of text_len
// bytes.
static inline void bouncer_go_read(bouncer_go_verdict *verdict, char *text, size_t room) {
	bouncer_token *token = (bouncer_token *)verdict->token;
	bouncer_error *error = (bouncer_error *)verdict->error;
	size_t len = 0;
	if (verdict->status == BOUNCER_STATUS_OK) {
		bouncer_go_write_token(token, &verdict->claims, text, room, &len);
	} else if (error != NULL) {
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

// Verifies a token with the verifier, or with jwks and policy if the verifier is NULL. Never waits.
static inline void bouncer_go_verify(const bouncer_verifier *verifier, const bouncer_jwks *jwks,
		const bouncer_policy *policy, const char *token, size_t token_len,
		bouncer_go_verdict *verdict, char *text, size_t room) {
	bouncer_token *verified = NULL;
	bouncer_error *error = NULL;
	verdict->status = verifier != NULL
		? bouncer_verifier_verify_now(verifier, token, token_len, &verdict->ticket, &verified, &error)
		: bouncer_verify_token(jwks, policy, token, token_len, &verified, &error);
	verdict->token = (uintptr_t)verified;
	verdict->error = (uintptr_t)error;
	bouncer_go_read(verdict, text, room);
}

#endif
