//go:build cgo

package bouncer

import (
	"fmt"
	"log/slog"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// RemoteOptions says where a [RemoteJWKS] finds its keys, and how it keeps them. A URL or an Issuer
// is enough, and one of them is needed. Durations count in milliseconds, rounded up; 0 is the
// default.
type RemoteOptions struct {
	// URL is where the JWK Set document is: https, or http to this machine.
	URL string

	// Issuer, in place of URL, finds the JWK Set through the issuer's metadata at
	// "/.well-known/openid-configuration" (OpenID Connect Discovery 1.0), which must name the same
	// issuer, character for character.
	Issuer string

	// AllowHTTP allows http to other machines: whoever is on the way can then choose the keys.
	AllowHTTP bool

	// CAFile is a PEM file with certificate authorities to trust beside the system's. It is read
	// for each fetch, so it may be replaced.
	CAFile string

	// Proxy is the proxy to go through, "http://[user:password@]host:port". Empty: as the
	// environment says, https_proxy for https, http_proxy for http, else all_proxy, but for hosts
	// in no_proxy, in lower or upper case. This machine is never reached through a proxy.
	Proxy string

	// NoProxy goes through no proxy, whatever the environment says.
	NoProxy bool

	// SameOriginRedirects follows up to three redirects to the same scheme, host and port. Without
	// it a redirect is a failure.
	SameOriginRedirects bool

	// TTL is how long keys are fresh where the server does not say (Cache-Control, Expires; RFC
	// 9111 section 4.2): at least a second. 0: 10 minutes. What the server says counts from 60
	// seconds to 24 hours.
	TTL time.Duration

	// MaxStale is how long keys are used after the issuer last confirmed them, if it cannot be
	// reached; never less than they are fresh. 0: 24 hours, or one with an Issuer.
	MaxStale time.Duration

	// Timeout is the time for one HTTP exchange, at most 5 minutes. 0: 5 seconds. The TCP
	// connection must be there after 2.
	Timeout time.Duration

	// MaxWait is how long a verification waits at most for a fetch that may bring its key, at most
	// 5 minutes. 0: 2 seconds. Below 0: no verification waits.
	MaxWait time.Duration

	// Seed is a JWK Set document to start with, until the first fetch succeeds: for programs that
	// must answer at once. Nil: none.
	Seed []byte

	// LastGoodFile is a file that keeps the latest good document (mode 0600, replaced whole). It is
	// started with if it is there, from the same source and not older than MaxStale. Whoever can
	// write the file, or its folder, can choose the keys.
	LastGoodFile string

	// Lazy begins to fetch with the first verification, WaitReady or Refresh, not at once. Looking
	// at the keys in use, as golang-jwt does through this package, begins nothing.
	Lazy bool

	// Backend is the arithmetic that verifies signatures.
	Backend Backend

	// Logger is told of new keys (Info) and of failures (Warn), by a goroutine that holds one
	// thread of the operating system until Close. It is told nothing of tokens, and no query of a
	// URL. It must not hold the RemoteJWKS, unless the program closes that: what the goroutine can
	// reach is never garbage. Nil: nobody is told.
	Logger *slog.Logger
}

// The defaults of the library that this package has to know.
const (
	defaultTimeout = 5 * time.Second
	defaultMaxWait = 2 * time.Second
)

// build makes the library's remote key set.
func (o RemoteOptions) build() (*native.RemoteJWKS, error) {
	switch {
	case o.URL == "" && o.Issuer == "":
		return nil, invalidArgument("RemoteOptions.URL and RemoteOptions.Issuer are both empty")
	case o.URL != "" && o.Issuer != "":
		return nil, invalidArgument("RemoteOptions.URL and RemoteOptions.Issuer are mutually exclusive")
	case o.Proxy != "" && o.NoProxy:
		return nil, invalidArgument("RemoteOptions.Proxy and RemoteOptions.NoProxy are mutually exclusive")
	case o.TTL < 0:
		return nil, invalidArgument(fmt.Sprintf("RemoteOptions.TTL is negative: %v", o.TTL))
	case o.MaxStale < 0:
		return nil, invalidArgument(fmt.Sprintf("RemoteOptions.MaxStale is negative: %v", o.MaxStale))
	case o.Timeout < 0:
		return nil, invalidArgument(fmt.Sprintf("RemoteOptions.Timeout is negative: %v", o.Timeout))
	}
	builder := o.location()
	if o.Backend != BackendDefault {
		builder.SetBackend(o.Backend.native())
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
	if o.SameOriginRedirects {
		builder.SetSameOriginRedirects()
	}
	if o.TTL > 0 {
		builder.SetTTL(o.TTL)
	}
	if o.MaxStale > 0 {
		builder.SetMaxStale(o.MaxStale)
	}
	if o.Timeout > 0 {
		builder.SetTimeout(o.Timeout)
	}
	if o.MaxWait > 0 {
		builder.SetMaxWait(o.MaxWait) // the waiting is done in Go; the library looks at the bounds
	}
	if o.Seed != nil {
		builder.SetSeed(o.Seed)
	}
	if o.LastGoodFile != "" {
		builder.SetLastGoodFile(o.LastGoodFile)
	}
	if o.Lazy {
		builder.SetLazy()
	}
	remoteJWKS, err := builder.RemoteJWKS()
	return remoteJWKS, errorOf(err)
}

func (o RemoteOptions) location() *native.RemoteBuilder {
	if o.Issuer != "" {
		return native.NewIssuerBuilder(o.Issuer)
	}
	return native.NewRemoteBuilder(o.URL)
}

// maxWait is how long a verification waits.
func (o RemoteOptions) maxWait() time.Duration {
	if o.MaxWait == 0 {
		return defaultMaxWait
	}
	return max(o.MaxWait, 0)
}

// longestFetch is how long it can take until a fetch is done that is asked for now: the one under
// way and then its own, of two exchanges each, and some slack.
func (o RemoteOptions) longestFetch() time.Duration {
	timeout := o.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return 4*timeout + 5*time.Second
}
