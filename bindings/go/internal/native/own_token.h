// Gets the service's own token with one call from Go. Included by own_token.go.
#ifndef BOUNCER_GO_OWN_TOKEN_H
#define BOUNCER_GO_OWN_TOKEN_H

#include "token.h"

// The result of a call. If token or error is not NULL, the text buffer was too small: call
// bouncer_go_read_own_token with a buffer of text_len bytes.
typedef struct {
	bouncer_own_token *token;
	bouncer_error *error;
	size_t text_len, token_at; // length of the header value or message; offset of the token in the value
	uint64_t ticket;           // in: ticket that the caller waited for, or 0; out: ticket to wait for, or 0
	uint64_t generation;       // in: generation of the token that Go already has; out: of the returned token
	int64_t expires_at;
	bouncer_status status;
	uint32_t is_known, expires;
} bouncer_go_own_result;

// Copies the token or error into text, a buffer of room bytes, and frees the object. If the buffer
// is too small, the object is not freed: call this again with a buffer of text_len bytes.
static inline void bouncer_go_read_own_token(bouncer_go_own_result *result, char *text, size_t room) {
	size_t len = 0;
	if (result->status == BOUNCER_STATUS_OK) {
		bouncer_str authorization = bouncer_own_token_authorization(result->token);
		bouncer_go_append(text, room, &len, authorization.data, authorization.len);
		result->token_at = authorization.len - bouncer_own_token_text(result->token).len;
		result->expires = bouncer_own_token_expires_at(result->token, &result->expires_at) ? 1 : 0;
	} else {
		const char *message = bouncer_error_message(result->error);
		bouncer_go_append(text, room, &len, message, message == NULL ? 0 : strlen(message));
	}
	result->text_len = len;
	if (len <= room) {
		bouncer_own_token_free(result->token);
		bouncer_error_free(result->error);
		result->token = NULL;
		result->error = NULL;
	}
}

// Gets the service's own token, or a different one if rejected is not empty. Never waits. If the
// generation is the one that Go already has, the token is the same and is not copied again.
static inline void bouncer_go_own_token(const bouncer_renewer *renewer, const char *rejected,
		size_t rejected_len, bouncer_go_own_result *result, char *text, size_t room) {
	uint64_t known = result->generation;
	result->status = rejected_len == 0
		? bouncer_renewer_token_now(renewer, &result->ticket, &result->token, &result->error)
		: bouncer_renewer_reject_now(renewer, rejected, rejected_len, &result->ticket, &result->token, &result->error);
	if (result->status == BOUNCER_STATUS_OK) {
		result->generation = bouncer_own_token_generation(result->token);
		if (result->generation == known) {
			result->is_known = 1;
			bouncer_own_token_free(result->token);
			result->token = NULL;
			return;
		}
	}
	bouncer_go_read_own_token(result, text, room);
}

#endif
