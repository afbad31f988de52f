package bouncer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// An issuerOf signs Ed25519 tokens with an "iss".
type issuerOf struct {
	name string
	keys signers
}

func newIssuerOf(t testing.TB, name string, kids ...string) issuerOf {
	return issuerOf{"https://" + name + ".example/", newSigners(t, kids...)}
}

// token returns a token for anna and the audience "orders", signed with the key of kid.
func (i issuerOf) token(t testing.TB, kid string) string { return tokenOf(t, i.name, i.keys, kid) }

func tokenOf(t testing.TB, iss string, keys signers, kid string) string {
	header := fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, kid)
	payload := fmt.Sprintf(`{"iss":%q,"aud":"orders","uid":"anna","exp":%d}`, iss, time.Now().Add(time.Hour).Unix())
	return issuer{ed25519: keys[kid]}.sign(t, bouncer.EdDSA, header, payload)
}

func (i issuerOf) policy() bouncer.Policy {
	policy := bouncer.ForIssuer(i.name, "orders")
	policy.Algorithms = []bouncer.Algorithm{bouncer.EdDSA}
	return policy
}

// fixed returns the keys of these kids.
func (i issuerOf) fixed(t testing.TB, kids ...string) *bouncer.JWKSet {
	return must(bouncer.LoadJWKS([]byte(i.keys.jwks(t, kids...))))(t)
}

// entry returns an entry of a configuration document. keys is a JSON object.
func (i issuerOf) entry(keys string) string {
	return fmt.Sprintf(`{"issuers": [%q], "audiences": ["orders"], "algorithms": ["EdDSA"], "keys": %s}`, i.name, keys)
}

// inline returns an entry of a document that contains the keys of these kids.
func (i issuerOf) inline(t testing.TB, kids ...string) string {
	return i.entry(`{"jwks": ` + i.keys.jwks(t, kids...) + `}`)
}

// configuration returns a document with these entries.
func configuration(entries ...string) []byte {
	return []byte(`{"accept": [` + strings.Join(entries, ", ") + `]}`)
}

func loadVerifier(t testing.TB, document []byte) *bouncer.Verifier {
	t.Helper()
	verifier := must(bouncer.LoadVerifier(document))(t)
	t.Cleanup(func() { _ = verifier.Close() })
	return verifier
}

func TestEachTokenIsVerifiedWithTheEntryOfItsIssuer(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	dcos := newSigners(t, "1")
	server := startKeyServer(t, document(b.keys.jwks(t, "1")))
	verifier := must(bouncer.NewVerifierOf(
		bouncer.Entry{Keys: a.fixed(t, "1"), Policy: a.policy()},
		bouncer.Entry{Keys: startRemote(t, bouncer.RemoteOptions{URL: server.URL}), Policy: b.policy()},
		bouncer.Entry{Keys: must(bouncer.LoadJWKS([]byte(dcos.jwks(t, "1"))))(t), Policy: remotePolicy},
	))(t)
	defer verifier.Close()
	if err := verifier.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	cached := must(verifier.WithCache(100))(t)
	loaded := loadVerifier(t, configuration(
		a.inline(t, "1"), b.entry(fmt.Sprintf(`{"url": %q}`, server.URL)),
		`{"profile": "dcos", "algorithms": ["EdDSA"], "keys": {"jwks": `+dcos.jwks(t, "1")+`}}`,
	))
	for _, verifier := range []*bouncer.Verifier{verifier, cached, cached, loaded} {
		accepted := []string{a.token(t, "1"), b.token(t, "1"), dcos.token(t, "1")}
		for _, token := range accepted {
			expectAnna(t)(verifier.Verify(token))
			expectAnna(t)(verifier.VerifyBytes([]byte(token)))
			expectAnna(t)(verifier.VerifyAuthorization("Bearer " + token))
		}
		_, err := verifier.Verify(tokenOf(t, a.name, b.keys, "1")) // the same kid, signed by b
		expectError(t, err, bouncer.ErrInvalidSignature)
		_, err = verifier.Verify(tokenOf(t, "https://c.example/", a.keys, "1"))
		expectError(t, err, bouncer.ErrWrongIssuer)
		for i, result := range must(verifier.VerifyBatch(append(accepted, "a.b.c"), 2))(t) {
			if i < 3 {
				expectAnna(t)(result.Token, result.Err)
			} else {
				expectError(t, result.Err, bouncer.ErrMalformedToken)
			}
		}
		columns := must(verifier.VerifyBatchColumns(accepted, 1))(t)
		if uid, _ := columns.UID(2); uid != "anna" {
			t.Error(columns.Status)
		}
	}
}

