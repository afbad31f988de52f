// Code generated from src/settings by tests/generated. DO NOT EDIT.

//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A Policy is what a token must be, besides its signature. It says Issuers, AnyIssuer, or the
// Profile "dcos"; [ForIssuer] and [DCOS] are helpers. Every other field that is left alone is at
// its strictest.
type Policy struct {
	// Profile: Which tokens are expected. "dcos": those of DC/OS's Bouncer, which need a non-empty
	// string "uid" and no "iss". Default: jwt.
	Profile string

	// Issuers: The accepted values of "iss" (RFC 7519 section 4.1.1), character for character.
	// Required, unless AnyIssuer is set or the profile is "dcos".
	Issuers []string

	// AnyIssuer: Does not compare "iss".
	AnyIssuer bool

	// Audiences: The accepted values of "aud" (RFC 7519 section 4.1.3); one must be in the token.
	// Without it a token that has "aud" is rejected.
	Audiences []string

	// AnyAudience: Accepts tokens made for anybody, whatever audiences says.
	AnyAudience bool

	// Subject: The only accepted value of "sub" (RFC 7519 section 4.1.2), character for character.
	// "sub" is then required.
	Subject string

	// Algorithms: The allowed values of "alg". EdDSA is the old name of Ed25519. Default: RS256.
	Algorithms []Algorithm

	// TokenType: What the header parameter "typ" must be (RFC 8725 section 3.11), for example
	// "at+jwt". Case does not matter, and "application/" may be left out.
	TokenType string

	// RequiredClaims: Claims that must be present, with any value but null.
	RequiredClaims []string

	// RequiredStringClaims: Claims that must be strings and not empty.
	RequiredStringClaims []string

	// UncheckedClaims: Claims whose JSON type is not checked, for issuers that break RFC 7519: an
	// integer "sub", for example. One of another type is read as if it were not there.
	UncheckedClaims []string

	// OptionalExp: Accepts tokens without "exp": they are valid for ever.
	OptionalExp bool

	// Leeway: Allows for clocks that differ: moves "exp" and "nbf" apart by it, in whole seconds.
	// "nbf" is always moved by 60 seconds at least. 0s to 5m. Default: 0s.
	Leeway time.Duration

	// PaddedTokens: Expects each part of a token to be padded with "=", which RFC 7515 section 2
	// forbids: for what an AWS Application Load Balancer passes in "x-amzn-oidc-data". The padding
	// is signed.
	PaddedTokens bool

	// MaxTokenAge: Rejects tokens that were issued longer ago, whatever their "exp" says. "iat" is
	// then required. 1s to 366d.
	MaxTokenAge time.Duration

	// MaxTokenLen: Rejects longer tokens, before anything else is done with them. 0 to 1MiB.
	// Default: 16KiB.
	MaxTokenLen int

	// Time: Judges at this time, in place of the system's: for tests and audits. Not in a document.
	Time time.Time

	// Clock is a clock of the program's own, called once by each verification and once by each
	// batch. Nil: Time, or the system's clock. Clock and Time are mutually exclusive. With Clock
	// the policy is prepared again by each call, in a few microseconds, and there is no
	// [Verifier.WithCache].
	Clock func() time.Time

	// What the fields are set on top of.
	document string
}

func (o *Policy) apply(s settings) settings {
	s = s.load(o.document)
	s = s.text("profile", o.Profile)
	s = s.list("issuers", o.Issuers)
	s = s.flag("any_issuer", o.AnyIssuer)
	s = s.list("audiences", o.Audiences)
	s = s.flag("any_audience", o.AnyAudience)
	s = s.text("subject", o.Subject)
	s = s.algorithms("algorithms", o.Algorithms)
	s = s.text("token_type", o.TokenType)
	s = s.list("required_claims", o.RequiredClaims)
	s = s.list("required_string_claims", o.RequiredStringClaims)
	s = s.list("unchecked_claims", o.UncheckedClaims)
	s = s.flag("optional_exp", o.OptionalExp)
	s = s.duration("leeway", o.Leeway)
	s = s.flag("padded_tokens", o.PaddedTokens)
	s = s.duration("max_token_age", o.MaxTokenAge)
	s = s.number("max_token_len", o.MaxTokenLen)
	s = s.time("time", o.Time)
	return s
}

// LoadPolicy reads a JSON document of settings: docs/settings.schema.json describes it. Fields that
// are set afterwards replace what it says. One that cannot be used is an [ErrInvalidArgument].
func LoadPolicy(document []byte) (Policy, error) {
	return Policy{document: string(document)}, check(native.KindPolicy, document)
}

// String returns what is set, as a JSON document without any secret.
func (o Policy) String() string { return describe(native.KindPolicy, o.apply) }

