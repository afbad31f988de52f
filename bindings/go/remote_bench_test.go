package bouncer_test

import (
	"context"
	"testing"

	"bouncer-verify.internal/bouncer"
)

func BenchmarkVerifyRemote(b *testing.B) {
	server := startKeyServer(b, document(documentJWKS))
	keys := startRemote(b, bouncer.RemoteOptions{URL: server.URL})
	waitReady(b, keys)
	verifier := must(bouncer.NewVerifier(keys, documentPolicy))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.VerifyContext(context.Background(), documentToken); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRemotePublicKeys(b *testing.B) {
	server := startKeyServer(b, document(documentJWKS))
	keys := startRemote(b, bouncer.RemoteOptions{URL: server.URL})
	waitReady(b, keys)
	header := map[string]any{"alg": "RS256"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.PublicKeys(header); err != nil {
			b.Fatal(err)
		}
	}
}