func TestAnInvalidEntryIsAnErrorWithItsPath(t *testing.T) {
	a := newIssuerOf(t, "a", "1")
	keys, policy := a.fixed(t, "1"), a.policy()
	withClock, negative := policy, policy
	withClock.Clock, negative.Leeway = time.Now, -time.Second
	good := bouncer.Entry{Keys: keys, Policy: policy}
	for path, entries := range map[string][]bouncer.Entry{
		"accept":            {},
		"accept[0]":         {{Keys: nil, Policy: policy}, good},
		"accept[1]":         {good, {Keys: keys, Policy: withClock}},
		"accept[1].issuers": {good, {Keys: keys, Policy: policy}},
		"accept[0].leeway":  {{Keys: keys, Policy: negative}},
	} {
		verifier, err := bouncer.NewVerifierOf(entries...)
		expectError(t, err, bouncer.ErrInvalidArgument)
		var fault *bouncer.Error
		entry, _, _ := strings.Cut(path, ".")
		if verifier != nil || !errors.As(err, &fault) || fault.Claim != path || !strings.Contains(err.Error(), entry) {
			t.Errorf("%s: %v", path, err)
		}
	}
	var jwks *bouncer.JWKSet
	_, err := bouncer.NewVerifierOf(bouncer.Entry{Keys: jwks, Policy: policy})
	expectError(t, err, bouncer.ErrInvalidArgument)
	_, err = bouncer.NewVerifierOf(good, bouncer.Entry{Keys: keys, Policy: withClock})
	if !strings.Contains(err.Error(), "Clock") {
		t.Error(err)
	}
	_ = keys.Close()
	_, err = bouncer.NewVerifierOf(good)
	expectError(t, err, bouncer.ErrClosed)
}

func TestAClosedVerifierOfManyIssuersReturnsErrClosed(t *testing.T) {
	verifier := loadVerifier(t, []byte(dcosConfiguration))
	_ = verifier.Close()
	var none *bouncer.Verifier
	for _, verifier := range []*bouncer.Verifier{verifier, none, new(bouncer.Verifier)} {
		_, verify := verifier.Verify(documentToken)
		_, stats := verifier.Stats()
		_, metrics := verifier.Prometheus()
		for _, err := range []error{
			verify, stats, metrics, verifier.Reload([]byte(dcosConfiguration)), verifier.WaitReady(soon(t)),
		} {
			expectError(t, err, bouncer.ErrClosed)
		}
	}
}

func TestWaitReadyWaitsForTheKeysOfAllEntries(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	blocked, release := hanging(t, document(b.keys.jwks(t, "1")))
	server := startKeyServer(t, blocked)
	verifier := loadVerifier(t, configuration(a.inline(t, "1"), b.entry(fmt.Sprintf(`{"url": %q}`, server.URL))))
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := verifier.WaitReady(short)
	expectError(t, err, bouncer.ErrKeysUnavailable)
	expectError(t, err, context.DeadlineExceeded)
	if !strings.Contains(err.Error(), server.URL) {
		t.Error(err)
	}
	expectAnna(t)(verifier.Verify(a.token(t, "1"))) // without waiting for b
	ready := make(chan error)
	go func() { ready <- verifier.WaitReady(soon(t)) }()
	time.AfterFunc(20*time.Millisecond, release)
	if err := <-ready; err != nil {
		t.Error(err)
	}
	expectAnna(t)(verifier.Verify(b.token(t, "1")))
	server.expectHits(t, 1)
}

