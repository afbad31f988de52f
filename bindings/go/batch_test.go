package bouncer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// A mixture is a list of accepted and rejected tokens of one issuer, with the expected results.
type mixture struct {
	jwks    *bouncer.JWKSet
	policy  bouncer.Policy
	kinds   []mixedToken
	tokens  []string
	expects []mixedToken
}

type mixedToken struct {
	token, uid string
	err        error
}

// newMixture makes count tokens of different kinds. Adjacent tokens differ.
func newMixture(t testing.TB, count int) mixture {
	issuer := testIssuer()
	sign := func(algorithm bouncer.Algorithm, payload string) string {
		return issuer.sign(t, algorithm, `{"alg":"`+string(algorithm)+`"}`, payload)
	}
	anna := sign(bouncer.RS256, `{"uid":"anna","exp":2000000000}`)
	m := mixture{
		jwks:   issuer.jwks(t, bouncer.RS256, bouncer.ES256),
		policy: bouncer.Policy{Profile: "dcos", Algorithms: []bouncer.Algorithm{bouncer.RS256, bouncer.ES256}, Time: time.Unix(1900000000, 0)},
		kinds: []mixedToken{
			{anna, "anna", nil},
			{sign(bouncer.RS256, `{"uid":"bert","exp":1900000001}`), "bert", nil},
			{sign(bouncer.RS256, `{"uid":"carl","exp":1800000000}`), "", bouncer.ErrExpired},
			{sign(bouncer.ES256, `{"uid":"d\u00f6ra","exp":2000000000}`), "döra", nil},
			{anna[:len(anna)-8] + "AAAAAAAA", "", bouncer.ErrInvalidSignature},
			{"", "", bouncer.ErrMalformedToken},
			{"e30.e30.", "", bouncer.ErrMalformedHeader},
			{sign(bouncer.RS256, `{"exp":2000000000}`), "", bouncer.ErrMissingClaim},
			{sign(bouncer.RS256, `{"uid":"`+strings.Repeat("e", 2000)+`","exp":2000000000}`), strings.Repeat("e", 2000), nil},
			{strings.Repeat("x", 20000), "", bouncer.ErrTokenTooLarge},
			{sign(bouncer.RS256, `{"uid":"\u0066ritz","exp":2000000000}`), "fritz", nil},
		},
	}
	for i := range count {
		kind := m.kinds[i*7%len(m.kinds)]
		m.expects = append(m.expects, kind)
		m.tokens = append(m.tokens, kind.token)
	}
	return m
}

// expect compares the results with the expected ones, and with the result of VerifyToken for each
// token.
func (m mixture) expect(t *testing.T, results []bouncer.BatchResult) {
	t.Helper()
	if len(results) != len(m.tokens) {
		t.Fatalf("%d results for %d tokens", len(results), len(m.tokens))
	}
	for i, result := range results {
		expected := m.expects[i]
		if (result.Token == nil) == (result.Err == nil) || !errors.Is(result.Err, expected.err) {
			t.Fatalf("token %d: %v, expected %v", i, result.Err, expected.err)
		}
		single, err := bouncer.VerifyToken(m.jwks, m.policy, m.tokens[i])
		if !reflect.DeepEqual(err, result.Err) {
			t.Fatalf("token %d: %v, but VerifyToken returns %v", i, result.Err, err)
		}
		if err == nil && (result.Token.UID() != expected.uid || !reflect.DeepEqual(*single, *result.Token)) {
			t.Fatalf("token %d: %+v, but VerifyToken returns %+v", i, result.Token, single)
		}
	}
}

var batchSizes = []int{0, 1, 7, 8, 9, 64, 1000}

func TestABatchReturnsTheResultOfEachTokenInInputOrder(t *testing.T) {
	for _, size := range batchSizes {
		m := newMixture(t, size)
		verifier := must(bouncer.NewVerifier(m.jwks, m.policy))(t)
		for _, threads := range []int{-1, 0, 1, 2, 3} {
			m.expect(t, must(bouncer.VerifyTokens(m.jwks, m.policy, m.tokens, threads))(t))
			m.expect(t, must(verifier.VerifyBatch(m.tokens, threads))(t))
		}
		cached := must(verifier.WithCache(100))(t)
		for range 2 {
			m.expect(t, must(cached.VerifyBatch(m.tokens, 2))(t))
		}
	}
}

