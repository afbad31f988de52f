package bouncer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestRemoteKeysAreFetchedOnceForManyTokens(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	token := issuer.token(t, "a")
	for range 100 {
		expectAnna(t)(verifier.Verify(token))
		expectAnna(t)(verifier.VerifyBytes([]byte(token)))
		expectAnna(t)(verifier.VerifyContext(soon(t), token))
	}
	server.expectHits(t, 1)
	// A wrong signature may mean that the issuer has a new key with the same kid. So it may cause
	// one fetch in 5 minutes.
	for range 10 {
		_, err := verifier.Verify(token[:len(token)-4] + "AAAA")
		expectError(t, err, bouncer.ErrInvalidSignature)
	}
	server.expectHits(t, 2)
}

func TestTheFirstTokenWaitsForTheFirstKeys(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, release := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	verifier := remoteVerifier(t, startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second}))
	time.AfterFunc(50*time.Millisecond, release)
	expectAnna(t)(verifier.Verify(issuer.token(t, "a")))
	server.expectHits(t, 1)
}

func TestCallersThatNeedTheSameNewKeyShareOneFetch(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	blocked, release := hanging(t, document(issuer.jwks(t, "a", "b")))
	server.handleWith(blocked)
	token, before := issuer.token(t, "b"), runtime.NumGoroutine()
	go func() {
		eventually(t, "100 goroutines that wait", func() bool { return runtime.NumGoroutine() > before+100 })
		time.Sleep(100 * time.Millisecond) // until the last goroutines wait too
		release()
	}()
	together(100, func(int) { expectAnna(t)(verifier.VerifyContext(soon(t), token)) })
	server.expectHits(t, 2)
	if status := must(keys.Stats())(t); status.UnknownKID != 1 || status.Generation != 2 || status.Usable != 2 {
		t.Errorf("%+v", status)
	}
}

func TestAFetchThatBeganBeforeTheTokenArrivedIsFollowedByAnother(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	old, release := hanging(t, document(issuer.jwks(t, "a")))
	server.handleWith(old)
	go func() { _ = keys.Refresh(soon(t)) }()
	eventually(t, "the fetch", func() bool { return server.hits.Load() == 2 })
	server.handleWith(document(issuer.jwks(t, "a", "b")))
	time.AfterFunc(100*time.Millisecond, release)
	expectAnna(t)(verifier.Verify(issuer.token(t, "b")))
	server.expectHits(t, 3)
}

// together calls use in count goroutines at the same time, and waits for them.
func together(count int, use func(i int)) {
	var group sync.WaitGroup
	for i := range count {
		group.Add(1)
		go func() {
			defer group.Done()
			use(i)
		}()
	}
	group.Wait()
}

func TestUnknownKidsCauseAtMostTwoFetches(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	key := issuer["a"]
	together(20, func(i int) {
		for j := range 500 {
			kid := fmt.Sprintf("%d-%d", i, j)
			_, err := verifier.Verify(signers{kid: key}.token(t, kid))
			expectError(t, err, bouncer.ErrNoMatchingKey)
		}
	})
	if hits := server.hits.Load(); hits > 3 {
		t.Errorf("%d requests", hits)
	}
	if status := must(keys.Stats())(t); status.Suppressed < 9000 || status.UnknownKID > 2 {
		t.Errorf("%+v", status)
	}
}

