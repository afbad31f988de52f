package bouncer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestARenewerLogsInOnceAndReturnsTheToken(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	token := must(renewer.TokenContext(soon(t)))(t)
	expiry, expires := token.ExpiresAt()
	if token.Text() != server.latest() || token.Authorization() != "token="+server.latest() || token.Generation() != 1 {
		t.Error(token.Text(), token.Authorization())
	}
	if left := time.Until(expiry); !expires || left < 59*time.Minute || left > 61*time.Minute {
		t.Error(expiry, expires)
	}
	for range 100 {
		if text := must(renewer.Token())(t); text != server.latest() {
			t.Fatal(text)
		}
	}
	server.expectLogins(t, 1)

	// The token is valid.
	verifier := must(bouncer.NewVerifier(testIssuer().jwks(t, bouncer.RS256), bouncer.DCOS()))(t)
	if verified := must(verifier.Verify(token.Text()))(t); verified.UID() != account {
		t.Error(verified.UID())
	}
}

func TestAHundredGoroutinesShareTheFirstLogin(t *testing.T) {
	server := startIAM(t)
	blocked, release := hanging(t, server.logIn)
	server.handleLogins(blocked)
	before := runtime.NumGoroutine()
	renewer := startRenewer(t, server.options(t))
	go func() {
		eventually(t, "100 goroutines that wait", func() bool { return runtime.NumGoroutine() > before+100 })
		time.Sleep(100 * time.Millisecond)
		release()
	}()
	together(100, func(int) {
		if text, err := renewer.Token(); err != nil || text != server.latest() {
			t.Error(err)
		}
	})
	server.expectLogins(t, 1)
}

func TestAHundredRejectionsShareOneLogin(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	old := must(renewer.Token())(t)
	together(100, func(int) {
		newer, err := renewer.Reject(soon(t), old)
		if err != nil || newer.Text() == old || newer.Text() != server.latest() || newer.Generation() != 2 {
			t.Error(newer, err)
		}
	})
	server.expectLogins(t, 2)

	// The next rejection comes within 30 seconds, so it causes no login.
	second := must(renewer.Token())(t)
	_, err := renewer.Reject(soon(t), second)
	expectError(t, err, bouncer.ErrLoginUnavailable)
	if text := must(renewer.Token())(t); text != second {
		t.Error("the renewer must return the rejected token until a login succeeds")
	}
	server.expectLogins(t, 2)
	if status := must(renewer.Stats())(t); status.Rejections != 1 || status.Suppressed < 1 {
		t.Errorf("%+v", status)
	}
}

func TestAFailedRenewalKeepsTheToken(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	first := must(renewer.Token())(t)
	for _, status := range []int{http.StatusInternalServerError, http.StatusUnauthorized, http.StatusNotFound} {
		server.handleLogins(failing(status))
		err := renewer.Renew(soon(t))
		expectError(t, err, bouncer.ErrLogin)
		if !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Error(err)
		}
		if text := must(renewer.Token())(t); text != first {
			t.Error("a failed renewal replaced the token")
		}
	}
	server.handleLogins(server.logIn)
	if err := renewer.Renew(soon(t)); err != nil {
		t.Error(err)
	}
	if text := must(renewer.Token())(t); text == first || text != server.latest() {
		t.Error("the renewal did not replace the token")
	}
	status := must(renewer.Stats())(t)
	if status.Requested != 4 || status.Failures != 3 || status.Generation != 2 {
		t.Errorf("%+v", status)
	}
}

// A token with a lifetime of 4 seconds is renewed after 2 seconds.
func TestATokenIsRenewedBeforeItExpires(t *testing.T) {
	server := startIAM(t)
	server.lifetime.Store(int64(4 * time.Second))
	renewer := server.startReady(t)
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		token := must(renewer.TokenContext(soon(t)))(t)
		if expiry, _ := token.ExpiresAt(); !time.Now().Before(expiry.Add(time.Second)) {
			t.Fatal("the renewer returned an expired token")
		}
	}
	if logins := server.logins.Load(); logins < 2 || logins > 5 {
		t.Errorf("%d logins", logins)
	}
}