func TestABatchFailsIfKeysOrVerifierAreClosedOrThePolicyIsInvalid(t *testing.T) {
	m := newMixture(t, 8)
	verifier := must(bouncer.NewVerifier(m.jwks, m.policy))(t)
	_, err := bouncer.VerifyTokens(m.jwks, bouncer.Policy{Profile: "dcos", Leeway: -1}, m.tokens, 1)
	expectError(t, err, bouncer.ErrInvalidArgument)
	_ = m.jwks.Close()
	_ = verifier.Close()
	for _, verifier := range []*bouncer.Verifier{verifier, new(bouncer.Verifier)} {
		_, err = verifier.VerifyBatch(m.tokens, 1)
		expectError(t, err, bouncer.ErrClosed)
		_, err = verifier.VerifyBatchColumns(nil, 1)
		expectError(t, err, bouncer.ErrClosed)
	}
	_, err = bouncer.VerifyTokens(m.jwks, m.policy, m.tokens, 1)
	expectError(t, err, bouncer.ErrClosed)
	_, err = bouncer.VerifyTokensColumns(m.jwks, m.policy, m.tokens, 1)
	expectError(t, err, bouncer.ErrClosed)
}

func TestAVerifierMayBeClosedWhileGoroutinesVerifyBatches(t *testing.T) {
	m := newMixture(t, 150)
	for range 5 {
		verifier := must(must(bouncer.NewVerifier(m.jwks, m.policy))(t).WithCache(50))(t)
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					results, err := verifier.VerifyBatch(m.tokens, 2)
					if errors.Is(err, bouncer.ErrClosed) {
						return
					}
					if err != nil || len(results) != len(m.tokens) {
						t.Error(err)
						return
					}
					for i, result := range results {
						expectError(t, result.Err, m.expects[i].err)
					}
					_, _ = verifier.Stats()
				}
			}()
		}
		time.Sleep(5 * time.Millisecond)
		_ = verifier.Close()
		group.Wait()
	}
}

// The test runs the garbage collector while it verifies tokens and keeps the results.
func TestResultsRemainValidAfterTheirBatchIsFreed(t *testing.T) {
	m := newMixture(t, 64)
	var kept []*bouncer.VerifiedToken
	var expected []string
	for range 20 {
		for i, result := range must(bouncer.VerifyTokens(m.jwks, m.policy, m.tokens, 1))(t) {
			if result.Token != nil {
				kept, expected = append(kept, result.Token), append(expected, m.expects[i].uid)
			}
		}
		runtime.GC()
	}
	for i, token := range kept {
		if token.UID() != expected[i] {
			t.Fatalf("the uid is %q, expected %q", token.UID(), expected[i])
		}
	}
}

func TestBatchesLeakNoMemory(t *testing.T) {
	m := newMixture(t, 20)
	verifier := must(bouncer.NewVerifier(m.jwks, m.policy))(t)
	expectNoGrowth(t, 1000, 2000, func() {
		_, _ = verifier.VerifyBatch(m.tokens, 1)
		_, _ = verifier.VerifyBatchColumns(m.tokens, 1)
	})
}