func TestTheOldKeysAreUsedDuringAnOutage(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, TTL: time.Second})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	fresh := must(keys.Stats())(t)
	if fresh.State != bouncer.KeysFresh || fresh.LastError != "" || !fresh.LastErrorAt.IsZero() {
		t.Errorf("%+v", fresh)
	}
	server.handleWith(failing(http.StatusInternalServerError))
	stale := eventuallyStatus(t, keys, "stale", func(s bouncer.KeysStats) bool {
		return s.State == bouncer.KeysStale && s.Retries > 0
	})
	expectAnna(t)(verifier.Verify(issuer.token(t, "a")))
	if stale.LastErrorName != "status" || !strings.Contains(stale.LastError, "500") || stale.FailuresInRow < 1 {
		t.Errorf("%+v", stale)
	}
	if stale.Generation != 1 || stale.SHA256 != fresh.SHA256 || time.Since(stale.LastErrorAt) > time.Minute {
		t.Errorf("%+v", stale)
	}
	server.handleWith(document(issuer.jwks(t, "a")))
	eventuallyStatus(t, keys, "fresh", func(s bouncer.KeysStats) bool {
		return s.State == bouncer.KeysFresh && s.FailuresInRow == 0
	})
}

func TestKeysThatAreTooOldAreNotUsed(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	options := bouncer.RemoteOptions{URL: server.URL, TTL: time.Second, MaxStale: time.Nanosecond}
	keys := startRemote(t, options)
	waitReady(t, keys)
	server.handleWith(failing(http.StatusServiceUnavailable))
	eventuallyStatus(t, keys, "too old", func(s bouncer.KeysStats) bool { return s.State == bouncer.KeysTooOld })
	_, err := remoteVerifier(t, keys).Verify(issuer.token(t, "a"))
	expectError(t, err, bouncer.ErrKeysUnavailable)
	_, err = keys.Current()
	expectError(t, err, bouncer.ErrKeysUnavailable)
}

func TestWithoutKeysTheErrorIsKeysUnavailable(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, failing(http.StatusNotFound))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	verifier := remoteVerifier(t, keys)
	eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts > 0 })
	begin := time.Now()
	_, err := verifier.Verify(issuer.token(t, "a"))
	expectError(t, err, bouncer.ErrKeysUnavailable)
	expectError(t, err, bouncer.ErrKeys)
	var fault *bouncer.Error
	if !errors.As(err, &fault) || fault.Name() != "keys_unavailable" || errors.Is(err, bouncer.ErrInvalidToken) {
		t.Errorf("%#v", err)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("waited %v, although the last fetch failed", took)
	}
	status := must(keys.Stats())(t)
	if status.State != bouncer.KeysEmpty || status.LastErrorName != "status" || status.SHA256 != "" {
		t.Errorf("%+v", status)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err = keys.WaitReady(ctx)
	expectError(t, err, bouncer.ErrKeysUnavailable)
	expectError(t, err, context.DeadlineExceeded)
	if !strings.Contains(err.Error(), "404") && !strings.Contains(err.Error(), "status 200") {
		t.Error(err)
	}
	err = keys.Refresh(soon(t))
	expectError(t, err, bouncer.ErrKeysUnavailable)
	if !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}

// The error must contain a failure that happens during the wait, not only an earlier failure.
func TestTheErrorOfACancelledWaitContainsTheLastFailure(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, release := hanging(t, failing(http.StatusTeapot))
	server := startKeyServer(t, blocked)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, Timeout: 30 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	cancelled := make(chan error)
	go func() { cancelled <- keys.WaitReady(ctx) }()
	eventually(t, "a request", func() bool { return server.hits.Load() == 1 })
	time.Sleep(50 * time.Millisecond) // WaitReady has begun, and there is no failure yet
	release()
	eventuallyStatus(t, keys, "a failure", func(s bouncer.KeysStats) bool { return s.Failures > 0 })
	again, _ := hanging(t, failing(http.StatusTeapot))
	server.handleWith(again)
	cancel()
	ready := <-cancelled

	// The errors of Refresh and of a verification must contain the failure too.
	short, cancelShort := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancelShort()
	refreshed := keys.Refresh(short)
	for _, err := range []error{ready, refreshed} {
		expectError(t, err, bouncer.ErrKeysUnavailable)
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "status") {
			t.Error(err)
		}
	}
	eventually(t, "a fetch that hangs", func() bool { return server.hits.Load() > 1 })
	short, cancelShort = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancelShort()
	_, err := remoteVerifier(t, keys).VerifyContext(short, issuer.token(t, "a"))
	if expectError(t, err, bouncer.ErrKeysUnavailable); !strings.Contains(err.Error(), "status") {
		t.Error(err)
	}
}