// GoString is String.
func (o Policy) GoString() string { return o.String() }

// Format writes String, whatever the verb: some verbs make fmt look into the fields.
func (o Policy) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue is String, for slog.
func (o Policy) LogValue() slog.Value { return slog.StringValue(o.String()) }

// RemoteOptions say where a [RemoteJWKS] finds its keys, and how it keeps them fresh. URL or
// Discover is needed. A field that is left alone is at its default.
type RemoteOptions struct {
	// URL: The URL of the JWK Set: https, or http to this machine. Either this or discover is
	// required.
	URL string

	// Discover: The issuer whose metadata names the JWK Set (OpenID Connect Discovery 1.0, RFC
	// 8414). The metadata must name the same issuer.
	Discover string

	// TTL: How long keys are fresh where the server does not say. Fresh keys are fetched again at
	// 70 to 80 % of that time. 1s to 366d. Default: 10m.
	TTL time.Duration

	// MaxTTL: The longest time that the server may call its keys fresh. Lower it where a revoked
	// key must be gone sooner. 1s to 366d. Default: 1d.
	MaxTTL time.Duration

	// MaxStale: How long keys are used after the issuer last confirmed them, if it cannot be
	// reached; never less than they are fresh. Default: 1d, with discover 1h. 0s to 366d.
	MaxStale time.Duration

	// Timeout: The time for one HTTP exchange. From the resolution of the name to the last byte.
	// 1ms to 5m. Default: 5s.
	Timeout time.Duration

	// ConnectTimeout: The time for the TCP connection, over all addresses of the server or of its
	// proxy. Default: 2s, and never longer than timeout. 1ms to 5m.
	ConnectTimeout time.Duration

	// MaxWait: How long a verification waits at most for a fetch that may bring its key. 0s to 5m.
	// Default: 2s. Below 0: 0s.
	MaxWait time.Duration

	// RefetchInterval: How often tokens of an unknown "kid" may cause a fetch: twice at once, then
	// once in this interval. 1s to 1h. Default: 10s.
	RefetchInterval time.Duration

	// RefetchIntervalWithoutKID: How often tokens without "kid" that no key verifies, and tokens
	// whose key of the same "kid" does not verify them, may cause a fetch. 1s to 1d. Default: 5m.
	RefetchIntervalWithoutKID time.Duration

	// MaxDocumentLen: The largest document that is read, JWK Set or metadata. A larger one makes
	// the fetch fail. 1KiB to 64MiB. Default: 1MiB.
	MaxDocumentLen int

	// MaxKeys: The most usable keys of the set. Further ones are skipped, and listed as such. 1 to
	// 1000. Default: 100.
	MaxKeys int

	// KeyUses: Accepts keys whose "use" (RFC 7517 section 4.2) is one of these, besides "sig" and
	// none: "jwt-svid" for the bundles of SPIFFE.
	KeyUses []string

	// Lazy: Starts to fetch with the first verification, not at once. For programs that fork after
	// they set up.
	Lazy bool

	// CAFile: A PEM file of certificate authorities to trust besides the system's. It is read for
	// each fetch, so it may be replaced.
	CAFile string

	// ClientCertificateFile: A PEM file with the certificate chain to present to servers that ask
	// for one (mTLS). It is read for each exchange, so it may be replaced.
	ClientCertificateFile string

	// ClientKeyFile: A PEM file with the private key of the client certificate, not encrypted.
	// Default: the certificate's file.
	ClientKeyFile string

	// Proxy: "http://[user:password@]host:port", "none", or "environment": https_proxy, http_proxy,
	// all_proxy and no_proxy. This machine is never reached through a proxy. Default: environment.
	// With a password it is secret.
	Proxy string

	// SameOriginRedirects: Follows up to three redirects to the same scheme, host and port. Without
	// it a redirect is a failure.
	SameOriginRedirects bool

	// AllowHTTP: Allows http to other machines: whoever is on the way can then choose the keys.
	AllowHTTP bool

	// LastGoodFile: Keeps the latest good JWK Set in this file (mode 0600, replaced whole), and
	// starts with it. Whoever can write the file or its folder can choose the keys.
	LastGoodFile string

	// Seed: A JWK Set in JSON to start with, until the first fetch succeeds.
	Seed string

	// Backend: Which arithmetic verifies. Default: "accelerated", unless
	// BOUNCER_VERIFY_NO_ACCELERATION is set in the environment.
	Backend Backend

	// Logger is told of successes (Info) and of failures (Warn), by a goroutine that holds one
	// thread of the operating system until Close. It is told no token, no secret, and no query of a
	// URL. It must not hold what it is a logger of, unless the program closes that: what the
	// goroutine can reach is never garbage. Nil: nobody is told.
	Logger *slog.Logger

	// What the fields are set on top of.
	document string
}