// A key set caches the C policy of the first call. VerifyToken must not use the cached policy for a
// policy with other values.
func TestTheCachedPolicyIsNotUsedForAnotherPolicy(t *testing.T) {
	m := newMixture(t, 1)
	token := m.kinds[0].token
	with := func(change func(*bouncer.Policy)) bouncer.Policy {
		policy := m.policy
		policy.Algorithms = slices.Clone(policy.Algorithms)
		change(&policy)
		return policy
	}
	for range 2 {
		for _, one := range []struct {
			policy bouncer.Policy
			err    error
		}{
			{m.policy, nil},
			{with(func(p *bouncer.Policy) { p.Time = time.Unix(2000000000, 0) }), bouncer.ErrExpired},
			{with(func(p *bouncer.Policy) { p.Time, p.Leeway = time.Unix(2000000000, 0), time.Minute }), nil},
			{with(func(p *bouncer.Policy) { p.Algorithms[0] = bouncer.PS256 }), bouncer.ErrAlgorithmNotAllowed},
			{with(func(p *bouncer.Policy) { p.Issuers = []string{"i"} }), bouncer.ErrMissingClaim},
			{with(func(p *bouncer.Policy) { p.Audiences = []string{"a"} }), bouncer.ErrMissingClaim},
			{with(func(p *bouncer.Policy) { p.RequiredClaims = []string{"r"} }), bouncer.ErrMissingClaim},
			{with(func(p *bouncer.Policy) { p.RequiredStringClaims = []string{"r"} }), bouncer.ErrMissingClaim},
			{with(func(p *bouncer.Policy) { p.TokenType = "x" }), bouncer.ErrWrongTokenType},
			{with(func(p *bouncer.Policy) { p.MaxTokenLen = 100 }), bouncer.ErrTokenTooLarge},
			{with(func(p *bouncer.Policy) { p.MaxTokenLen = -1 }), bouncer.ErrTokenTooLarge},
		} {
			_, err := bouncer.VerifyToken(m.jwks, one.policy, token)
			expectError(t, err, one.err)
		}
		for _, one := range []struct {
			token  string
			change func(*bouncer.Policy)
			err    error
		}{
			{m.kinds[7].token, func(p *bouncer.Policy) { p.Profile, p.AnyIssuer = "", true }, bouncer.ErrMissingClaim},
			{testIssuer().sign(t, bouncer.RS256, `{"alg":"RS256"}`, `{"uid":"a"}`), func(p *bouncer.Policy) { p.OptionalExp = true }, bouncer.ErrMissingClaim},
			{testIssuer().sign(t, bouncer.RS256, `{"alg":"RS256"}`, `{"uid":"a","exp":2000000000,"aud":"b"}`), func(p *bouncer.Policy) { p.AnyAudience = true }, bouncer.ErrWrongAudience},
		} {
			_, err := bouncer.VerifyToken(m.jwks, m.policy, one.token)
			expectError(t, err, one.err)
			_, err = bouncer.VerifyToken(m.jwks, with(one.change), one.token)
			expectError(t, err, nil)
		}
	}
	// If the program changes its policy later, the cached policy must not change.
	policy := with(func(p *bouncer.Policy) {})
	jwks := testIssuer().jwks(t, bouncer.RS256, bouncer.ES256)
	must(bouncer.VerifyToken(jwks, policy, token))(t)
	policy.Algorithms[0] = bouncer.PS256
	_, err := bouncer.VerifyToken(jwks, policy, token)
	expectError(t, err, bouncer.ErrAlgorithmNotAllowed)
}

func TestColumnsHaveTheValuesOfTheTokens(t *testing.T) {
	for _, size := range batchSizes {
		m := newMixture(t, size)
		verifier := must(bouncer.NewVerifier(m.jwks, m.policy))(t)
		results := must(verifier.VerifyBatch(m.tokens, 1))(t)
		columns := must(verifier.VerifyBatchColumns(m.tokens, 2))(t)
		expectColumns(t, columns, results)
		expectColumns(t, bouncer.ColumnsOf(results), results)
		expectColumns(t, must(bouncer.VerifyTokensColumns(m.jwks, m.policy, m.tokens, 1))(t), results)
	}
	// An empty "uid", no "uid", a "uid" that is not a string, and tokens without "exp".
	issuer := testIssuer()
	policy := bouncer.Policy{AnyIssuer: true, OptionalExp: true}
	var tokens []string
	for _, payload := range []string{`{"uid":""}`, `{}`, `{"uid":1}`, `{"exp":9999999999,"uid":"z"}`} {
		tokens = append(tokens, issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, payload))
	}
	jwks := issuer.jwks(t, bouncer.RS256)
	columns := must(bouncer.VerifyTokensColumns(jwks, policy, tokens, 1))(t)
	if made := bouncer.ColumnsOf(must(bouncer.VerifyTokens(jwks, policy, tokens, 1))(t)); !reflect.DeepEqual(made, columns) {
		t.Errorf("columns of the library: %+v, made in Go: %+v", columns, made)
	}
	if !reflect.DeepEqual(columns, &bouncer.Columns{
		Status: []uint32{0, 0, 0, 0}, Exp: []int64{0, 0, 0, 9999999999}, ExpValidity: []byte{8},
		UIDOffsets: []int64{0, 0, 0, 0, 1}, UIDData: []byte("z"), UIDValidity: []byte{9},
	}) {
		t.Errorf("%+v", columns)
	}
}

