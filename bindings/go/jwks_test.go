package bouncer_test

import (
	"runtime"
	"strings"
	"testing"

	"bouncer-verify.internal/bouncer"
)

func TestASkippedKeyHasAReason(t *testing.T) {
	document := strings.Replace(documentJWKS, `[`, `[{"kty":"oct","k":"AA","kid":"secret"}, `, 1)
	jwks := must(bouncer.LoadJWKS([]byte(document)))(t)
	skipped := jwks.Skipped()
	if len(jwks.Keys()) != 1 || len(skipped) != 1 {
		t.Fatal(jwks.Keys(), skipped)
	}
	if one := skipped[0]; one.Index != 0 || one.KeyID != "secret" || one.Reason != "symmetric" || one.Message == "" {
		t.Errorf("%+v", one)
	}
	skipped[0].Reason = "changed"
	if jwks.Skipped()[0].Reason != "symmetric" {
		t.Error("the set can be changed through a returned slice")
	}
}

func TestDocumentsThatAreNotAKeySetAreRejected(t *testing.T) {
	for _, document := range []string{"", "null", "[]", "{}", `{"keys":1}`, documentJWKS + "x", documentJWKS[1:]} {
		jwks, err := bouncer.LoadJWKS([]byte(document))
		expectError(t, err, bouncer.ErrMalformedJWKSet)
		expectError(t, err, bouncer.ErrKeys)
		if jwks != nil {
			t.Errorf("%q is accepted as a key set", document)
		}
	}
	_, err := bouncer.LoadJWKS(nil)
	expectError(t, err, bouncer.ErrMalformedJWKSet)
	_, err = bouncer.LoadJWKS([]byte(`{"keys":[]}`))
	expectError(t, err, bouncer.ErrNoUsableKey)
	_, err = bouncer.NewJWKSet()
	expectError(t, err, bouncer.ErrNoUsableKey)
	_, err = bouncer.NewJWKSet(&bouncer.JWK{})
	expectError(t, err, bouncer.ErrUnusableKey)
}

func TestAKeySetKeepsNoReferenceToTheDocument(t *testing.T) {
	document := []byte(documentJWKS)
	jwks := must(bouncer.LoadJWKS(document))(t)
	clear(document)
	if _, err := bouncer.VerifyToken(jwks, documentPolicy, documentToken); err != nil {
		t.Error(err)
	}
}

func TestASetOfSingleKeysEqualsTheLoadedSet(t *testing.T) {
	loaded := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	jwks := must(bouncer.NewJWKSet(loaded.Keys()...))(t)
	token := must(bouncer.VerifyToken(jwks, documentPolicy, documentToken))(t)
	if token.UID() != "peter" || token.KeyID() != loaded.Keys()[0].KeyID() {
		t.Error(token.UID(), token.KeyID())
	}
}

func TestAClosedSetReturnsErrClosed(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	verifier := must(bouncer.NewVerifier(jwks, documentPolicy))(t)
	for range 3 {
		if err := jwks.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := bouncer.VerifyToken(jwks, documentPolicy, documentToken)
	expectError(t, err, bouncer.ErrClosed)
	_, err = bouncer.NewVerifier(jwks, documentPolicy)
	expectError(t, err, bouncer.ErrClosed)
	if _, err := verifier.Verify(documentToken); err != nil {
		t.Error("Close of the set closed the verifier:", err)
	}
	if len(jwks.Keys()) != 1 {
		t.Error("Close of the set closed its keys")
	}
	_, err = bouncer.VerifyToken(new(bouncer.JWKSet), documentPolicy, documentToken)
	expectError(t, err, bouncer.ErrClosed)
}

func TestLoadingAndClosingAKeySetLeaksNoMemory(t *testing.T) {
	document := []byte(documentJWKS)
	expectNoGrowth(t, 2000, 2000, func() {
		jwks := must(bouncer.LoadJWKS(document))(t)
		_ = must(bouncer.NewJWKSet(jwks.Keys()...))(t).Close()
		_, _ = bouncer.LoadJWKS(document[1:])
		_ = jwks.Close()
	})
}

func TestErrorsLeakNoMemory(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	unusable := bouncer.Policy{Profile: "dcos", Issuers: []string{"https://idp.example/", "\xff"}}
	expectNoGrowth(t, 20000, 150, func() {
		_, _ = bouncer.LoadJWKS(nil)
		_, _ = bouncer.ParseJWK(nil)
		_, _ = bouncer.NewJWKSet(jwks.Keys()[0], &bouncer.JWK{})
		_, _ = bouncer.AuthorizationToken("")
		_, _ = bouncer.NewVerifier(jwks, unusable)
	})
}

func TestTheGarbageCollectorFreesObjectsThatAreNotClosed(t *testing.T) {
	document := []byte(documentJWKS)
	runs := 0
	expectNoGrowth(t, 4000, 4000, func() {
		jwks := must(bouncer.LoadJWKS(document))(t)
		must(bouncer.NewVerifier(jwks, documentPolicy))(t)
		if runs++; runs%100 == 0 {
			runtime.GC()
		}
	})
}

func BenchmarkLoadJWKS(b *testing.B) {
	document := []byte(documentJWKS)
	b.ReportAllocs()
	for b.Loop() {
		_ = must(bouncer.LoadJWKS(document))(b).Close()
	}
}