func (o *RemoteOptions) apply(s settings) settings {
	s = s.load(o.document)
	s = s.text("url", o.URL)
	s = s.text("discover", o.Discover)
	s = s.duration("ttl", o.TTL)
	s = s.duration("max_ttl", o.MaxTTL)
	s = s.duration("max_stale", o.MaxStale)
	s = s.duration("timeout", o.Timeout)
	s = s.duration("connect_timeout", o.ConnectTimeout)
	s = s.wait("max_wait", o.MaxWait)
	s = s.duration("refetch_interval", o.RefetchInterval)
	s = s.duration("refetch_interval_without_kid", o.RefetchIntervalWithoutKID)
	s = s.number("max_document_len", o.MaxDocumentLen)
	s = s.number("max_keys", o.MaxKeys)
	s = s.list("key_uses", o.KeyUses)
	s = s.flag("lazy", o.Lazy)
	s = s.text("ca_file", o.CAFile)
	s = s.text("client_certificate_file", o.ClientCertificateFile)
	s = s.text("client_key_file", o.ClientKeyFile)
	s = s.text("proxy", o.Proxy)
	s = s.flag("same_origin_redirects", o.SameOriginRedirects)
	s = s.flag("allow_http", o.AllowHTTP)
	s = s.text("last_good_file", o.LastGoodFile)
	s = s.text("seed", o.Seed)
	s = s.backend("backend", o.Backend)
	return s
}

// LoadRemoteOptions reads a JSON document of settings: docs/settings.schema.json describes it.
// Fields that are set afterwards replace what it says. One that cannot be used is an
// [ErrInvalidArgument].
func LoadRemoteOptions(document []byte) (RemoteOptions, error) {
	return RemoteOptions{document: string(document)}, check(native.KindKeys, document)
}

// String returns what is set, as a JSON document without any secret.
func (o RemoteOptions) String() string { return describe(native.KindKeys, o.apply) }

// GoString is String.
func (o RemoteOptions) GoString() string { return o.String() }

// Format writes String, whatever the verb: some verbs make fmt look into the fields.
func (o RemoteOptions) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue is String, for slog.
func (o RemoteOptions) LogValue() slog.Value { return slog.StringValue(o.String()) }

// RenewerOptions say where a [TokenRenewer] gets the service's own token, and how. Exactly one
// source is needed: ServiceAccount, ServiceAccountFile, ServiceAccountEnv, TokenURL or Source. A
// field that is left alone is at its default.
type RenewerOptions struct {
	// ServiceAccount: The secret of a DC/OS service account, in JSON: "uid", "private_key" (RSA in
	// PEM) and "login_endpoint". Secret. Not in a document.
	ServiceAccount string

	// ServiceAccountFile: A file with the secret of a DC/OS service account. It is read for each
	// login.
	ServiceAccountFile string

	// ServiceAccountEnv: Takes the DC/OS service account from the environment variable
	// DCOS_SERVICE_ACCOUNT_CREDENTIAL: the secret, or the path of a file with it.
	ServiceAccountEnv bool

	// TokenURL: The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). ClientID and, by
	// AuthMethod, a secret, a key or a certificate go with it.
	TokenURL string

	// ClientID: The client's name at TokenURL.
	ClientID string

	// AuthMethod: How the client authenticates at TokenURL: its secret by HTTP Basic or in the body
	// (RFC 6749 section 2.3.1), a JWT signed with its private key (RFC 7523 section 2.2), or the
	// certificate in ClientCertificateFile (RFC 8705 section 2.1). Default: client_secret_basic.
	AuthMethod string

	// ClientSecret: The client's secret. Secret. Not in a document.
	ClientSecret string

	// ClientSecretFile: A file with the client's secret. It is read for each login, so it may be
	// replaced. Line ends after the secret are not part of it.
	ClientSecretFile string

	// PrivateKey: The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits,
	// or EC on P-256. Secret. Not in a document.
	PrivateKey string

	// PrivateKeyFile: A file with the client's private key, in PEM. It is read for each login, so
	// it may be replaced.
	PrivateKeyFile string

	// PrivateKeyID: The "kid" in the header of the signed JWT, for servers that know several keys
	// of the client.
	PrivateKeyID string

	// Supplied: The program supplies the tokens itself. The value stands for the source in logs.
	Supplied string

	// LoginEndpoint: Logs in at this URL, in place of the service account's "login_endpoint".
	LoginEndpoint string

	// Parameters: Sends these parameters to TokenURL, by name: "parameters.scope",
	// "parameters.audience".
	Parameters map[string][]string

	// Header: What stands before the token in the Authorization header: "token=" or "Bearer ".
	// Default: dcos for a service account, else bearer.
	Header string

	// Timeout: The time for one HTTP exchange. From the resolution of the name to the last byte.
	// 1ms to 5m. Default: 10s.
	Timeout time.Duration

	// ConnectTimeout: The time for the TCP connection, over all addresses of the server or of its
	// proxy. Default: 2s, and never longer than timeout. 1ms to 5m.
	ConnectTimeout time.Duration

	// MaxWait: How long a caller waits at most for a token. 0s to 5m. Default: 10s. Below 0: 0s.
	MaxWait time.Duration

	// Lazy: Logs in with the first call, not at once. For programs that fork after they set up.
	Lazy bool

	// CAFile: A PEM file of certificate authorities to trust besides the system's. It is read for
	// each login, so it may be replaced.
	CAFile string

	// ClientCertificateFile: A PEM file with the certificate chain to present to servers that ask
	// for one (mTLS). It is read for each exchange, so it may be replaced.
	ClientCertificateFile string

	// ClientKeyFile: A PEM file with the private key of the client certificate, not encrypted.
	// Default: the certificate's file.
	ClientKeyFile string

	// Proxy: "http://[user:password@]host:port", "none", or "environment": https_proxy, http_proxy,
	// all_proxy and no_proxy. This machine is never reached through a proxy. Default: environment.
	// With a password it is secret.
	Proxy string

	// AllowHTTP: Allows http to other machines: whoever is on the way can then take the token.
	AllowHTTP bool

	// Source is the program's own way to a token; Supplied may name it. The token lives for
	// lifetime, rounded down to a second; 0: as long as it says itself, a JWT until its "exp",
	// another for ever. It is called by one goroutine at a time, never by one that waits for a
	// token. Its context ends with Close, and after a minute. An error that is [ErrLoginRejected]
	// by [errors.Is] says that trying again soon is of no use. The error's text goes to the log and
	// the stats: it must hold no secret. A panic is a failure like any other. It must not send its
	// requests through the renewer's own [TokenRenewer.Transport]. It must not hold the renewer,
	// unless the program closes that: what the goroutine that calls it can reach is never garbage.
	Source func(ctx context.Context) (token string, lifetime time.Duration, err error)

	// Logger is told of successes (Info) and of failures (Warn), by a goroutine that holds one
	// thread of the operating system until Close. It is told no token, no secret, and no query of a
	// URL. It must not hold what it is a logger of, unless the program closes that: what the
	// goroutine can reach is never garbage. Nil: nobody is told.
	Logger *slog.Logger

	// What the fields are set on top of.
	document string
}