func expectColumns(t *testing.T, columns *bouncer.Columns, results []bouncer.BatchResult) {
	t.Helper()
	bitmap := (len(results) + 7) / 8
	if columns.Rows() != len(results) || len(columns.Exp) != len(results) || len(columns.UIDOffsets) != len(results)+1 ||
		len(columns.ExpValidity) != bitmap || len(columns.UIDValidity) != bitmap ||
		columns.UIDOffsets[0] != 0 || columns.UIDOffsets[len(results)] != int64(len(columns.UIDData)) {
		t.Fatalf("columns for %d results: %+v", len(results), columns)
	}
	for row, result := range results {
		var fault *bouncer.Error
		uid, hasUID := columns.UID(row)
		exp, hasExp := columns.ExpiresAt(row)
		if errors.As(result.Err, &fault) {
			if columns.Status[row] != fault.Status || hasUID || hasExp || columns.Exp[row] != 0 {
				t.Errorf("row %d: status %d, uid %q, exp %v", row, columns.Status[row], uid, exp)
			}
			continue
		}
		expected, _ := result.Token.ExpiresAt()
		if columns.Status[row] != 0 || !hasUID || !hasExp || uid != result.Token.UID() || !exp.Equal(expected) {
			t.Errorf("row %d: status %d, uid %q, exp %v", row, columns.Status[row], uid, exp)
		}
	}
}

// When Go moves a stack, it checks the pointers on that stack. An invalid pointer ends the process.
// The pointer of an empty Rust buffer is invalid for Go, so the library must not return it.
func TestColumnsWithoutUIDsAreSafeWhenTheStackMoves(t *testing.T) {
	issuer := newSigners(t, "a")
	jwks := must(bouncer.LoadJWKS([]byte(issuer.jwks(t, "a"))))(t)
	tokens := slices.Repeat([]string{"no token"}, 100_000)
	done := make(chan struct{})
	defer func() { <-done }()
	var over atomic.Bool
	defer over.Store(true)
	go func() {
		defer close(done)
		for !over.Load() {
			runtime.GC()
		}
	}()
	for range 20 {
		growStack(1000)
		columns := must(bouncer.VerifyTokensColumns(jwks, bouncer.DCOS(), tokens, 1))(t)
		if columns.Rows() != len(tokens) || len(columns.UIDData) != 0 {
			t.Fatal(columns.Rows(), len(columns.UIDData))
		}
	}
}

// growStack grows the stack, so that the garbage collector shrinks and moves it later.
func growStack(frames int) byte {
	var frame [1024]byte
	if frames > 0 {
		frame[frames%len(frame)] = growStack(frames - 1)
	}
	return frame[0]
}

func TestABatchWithRemoteKeysWaitsForMissingKeys(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second})
	waitReady(t, keys)
	server.handleWith(document(issuer.jwks(t, "a", "b")))
	plain := remoteVerifier(t, keys)
	a, b := issuer.token(t, "a"), issuer.token(t, "b")
	tokens := []string{a, b, "a.b.c", a[:len(a)-8] + "AAAAAAAA", b, a, a, a, a}
	for _, verifier := range []*bouncer.Verifier{plain, must(plain.WithCache(100))(t), must(plain.WithCache(0))(t)} {
		results := must(verifier.VerifyBatch(tokens, 2))(t)
		for i, result := range results {
			switch i {
			case 2:
				expectError(t, result.Err, bouncer.ErrMalformedToken)
			case 3:
				expectError(t, result.Err, bouncer.ErrInvalidSignature)
			default:
				expectAnna(t)(result.Token, result.Err)
			}
		}
		expectColumns(t, must(verifier.VerifyBatchColumns(tokens, 2))(t), results)
	}
	// The second request fetches the key b. The wrong signature causes the third request, because
	// the issuer may have a new key with the same kid.
	server.expectHits(t, 3)
	_ = keys.Close()
	for _, result := range must(plain.VerifyBatch(tokens[:2], 1))(t) {
		expectError(t, result.Err, bouncer.ErrKeysUnavailable)
	}
}