func TestALoginWithTheWrongKeyIsRejected(t *testing.T) {
	server := startIAM(t)
	renewer := startRenewer(t, bouncer.RenewerOptions{ServiceAccount: server.secret(t, "rsa-2048-b.pem")})
	_, err := renewer.TokenContext(soon(t))
	expectError(t, err, bouncer.ErrLoginRejected)
	expectError(t, err, bouncer.ErrLogin)
	if errors.Is(err, bouncer.ErrInvalidToken) || bouncer.HTTPStatus(err) != http.StatusServiceUnavailable {
		t.Error(err)
	}
	if status := must(renewer.Stats())(t); status.LastErrorName != "rejected" || status.State != bouncer.TokenEmpty {
		t.Errorf("%+v", status)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err = renewer.WaitReady(ctx)
	expectError(t, err, bouncer.ErrLoginRejected)
	expectError(t, err, context.DeadlineExceeded)
}

// After a rejected login, WaitReady of the C library returns at once. WaitReady of Go must not call
// it in a busy loop.
func TestWaitReadyAfterARejectedLoginDoesNotSpin(t *testing.T) {
	server := startIAM(t)
	server.handleLogins(failing(http.StatusUnauthorized))
	renewer := startRenewer(t, server.options(t))
	var calls atomic.Int64
	bouncer.OnCheck(renewer, func(isOver func() bool) bool {
		calls.Add(1)
		return isOver()
	})
	_, err := renewer.TokenContext(soon(t))
	expectError(t, err, bouncer.ErrLoginRejected)
	ready := make(chan error)
	go func() { ready <- renewer.WaitReady(soon(t)) }()
	time.Sleep(500 * time.Millisecond)
	if found := calls.Load(); found > 100 {
		t.Errorf("%d calls in half a second", found)
	}
	server.expectLogins(t, 1)

	server.handleLogins(server.logIn)
	if err := renewer.Renew(soon(t)); err != nil {
		t.Error(err)
	}
	if err := <-ready; err != nil {
		t.Error(err)
	}
}

func TestWithAnUnreachableIssuerTheErrorIsLoginUnavailable(t *testing.T) {
	server := startIAM(t)
	options := server.options(t)
	server.Close()
	renewer := startRenewer(t, options)
	begin := time.Now()
	_, err := renewer.Token()
	expectError(t, err, bouncer.ErrLoginUnavailable)
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	if status := must(renewer.Stats())(t); status.LastErrorName != "connect" {
		t.Errorf("%+v", status)
	}
}

func TestACallerWaitsAtMostMaxWaitForAToken(t *testing.T) {
	server := startIAM(t)
	blocked, _ := hanging(t, server.logIn)
	server.handleLogins(blocked)
	for _, maxWait := range []time.Duration{-1, 50 * time.Millisecond} {
		options := server.options(t)
		options.MaxWait = maxWait
		renewer := startRenewer(t, options)
		begin := time.Now()
		_, err := renewer.Token()
		expectError(t, err, bouncer.ErrLoginUnavailable)
		if took := time.Since(begin); took < maxWait || took > 2*time.Second {
			t.Errorf("waited %v", took)
		}
	}
}

func TestACancelledCallDoesNotAbortTheLogin(t *testing.T) {
	server := startIAM(t)
	blocked, release := hanging(t, server.logIn)
	server.handleLogins(blocked)
	options := server.options(t)
	options.MaxWait = 20 * time.Second
	renewer := startRenewer(t, options)
	eventually(t, "a login", func() bool { return server.logins.Load() == 1 })
	for _, expected := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		if expected == context.Canceled {
			time.AfterFunc(5*time.Millisecond, cancel)
		}
		for _, wait := range []func() error{
			func() error { _, err := renewer.TokenContext(ctx); return err },
			func() error { return renewer.WaitReady(ctx) },
			func() error { return renewer.Renew(ctx) },
		} {
			begin := time.Now()
			err := wait()
			expectError(t, err, expected)
			expectError(t, err, bouncer.ErrLogin)
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("it took %v to return", took)
			}
		}
		cancel()
	}
	server.expectLogins(t, 1)
	time.AfterFunc(50*time.Millisecond, release)
	if text := must(renewer.Token())(t); text == "" {
		t.Error("no token")
	}

	// A valid token is returned even if the context has ended.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := renewer.TokenContext(ctx); err != nil {
		t.Error(err)
	}
}

