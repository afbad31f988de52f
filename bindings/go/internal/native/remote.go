package native

/*
#include <bouncer_verify.h>
*/
import "C"

import "time"

// A RemoteJWKS owns a remote key set.
type RemoteJWKS struct {
	Handle
	pointer *C.bouncer_remote_jwks
}

func freeRemoteJWKS(remote *C.bouncer_remote_jwks) { C.bouncer_remote_jwks_free(remote) }

// Acquire also takes nil for a closed key set.
func (r *RemoteJWKS) Acquire() bool { return r != nil && r.Handle.Acquire() }

func (r *RemoteJWKS) newVerifier(policy *C.bouncer_policy, verifier **C.bouncer_verifier, err **C.bouncer_error) C.bouncer_status {
	return C.bouncer_verifier_new_remote(r.pointer, policy, verifier, err)
}

// Wait blocks until the fetch is over that the ticket stands for, or the keys are closed. It
// returns false after the timeout.
func (r *RemoteJWKS) Wait(ticket uint64, timeout time.Duration) bool {
	if !r.Acquire() {
		return true
	}
	defer r.Release()
	return C.bouncer_remote_jwks_wait(r.pointer, C.uint64_t(ticket), milliseconds(timeout)) != 0
}

// WaitAttempts blocks until so many fetches were attempted, the keys are closed, or the timeout.
func (r *RemoteJWKS) WaitAttempts(attempts uint64, timeout time.Duration) {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	C.bouncer_remote_jwks_wait_attempts(r.pointer, C.uint64_t(attempts), milliseconds(timeout))
}

