//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// RenewerOptions says where a [TokenRenewer] gets the service's own token, and how. Exactly one
// source is needed: ServiceAccountJSON, ServiceAccountFile, ServiceAccountFromEnv,
// ClientCredentials or Source. Durations count in milliseconds, rounded up; 0 is the default.
type RenewerOptions struct {
	// ServiceAccountJSON is the secret of a DC/OS service account: "uid", "private_key" and
	// "login_endpoint". The library has a copy of its own, which it wipes; the slice may be wiped
	// too.
	ServiceAccountJSON []byte

	// ServiceAccountFile is a file with such a secret. It is read for each login, so it may be
	// replaced.
	ServiceAccountFile string

	// ServiceAccountFromEnv takes the secret, or the path of a file with it, from
	// DCOS_SERVICE_ACCOUNT_CREDENTIAL.
	ServiceAccountFromEnv bool

	// ClientCredentials are those of an OAuth 2.0 client (RFC 6749 section 4.4).
	ClientCredentials *ClientCredentials

	// Source is the program's own way to a token. The token lives for lifetime, rounded down to a
	// second; 0: as long as it says itself, a JWT until its "exp", another for ever.
	//
	// It is called by one goroutine at a time, never by one that waits for a token. Its context
	// ends with Close, and after a minute, when nobody waits for the answer any more. An error that
	// is [ErrLoginRejected] by [errors.Is] says that trying again soon is of no use. The error's
	// text goes to the log and the status: it must hold no secret. A panic is a failure like any
	// other. It must not send its requests through the renewer's own [TokenRenewer.Transport].
	//
	// It must not hold the renewer, as a method of the value that keeps it does, unless the program
	// closes that: what the goroutine that calls it can reach is never garbage.
	Source func(ctx context.Context) (token string, lifetime time.Duration, err error)

	// Name stands for Source in the log and the status. Empty: "program".
	Name string

	// LoginEndpoint is where a service account logs in, in place of what its secret says.
	LoginEndpoint string

	// Bearer writes "Bearer <token>" in the Authorization header: the default, but for a service
	// account.
	Bearer bool

	// DCOSHeader writes "token=<token>" in the Authorization header: the default for a service
	// account.
	DCOSHeader bool

	// AllowHTTP allows to log in over http at other machines: whoever is on the way can then take
	// the token.
	AllowHTTP bool

	// CAFile is a PEM file with certificate authorities to trust beside the system's. It is read
	// for each login, so it may be replaced.
	CAFile string

	// Proxy is the proxy to log in through, as [RemoteOptions].Proxy.
	Proxy string

	// NoProxy goes through no proxy, whatever the environment says.
	NoProxy bool

	// Timeout is the time for one HTTP exchange, at most 5 minutes. 0: 10 seconds. The TCP
	// connection must be there after 2.
	Timeout time.Duration

	// MaxWait is how long a caller waits at most for a token, at most 5 minutes. 0: 10 seconds.
	// Below 0: no caller waits.
	MaxWait time.Duration

	// Lazy logs in with the first call for a token, not at once.
	Lazy bool

	// Logger is told of new tokens (Info) and of failures (Warn), by a goroutine that holds one
	// thread of the operating system until Close. It is told no token, no secret, and no query of a
	// URL. As Source, it must not hold the renewer. Nil: nobody is told.
	Logger *slog.Logger
}

// ClientCredentials are the credentials of an OAuth 2.0 client, which authenticates with HTTP
// Basic. fmt and slog do not show the secret, but for fmt in an unexported field of another struct,
// where it asks no method. JSON shows it.
type ClientCredentials struct {
	// TokenURL is the token endpoint: https, or http to this machine.
	TokenURL string
	// ClientID names the client.
	ClientID string
	// ClientSecret is its secret.
	ClientSecret string
	// Parameters are sent with the request: "scope", "audience", "resource".
	Parameters url.Values
}

// String does not show the secret.
func (c ClientCredentials) String() string {
	return "client " + c.ClientID + " (secret not shown)"
}

// GoString is String.
func (c ClientCredentials) GoString() string { return c.String() }

