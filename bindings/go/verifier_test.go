package bouncer_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func documentVerifier(t testing.TB) *bouncer.Verifier {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	defer jwks.Close()
	return must(bouncer.NewVerifier(jwks, documentPolicy))(t)
}

func TestChangingAPolicyDoesNotChangeItsVerifier(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	policy := documentPolicy
	policy.Algorithms = []bouncer.Algorithm{bouncer.RS256}
	verifier := must(bouncer.NewVerifier(jwks, policy))(t)
	policy.Algorithms[0] = bouncer.ES256
	if _, err := verifier.Verify(documentToken); err != nil {
		t.Error(err)
	}
}

func TestAClosedVerifierReturnsErrClosed(t *testing.T) {
	verifier := documentVerifier(t)
	for range 3 {
		if err := verifier.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, verifier := range []*bouncer.Verifier{verifier, new(bouncer.Verifier)} {
		token, err := verifier.Verify(documentToken)
		expectError(t, err, bouncer.ErrClosed)
		expectError(t, err, bouncer.ErrProgram)
		if token != nil || errors.Is(err, bouncer.ErrInvalidToken) {
			t.Error(token, err)
		}
		_, err = verifier.VerifyBytes(nil)
		expectError(t, err, bouncer.ErrClosed)
	}
}

func TestNilKeysAreAnError(t *testing.T) {
	for name, keys := range map[string]bouncer.KeySource{
		"nil": nil, "a nil *JWKSet": (*bouncer.JWKSet)(nil), "a nil *RemoteJWKS": (*bouncer.RemoteJWKS)(nil),
	} {
		verifier, err := bouncer.NewVerifier(keys, bouncer.DCOS())
		expectError(t, err, bouncer.ErrInvalidArgument)
		if verifier != nil || !strings.Contains(err.Error(), "nil") {
			t.Error(name, verifier, err)
		}
	}
	var keys bouncer.KeySource = new(bouncer.JWKSet)
	_, err := bouncer.NewVerifier(keys, bouncer.DCOS())
	expectError(t, err, bouncer.ErrClosed)
	_, err = bouncer.VerifyToken(nil, bouncer.DCOS(), documentToken)
	expectError(t, err, bouncer.ErrInvalidArgument)
	_, err = bouncer.VerifyTokens(nil, bouncer.DCOS(), nil, 1)
	expectError(t, err, bouncer.ErrInvalidArgument)
	_, err = bouncer.VerifyTokensColumns(nil, bouncer.DCOS(), nil, 1)
	expectError(t, err, bouncer.ErrInvalidArgument)
	_, err = bouncer.NewJWKSet(nil)
	expectError(t, err, bouncer.ErrInvalidArgument)
}

func TestANilVerifierReturnsErrClosed(t *testing.T) {
	var verifier *bouncer.Verifier
	_, token := verifier.Verify(documentToken)
	_, authorization := verifier.VerifyAuthorization("Bearer " + documentToken)
	_, batch := verifier.VerifyBatch(nil, 1)
	_, columns := verifier.VerifyBatchColumns(nil, 1)
	_, cached := verifier.WithCache(1)
	_, stats := verifier.Stats()
	for _, err := range []error{token, authorization, batch, columns, cached, stats} {
		expectError(t, err, bouncer.ErrClosed)
	}
	if err := verifier.Close(); err != nil {
		t.Error(err)
	}
}

func TestVerifyAuthorizationVerifiesTheTokenOfAHeader(t *testing.T) {
	verifier := documentVerifier(t)
	for _, value := range []string{"token=" + documentToken, "Bearer " + documentToken} {
		if token := must(verifier.VerifyAuthorization(value))(t); token.UID() != "peter" {
			t.Error(token.UID())
		}
		if token := must(verifier.VerifyAuthorizationContext(soon(t), value))(t); token.UID() != "peter" {
			t.Error(token.UID())
		}
	}
	for value, expected := range map[string]error{
		"":             bouncer.ErrMalformedAuthorization,
		"Basic YTpi":   bouncer.ErrMalformedAuthorization,
		documentToken:  bouncer.ErrMalformedAuthorization,
		"Bearer a.b.c": bouncer.ErrMalformedToken,
		"Bearer " + documentToken[:len(documentToken)-4] + "AAAA": bouncer.ErrInvalidSignature,
	} {
		token, err := verifier.VerifyAuthorization(value)
		if expectError(t, err, expected); token != nil {
			t.Error(value, token)
		}
	}
}

func TestVerifyAuthorizationContextReturnsWhenItsContextEnds(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, _ := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second, Timeout: 30 * time.Second})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := remoteVerifier(t, keys).VerifyAuthorizationContext(ctx, "Bearer "+issuer.token(t, "a"))
	expectError(t, err, context.DeadlineExceeded)
	expectError(t, err, bouncer.ErrKeys)
}