func TestACancelledWaitDoesNotAbortTheFetch(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, release := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second, Timeout: 30 * time.Second})
	verifier := remoteVerifier(t, keys)
	token := issuer.token(t, "a")
	eventually(t, "a request", func() bool { return server.hits.Load() == 1 })
	goroutines := runtime.NumGoroutine()
	for _, expected := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		if expected == context.Canceled {
			time.AfterFunc(5*time.Millisecond, cancel)
		}
		for _, wait := range []func() error{
			func() error { _, err := verifier.VerifyContext(ctx, token); return err },
			func() error { return keys.WaitReady(ctx) },
			func() error { return keys.Refresh(ctx) },
		} {
			begin := time.Now()
			err := wait()
			expectError(t, err, expected)
			expectError(t, err, bouncer.ErrKeys)
			if errors.Is(err, bouncer.ErrInvalidToken) || bouncer.HTTPStatus(err) != http.StatusServiceUnavailable {
				t.Error(err)
			}
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("it took %v to return", took)
			}
		}
		cancel()
	}
	expectNoMoreGoroutines(t, goroutines+1) // one goroutine still runs the refresh
	server.expectHits(t, 1)
	time.AfterFunc(50*time.Millisecond, release)
	expectAnna(t)(verifier.Verify(token))
}

func TestAfterMaxWaitTheErrorIsKeysUnavailable(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	for _, maxWait := range []time.Duration{-1, 50 * time.Millisecond} {
		server := startKeyServer(t, document(issuer.jwks(t, "a")))
		keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: maxWait, Timeout: 30 * time.Second})
		waitReady(t, keys)
		blocked, _ := hanging(t, failing(http.StatusNotFound))
		server.handleWith(blocked)
		verifier := remoteVerifier(t, keys)
		begin := time.Now()
		_, err := verifier.Verify(issuer.token(t, "b"))
		expectError(t, err, bouncer.ErrKeysUnavailable)
		if took := time.Since(begin); took < maxWait || took > 2*time.Second {
			t.Errorf("waited %v", took)
		}
		eventually(t, "the fetch, which goes on after MaxWait", func() bool { return server.hits.Load() == 2 })
	}
}

