// Verifies a batch with one call from Go. Included by batch.go.
#ifndef BOUNCER_GO_BATCH_H
#define BOUNCER_GO_BATCH_H

#include <stdlib.h>
#include "token.h"

typedef struct {
	bouncer_batch *batch;
	bouncer_error *error;
	size_t pending; // number of tokens with BOUNCER_STATUS_PENDING
} bouncer_go_batch;

// Verifies a batch with the verifier, or with jwks and policy if the verifier is NULL. Never waits.
//
// joined contains all tokens without separators. ends contains the end offset of each token in
// joined. The array of pointers is allocated in C, because cgo does not allow to pass Go memory
// that contains Go pointers.
static inline bouncer_go_batch bouncer_go_batch_run(const bouncer_verifier *verifier,
		const bouncer_jwks *jwks, const bouncer_policy *policy, const char *joined,
		const size_t *ends, size_t count, size_t threads) {
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
		result.pending += bouncer_batch_status(result.batch, i) == BOUNCER_STATUS_PENDING;
	}
	return result;
}

// Reads one result of a batch into text, a buffer of room bytes. If text_len is then greater than
// room, call this again with a larger buffer. The batch still owns its tokens and errors.
static inline void bouncer_go_batch_read(const bouncer_batch *batch, size_t index,
		bouncer_go_verdict *verdict, char *text, size_t room) {
	verdict->text_len = 0;
	verdict->ticket = bouncer_batch_ticket(batch, index);
	verdict->status = bouncer_batch_status(batch, index);
	if (verdict->status == BOUNCER_STATUS_OK) {
		bouncer_go_write_token(bouncer_batch_token(batch, index), &verdict->claims, text, room,
			&verdict->text_len);
	} else {
		bouncer_go_write_error(bouncer_batch_error(batch, index), &verdict->message, &verdict->claim,
			text, room, &verdict->text_len);
	}
}

// Returns the columns of a batch. They are valid until the batch is freed.
static inline bouncer_columns bouncer_go_batch_columns(const bouncer_batch *batch) {
	bouncer_columns columns = {0};
	bouncer_batch_columns(batch, &columns);
	return columns;
}

#endif