func TestVerifyBytesKeepsNoReferenceToTheToken(t *testing.T) {
	verifier := documentVerifier(t)
	text := []byte(documentToken)
	token := must(verifier.VerifyBytes(text))(t)
	clear(text)
	if token.UID() != "peter" || !json.Valid(token.Payload()) {
		t.Errorf("%q", token.Payload())
	}
	_, err := verifier.VerifyBytes(nil)
	expectError(t, err, bouncer.ErrMalformedToken)
	_, err = verifier.Verify("")
	expectError(t, err, bouncer.ErrMalformedToken)
}

func TestAVerifierMayBeClosedWhileGoroutinesVerify(t *testing.T) {
	bad := documentToken[:len(documentToken)-4] + "AAAA"
	for range 20 {
		verifier := documentVerifier(t)
		var group sync.WaitGroup
		for range 8 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					_, err := verifier.Verify(bad)
					if errors.Is(err, bouncer.ErrClosed) {
						return
					}
					expectError(t, err, bouncer.ErrInvalidSignature)
					token, err := verifier.Verify(documentToken)
					if errors.Is(err, bouncer.ErrClosed) {
						return
					}
					if err != nil || token.UID() != "peter" {
						t.Error(err)
					}
				}
			}()
		}
		time.Sleep(time.Millisecond)
		group.Add(2)
		for range 2 {
			go func() {
				defer group.Done()
				_ = verifier.Close()
			}()
		}
		group.Wait()
	}
}

// During its last call, no variable of the test refers to the verifier, and the garbage collector
// runs.
func TestTheLastCallKeepsItsVerifierAlive(t *testing.T) {
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for range 100 {
		if token := must(documentVerifier(t).Verify(strings.Clone(documentToken)))(t); token.UID() != "peter" {
			t.Error(token.UID())
		}
	}
	close(stop)
	group.Wait()
}

func TestVerifyingLeaksNoMemory(t *testing.T) {
	verifier := documentVerifier(t)
	junk := strings.Repeat("a", 4000) + ".b.c"
	expectNoGrowth(t, 12000, 250, func() {
		_, _ = verifier.Verify(documentToken)
		_, _ = verifier.Verify(documentToken[1:])
		_, _ = verifier.Verify(junk)
	})
}

func TestOnlyTheResultIsAllocated(t *testing.T) {
	verifier := documentVerifier(t)
	if allocations := testing.AllocsPerRun(100, func() { _, _ = verifier.Verify(documentToken) }); allocations > 2 {
		t.Errorf("%v allocations, expected at most 2: the token and its text", allocations)
	}
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	if allocations := testing.AllocsPerRun(100, func() { _, _ = bouncer.VerifyToken(jwks, documentPolicy, documentToken) }); allocations > 2 {
		t.Errorf("%v allocations, expected at most 2: the token and its text", allocations)
	}
	if allocations := testing.AllocsPerRun(100, func() { _, _ = verifier.Verify("a.b.c") }); allocations > 2 {
		t.Errorf("%v allocations, expected at most 2: the error and its text", allocations)
	}
}