func TestWaitingGoroutinesBlockNoThreads(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, release := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 60 * time.Second, Timeout: 60 * time.Second})
	verifier := remoteVerifier(t, keys)
	token := issuer.token(t, "a")
	goroutines, before := runtime.NumGoroutine(), threads(t, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		together(600, func(i int) {
			switch {
			case i < 500:
				expectAnna(t)(verifier.VerifyContext(soon(t), token))
			case i < 550:
				if err := keys.WaitReady(soon(t)); err != nil {
					t.Error(err)
				}
			default:
				if err := keys.Refresh(soon(t)); err != nil {
					t.Error(err)
				}
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
	if hits := server.hits.Load(); hits > 3 {
		t.Errorf("the first fetch and 50 concurrent refreshes caused %d requests", hits)
	}
}

func TestRefreshFetchesNow(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, keys)
	server.handleWith(document(issuer.jwks(t, "b")))
	if err := keys.Refresh(soon(t)); err != nil {
		t.Fatal(err)
	}
	server.expectHits(t, 2)
	verifier := remoteVerifier(t, keys)
	expectAnna(t)(verifier.Verify(issuer.token(t, "b")))
	_, err := verifier.Verify(issuer.token(t, "a"))
	expectError(t, err, bouncer.ErrNoMatchingKey)
	if status := must(keys.Stats())(t); status.Requested != 1 || status.Scheduled != 1 || status.Generation != 2 {
		t.Errorf("%+v", status)
	}
}

func TestASnapshotOfTheKeysDoesNotChange(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, keys)
	current := must(keys.Current())(t)
	server.handleWith(document(issuer.jwks(t, "b")))
	if err := keys.Refresh(soon(t)); err != nil {
		t.Fatal(err)
	}
	_ = keys.Close()
	if all := current.Keys(); len(all) != 1 || all[0].KeyID() != "a" {
		t.Error(all)
	}
	expectAnna(t)(bouncer.VerifyToken(current, remotePolicy, issuer.token(t, "a")))
}

func TestClosedRemoteKeysReturnErrClosed(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	for range 3 {
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, keys := range []*bouncer.RemoteJWKS{keys, new(bouncer.RemoteJWKS)} {
		_, current := keys.Current()
		_, status := keys.Stats()
		_, public := keys.PublicKeys(map[string]any{"alg": "EdDSA"})
		_, made := bouncer.NewVerifier(keys, remotePolicy)
		signature := bouncer.SigningMethodEdDSA.Verify("a.b", nil, keys)
		for _, err := range []error{
			keys.WaitReady(soon(t)), keys.Refresh(soon(t)), current, status, public, made, signature,
		} {
			expectError(t, err, bouncer.ErrClosed)
		}
		_ = keys.Close()
	}
	_, err := verifier.Verify(issuer.token(t, "a"))
	expectError(t, err, bouncer.ErrKeysUnavailable)
	_ = verifier.Close()
	_, err = verifier.Verify(issuer.token(t, "a"))
	expectError(t, err, bouncer.ErrClosed)
}

func TestCloseWakesAllCallersThatWaitForKeys(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, _ := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	token := issuer.token(t, "a")
	before := runtime.NumGoroutine()
	keys := startRemote(t, bouncer.RemoteOptions{
		URL: server.URL, MaxWait: time.Minute, Timeout: time.Minute, Logger: discard,
	})
	verifier := remoteVerifier(t, keys)
	eventually(t, "a request", func() bool { return server.hits.Load() == 1 })
	time.AfterFunc(50*time.Millisecond, func() { _ = keys.Close() })
	begin := time.Now()
	together(30, func(i int) {
		switch i % 3 {
		case 0:
			_, err := verifier.Verify(token)
			expectError(t, err, bouncer.ErrKeysUnavailable)
		case 1:
			expectError(t, keys.WaitReady(context.Background()), bouncer.ErrClosed)
		case 2:
			expectError(t, keys.Refresh(context.Background()), bouncer.ErrClosed)
		}
	})
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	server.CloseClientConnections()
	expectNoMoreGoroutines(t, before)
	eventually(t, "no thread left", func() bool { return threads(t, "bouncer-sched") == 0 })
}

func TestRemoteKeysMayBeClosedWhileInUse(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	token, unknown := issuer.token(t, "a"), newSigners(t, "b").token(t, "b")
	for range 20 {
		keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, Logger: discard})
		verifier := remoteVerifier(t, keys)
		time.AfterFunc(2*time.Millisecond, func() { _ = keys.Close() })
		together(8, func(int) {
			for {
				_, err := verifier.Verify(token)
				if err != nil {
					expectError(t, err, bouncer.ErrKeysUnavailable)
				}
				_, _ = verifier.Verify(unknown)
				_, _ = keys.Current()
				_ = keys.WaitReady(context.Background())
				if _, err := keys.Stats(); errors.Is(err, bouncer.ErrClosed) {
					return
				}
			}
		})
	}
}

func TestAHundredRemoteKeySetsLeaveNoThreadsAndGoroutines(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	before, threadsBefore := runtime.NumGoroutine(), threads(t, "")
	for range 10 {
		var all []*bouncer.RemoteJWKS
		for range 10 {
			all = append(all, startRemote(t, bouncer.RemoteOptions{URL: server.URL}))
		}
		for _, keys := range all {
			waitReady(t, keys)
			_ = keys.Close()
		}
	}
	expectNoMoreGoroutines(t, before+3) // the server has goroutines for idle connections
	eventually(t, "no thread left", func() bool { return threads(t, "bouncer-sched") == 0 })
	if more := threads(t, "") - threadsBefore; more > 20 {
		t.Errorf("there are %d more threads than before", more)
	}
}

