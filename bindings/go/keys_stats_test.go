package bouncer_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestTheStatsOfKeysAreComplete(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	jwks := strings.Replace(issuer.jwks(t, "a"), `[`, `[{"kty":"oct","k":"AA"}, `, 1)
	server := startKeyServer(t, document(jwks))
	begin := time.Now().Truncate(time.Second)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL + "/keys?secret=1"})
	status := eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts == 1 })
	if at := status.LastSuccessAt; at.Before(begin) || time.Since(at) > time.Minute || at.Location() != time.UTC {
		t.Error(at)
	}
	if status.NextAttempt < 6*time.Minute || status.NextAttempt > 8*time.Minute {
		t.Error(status.NextAttempt)
	}
	if len(status.SHA256) != 64 {
		t.Error(status.SHA256)
	}
	status.LastSuccessAt, status.NextAttempt, status.SHA256, status.Age = time.Time{}, 0, "", 0
	expected := bouncer.KeysStats{
		Source: server.URL + "/keys", State: bouncer.KeysFresh, Generation: 1,
		Usable: 1, Skipped: 1, Attempts: 1, Scheduled: 1,
	}
	if status != expected {
		t.Errorf("%+v", status)
	}
	if keys.Generation() != 1 || new(bouncer.RemoteJWKS).Generation() != 0 {
		t.Error(keys.Generation())
	}
	metrics := must(keys.Prometheus())(t)
	if line := `bouncer_keys_attempts_total{source="` + server.URL + `/keys"} 1` + "\n"; !strings.Contains(metrics, line) {
		t.Error(metrics)
	}

	// One fetch for each reason: a token with an unknown kid, a token without kid, and Refresh. The
	// second token with an unknown kid causes no fetch.
	verifier := remoteVerifier(t, keys)
	for range 2 {
		_, err := verifier.Verify(issuer.token(t, "b"))
		expectError(t, err, bouncer.ErrNoMatchingKey)
	}
	bare := testIssuer().sign(t, bouncer.EdDSA, `{"alg":"EdDSA"}`, `{"uid":"anna","exp":99999999999}`)
	_, err := verifier.Verify(bare)
	expectError(t, err, bouncer.ErrInvalidSignature)
	if err := keys.Refresh(soon(t)); err != nil {
		t.Error(err)
	}
	status = must(keys.Stats())(t)
	if status.UnknownKID != 1 || status.WithoutKID != 1 || status.Requested != 1 || status.Suppressed != 1 ||
		status.Attempts != 4 {
		t.Errorf("%+v", status)
	}
}

func TestMaxTableMemoryLimitsTheTablesOfTheKeys(t *testing.T) {
	issuer := testIssuer()
	key := must(bouncer.JWKFromPublicKey(issuer.public(bouncer.ES256)))(t)
	server := startKeyServer(t, document(`{"keys": [`+string(must(key.MarshalJSON())(t))+`]}`))
	token := issuer.sign(t, bouncer.ES256, `{"alg":"ES256"}`, `{"uid":"anna","exp":99999999999}`)
	policy := bouncer.Policy{Profile: "dcos", Algorithms: []bouncer.Algorithm{bouncer.ES256}}
	for _, test := range []struct {
		max      int // a negative value means 0
		expected uint64
	}{{0, 1}, {-1, 0}, {85 << 10, 0}} {
		keys := startRemote(t, bouncer.RemoteOptions{
			URL: server.URL, Backend: bouncer.BackendAccelerated, MaxTableMemory: test.max,
		})
		verifier := must(bouncer.NewVerifier(keys, policy))(t)
		for i := range 250 {
			if i == 99 {
				status := must(keys.Stats())(t)
				if status.Accelerated != 0 || status.TableBytes != 0 {
					t.Errorf("%d: after 99 tokens: %+v", test.max, status)
				}
			}
			expectAnna(t)(verifier.VerifyContext(soon(t), token))
		}
		status := must(keys.Stats())(t)
		if status.Accelerated != test.expected || (status.TableBytes != 0) != (test.expected != 0) {
			t.Errorf("%d: %+v", test.max, status)
		}
	}
}

func TestEveryCFunctionOfRemoteKeysIsUsed(t *testing.T) {
	header := expectCalls(t, "remote_jwks_", "bouncer_remote_jwks_wait_attempts") // which blocks
	expectFields[bouncer.KeysStats](t, header, "KEYS")
	expectFields[bouncer.CacheStats](t, header, "CACHE")
}

// expectFields fails unless Stats has one field for each stat in the C header.
func expectFields[Stats any](t *testing.T, header, prefix string) {
	t.Helper()
	stats := regexp.MustCompile(`(?m)^#define BOUNCER_STAT_`+prefix+`_`).FindAllString(header, -1)
	fields := 0
	for i := range reflect.TypeFor[Stats]().NumField() {
		if reflect.TypeFor[Stats]().Field(i).Name != "Source" {
			fields++
		}
	}
	if fields == 0 || fields != len(stats) {
		t.Errorf("%d Go fields for %d stats of the C header", fields, len(stats))
	}
}
