package bouncer_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestInvalidRenewerOptionsAreRejected(t *testing.T) {
	secret := startIAM(t).secret(t, "rsa-2048-a.pem")
	source := func(context.Context) (string, time.Duration, error) { return "t", 0, nil }
	const tokenURL = "https://a.invalid/"
	for name, options := range map[string]bouncer.RenewerOptions{
		"no source":            {},
		"two sources":          {ServiceAccount: secret, ServiceAccountFile: "a"},
		"source and account":   {ServiceAccount: secret, Source: source},
		"client and env":       {ServiceAccountEnv: true, TokenURL: tokenURL, ClientID: "a", ClientSecret: "b"},
		"client and endpoint":  {TokenURL: tokenURL, ClientID: "a", ClientSecret: "b", LoginEndpoint: "https://a.invalid/"},
		"account and Supplied": {ServiceAccount: secret, Supplied: "a"},
		"unknown header":       {Source: source, Header: "basic"},
		"no client":            {TokenURL: tokenURL, ClientSecret: "b"},
		"no secret":            {TokenURL: tokenURL, ClientID: "a"},
		"two secrets":          {TokenURL: tokenURL, ClientID: "a", ClientSecret: "b", ClientSecretFile: "c"},
		"NUL in a parameter":   {TokenURL: tokenURL, ClientID: "a", ClientSecret: "b", Parameters: map[string][]string{"\x00": {"a"}}},
		"not a proxy":          {Source: source, Proxy: "://"},
		"timeout below zero":   {Source: source, Timeout: -1},
		"timeout too long":     {Source: source, Timeout: time.Hour},
		"wait too long":        {Source: source, MaxWait: time.Hour},
		"http":                 {ServiceAccount: secret, LoginEndpoint: "http://a.invalid/"},
		"client over http":     {TokenURL: "http://a.invalid/", ClientID: "a", ClientSecret: "b"},
		"name not UTF-8":       {Source: source, Supplied: "\xff"},
		"endpoint not UTF-8":   {ServiceAccount: secret, LoginEndpoint: "\xff"},
		"CA file not UTF-8":    {Source: source, CAFile: "\xff"},
	} {
		options.Lazy = true
		renewer, err := bouncer.NewTokenRenewer(options)
		if renewer != nil {
			t.Error(name, "is accepted")
		}
		expectError(t, err, bouncer.ErrInvalidArgument)
	}
	for name, options := range map[string]bouncer.RenewerOptions{
		"empty secret":  {ServiceAccount: "{}"},
		"no file":       {ServiceAccountFile: filepath.Join(t.TempDir(), "none")},
		"not a key":     {ServiceAccount: startIAM(t).secret(t, "p256-a.pem")},
		"a small key":   {ServiceAccount: startIAM(t).secret(t, "rsa-1024.pem")},
		"env, bad path": {ServiceAccountEnv: true},
	} {
		t.Setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", "/nowhere")
		options.Lazy = true
		_, err := bouncer.NewTokenRenewer(options)
		if err == nil {
			t.Error(name, "is accepted")
		}
		expectError(t, err, bouncer.ErrUnusableCredentials)
	}
}

func TestTheSecretsOfOptionsAreNotPrinted(t *testing.T) {
	const secret = "hunter2"
	options := bouncer.RenewerOptions{ServiceAccount: secret, ClientSecret: secret, ClientID: "client"}
	keys := bouncer.RemoteOptions{URL: "https://keys.invalid/", Proxy: "http://anna:hunter2@proxy.invalid:3128"}
	shown := []string{logged(keys), logged(&keys), logged(options), logged(&options)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
		for _, value := range []any{keys, &keys, options, &options, struct{ Keys, Options any }{keys, options}} {
			shown = append(shown, fmt.Sprintf(verb, value))
		}
	}
	for _, text := range shown {
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprint([]byte(secret))} {
			if strings.Contains(text, form) {
				t.Error(text)
			}
		}
	}
	const account = `{"client_id":"client","client_secret":"(set, not shown)","service_account":"(set, not shown)"}`
	if fmt.Sprint(keys) != `{"proxy":"(set, not shown)","url":"https://keys.invalid/"}` || fmt.Sprint(options) != account {
		t.Error(keys, options)
	}
}

func TestTheSecretCanBeInAFileOrTheEnvironment(t *testing.T) {
	server := startIAM(t)
	secret := server.secret(t, "rsa-2048-a.pem")
	file := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, options := range []bouncer.RenewerOptions{{ServiceAccountFile: file}, {ServiceAccountEnv: true}} {
		for _, value := range []string{secret, file} {
			t.Setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", value)
			renewer := startRenewer(t, options)
			if text := must(renewer.Token())(t); text != server.latest() {
				t.Error(text)
			}
			_ = renewer.Close()
		}
	}
}

func TestALazyRenewerLogsInAtTheFirstCall(t *testing.T) {
	server := startIAM(t)
	options := server.options(t)
	options.Lazy, options.Header, options.Logger = true, "bearer", discard
	renewer := startRenewer(t, options)
	time.Sleep(50 * time.Millisecond)
	server.expectLogins(t, 0)
	if token := must(renewer.TokenContext(soon(t)))(t); token.Authorization() != "Bearer "+server.latest() {
		t.Error(token.Authorization())
	}
	server.expectLogins(t, 1)
}

func TestTheOptionsCanReplaceTheLoginEndpoint(t *testing.T) {
	server := startIAM(t)
	authority, certificate := newCertificate(t)
	secured := httptest.NewUnstartedServer(server.Config.Handler)
	secured.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	secured.Config.ErrorLog = silent
	secured.StartTLS()
	defer secured.Close()
	options := server.options(t)
	options.LoginEndpoint, options.Proxy, options.Header = secured.URL+loginPath, "none", "dcos"
	renewer := startRenewer(t, options)
	status := eventuallyRenewal(t, renewer, "an attempt", func(s bouncer.RenewerStats) bool { return s.Attempts > 0 })
	if status.LastErrorName != "tls" || status.Source != options.LoginEndpoint {
		t.Errorf("%+v", status)
	}
	options.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(options.CAFile, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	if text := must(startRenewer(t, options).Token())(t); text != server.latest() {
		t.Error(text)
	}
}
