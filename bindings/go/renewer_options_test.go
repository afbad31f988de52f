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

	"bouncer_verify/bouncer"
)

func TestRenewerOptionsThatCannotBeUsed(t *testing.T) {
	secret := startIAM(t).secret(t, "rsa-2048-a.pem")
	source := func(context.Context) (string, time.Duration, error) { return "t", 0, nil }
	client := &bouncer.ClientCredentials{TokenURL: "https://a.invalid/", ClientID: "a", ClientSecret: "b"}
	for name, options := range map[string]bouncer.RenewerOptions{
		"no source":            {},
		"two sources":          {ServiceAccountJSON: secret, ServiceAccountFile: "a"},
		"source and account":   {ServiceAccountJSON: secret, Source: source},
		"client and env":       {ServiceAccountFromEnv: true, ClientCredentials: client},
		"endpoint of a client": {ClientCredentials: client, LoginEndpoint: "https://a.invalid/"},
		"name of an account":   {ServiceAccountJSON: secret, Name: "a"},
		"two headers":          {Source: source, Bearer: true, DCOSHeader: true},
		"proxy and none":       {Source: source, Proxy: "http://a.invalid:1", NoProxy: true},
		"not a proxy":          {Source: source, Proxy: "://"},
		"timeout below zero":   {Source: source, Timeout: -1},
		"timeout too long":     {Source: source, Timeout: time.Hour},
		"wait too long":        {Source: source, MaxWait: time.Hour},
		"http":                 {ServiceAccountJSON: secret, LoginEndpoint: "http://a.invalid/"},
		"client over http":     {ClientCredentials: &bouncer.ClientCredentials{TokenURL: "http://a.invalid/"}},
		"name not UTF-8":       {Source: source, Name: "\xff"},
		"endpoint not UTF-8":   {ServiceAccountJSON: secret, LoginEndpoint: "\xff"},
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
		"secret":        {ServiceAccountJSON: []byte("{}")},
		"empty secret":  {ServiceAccountJSON: []byte{}},
		"no file":       {ServiceAccountFile: filepath.Join(t.TempDir(), "none")},
		"not a key":     {ServiceAccountJSON: startIAM(t).secret(t, "p256-a.pem")},
		"a small key":   {ServiceAccountJSON: startIAM(t).secret(t, "rsa-1024.pem")},
		"no such thing": {ServiceAccountFromEnv: true},
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

func TestTheSecretsOfOptionsAreNotShown(t *testing.T) {
	const secret = "hunter2"
	client := bouncer.ClientCredentials{ClientID: "client", ClientSecret: secret}
	options := bouncer.RenewerOptions{ServiceAccountJSON: []byte(secret), ClientCredentials: &client}
	shown := []string{logged(client), logged(&client), logged(options), logged(&options)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
		for _, value := range []any{client, &client, options, &options, struct{ Client, Options any }{client, options}} {
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
	if fmt.Sprint(client) != "client client (secret not shown)" || fmt.Sprint(options) != "bouncer.RenewerOptions (not shown)" {
		t.Error(client, options)
	}
}

func TestASecretComesFromAFileAndFromTheEnvironment(t *testing.T) {
	server := startIAM(t)
	secret := server.secret(t, "rsa-2048-a.pem")
	file := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(file, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, options := range []bouncer.RenewerOptions{{ServiceAccountFile: file}, {ServiceAccountFromEnv: true}} {
		for _, value := range []string{string(secret), file} {
			t.Setenv("DCOS_SERVICE_ACCOUNT_CREDENTIAL", value)
			renewer := startRenewer(t, options)
			if text := must(renewer.Token())(t); text != server.latest() {
				t.Error(text)
			}
			_ = renewer.Close()
		}
	}
}

func TestALazyRenewerLogsInWithTheFirstCall(t *testing.T) {
	server := startIAM(t)
	options := server.options(t)
	options.Lazy, options.Bearer, options.Logger = true, true, discard
	renewer := startRenewer(t, options)
	time.Sleep(50 * time.Millisecond)
	server.expectLogins(t, 0)
	if token := must(renewer.TokenContext(soon(t)))(t); token.Authorization() != "Bearer "+server.latest() {
		t.Error(token.Authorization())
	}
	server.expectLogins(t, 1)
}

func TestTheLoginEndpointCanBeAnotherOverTLS(t *testing.T) {
	server := startIAM(t)
	authority, certificate := newCertificate(t)
	secured := httptest.NewUnstartedServer(server.Config.Handler)
	secured.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	secured.Config.ErrorLog = silent
	secured.StartTLS()
	defer secured.Close()
	options := server.options(t)
	options.LoginEndpoint, options.NoProxy, options.DCOSHeader = secured.URL+loginPath, true, true
	renewer := startRenewer(t, options)
	status := eventuallyRenewal(t, renewer, "an attempt", func(s bouncer.RenewalStatus) bool { return s.Attempts > 0 })
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
