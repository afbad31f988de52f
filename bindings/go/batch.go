//go:build cgo

package bouncer

import (
	"context"

	"bouncer_verify/bouncer/internal/native"
)

// A BatchResult is the verdict on one token of a batch: the token, or why it is rejected.
type BatchResult struct {
	// Token is nil if the token is rejected.
	Token *VerifiedToken
	// Err is what [Verifier.Verify] returns for that token.
	Err error
}

// VerifyTokens verifies JWTs as [VerifyToken] does each of them, and sooner where the CPU has
// AVX-512 IFMA. The results are in the order of the tokens.
//
// On up to threads threads, the calling one included, of which each has at least 64 tokens; below 1
// is 1.
//
// The error says nothing of any token: [ErrInvalidArgument] if the policy cannot be used or jwks is
// nil; [ErrClosed] if jwks is closed.
func VerifyTokens(jwks *JWKSet, policy Policy, tokens []string, threads int) (results []BatchResult, err error) {
	err = jwks.with(&policy, func(policy *native.Policy) error {
		batch, err := jwks.native.VerifyBatch(policy, tokens, threads)
		if err == nil {
			results, _ = resultsOf(batch, len(tokens))
		}
		return errorOf(err)
	})
	return results, err
}

// VerifyTokensColumns is [VerifyTokens] with the results in columns.
func VerifyTokensColumns(jwks *JWKSet, policy Policy, tokens []string, threads int) (columns *Columns, err error) {
	err = jwks.with(&policy, func(policy *native.Policy) error {
		batch, err := jwks.native.VerifyBatch(policy, tokens, threads)
		if err == nil {
			columns = (*Columns)(batch.Columns())
		}
		return errorOf(err)
	})
	return columns, err
}

// resultsOf returns the results, and the tickets of those that are pending; nil if none is.
func resultsOf(batch native.Batch, size int) (results []BatchResult, tickets []uint64) {
	results = make([]BatchResult, size)
	if batch.Pending > 0 {
		tickets = make([]uint64, size)
	}
	batch.Results(func(i int, content native.Token, ticket uint64, err *native.Error) {
		switch {
		case ticket != 0:
			tickets[i] = ticket
		case err != nil:
			results[i].Err = errorOf(err)
		default:
			results[i].Token = newToken(content)
		}
	})
	return results, tickets
}

// VerifyBatch verifies JWTs as [Verifier.Verify] does each of them, and sooner where the CPU has
// AVX-512 IFMA. The results are in the order of the tokens.
//
// On up to threads threads, the calling one included, of which each has at least 64 tokens; below 1
// is 1.
//
// With remote keys it waits where a fetch may bring a key that is missing, as long as
// [RemoteOptions].MaxWait says for all tokens together.
//
// The error says nothing of any token: it is [ErrClosed].
func (v *Verifier) VerifyBatch(tokens []string, threads int) ([]BatchResult, error) {
	return v.VerifyBatchContext(context.Background(), tokens, threads)
}

// VerifyBatchContext is [Verifier.VerifyBatch] with a context, as
// [Verifier.VerifyContext]. A token that waits for its key when ctx ends has that as its error; the
// others are verified whatever ctx says.
func (v *Verifier) VerifyBatchContext(ctx context.Context, tokens []string, threads int) ([]BatchResult, error) {
	now, close, err := v.now()
	if err != nil {
		return nil, err
	}
	defer close()
	batch, failure := now.native.VerifyBatch(tokens, threads)
	if failure != nil {
		return nil, errorOf(failure)
	}
	return now.waitForKeys(ctx, tokens, batch), nil
}

// waitForKeys returns the results of a batch, and waits for the keys that tokens of it lack.
func (v *Verifier) waitForKeys(ctx context.Context, tokens []string, batch native.Batch) []BatchResult {
	results, tickets := resultsOf(batch, len(tokens))
	if tickets == nil {
		return results
	}
	timeout, stop := after(v.remote.maxWait) // one for all tokens
	defer stop()
	for i, ticket := range tickets {
		if ticket != 0 {
			results[i].Token, results[i].Err = v.resume(ctx, tokens[i], ticket, timeout)
		}
	}
	return results
}

// VerifyBatchColumns is [Verifier.VerifyBatch] with the results in columns.
func (v *Verifier) VerifyBatchColumns(tokens []string, threads int) (*Columns, error) {
	return v.VerifyBatchColumnsContext(context.Background(), tokens, threads)
}

// VerifyBatchColumnsContext is [Verifier.VerifyBatchContext] with the results in columns. A token
// that waits for its key when ctx ends has the status of [ErrKeysUnavailable].
func (v *Verifier) VerifyBatchColumnsContext(ctx context.Context, tokens []string, threads int) (*Columns, error) {
	now, close, err := v.now()
	if err != nil {
		return nil, err
	}
	defer close()
	batch, failure := now.native.VerifyBatch(tokens, threads)
	switch {
	case failure != nil:
		return nil, errorOf(failure)
	case batch.Pending > 0:
		return columnsOf(now.waitForKeys(ctx, tokens, batch)), nil
	}
	return (*Columns)(batch.Columns()), nil
}