func (o *RenewerOptions) apply(s settings) settings {
	s = s.load(o.document)
	s = s.text("service_account", o.ServiceAccount)
	s = s.text("service_account_file", o.ServiceAccountFile)
	s = s.flag("service_account_env", o.ServiceAccountEnv)
	s = s.text("token_url", o.TokenURL)
	s = s.text("client_id", o.ClientID)
	s = s.text("auth_method", o.AuthMethod)
	s = s.text("client_secret", o.ClientSecret)
	s = s.text("client_secret_file", o.ClientSecretFile)
	s = s.text("private_key", o.PrivateKey)
	s = s.text("private_key_file", o.PrivateKeyFile)
	s = s.text("private_key_id", o.PrivateKeyID)
	s = s.text("supplied", o.Supplied)
	s = s.text("login_endpoint", o.LoginEndpoint)
	s = s.members("parameters", o.Parameters)
	s = s.text("header", o.Header)
	s = s.duration("timeout", o.Timeout)
	s = s.duration("connect_timeout", o.ConnectTimeout)
	s = s.wait("max_wait", o.MaxWait)
	s = s.flag("lazy", o.Lazy)
	s = s.text("ca_file", o.CAFile)
	s = s.text("client_certificate_file", o.ClientCertificateFile)
	s = s.text("client_key_file", o.ClientKeyFile)
	s = s.text("proxy", o.Proxy)
	s = s.flag("allow_http", o.AllowHTTP)
	return s
}

// LoadRenewerOptions reads a JSON document of settings: docs/settings.schema.json describes it.
// Fields that are set afterwards replace what it says. One that cannot be used is an
// [ErrInvalidArgument].
func LoadRenewerOptions(document []byte) (RenewerOptions, error) {
	return RenewerOptions{document: string(document)}, check(native.KindRenewer, document)
}

// String returns what is set, as a JSON document without any secret.
func (o RenewerOptions) String() string { return describe(native.KindRenewer, o.apply) }

// GoString is String.
func (o RenewerOptions) GoString() string { return o.String() }

// Format writes String, whatever the verb: some verbs make fmt look into the fields.
func (o RenewerOptions) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue is String, for slog.
func (o RenewerOptions) LogValue() slog.Value { return slog.StringValue(o.String()) }
