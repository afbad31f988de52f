package native

/*
#include <bouncer_verify.h>
*/
import "C"

import "time"

// A Renewer owns a token renewer.
type Renewer struct {
	Handle
	pointer *C.bouncer_renewer
}

func freeRenewer(renewer *C.bouncer_renewer) { C.bouncer_renewer_free(renewer) }

// Acquire also takes nil for a closed renewer.
func (r *Renewer) Acquire() bool { return r != nil && r.Handle.Acquire() }

// Wait blocks until the login is over that the ticket stands for, or the renewer is closed. It
// returns false after the timeout.
func (r *Renewer) Wait(ticket uint64, timeout time.Duration) bool {
	if !r.Acquire() {
		return true
	}
	defer r.Release()
	return C.bouncer_renewer_wait(r.pointer, C.uint64_t(ticket), milliseconds(timeout)) != 0
}

// WaitAttempts blocks until so many logins were attempted, the renewer is closed, or the timeout.
func (r *Renewer) WaitAttempts(attempts uint64, timeout time.Duration) {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	C.bouncer_renewer_wait_attempts(r.pointer, C.uint64_t(attempts), milliseconds(timeout))
}

// WaitReady blocks until there is a valid token, or one login was attempted. It returns why there
// is none. A lazy renewer begins to log in.
//
// bouncer_renewer_wait_ready would not wait after a rejected login. Here the secret may be
// replaced.
func (r *Renewer) WaitReady(timeout time.Duration) *Error {
	if timeout == 0 {
		return r.ready()
	}
	status, err := r.Status()
	// In this order: a login that is done in between ends the waiting at once.
	if err == nil {
		err = r.ready()
	}
	if err == nil || err == Closed {
		return err
	}
	r.WaitAttempts(status.Attempts+1, timeout)
	return r.ready()
}