func TestATokenOfABatchIsAcceptedWhenItsKeyArrivesEvenIfOtherTokensStillWait(t *testing.T) {
	for _, kids := range [][]string{{"b", "lost"}, {"lost", "b"}} {
		issuer := newSigners(t, "a", "b", "lost")
		server := startKeyServer(t, document(issuer.jwks(t, "a")))
		keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 2 * time.Second})
		waitReady(t, keys)
		// The fetch in flight brings the key b. The next fetch, for the key "lost", never ends.
		slow, release := hanging(t, document(issuer.jwks(t, "a", "b")))
		server.handleWith(slow)
		refreshed := make(chan error)
		go func() { refreshed <- keys.Refresh(context.Background()) }()
		eventually(t, "the fetch", func() bool { return server.hits.Load() == 2 })
		hang, _ := hanging(t, failing(500))
		server.handleWith(hang)
		time.AfterFunc(200*time.Millisecond, release)
		verifier := remoteVerifier(t, keys)
		results := must(verifier.VerifyBatch([]string{issuer.token(t, kids[0]), issuer.token(t, kids[1])}, 1))(t)
		for i, kid := range kids {
			if kid == "b" {
				expectAnna(t)(results[i].Token, results[i].Err)
			} else {
				// The fetch for the key "lost" never ends, so this token cannot be verified.
				expectError(t, results[i].Err, bouncer.ErrKeysUnavailable)
			}
		}
		if err := <-refreshed; err != nil {
			t.Error(err)
		}
		server.expectHits(t, 3)
	}
}

func TestABatchWaitsNoLongerThanItsContextAndMaxWait(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	hang, _ := hanging(t, failing(500))
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: time.Second})
	waitReady(t, keys)
	server.handleWith(hang)
	verifier := remoteVerifier(t, keys)
	tokens := slices.Repeat([]string{issuer.token(t, "b"), issuer.token(t, "a")}, 10)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	results := must(verifier.VerifyBatchContext(ctx, tokens, 1))(t)
	for i, result := range results {
		if i%2 == 1 {
			expectAnna(t)(result.Token, result.Err)
		} else if !errors.Is(result.Err, context.DeadlineExceeded) || !errors.Is(result.Err, bouncer.ErrKeys) {
			t.Error(result.Err)
		}
	}
	columns := must(verifier.VerifyBatchColumnsContext(ctx, tokens, 1))(t)
	if columns.Status[0] != 103 || columns.Status[1] != 0 {
		t.Error(columns.Status)
	}
	if waited := time.Since(begin); waited > 900*time.Millisecond {
		t.Errorf("waited %v, but the context ends after 50 ms", waited)
	}
	begin = time.Now()
	for i, result := range must(verifier.VerifyBatch(tokens, 1))(t) {
		if i%2 == 0 {
			expectError(t, result.Err, bouncer.ErrKeysUnavailable)
		}
	}
	if waited := time.Since(begin); waited < 500*time.Millisecond || waited > 3*time.Second {
		t.Errorf("waited %v, but MaxWait is 1 s", waited)
	}
}

func TestAllBackendsReturnTheSameResults(t *testing.T) {
	m := newMixture(t, 100)
	var text bytes.Buffer
	for i, key := range m.jwks.Keys() {
		fmt.Fprint(&text, []string{`{"keys":[`, ","}[i], key)
	}
	text.WriteString("]}")
	for _, backend := range []bouncer.Backend{bouncer.BackendDefault, bouncer.BackendAccelerated, bouncer.BackendAWSLC} {
		jwks := must(bouncer.LoadJWKSWith(text.Bytes(), backend))(t)
		m.expect(t, must(bouncer.VerifyTokens(jwks, m.policy, m.tokens, 1))(t))
		for i, token := range m.tokens {
			_, err := bouncer.VerifyToken(jwks, m.policy, token)
			expectError(t, err, m.expects[i].err)
		}
		if fast := jwks.AcceleratedKeys(); fast > 1 || backend == bouncer.BackendAWSLC && fast != 0 {
			t.Errorf("back end %q accelerates %d keys", backend, fast)
		}
		server := startKeyServer(t, document(text.String()))
		keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, Backend: backend})
		waitReady(t, keys)
		if fast := must(keys.Current())(t).AcceleratedKeys(); fast != jwks.AcceleratedKeys() {
			t.Errorf("the remote key set has %d accelerated keys, but the JWKSet of the same document has %d", fast, jwks.AcceleratedKeys())
		}
	}
	for _, backend := range []bouncer.Backend{"ACCELERATED", "none"} {
		_, err := bouncer.LoadJWKSWith(text.Bytes(), backend)
		expectError(t, err, bouncer.ErrInvalidArgument)
		_, err = bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: "https://keys.invalid/", Backend: backend})
		expectError(t, err, bouncer.ErrInvalidArgument)
	}
}

