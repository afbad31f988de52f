package bouncer_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bouncer_verify/bouncer"
)

func TestTheStatsOfARenewerAreComplete(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	status := must(renewer.Stats())(t)
	if status.ExpiresIn < 59*time.Minute || status.ExpiresIn > time.Hour {
		t.Error(status.ExpiresIn)
	}
	if status.NextAttempt < 41*time.Minute || status.NextAttempt > 49*time.Minute {
		t.Error(status.NextAttempt)
	}
	status.ExpiresIn, status.NextAttempt = 0, 0
	expected := bouncer.RenewerStats{
		Source: server.URL + loginPath, State: bouncer.TokenValid, Generation: 1, Attempts: 1, Scheduled: 1,
	}
	if status != expected {
		t.Errorf("%+v", status)
	}
	metrics := must(renewer.Prometheus())(t)
	if !strings.Contains(metrics, "bouncer_renewer_attempts_total{") || strings.Contains(metrics, "hunter2") {
		t.Error(metrics)
	}
	server.handleLogins(failing(http.StatusBadGateway))
	expectError(t, renewer.Renew(soon(t)), bouncer.ErrLoginUnavailable)
	status = must(renewer.Stats())(t)
	if status.LastErrorName != "status" || !strings.Contains(status.LastError, "502") ||
		time.Since(status.LastErrorAt) > time.Minute || status.LastErrorAt.Location() != time.UTC {
		t.Errorf("%+v", status)
	}
}

// TestEveryCFunctionOfTheRenewerIsUsed reads the functions and stats from the C header.
func TestEveryCFunctionOfTheRenewerIsUsed(t *testing.T) {
	text, err := os.ReadFile("../../include/bouncer_verify.h")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: the comparison with the C header: run the tests in a checkout")
	}
	calls := nativeSource(t)
	declaration := regexp.MustCompile(`(?m)^[a-z].*\b(bouncer_(?:renew|own_token|is_token)\w+)\(`)
	blocking := []string{"bouncer_renewer_token", "bouncer_renewer_reject"} // Go must not call these two
	for _, function := range declaration.FindAllStringSubmatch(string(text), -1) {
		name := function[1]
		if called, expected := strings.Contains(calls, name+"("), !slices.Contains(blocking, name); called != expected {
			t.Errorf("internal/native calls %s: %v, expected %v", name, called, expected)
		}
	}
	expectFields[bouncer.RenewerStats](t, string(text), "RENEWER")
}