func (r *Renewer) ready() *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_renewer_wait_ready(r.pointer, 0, &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// Refresh logs in, and blocks until that is done.
func (r *Renewer) Refresh(timeout time.Duration) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_renewer_renew(r.pointer, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// WaitLogin blocks until the program must supply a token. It returns false after the timeout.
func (r *Renewer) WaitLogin(timeout time.Duration) bool {
	if !r.Acquire() {
		return false
	}
	defer r.Release()
	return C.bouncer_renewer_wait_login(r.pointer, milliseconds(timeout)) != 0
}

// Supply answers WaitLogin with a token. A lifetime below 0 is the one that the token says itself.
func (r *Renewer) Supply(token string, seconds int64) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	status := C.bouncer_renewer_supply(r.pointer, textPointer(token), C.size_t(len(token)), C.int64_t(seconds), &err)
	if status != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// SupplyFailure answers WaitLogin without a token. The reason is UTF-8.
func (r *Renewer) SupplyFailure(rejected bool, reason string) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	status := C.bouncer_renewer_supply_failure(r.pointer, flag(rejected), textPointer(reason), C.size_t(len(reason)), &err)
	if status != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// Close stops the logins and wakes all that block. The object is freed after the last of them.
func (r *Renewer) Close() {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	r.Handle.Close() // before they wake, so that they do not begin again
	C.bouncer_renewer_close(r.pointer)
}

// RenewalStatus is what the renewer is doing.
type RenewalStatus struct {
	Source        string
	State         string
	Generation    uint64
	Expires       bool
	ExpiresIn     time.Duration
	LastError     string
	LastErrorName string
	LastErrorAt   time.Time
	Failures      uint64
	FailuresInRow uint64
	NextAttempt   time.Duration
	Attempts      uint64
	Scheduled     uint64
	Retries       uint64
	Rejections    uint64
	Requested     uint64
	Suppressed    uint64
}

// Status returns what the renewer is doing.
func (r *Renewer) Status() (RenewalStatus, *Error) {
	if !r.Acquire() {
		return RenewalStatus{}, Closed
	}
	defer r.Release()
	var status *C.bouncer_renewal_status
	var err *C.bouncer_error
	if C.bouncer_renewer_status(r.pointer, &status, &err) != C.BOUNCER_STATUS_OK {
		return RenewalStatus{}, takeError(err)
	}
	defer C.bouncer_renewal_status_free(status)
	var left, failure C.int64_t
	expires := C.bouncer_renewal_status_expires_in_ms(status, &left) != 0
	hasFailure := C.bouncer_renewal_status_last_error_at(status, &failure) != 0
	lastErrorAt, _ := TimeOf(int64(failure), hasFailure)
	return RenewalStatus{
		Source:        textOf(C.bouncer_renewal_status_source(status)),
		State:         textOf(C.bouncer_renewal_status_state(status)),
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

// A RenewerBuilder is the C settings of a token renewer, which take settings until one of them
// fails.
type RenewerBuilder struct {
	options *C.bouncer_renewer_options
	err     *C.bouncer_error
}

func NewServiceAccountBuilder(secret []byte) *RenewerBuilder {
	builder := &RenewerBuilder{}
	C.bouncer_renewer_options_new_service_account(bytesPointer(secret), C.size_t(len(secret)), &builder.options, &builder.err)
	return builder
}

func NewServiceAccountFileBuilder(path string) *RenewerBuilder {
	builder := &RenewerBuilder{}
	C.bouncer_renewer_options_new_service_account_file(textPointer(path), C.size_t(len(path)), &builder.options, &builder.err)
	return builder
}

func NewServiceAccountEnvBuilder() *RenewerBuilder {
	builder := &RenewerBuilder{}
	C.bouncer_renewer_options_new_service_account_from_env(&builder.options, &builder.err)
	return builder
}

func NewClientCredentialsBuilder(tokenURL, id, secret string) *RenewerBuilder {
	builder := &RenewerBuilder{}
	C.bouncer_renewer_options_new_client_credentials(textPointer(tokenURL), C.size_t(len(tokenURL)),
		textPointer(id), C.size_t(len(id)), textPointer(secret), C.size_t(len(secret)), &builder.options, &builder.err)
	return builder
}

func NewSuppliedBuilder(name string) *RenewerBuilder {
	builder := &RenewerBuilder{}
	C.bouncer_renewer_options_new_supplied(textPointer(name), C.size_t(len(name)), &builder.options, &builder.err)
	return builder
}

func (b *RenewerBuilder) SetLoginEndpoint(url string) {
	if b.err == nil {
		C.bouncer_renewer_options_set_login_endpoint(b.options, textPointer(url), C.size_t(len(url)), &b.err)
	}
}

func (b *RenewerBuilder) AddParameter(name, value string) {
	if b.err == nil {
		C.bouncer_renewer_options_add_parameter(b.options, textPointer(name), C.size_t(len(name)),
			textPointer(value), C.size_t(len(value)), &b.err)
	}
}

func (b *RenewerBuilder) SetBearer() {
	if b.err == nil {
		C.bouncer_renewer_options_set_bearer(b.options, &b.err)
	}
}

func (b *RenewerBuilder) SetDCOSHeader() {
	if b.err == nil {
		C.bouncer_renewer_options_set_dcos_header(b.options, &b.err)
	}
}

func (b *RenewerBuilder) SetAllowHTTP() {
	if b.err == nil {
		C.bouncer_renewer_options_set_allow_http(b.options, &b.err)
	}
}

func (b *RenewerBuilder) SetCAFile(path string) {
	if b.err == nil {
		C.bouncer_renewer_options_set_ca_file(b.options, textPointer(path), C.size_t(len(path)), &b.err)
	}
}

func (b *RenewerBuilder) SetProxy(url string) {
	if b.err == nil {
		C.bouncer_renewer_options_set_proxy(b.options, textPointer(url), C.size_t(len(url)), &b.err)
	}
}

func (b *RenewerBuilder) SetNoProxy() {
	if b.err == nil {
		C.bouncer_renewer_options_set_no_proxy(b.options, &b.err)
	}
}

func (b *RenewerBuilder) SetTimeout(timeout time.Duration) {
	if b.err == nil {
		C.bouncer_renewer_options_set_timeout(b.options, milliseconds(timeout), &b.err)
	}
}

func (b *RenewerBuilder) SetMaxWait(maxWait time.Duration) {
	if b.err == nil {
		C.bouncer_renewer_options_set_max_wait(b.options, milliseconds(maxWait), &b.err)
	}
}

func (b *RenewerBuilder) SetLazy() {
	if b.err == nil {
		C.bouncer_renewer_options_set_lazy(b.options, &b.err)
	}
}

// Renewer returns the renewer, or the first failure.
func (b *RenewerBuilder) Renewer() (*Renewer, *Error) {
	defer C.bouncer_renewer_options_free(b.options)
	var pointer *C.bouncer_renewer
	if b.err == nil && C.bouncer_renewer_new_old(b.options, &pointer, &b.err) == C.BOUNCER_STATUS_OK {
		renewer := &Renewer{pointer: pointer}
		own(renewer, &renewer.Handle, pointer, freeRenewer)
		return renewer, nil
	}
	return nil, takeError(b.err)
}