func TestATokenThatArrivesWhenTheWaitEndsIsReturned(t *testing.T) {
	server := startIAM(t)
	for _, maxWait := range []time.Duration{2 * time.Second, 20 * time.Second} {
		options := server.options(t)
		options.Lazy, options.MaxWait = true, maxWait
		renewer := startRenewer(t, options)
		ctx, cancel := context.WithCancel(context.Background())
		released := make(chan struct{})
		bouncer.OnCheck(renewer, func(isOver func() bool) bool {
			if !isOver() {
				return false
			}
			if maxWait > 2*time.Second {
				cancel()
			}
			<-released // wake the waiting caller only after its wait has ended
			return true
		})
		token := must(renewer.TokenContext(ctx))(t)
		if token.Text() != server.latest() {
			t.Error("the token is not the latest one")
		}
		close(released)
		cancel()
	}
	server.expectLogins(t, 2)
}

func TestGoroutinesThatWaitForATokenBlockNoThreads(t *testing.T) {
	server := startIAM(t)
	blocked, release := hanging(t, server.logIn)
	server.handleLogins(blocked)
	options := server.options(t)
	options.MaxWait, options.Timeout = time.Minute, time.Minute
	renewer := startRenewer(t, options)
	goroutines, before := runtime.NumGoroutine(), threads(t, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		together(600, func(i int) {
			var err error
			switch {
			case i < 500:
				_, err = renewer.TokenContext(soon(t))
			case i < 550:
				err = renewer.WaitReady(soon(t))
			default:
				err = renewer.Renew(soon(t))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}()
	eventually(t, "600 goroutines that wait", func() bool { return runtime.NumGoroutine() >= goroutines+600 })
	time.Sleep(300 * time.Millisecond) // Go gives a blocked call its own thread after a moment
	if more := threads(t, "") - before; more > 12 {
		t.Errorf("600 waiting goroutines block %d threads", more)
	}
	release()
	<-done
	if logins := server.logins.Load(); logins > 3 {
		t.Errorf("%d logins", logins)
	}
}

func TestAValidTokenIsReturnedDuringALogin(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	blocked, _ := hanging(t, server.logIn)
	server.handleLogins(blocked)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = renewer.Renew(ctx) }()
	eventually(t, "a login that hangs", func() bool { return server.logins.Load() == 2 })
	begin := time.Now()
	for range 10000 {
		if _, err := renewer.TokenContext(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("10000 tokens took %v", took)
	}
	if allocations := testing.AllocsPerRun(100, func() { _, _ = renewer.TokenContext(ctx) }); allocations > 0 {
		t.Errorf("%v allocations for a token that Go already has", allocations)
	}
}

func TestAClosedRenewerReturnsErrClosed(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	token := must(renewer.TokenContext(soon(t)))(t)
	for range 3 {
		if err := renewer.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, renewer := range []*bouncer.TokenRenewer{renewer, new(bouncer.TokenRenewer)} {
		_, text := renewer.Token()
		_, rejected := renewer.Reject(soon(t), token.Text())
		_, status := renewer.Stats()
		_, sent := (&http.Client{Transport: renewer.Transport(nil)}).Get(server.URL)
		for _, err := range []error{text, rejected, status, sent, renewer.WaitReady(soon(t)), renewer.Renew(soon(t))} {
			expectError(t, err, bouncer.ErrClosed)
		}
		_ = renewer.Close()
	}
	if token.Text() != server.latest() {
		t.Error("Close changed a token")
	}
}

func TestCloseWakesAllCallersThatWaitForAToken(t *testing.T) {
	server := startIAM(t)
	blocked, _ := hanging(t, server.logIn)
	server.handleLogins(blocked)
	before := runtime.NumGoroutine()
	options := server.options(t)
	options.MaxWait, options.Timeout, options.Logger = time.Minute, time.Minute, discard
	renewer := startRenewer(t, options)
	eventually(t, "a login", func() bool { return server.logins.Load() == 1 })
	time.AfterFunc(100*time.Millisecond, func() { _ = renewer.Close() })
	begin := time.Now()
	together(30, func(i int) {
		var err error
		switch i % 3 {
		case 0:
			_, err = renewer.Token()
		case 1:
			err = renewer.WaitReady(context.Background())
		case 2:
			err = renewer.Renew(context.Background())
		}
		expectError(t, err, bouncer.ErrClosed)
	})
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	server.CloseClientConnections()
	expectNoMoreGoroutines(t, before)
	eventually(t, "no thread left", func() bool { return threads(t, "bouncer-sched") == 0 })
}

func TestARenewerMayBeClosedWhileInUse(t *testing.T) {
	server := startIAM(t)
	options := server.options(t)
	options.Logger = discard
	for range 10 {
		renewer := startRenewer(t, options)
		time.AfterFunc(2*time.Millisecond, func() { _ = renewer.Close() })
		together(8, func(int) {
			for {
				text, _ := renewer.Token()
				_, _ = renewer.Reject(context.Background(), text)
				_ = renewer.WaitReady(context.Background())
				if _, err := renewer.Stats(); errors.Is(err, bouncer.ErrClosed) {
					return
				}
			}
		})
	}
}

func TestTheGarbageCollectorClosesAForgottenRenewer(t *testing.T) {
	server := startIAM(t)
	before := runtime.NumGoroutine()
	for _, options := range []bouncer.RenewerOptions{
		server.options(t),
		{Source: func(context.Context) (string, time.Duration, error) { return "opaque", 0, nil }},
	} {
		func() {
			options.Logger = discard
			renewer := must(bouncer.NewTokenRenewer(options))(t)
			if err := renewer.WaitReady(soon(t)); err != nil {
				t.Error(err)
			}
		}()
		eventually(t, "collected", func() bool {
			runtime.GC()
			return threads(t, "bouncer-sched") == 0
		})
	}
	expectNoMoreGoroutines(t, before+3)
}

func TestMakingAndClosingRenewersLeaksNoMemory(t *testing.T) {
	server := startIAM(t)
	options := server.options(t)
	options.Lazy = true
	expectNoGrowth(t, 6000, 300, func() {
		renewer := must(bouncer.NewTokenRenewer(options))(t)
		_, _ = renewer.Stats()
		_, _ = bouncer.NewTokenRenewer(bouncer.RenewerOptions{ServiceAccount: "{}"})
		_ = renewer.Close()
	})
	renewer := server.startReady(t)
	expectNoGrowth(t, 20000, 300, func() {
		_ = must(renewer.Token())(t)
		_, _ = renewer.Reject(context.Background(), "another one")
	})
}

func TestAnOAuthClientLogsInWithItsCredentials(t *testing.T) {
	server := startKeyServer(t, nil)
	var mutex sync.Mutex
	var seen []string
	server.handleWith(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		_ = r.ParseForm()
		mutex.Lock()
		seen = append(seen, fmt.Sprint(r.Method, id, secret, r.PostForm))
		mutex.Unlock()
		document(`{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}`)(w, r)
	})
	renewer := startRenewer(t, bouncer.RenewerOptions{
		TokenURL: server.URL + "/token", ClientID: "client", ClientSecret: "hunter2",
		Parameters: map[string][]string{"scope": {"a b"}, "resource": {"x", "y"}},
	})
	token := must(renewer.TokenContext(soon(t)))(t)
	if _, expires := token.ExpiresAt(); token.Authorization() != "Bearer 2YotnFZFEjr1zCsicMWpAA" || expires {
		t.Error(token.Authorization(), expires)
	}
	expected := "POSTclienthunter2map[grant_type:[client_credentials] resource:[x y] scope:[a b]]"
	mutex.Lock()
	defer mutex.Unlock()
	if len(seen) != 1 || seen[0] != expected {
		t.Error(seen)
	}
	if status := must(renewer.Stats())(t); status.ExpiresIn < 59*time.Minute {
		t.Errorf("%+v", status)
	}
}

func logged(value any) string {
	book := &logBook{}
	slog.New(slog.NewJSONHandler(book, nil)).Info("m", "value", value)
	return book.String()
}

func TestASourceSuppliesTokens(t *testing.T) {
	var mutex sync.Mutex
	calls := 0
	next := func() (string, time.Duration, error) { return "first", time.Hour, nil }
	source := func(ctx context.Context) (string, time.Duration, error) {
		mutex.Lock()
		calls++
		result := next
		mutex.Unlock()
		if deadline, bounded := ctx.Deadline(); !bounded || time.Until(deadline) > time.Minute {
			t.Error("the context has no deadline within 1 minute:", deadline)
		}
		return result()
	}
	setNext := func(result func() (string, time.Duration, error)) {
		mutex.Lock()
		defer mutex.Unlock()
		next = result
	}
	renewer := startRenewer(t, bouncer.RenewerOptions{Source: source, Supplied: "vault"})
	token := must(renewer.TokenContext(soon(t)))(t)
	status := must(renewer.Stats())(t)
	if token.Authorization() != "Bearer first" || status.Source != "vault" || status.ExpiresIn < 59*time.Minute {
		t.Errorf("%s %+v", token.Authorization(), status)
	}
	for reason, result := range map[string]func() (string, time.Duration, error){
		"no connection":   func() (string, time.Duration, error) { return "", 0, errors.New("no connection") },
		"\uFFFD":          func() (string, time.Duration, error) { return "", 0, errors.New("\xff") },
		"panicked":        func() (string, time.Duration, error) { panic("hunter2") },
		"runtime.Goexit":  func() (string, time.Duration, error) { runtime.Goexit(); return "", 0, nil },
		"in a header":     func() (string, time.Duration, error) { return "a\nb", 0, nil },
		"empty":           func() (string, time.Duration, error) { return "", 0, nil },
		"not UTF-8":       func() (string, time.Duration, error) { return "\xff", 0, nil },
		"already expired": func() (string, time.Duration, error) { return "second", -1, nil },
		"has already":     func() (string, time.Duration, error) { return "second", time.Millisecond, nil },
	} {
		setNext(result)
		err := renewer.Renew(soon(t))
		expectError(t, err, bouncer.ErrLoginUnavailable)
		if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", reason, err)
		}
		if text := must(renewer.Token())(t); text != "first" {
			t.Error(text)
		}
	}
	setNext(func() (string, time.Duration, error) { return "second", 0, nil })
	if err := renewer.Renew(soon(t)); err != nil {
		t.Error(err)
	}
	if text := must(renewer.Token())(t); text != "second" {
		t.Error(text)
	}
	mutex.Lock()
	defer mutex.Unlock()
	if calls != 11 {
		t.Errorf("%d calls", calls)
	}
}

func TestASourceCanReportThatTheLoginIsRejected(t *testing.T) {
	for _, cause := range []error{bouncer.ErrLoginRejected, fmt.Errorf("no such account: %w", bouncer.ErrLoginRejected)} {
		renewer := startRenewer(t, bouncer.RenewerOptions{
			Source: func(context.Context) (string, time.Duration, error) { return "", 0, cause },
		})
		_, err := renewer.Token()
		expectError(t, err, bouncer.ErrLoginRejected)
		if status := must(renewer.Stats())(t); status.LastErrorName != "rejected" || status.NextAttempt < 10*time.Second {
			t.Errorf("%+v", status)
		}
	}
}

func TestCloseEndsTheContextOfASource(t *testing.T) {
	before := runtime.NumGoroutine()
	called := make(chan struct{})
	renewer := startRenewer(t, bouncer.RenewerOptions{
		Source: func(ctx context.Context) (string, time.Duration, error) {
			close(called)
			<-ctx.Done()
			return "", 0, ctx.Err()
		},
		Logger: discard,
	})
	<-called
	time.AfterFunc(50*time.Millisecond, func() { _ = renewer.Close() })
	_, err := renewer.Token()
	expectError(t, err, bouncer.ErrClosed)
	expectNoMoreGoroutines(t, before)
}

func BenchmarkOwnToken(b *testing.B) {
	renewer := startIAM(b).startReady(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := renewer.TokenContext(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