// Format writes String, whatever the verb, as [OwnToken.Format] does.
func (c ClientCredentials) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// LogValue is String, for slog.
func (c ClientCredentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String does not show the secrets, nor anything else.
func (o RenewerOptions) String() string { return "bouncer.RenewerOptions (not shown)" }

// GoString is String.
func (o RenewerOptions) GoString() string { return o.String() }

// Format writes String, whatever the verb, as [OwnToken.Format] does.
func (o RenewerOptions) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue is String, for slog.
func (o RenewerOptions) LogValue() slog.Value { return slog.StringValue(o.String()) }

// The defaults of the library that this package has to know.
const (
	defaultLoginTimeout = 10 * time.Second
	defaultTokenWait    = 10 * time.Second
)

// build makes the library's renewer.
func (o RenewerOptions) build() (*native.Renewer, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	builder := o.source()
	if o.LoginEndpoint != "" {
		builder.SetLoginEndpoint(o.LoginEndpoint)
	}
	if o.ClientCredentials != nil {
		for _, name := range slices.Sorted(maps.Keys(o.ClientCredentials.Parameters)) {
			for _, value := range o.ClientCredentials.Parameters[name] {
				builder.AddParameter(name, value)
			}
		}
	}
	if o.Bearer {
		builder.SetBearer()
	}
	if o.DCOSHeader {
		builder.SetDCOSHeader()
	}
	if o.AllowHTTP {
		builder.SetAllowHTTP()
	}
	if o.CAFile != "" {
		builder.SetCAFile(o.CAFile)
	}
	if o.Proxy != "" {
		builder.SetProxy(o.Proxy)
	}
	if o.NoProxy {
		builder.SetNoProxy()
	}
	if o.Timeout > 0 {
		builder.SetTimeout(o.Timeout)
	}
	if o.MaxWait > 0 {
		builder.SetMaxWait(o.MaxWait) // the waiting is done in Go; the library looks at the bounds
	}
	if o.Lazy {
		builder.SetLazy()
	}
	renewer, err := builder.Renewer()
	return renewer, errorOf(err)
}

// check refuses what contradicts itself.
func (o RenewerOptions) check() error {
	var sources []string
	for _, source := range []struct {
		name string
		set  bool
	}{
		{"ServiceAccountJSON", o.ServiceAccountJSON != nil},
		{"ServiceAccountFile", o.ServiceAccountFile != ""},
		{"ServiceAccountFromEnv", o.ServiceAccountFromEnv},
		{"ClientCredentials", o.ClientCredentials != nil},
		{"Source", o.Source != nil},
	} {
		if source.set {
			sources = append(sources, source.name)
		}
	}
	switch {
	case len(sources) != 1:
		const all = "ServiceAccountJSON, ServiceAccountFile, ServiceAccountFromEnv, ClientCredentials and Source"
		found := "none is set"
		if len(sources) > 1 {
			found = "set are " + strings.Join(sources, " and ")
		}
		return invalidArgument("RenewerOptions needs exactly one of " + all + ": " + found)
	case o.LoginEndpoint != "" && (o.ClientCredentials != nil || o.Source != nil):
		return invalidArgument("RenewerOptions.LoginEndpoint needs a service account")
	case o.Name != "" && o.Source == nil:
		return invalidArgument("RenewerOptions.Name needs RenewerOptions.Source")
	case o.Bearer && o.DCOSHeader:
		return invalidArgument("RenewerOptions.Bearer and RenewerOptions.DCOSHeader are mutually exclusive")
	case o.Proxy != "" && o.NoProxy:
		return invalidArgument("RenewerOptions.Proxy and RenewerOptions.NoProxy are mutually exclusive")
	case o.Timeout < 0:
		return invalidArgument(fmt.Sprintf("RenewerOptions.Timeout is negative: %v", o.Timeout))
	}
	return nil
}

func (o RenewerOptions) source() *native.RenewerBuilder {
	switch {
	case o.ServiceAccountJSON != nil:
		return native.NewServiceAccountBuilder(o.ServiceAccountJSON)
	case o.ServiceAccountFile != "":
		return native.NewServiceAccountFileBuilder(o.ServiceAccountFile)
	case o.ServiceAccountFromEnv:
		return native.NewServiceAccountEnvBuilder()
	case o.ClientCredentials != nil:
		client := o.ClientCredentials
		return native.NewClientCredentialsBuilder(client.TokenURL, client.ClientID, client.ClientSecret)
	case o.Name != "":
		return native.NewSuppliedBuilder(o.Name)
	default:
		return native.NewSuppliedBuilder("program")
	}
}

// maxWait is how long a caller waits.
func (o RenewerOptions) maxWait() time.Duration {
	if o.MaxWait == 0 {
		return defaultTokenWait
	}
	return max(o.MaxWait, 0)
}

// longestLogin is how long it can take until a login is done that is asked for now: the one under
// way and then its own, of two exchanges each where the clocks differ, and some slack.
func (o RenewerOptions) longestLogin() time.Duration {
	timeout := o.Timeout
	switch {
	case o.Source != nil:
		return 2*longestSource + 5*time.Second
	case timeout == 0:
		timeout = defaultLoginTimeout
	}
	return 4*timeout + 5*time.Second
}