// WaitReady blocks until there are keys. After the timeout it returns why there are none. A lazy
// key set begins to fetch.
func (r *RemoteJWKS) WaitReady(timeout time.Duration) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_wait_ready(r.pointer, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// Refresh fetches the keys, and blocks until that is done.
func (r *RemoteJWKS) Refresh(timeout time.Duration) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_refresh(r.pointer, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// Current returns the keys in use.
func (r *RemoteJWKS) Current() (*JWKS, *Error) {
	if !r.Acquire() {
		return nil, Closed
	}
	defer r.Release()
	var jwks *C.bouncer_jwks
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_current(r.pointer, &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return newJWKS(jwks), nil
}

// Close stops the fetching and wakes all that block. The object is freed after the last of them.
func (r *RemoteJWKS) Close() {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	r.Handle.Close() // before they wake, so that they do not begin again
	C.bouncer_remote_jwks_close(r.pointer)
}

// RemoteStatus is what the keys are doing.
type RemoteStatus struct {
	Source        string
	State         string
	Generation    uint64
	SHA256        string
	UsableKeys    uint64
	SkippedKeys   uint64
	LastSuccess   time.Time
	LastError     string
	LastErrorName string
	LastErrorAt   time.Time
	LastGoodError string
	Failures      uint64
	FailuresInRow uint64
	NextAttempt   time.Duration
	Attempts      uint64
	Scheduled     uint64
	Retries       uint64
	UnknownKID    uint64
	WithoutKID    uint64
	Requested     uint64
	Suppressed    uint64
}

// Status returns what the keys are doing.
func (r *RemoteJWKS) Status() (RemoteStatus, *Error) {
	if !r.Acquire() {
		return RemoteStatus{}, Closed
	}
	defer r.Release()
	var status *C.bouncer_remote_status
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_status(r.pointer, &status, &err) != C.BOUNCER_STATUS_OK {
		return RemoteStatus{}, takeError(err)
	}
	defer C.bouncer_remote_status_free(status)
	var success, failure C.int64_t
	hasSuccess := C.bouncer_remote_status_last_success(status, &success) != 0
	hasFailure := C.bouncer_remote_status_last_error_at(status, &failure) != 0
	lastSuccess, _ := TimeOf(int64(success), hasSuccess)
	lastErrorAt, _ := TimeOf(int64(failure), hasFailure)
	return RemoteStatus{
		Source:        textOf(C.bouncer_remote_status_source(status)),
		State:         textOf(C.bouncer_remote_status_state(status)),
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

// A RemoteBuilder is the C settings of a remote key set, which take settings until one of them
// fails.
type RemoteBuilder struct {
	options *C.bouncer_remote_options
	err     *C.bouncer_error
}

func NewRemoteBuilder(url string) *RemoteBuilder {
	builder := &RemoteBuilder{}
	C.bouncer_remote_options_new(textPointer(url), C.size_t(len(url)), &builder.options, &builder.err)
	return builder
}

func NewIssuerBuilder(issuer string) *RemoteBuilder {
	builder := &RemoteBuilder{}
	C.bouncer_remote_options_new_for_issuer(textPointer(issuer), C.size_t(len(issuer)), &builder.options, &builder.err)
	return builder
}

func (b *RemoteBuilder) SetBackend(backend Backend) {
	if b.err == nil {
		C.bouncer_remote_options_set_backend(b.options, C.uint32_t(backend), &b.err)
	}
}

func (b *RemoteBuilder) SetAllowHTTP() {
	if b.err == nil {
		C.bouncer_remote_options_set_allow_http(b.options, &b.err)
	}
}

func (b *RemoteBuilder) SetCAFile(path string) {
	if b.err == nil {
		C.bouncer_remote_options_set_ca_file(b.options, textPointer(path), C.size_t(len(path)), &b.err)
	}
}

func (b *RemoteBuilder) SetProxy(url string) {
	if b.err == nil {
		C.bouncer_remote_options_set_proxy(b.options, textPointer(url), C.size_t(len(url)), &b.err)
	}
}

func (b *RemoteBuilder) SetNoProxy() {
	if b.err == nil {
		C.bouncer_remote_options_set_no_proxy(b.options, &b.err)
	}
}

func (b *RemoteBuilder) SetSameOriginRedirects() {
	if b.err == nil {
		C.bouncer_remote_options_set_same_origin_redirects(b.options, &b.err)
	}
}

func (b *RemoteBuilder) SetTTL(ttl time.Duration) {
	if b.err == nil {
		C.bouncer_remote_options_set_ttl(b.options, milliseconds(ttl), &b.err)
	}
}

func (b *RemoteBuilder) SetMaxStale(maxStale time.Duration) {
	if b.err == nil {
		C.bouncer_remote_options_set_max_stale(b.options, milliseconds(maxStale), &b.err)
	}
}

func (b *RemoteBuilder) SetTimeout(timeout time.Duration) {
	if b.err == nil {
		C.bouncer_remote_options_set_timeout(b.options, milliseconds(timeout), &b.err)
	}
}

func (b *RemoteBuilder) SetMaxWait(maxWait time.Duration) {
	if b.err == nil {
		C.bouncer_remote_options_set_max_wait(b.options, milliseconds(maxWait), &b.err)
	}
}

func (b *RemoteBuilder) SetSeed(document []byte) {
	if b.err == nil {
		C.bouncer_remote_options_set_seed(b.options, bytesPointer(document), C.size_t(len(document)), &b.err)
	}
}

func (b *RemoteBuilder) SetLastGoodFile(path string) {
	if b.err == nil {
		C.bouncer_remote_options_set_last_good_file(b.options, textPointer(path), C.size_t(len(path)), &b.err)
	}
}

func (b *RemoteBuilder) SetLazy() {
	if b.err == nil {
		C.bouncer_remote_options_set_lazy(b.options, &b.err)
	}
}

// RemoteJWKS returns the remote key set, or the first failure.
func (b *RemoteBuilder) RemoteJWKS() (*RemoteJWKS, *Error) {
	defer C.bouncer_remote_options_free(b.options)
	var pointer *C.bouncer_remote_jwks
	if b.err == nil && C.bouncer_remote_jwks_new_old(b.options, &pointer, &b.err) == C.BOUNCER_STATUS_OK {
		remote := &RemoteJWKS{pointer: pointer}
		own(remote, &remote.Handle, pointer, freeRemoteJWKS)
		return remote, nil
	}
	return nil, takeError(b.err)
}