func TestTheGarbageCollectorClosesForgottenRemoteKeys(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	before := runtime.NumGoroutine()
	func() {
		keys := must(bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: server.URL, Logger: discard}))(t)
		verifier := remoteVerifier(t, keys)
		waitReady(t, keys)
		expectAnna(t)(verifier.Verify(issuer.token(t, "a")))
		// This makes a reference cycle: the keys keep a verifier for golang-jwt, and that verifier
		// refers to the keys.
		if err := parse(t, issuer.token(t, "a"), func(map[string]any) (any, error) { return keys, nil }); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "collected", func() bool {
		runtime.GC()
		return threads(t, "bouncer-sched") == 0
	})
	expectNoMoreGoroutines(t, before+3)
}

// Only the verifier refers to the keys. During its last call, only that call refers to the
// verifier.
func TestAVerifierKeepsItsRemoteKeysAlive(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	verifier := func() *bouncer.Verifier {
		keys := must(bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second}))(t)
		waitReady(t, keys)
		return remoteVerifier(t, keys)
	}()
	for range 20 {
		runtime.GC()
		expectAnna(t)(verifier.Verify(issuer.token(t, "a")))
	}
	blocked, release := hanging(t, document(issuer.jwks(t, "a", "b")))
	server.handleWith(blocked)
	time.AfterFunc(100*time.Millisecond, func() {
		for range 5 {
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
		}
		release()
	})
	expectAnna(t)(verifier.Verify(issuer.token(t, "b")))
}

func TestATokenWithACachedKeyDoesNotWaitForAFetch(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, Timeout: time.Minute})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	known, unknown := issuer.token(t, "a"), issuer.token(t, "b")
	blocked, _ := hanging(t, failing(http.StatusNotFound))
	server.handleWith(blocked)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range 50 {
		go func() { _, _ = verifier.VerifyContext(ctx, unknown) }()
	}
	eventually(t, "a fetch that hangs", func() bool { return server.hits.Load() == 2 })
	times := make([]time.Duration, 1000)
	for i := range times {
		begin := time.Now()
		expectAnna(t)(verifier.VerifyContext(ctx, known))
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	t.Log("median", times[500], "99th percentile", times[990], "maximum", times[999])
	if times[990] > 20*time.Millisecond {
		t.Errorf("the 99th percentile is %v", times[990])
	}
}

func TestOnlyTheResultIsAllocatedWithRemoteKeys(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	waitReady(t, keys)
	verifier := remoteVerifier(t, keys)
	token, ctx := issuer.token(t, "a"), soon(t)
	if allocations := testing.AllocsPerRun(100, func() { _, _ = verifier.VerifyContext(ctx, token) }); allocations > 2 {
		t.Errorf("%v allocations for a token and its text", allocations)
	}
}

func TestMakingAndClosingRemoteKeysLeaksNoMemory(t *testing.T) {
	issuer := newSigners(t, "a")
	seed := issuer.jwks(t, "a")
	expectNoGrowth(t, 10000, 300, func() {
		// Lazy keys start no thread before the first token. The memory that the C heap keeps for a thread
		// varies too much for this test.
		keys := must(bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: "http://127.0.0.1:1/", Seed: seed, Lazy: true}))(t)
		verifier := must(bouncer.NewVerifier(keys, remotePolicy))(t)
		_ = must(keys.Current())(t).Close()
		if err := bouncer.SigningMethodEdDSA.Verify("a.b", nil, keys); err == nil {
			t.Error("an invalid token is accepted")
		}
		_, _ = keys.Stats()
		_, _ = bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: "\xff"})
		_, _ = bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: "http://127.0.0.1:1/", Seed: seed[1:]})
		_ = verifier.Close()
		_ = keys.Close()
	})
}
