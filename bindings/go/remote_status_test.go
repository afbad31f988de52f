package bouncer_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"bouncer_verify/bouncer"
)

func TestAStatusSaysAllThatTheLibraryKnows(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	jwks := strings.Replace(issuer.jwks(t, "a"), `[`, `[{"kty":"oct","k":"AA"}, `, 1)
	server := startKeyServer(t, document(jwks))
	begin := time.Now().Truncate(time.Second)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL + "/keys?secret=1"})
	status := eventuallyStatus(t, keys, "an attempt", func(s bouncer.RemoteStatus) bool { return s.Attempts == 1 })
	if at := status.LastSuccess; at.Before(begin) || time.Since(at) > time.Minute || at.Location() != time.UTC {
		t.Error(at)
	}
	if status.NextAttempt < 6*time.Minute || status.NextAttempt > 8*time.Minute {
		t.Error(status.NextAttempt)
	}
	if len(status.SHA256) != 64 {
		t.Error(status.SHA256)
	}
	status.LastSuccess, status.NextAttempt, status.SHA256 = time.Time{}, 0, ""
	expected := bouncer.RemoteStatus{
		Source: server.URL + "/keys", State: bouncer.RemoteFresh, Generation: 1,
		UsableKeys: 1, SkippedKeys: 1, Attempts: 1, Scheduled: 1,
	}
	if status != expected {
		t.Errorf("%+v", status)
	}

	// One of each: a token whose kid is unknown, twice; one without a kid; the program.
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
	status = must(keys.Status())(t)
	if status.UnknownKID != 1 || status.WithoutKID != 1 || status.Requested != 1 || status.Suppressed != 1 ||
		status.Attempts != 4 {
		t.Errorf("%+v", status)
	}
}

// TestAStatusHasAFieldForEveryGetter reads the C header.
func TestAStatusHasAFieldForEveryGetter(t *testing.T) {
	text, err := os.ReadFile("../../include/bouncer_verify.h")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: the header: run in a checkout")
	}
	calls := nativeSource(t)
	declaration := regexp.MustCompile(`(?m)^[a-z].*\b(bouncer_remote_(?:status|options|jwks)_\w+)\(`)
	functions := declaration.FindAllStringSubmatch(string(text), -1)
	getters := 0
	for _, function := range functions {
		if !strings.Contains(calls, "C."+function[1]+"(") {
			t.Errorf("internal/native does not call %s", function[1])
		}
		if strings.HasPrefix(function[1], "bouncer_remote_status_") && function[1] != "bouncer_remote_status_free" {
			getters++
		}
	}
	if fields := reflect.TypeFor[bouncer.RemoteStatus]().NumField(); fields == 0 || fields != getters {
		t.Errorf("%d fields for %d getters", fields, getters)
	}
}