func TestACacheCountsHitsAndChecksExpOnEveryHit(t *testing.T) {
	verifier := documentVerifier(t)
	if stats := must(verifier.Stats())(t).Cache; stats != (bouncer.CacheStats{}) {
		t.Errorf("%+v", stats)
	}
	cached := must(verifier.WithCache(10))(t)
	_ = verifier.Close()
	for range 3 {
		if token := must(cached.Verify(documentToken))(t); token.UID() != "peter" {
			t.Error(token.UID())
		}
		_, err := cached.Verify(documentToken[:len(documentToken)-4] + "AAAA")
		expectError(t, err, bouncer.ErrInvalidSignature)
	}
	if stats := must(cached.Stats())(t).Cache; stats.Hits != 2 || stats.Misses != 4 || stats.Capacity < 10 {
		t.Errorf("%+v", stats)
	}
	if metrics := must(cached.Prometheus())(t); !strings.Contains(metrics, "\nbouncer_cache_hits_total 2\n") {
		t.Error(metrics)
	}
	none := must(cached.WithCache(0))(t)
	must(none.Verify(documentToken))(t)
	if stats := must(none.Stats())(t).Cache; stats != (bouncer.CacheStats{}) {
		t.Errorf("%+v", stats)
	}
	_, err := cached.WithCache(-1)
	expectError(t, err, bouncer.ErrInvalidArgument)
	_ = cached.Close()
	_, err = cached.WithCache(1)
	expectError(t, err, bouncer.ErrClosed)
	_, err = cached.Stats()
	expectError(t, err, bouncer.ErrClosed)

	// Use the system's clock, so that a token can expire.
	issuer := testIssuer()
	exp := time.Now().Unix() + 2
	token := issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, fmt.Sprintf(`{"uid":"anna","exp":%d}`, exp))
	cached = must(must(bouncer.NewVerifier(issuer.jwks(t, bouncer.RS256), bouncer.DCOS()))(t).WithCache(1))(t)
	must(cached.Verify(token))(t)
	must(cached.Verify(token))(t)
	time.Sleep(time.Until(time.Unix(exp, 1e8)))
	_, err = cached.Verify(token)
	expectError(t, err, bouncer.ErrExpired)
	if stats := must(cached.Stats())(t).Cache; stats.Hits != 2 || stats.Misses != 1 {
		t.Errorf("%+v", stats)
	}
}

func BenchmarkVerifyBatch(b *testing.B) {
	issuer := testIssuer()
	tokens := make([]string, 1024)
	for i := range tokens {
		tokens[i] = issuer.sign(b, bouncer.RS256, `{"alg":"RS256"}`, fmt.Sprintf(`{"uid":"user-%d","exp":9999999999}`, i))
	}
	verifier := must(bouncer.NewVerifier(issuer.jwks(b, bouncer.RS256), bouncer.DCOS()))(b)
	cached := must(verifier.WithCache(4096))(b)
	perToken := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(tokens)), "ns/token")
	}
	for name, verifier := range map[string]*bouncer.Verifier{"plain": verifier, "cached": cached} {
		b.Run(name+"/one by one", func(b *testing.B) {
			for b.Loop() {
				for _, token := range tokens {
					if _, err := verifier.Verify(token); err != nil {
						b.Fatal(err)
					}
				}
			}
			perToken(b)
		})
		b.Run(name+"/results", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if results, err := verifier.VerifyBatch(tokens, 1); err != nil || results[1000].Err != nil {
					b.Fatal(err)
				}
			}
			perToken(b)
		})
		b.Run(name+"/columns", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if columns, err := verifier.VerifyBatchColumns(tokens, 1); err != nil || columns.Status[1000] != 0 {
					b.Fatal(err)
				}
			}
			perToken(b)
		})
	}
}
