// Gets the service's own token with one call from Go. Included by own_token.go.
#ifndef BOUNCER_GO_OWN_TOKEN_H
#define BOUNCER_GO_OWN_TOKEN_H

#include "token.h"

// The result of a call. If token or error is not NULL, the text was too small: call
// bouncer_go_read_own_token with a text of text_len bytes.
typedef struct {
	bouncer_own_token *token;
	bouncer_error *error;
	size_t text_len, token_at; // length of the header's value, and the start of the token in it
	uint64_t ticket;           // in: the ticket that was waited for, or 0; out: the login to wait for, or 0
	uint64_t generation;       // in: generation of the token that Go has; out: that of the result
	int64_t expires_at;
	bouncer_status status;
	uint32_t is_known, expires;
} bouncer_go_own_result;

// Moves the token or error to the text and frees it. If the text is too small, it keeps the object
// and sets only text_len.
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

// Gets the service's own token, or a different one if rejected is not empty. Never waits. If Go
// already has the token, it is not copied again: equal generations mean equal tokens.
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