func FuzzVerify(f *testing.F) {
	type config struct {
		document string
		policy   bouncer.Policy
	}
	seeds := corpus(f)
	documents := map[string]int{}
	var configs []config
	for _, c := range seeds {
		if jwks, err := bouncer.LoadJWKS([]byte(c.document)); err != nil || len(c.document) > 10000 {
			continue
		} else {
			_ = jwks.Close()
		}
		if _, known := documents[c.document]; !known && len(configs) < 50 {
			documents[c.document] = len(configs)
			policy := c.policy(f)
			policy.Algorithms = []bouncer.Algorithm{bouncer.RS256, bouncer.PS256, bouncer.ES256, bouncer.Ed25519}
			configs = append(configs, config{c.document, policy})
		}
		if number, known := documents[c.document]; known {
			f.Add(byte(number), []byte(c.token(f)))
		}
	}
	verifiers := make([]*bouncer.Verifier, len(configs))
	for i, config := range configs {
		verifiers[i] = must(bouncer.NewVerifier(must(bouncer.LoadJWKS([]byte(config.document)))(f), config.policy))(f)
	}
	f.Fuzz(func(t *testing.T, number byte, text []byte) {
		token, err := verifiers[int(number)%len(verifiers)].VerifyBytes(text)
		if err == nil {
			if !json.Valid(token.Payload()) || !json.Valid(token.Header()) || token.Algorithm() == "" {
				t.Errorf("%q %q %q", token.Payload(), token.Header(), token.Algorithm())
			}
			return
		}
		var fault *bouncer.Error
		if token != nil || !errors.As(err, &fault) || !errors.Is(err, bouncer.ErrInvalidToken) || fault.Name() == "unknown" {
			t.Error(err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	verifier := documentVerifier(b)
	expired := must(bouncer.NewVerifier(must(bouncer.LoadJWKS([]byte(documentJWKS)))(b), bouncer.DCOS()))(b)
	forged := documentToken[:len(documentToken)-4] + "AAAA"
	for _, one := range []struct {
		name     string
		verifier *bouncer.Verifier
		token    string
		status   error
	}{
		{"valid", verifier, documentToken, nil},
		{"expired", expired, documentToken, bouncer.ErrExpired},
		{"forged", verifier, forged, bouncer.ErrInvalidSignature},
		{"malformed", verifier, "a.b.c", bouncer.ErrMalformedToken},
	} {
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := one.verifier.Verify(one.token); !errors.Is(err, one.status) {
					b.Fatal(err)
				}
			}
		})
	}
}

// A cache hit does little except making the result, so this benchmark measures mainly that.
func BenchmarkVerifyCached(b *testing.B) {
	issuer := testIssuer()
	verifier := must(bouncer.NewVerifier(issuer.jwks(b, bouncer.RS256), bouncer.DCOS()))(b)
	for _, size := range []int{500, 900, 1500, 3000} {
		filler := strings.Repeat("x", (size-450)*3/4)
		token := issuer.sign(b, bouncer.RS256, `{"alg":"RS256"}`, `{"uid":"anna","exp":99999999999,"x":"`+filler+`"}`)
		cached := must(verifier.WithCache(100))(b)
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cached.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyParallel(b *testing.B) {
	verifier := documentVerifier(b)
	b.ReportAllocs()
	b.RunParallel(func(loop *testing.PB) {
		for loop.Next() {
			if _, err := verifier.Verify(documentToken); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerifyToken(b *testing.B) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bouncer.VerifyToken(jwks, documentPolicy, documentToken); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStandardLibrary verifies a token with the standard library alone, with fewer checks.
func BenchmarkStandardLibrary(b *testing.B) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(b)
	public := must(jwks.Keys()[0].PublicKey())(b).(*rsa.PublicKey)
	verify := func(token string) (claims struct {
		UID string
		Exp int64
	}, err error) {
		parts := strings.Split(token, ".")
		var header struct{ Alg string }
		text, err := base64.RawURLEncoding.DecodeString(parts[0])
		if err == nil {
			err = json.Unmarshal(text, &header)
		}
		if err == nil && header.Alg != "RS256" {
			err = errors.New(header.Alg)
		}
		if err != nil {
			return claims, err
		}
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil {
			return claims, err
		}
		digest := sha256.Sum256([]byte(token[:len(parts[0])+1+len(parts[1])]))
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
			return claims, err
		}
		if text, err = base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			err = json.Unmarshal(text, &claims)
		}
		if err == nil && claims.Exp <= documentPolicy.Time.Unix() {
			err = errors.New("expired")
		}
		return claims, err
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify(documentToken); err != nil {
			b.Fatal(err)
		}
	}
}