// The issuers a and b have different limits. A token of a must not wait for b.
func TestATokenWaitsAtMostMaxWaitOfItsOwnEntry(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	blocked, _ := hanging(t, failing(http.StatusNotFound))
	server := startKeyServer(t, blocked)
	keys := func(maxWait string) string {
		return fmt.Sprintf(`{"url": %q, "max_wait": %q, "timeout": "1m"}`, server.URL, maxWait)
	}
	verifier := loadVerifier(t, configuration(a.entry(keys("50ms")), b.entry(keys("20s"))))
	verify := map[string]func() error{
		"Verify": func() error { _, err := verifier.Verify(a.token(t, "1")); return err },
		"VerifyBatch": func() error {
			_, err := lastOf(verifier.VerifyBatch([]string{a.token(t, "1"), a.token(t, "1")}, 1))
			return err
		},
	}
	for name, verify := range verify {
		begin := time.Now()
		expectError(t, verify(), bouncer.ErrKeysUnavailable)
		if took := time.Since(begin); took < 50*time.Millisecond || took > 10*time.Second {
			t.Errorf("%s waited %v", name, took)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := verifier.VerifyContext(ctx, b.token(t, "1"))
	expectError(t, err, context.DeadlineExceeded)
	expectError(t, err, bouncer.ErrKeysUnavailable)
	if !strings.Contains(err.Error(), server.URL) {
		t.Error(err)
	}
}

func TestGoroutinesThatWaitForManyIssuersBlockNoThreads(t *testing.T) {
	const issuers = 20
	var all []issuerOf
	blocked, release := hanging(t, func(w http.ResponseWriter, r *http.Request) {
		var number int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &number)
		document(all[number].keys.jwks(t, "1"))(w, r)
	})
	server := startKeyServer(t, blocked)
	var entries []string
	for i := range issuers {
		one := newIssuerOf(t, fmt.Sprint("i", i), "1")
		all = append(all, one)
		entries = append(entries, one.entry(fmt.Sprintf(`{"url": "%s/%d", "max_wait": "1m", "timeout": "1m"}`, server.URL, i)))
	}
	verifier := loadVerifier(t, configuration(entries...))
	eventually(t, "a fetch of each issuer", func() bool { return server.hits.Load() == issuers })
	goroutines, before := runtime.NumGoroutine(), threads(t, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		together(20*issuers, func(i int) {
			expectAnna(t)(verifier.VerifyContext(soon(t), all[i%issuers].token(t, "1")))
		})
	}()
	eventually(t, "goroutines that wait", func() bool { return runtime.NumGoroutine() >= goroutines+20*issuers })
	time.Sleep(300 * time.Millisecond) // Go gives a blocked call its own thread after a moment
	if more := threads(t, "") - before; more > 8 {
		t.Errorf("goroutines that wait for %d issuers block %d threads", issuers, more)
	}
	release()
	<-done
	server.expectHits(t, issuers)
	expectNoMoreGoroutines(t, goroutines)
}

func TestCallersThatWaitEndWhenTheKeysOrTheVerifierAreClosed(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	blocked, _ := hanging(t, failing(http.StatusNotFound))
	server := startKeyServer(t, blocked)
	options := bouncer.RemoteOptions{URL: server.URL, MaxWait: time.Minute, Timeout: time.Minute}
	for _, closesKeys := range []bool{true, false} {
		goroutines := runtime.NumGoroutine()
		keys := startRemote(t, options)
		verifier := must(bouncer.NewVerifierOf(
			bouncer.Entry{Keys: keys, Policy: a.policy()},
			bouncer.Entry{Keys: startRemote(t, options), Policy: b.policy()},
		))(t)
		expected := bouncer.ErrClosed
		closeIt := func() { _ = verifier.Close() }
		if closesKeys {
			expected = bouncer.ErrKeysUnavailable
			closeIt = func() { _ = keys.Close() }
		}
		time.AfterFunc(100*time.Millisecond, closeIt)
		begin := time.Now()
		together(20, func(int) {
			_, err := verifier.VerifyContext(soon(t), a.token(t, "1"))
			expectError(t, err, expected)
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		_ = verifier.Close()
		server.CloseClientConnections()
		expectNoMoreGoroutines(t, goroutines+6) // the server has goroutines for the requests of b
	}
}

func TestCallersWaitWithoutADescriptorToo(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	blocked, release := hanging(t, document(a.keys.jwks(t, "1")))
	server := startKeyServer(t, blocked)
	slow := fmt.Sprintf(`{"url": %q, "max_wait": "1m", "timeout": "1m"}`, server.URL)
	verifier := loadVerifier(t, configuration(a.entry(slow), b.inline(t, "1")))
	bouncer.WithoutWatch(verifier)
	eventually(t, "a fetch", func() bool { return server.hits.Load() == 1 })
	before := runtime.NumGoroutine()
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := verifier.VerifyContext(short, a.token(t, "1"))
	expectError(t, err, context.DeadlineExceeded)
	expectNoMoreGoroutines(t, before)
	time.AfterFunc(50*time.Millisecond, release)
	together(20, func(int) { expectAnna(t)(verifier.VerifyContext(soon(t), a.token(t, "1"))) })
	expectNoMoreGoroutines(t, before+3) // the server has goroutines for idle connections
}

// Only the verifier refers to the keys.
func TestAVerifierOfManyIssuersKeepsItsRemoteKeysAlive(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1", "2"), newIssuerOf(t, "b", "1")
	server := startKeyServer(t, document(a.keys.jwks(t, "1")))
	verifier := func() *bouncer.Verifier {
		keys := must(bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second}))(t)
		return must(must(bouncer.NewVerifierOf(
			bouncer.Entry{Keys: keys, Policy: a.policy()}, bouncer.Entry{Keys: b.fixed(t, "1"), Policy: b.policy()},
		))(t).WithCache(1))(t)
	}()
	for range 20 {
		runtime.GC()
		expectAnna(t)(verifier.Verify(a.token(t, "1")))
	}
	server.handleWith(document(a.keys.jwks(t, "2")))
	expectAnna(t)(verifier.Verify(a.token(t, "2")))
}

func TestTheGarbageCollectorClosesAForgottenVerifierAndItsKeys(t *testing.T) {
	a := newIssuerOf(t, "a", "1")
	server := startKeyServer(t, document(a.keys.jwks(t, "1")))
	before := runtime.NumGoroutine()
	func() {
		verifier := must(bouncer.LoadVerifier(configuration(a.entry(fmt.Sprintf(`{"url": %q}`, server.URL)))))(t)
		if err := verifier.LogTo(discard); err != nil {
			t.Error(err)
		}
		expectAnna(t)(verifier.Verify(a.token(t, "1")))
	}()
	eventually(t, "collected", func() bool {
		runtime.GC()
		return threads(t, "bouncer-sched") == 0
	})
	expectNoMoreGoroutines(t, before+3)
}

func TestKeysMayBeReadFromAFile(t *testing.T) {
	a := newIssuerOf(t, "a", "1", "2")
	path := filepath.Join(t.TempDir(), "keys.json")
	write := func(kid string) {
		if err := os.WriteFile(path, []byte(a.keys.jwks(t, kid)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1")
	document := configuration(a.entry(fmt.Sprintf(`{"file": %q}`, path)))
	verifier := loadVerifier(t, document)
	expectAnna(t)(verifier.Verify(a.token(t, "1")))
	write("2")
	_, err := verifier.Verify(a.token(t, "2"))
	expectError(t, err, bouncer.ErrNoMatchingKey)
	if err := verifier.Reload(document); err != nil {
		t.Fatal(err)
	}
	expectAnna(t)(verifier.Verify(a.token(t, "2")))
	_, err = verifier.Verify(a.token(t, "1"))
	expectError(t, err, bouncer.ErrNoMatchingKey)
}

func TestTheStatsOfAVerifierAreByEntry(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	dcos := newSigners(t, "1")
	server := startKeyServer(t, document(a.keys.jwks(t, "1")))
	verifier := loadVerifier(t, append([]byte(`{"cache": 100, `), configuration(
		a.entry(fmt.Sprintf(`{"url": %q}`, server.URL)), b.inline(t, "1"),
		`{"profile": "dcos", "algorithms": ["EdDSA"], "keys": {"jwks": `+dcos.jwks(t, "1")+`}}`,
	)[1:]...))
	if err := verifier.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	token := a.token(t, "1")
	for range 3 {
		expectAnna(t)(verifier.Verify(token))
	}
	expectAnna(t)(verifier.Verify(dcos.token(t, "1")))
	_, _ = verifier.Verify(tokenOf(t, b.name, a.keys, "1"))
	_, _ = verifier.Verify(tokenOf(t, "https://c.example/", a.keys, "1"))
	_, _ = verifier.Verify("a.b.c")

	stats := must(verifier.Stats())(t)
	if cache := stats.Cache; cache.Hits != 2 || cache.Misses != 5 || cache.Capacity < 100 {
		t.Errorf("%+v", cache)
	}
	expect := func(what string, found map[string]uint64, expected string) {
		t.Helper()
		if asJSON(found) != expected {
			t.Errorf("%s: %s, expected %s", what, asJSON(found), expected)
		}
	}
	expect("no entry", stats.Unassigned, `{"malformed_token":1,"wrong_issuer":1}`)
	if len(stats.Entries) != 3 {
		t.Fatalf("%+v", stats)
	}
	for i, expected := range []struct {
		source, verifications string
		isRemote              bool
	}{
		{a.name, `{"ok":3}`, true},
		{b.name, `{"invalid_signature":1,"ok":0}`, false},
		{"no issuer", `{"ok":1}`, false},
	} {
		entry := stats.Entries[i]
		expect(entry.Source, entry.Verifications, expected.verifications)
		if entry.Source != expected.source || (entry.Keys != nil) != expected.isRemote {
			t.Errorf("%+v", entry)
		}
	}
	keys := stats.Entries[0].Keys
	if keys.Source != a.name || keys.State != bouncer.KeysFresh || keys.Attempts != 1 || keys.Usable != 1 {
		t.Errorf("%+v", keys)
	}
	metrics := must(verifier.Prometheus())(t)
	for _, line := range []string{
		`bouncer_verifications_total{source="` + a.name + `",status="ok"} 3`,
		`bouncer_verifications_total{status="wrong_issuer"} 1`,
		`bouncer_keys_attempts_total{source="` + a.name + `"} 1`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("%s is missing in:\n%s", line, metrics)
		}
	}

	// A verifier with a single entry has the same stats.
	single := must(bouncer.NewVerifier(b.fixed(t, "1"), b.policy()))(t)
	expectAnna(t)(single.Verify(b.token(t, "1")))
	if stats := must(single.Stats())(t); len(stats.Entries) != 1 || stats.Entries[0].Verifications["ok"] != 1 || len(stats.Unassigned) != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestLogToLogsTheEventsOfAllEntries(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1", "2"), newIssuerOf(t, "b", "1")
	server, broken := startKeyServer(t, document(a.keys.jwks(t, "1"))), startKeyServer(t, failing(http.StatusTeapot))
	ofA := a.entry(fmt.Sprintf(`{"url": %q}`, server.URL))
	goroutines := runtime.NumGoroutine()
	verifier := loadVerifier(t, configuration(ofA, newIssuerOf(t, "c", "1").inline(t, "1")))
	var book logBook
	if err := verifier.LogTo(slog.New(slog.NewTextHandler(&book, nil))); err != nil {
		t.Fatal(err)
	}
	expect := func(records ...string) {
		t.Helper()
		for _, record := range records {
			eventually(t, record, func() bool { return strings.Contains(book.String(), record) })
		}
	}
	expect(`level=INFO msg="bouncer: new keys" source=` + a.name + ` generation=1`)
	server.handleWith(document(a.keys.jwks(t, "1", "2")))
	expectAnna(t)(verifier.Verify(a.token(t, "2")))
	expect(`source=` + a.name + ` generation=2`)
	if err := verifier.Reload(configuration(ofA, b.entry(fmt.Sprintf(`{"url": %q}`, broken.URL)))); err != nil {
		t.Fatal(err)
	}
	expect(`level=WARN msg="bouncer: fetching keys failed" source=` + b.name)
	if count := strings.Count(book.String(), "new keys"); count != 2 {
		t.Errorf("%d records about new keys:\n%s", count, book.String())
	}

	expectError(t, verifier.LogTo(nil), bouncer.ErrInvalidArgument)
	_ = verifier.Close()
	expectError(t, verifier.LogTo(discard), bouncer.ErrClosed)
	expectError(t, new(bouncer.Verifier).LogTo(discard), bouncer.ErrClosed)
	expectNoMoreGoroutines(t, goroutines+6) // the servers have goroutines for idle connections
}

// The old and the new keys of a have the same counters. Both fetches may be over when the next
// snapshot is taken.
func TestLogToLogsKeysThatAReloadReplaces(t *testing.T) {
	a := newIssuerOf(t, "a", "1", "2")
	good := func(kid string) string {
		server := startKeyServer(t, document(a.keys.jwks(t, kid)))
		return a.entry(fmt.Sprintf(`{"url": %q}`, server.URL))
	}
	verifier := loadVerifier(t, configuration(good("1")))
	var book logBook
	if err := verifier.LogTo(slog.New(slog.NewJSONHandler(&book, nil))); err != nil {
		t.Fatal(err)
	}
	for i, kid := range []string{"1", "2", "1"} {
		if i > 0 {
			if err := verifier.Reload(configuration(good(kid))); err != nil {
				t.Fatal(err)
			}
		}
		expectAnna(t)(verifier.VerifyContext(soon(t), a.token(t, kid)))
		eventually(t, "new keys in the log", func() bool { return len(book.records(t, newKeys)) == i+1 })
	}
	broken := startKeyServer(t, failing(http.StatusTeapot))
	if err := verifier.Reload(configuration(a.entry(fmt.Sprintf(`{"url": %q}`, broken.URL)))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a failure in the log", func() bool { return len(book.records(t, failed)) > 0 })
	if text := book.String(); strings.Count(text, newKeys) != 3 || strings.Contains(text, `"generation":0`) {
		t.Error(text)
	}
}

// Go does not call the other functions, because they block, or because Go does the same itself.
func TestEveryCFunctionOfAVerifierIsUsed(t *testing.T) {
	expectCalls(t, "verifier|settings_accept|watch",
		"bouncer_verifier_verify", "bouncer_verifier_verify_authorization", "bouncer_verifier_verify_batch")
}

func TestMakingAndReloadingVerifiersLeaksNoMemory(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	two, one := configuration(a.inline(t, "1"), b.inline(t, "1")), configuration(b.inline(t, "1"))
	keys, token := b.fixed(t, "1"), b.token(t, "1")
	expectNoGrowth(t, 2000, 2000, func() {
		loaded := must(bouncer.LoadVerifier(two))(t)
		expectAnna(t)(loaded.Verify(token))
		_ = loaded.Reload(one)
		_ = loaded.Reload(one[1:])
		expectAnna(t)(loaded.Verify(token))
		_, _ = loaded.Stats()
		_ = loaded.Close()
		made := must(bouncer.NewVerifierOf(
			bouncer.Entry{Keys: keys, Policy: a.policy()}, bouncer.Entry{Keys: keys, Policy: b.policy()},
		))(t)
		expectAnna(t)(made.Verify(token))
		_ = made.Close()
		_, _ = bouncer.LoadVerifier(two[1:])
		_, _ = bouncer.NewVerifierOf()
	})
}

func TestOnlyTheResultIsAllocatedWithManyIssuers(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	verifier := loadVerifier(t, configuration(a.inline(t, "1"), b.inline(t, "1")))
	token := b.token(t, "1")
	if allocations := testing.AllocsPerRun(100, func() { _, _ = verifier.Verify(token) }); allocations > 2 {
		t.Errorf("%v allocations for a token and its text", allocations)
	}
}
