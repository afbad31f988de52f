package bouncer_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
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

// Go does not call the other functions, because they block.
func TestEveryCFunctionOfTheRenewerIsUsed(t *testing.T) {
	header := expectCalls(t, "renew|own_token|is_token",
		"bouncer_renewer_token", "bouncer_renewer_reject", "bouncer_renewer_wait_attempts")
	expectFields[bouncer.RenewerStats](t, header, "RENEWER")
}
