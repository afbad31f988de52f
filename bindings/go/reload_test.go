package bouncer_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestAReloadEndsTheWaitForARemovedEntry(t *testing.T) {
	a, b := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1")
	blocked, _ := hanging(t, failing(http.StatusNotFound))
	server := startKeyServer(t, blocked)
	slow := fmt.Sprintf(`{"url": %q, "max_wait": "1m", "timeout": "1m"}`, server.URL)
	verifier := loadVerifier(t, configuration(a.entry(slow), b.inline(t, "1")))
	for i, next := range []struct {
		document []byte
		expected error
	}{
		{configuration(a.inline(t, "1"), b.inline(t, "1")), nil},
		{configuration(b.inline(t, "1"), remotePolicyEntry(t)), bouncer.ErrWrongIssuer},
	} {
		if err := verifier.Reload(configuration(a.entry(slow), b.inline(t, "1"))); err != nil {
			t.Fatal(err)
		}
		result := make(chan error)
		go func() {
			_, err := verifier.VerifyContext(soon(t), a.token(t, "1"))
			result <- err
		}()
		eventually(t, "a fetch for each entry of a", func() bool { return server.hits.Load() == int64(i+1) })
		time.Sleep(50 * time.Millisecond)
		if err := verifier.Reload(next.document); err != nil {
			t.Fatal(err)
		}
		if err := <-result; !errors.Is(err, next.expected) {
			t.Errorf("%v, expected %v", err, next.expected)
		}
	}
}

// remotePolicyEntry returns an entry of a document for tokens without "iss".
func remotePolicyEntry(t testing.TB) string {
	return `{"profile": "dcos", "algorithms": ["EdDSA"], "keys": {"jwks": ` + newSigners(t, "1").jwks(t, "1") + `}}`
}

// Eight goroutines verify tokens while the document changes. The entry of a stays.
func TestAReloadUnderLoadIsAtomic(t *testing.T) {
	a, b, c := newIssuerOf(t, "a", "1"), newIssuerOf(t, "b", "1"), newIssuerOf(t, "c", "1")
	server := startKeyServer(t, document(a.keys.jwks(t, "1")))
	ofA := a.entry(fmt.Sprintf(`{"url": %q}`, server.URL))
	withB, withC := configuration(ofA, b.inline(t, "1")), configuration(c.inline(t, "1"), ofA)
	bad := configuration(ofA, b.inline(t, "1"), b.entry(`{"ulr": "https://b.example/"}`))
	verifier := loadVerifier(t, append([]byte(`{"cache": 100, `), withB[1:]...))
	if err := verifier.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	tokens := []string{a.token(t, "1"), b.token(t, "1"), c.token(t, "1")}
	var stop atomic.Bool
	var verified atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		together(8, func(i int) {
			for !stop.Load() {
				expectAnna(t)(verifier.Verify(tokens[0]))
				results := must(verifier.VerifyBatch(tokens, 1))(t)
				expectAnna(t)(results[0].Token, results[0].Err)
				for _, result := range results[1:] {
					if result.Err != nil {
						expectError(t, result.Err, bouncer.ErrWrongIssuer)
					}
				}
				verified.Add(1)
			}
		})
	}()
	for round := range 50 {
		before := verified.Load()
		document, kept, removed := withB, tokens[1], tokens[2]
		if round%2 == 0 {
			document, kept, removed = withC, tokens[2], tokens[1]
		}
		if round%3 == 0 {
			document = append([]byte(`{"cache": 100, `), document[1:]...)
		}
		if err := verifier.Reload(document); err != nil {
			t.Fatal(err)
		}
		expectAnna(t)(verifier.Verify(kept))
		_, err := verifier.Verify(removed)
		expectError(t, err, bouncer.ErrWrongIssuer)
		expectError(t, verifier.Reload(bad), bouncer.ErrInvalidArgument)
		expectAnna(t)(verifier.Verify(kept))
		eventually(t, "verifications", func() bool { return verified.Load() > before })
	}
	stop.Store(true)
	<-done
	server.expectHits(t, 1) // the entry of a has kept its keys
	stats := must(verifier.Stats())(t)
	for _, entry := range stats.Entries {
		if ok := entry.Verifications["ok"]; entry.Source == a.name && ok < 2*uint64(verified.Load()) {
			t.Errorf("the entry has lost counters: %d of %d", ok, 2*verified.Load())
		}
	}
}
