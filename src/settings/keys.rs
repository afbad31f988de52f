//! The table of a remote key set's settings.

use super::row::{Row, Setting, duration, flagged, row};
use super::value::SettingType as Type;
use crate::crypto::backend::Backend;
use crate::remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
use std::time::Duration;

pub(super) const MINUTES_5: Duration = Duration::from_secs(300);
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);

// What renewers have too.
pub(super) const CONNECT_TIMEOUT: &str = "The time for the TCP connection, over all addresses of the server or of its proxy. \
     Default: 2s, and never longer than timeout.";
pub(super) const CLIENT_CERTIFICATE: &str = "A PEM file with the certificate chain to present to servers that ask for one (mTLS). \
     It is read for each exchange, so it may be replaced.";
pub(super) const CLIENT_KEY: &str = "A PEM file with the private key of the client certificate, not encrypted. Default: the \
     certificate's file.";
pub(super) const PROXY: &str = "\"http://[user:password@]host:port\", \"none\", or \"environment\": https_proxy, \
     http_proxy, all_proxy and no_proxy. This machine is never reached through a proxy.";

pub(super) const KEYS: &[Row<RemoteJwkSetBuilder>] = &[
    row(
        "url",
        Type::Text,
        "",
        "The URL of the JWK Set: https, or http to this machine. Either this or discover is required.",
        |keys, _| Ok(keys),
    ),
    row(
        "discover",
        Type::Text,
        "",
        "The issuer whose metadata names the JWK Set (OpenID Connect Discovery 1.0, RFC 8414). The \
         metadata must name the same issuer.",
        |keys, _| Ok(keys),
    ),
    row(
        "ttl",
        duration(SECOND, YEAR),
        "10m",
        "How long keys are fresh where the server does not say. Fresh keys are fetched \
         again at 70 to 80 % of that time.",
        |keys, given| Ok(keys.ttl(given.duration()?)),
    ),
    row(
        "max_ttl",
        duration(SECOND, YEAR),
        "1d",
        "The longest time that the server may call its keys fresh. Lower it where a revoked key must \
         be gone sooner.",
        |keys, given| Ok(keys.max_ttl(given.duration()?)),
    ),
    row(
        "max_stale",
        duration(Duration::ZERO, YEAR),
        "",
        "How long keys are used after the issuer last confirmed them, if it cannot be reached; \
         never less than they are fresh. Default: 1d, with discover 1h.",
        |keys, given| Ok(keys.max_stale(given.duration()?)),
    ),
    row(
        "timeout",
        duration(MILLISECOND, MINUTES_5),
        "5s",
        "The time for one HTTP exchange. From the resolution of the name to the last byte.",
        |keys, given| Ok(keys.timeout(given.duration()?)),
    ),
    row("connect_timeout", duration(MILLISECOND, MINUTES_5), "", CONNECT_TIMEOUT, |keys, given| {
        Ok(keys.connect_timeout(given.duration()?))
    }),
    row(
        "max_wait",
        duration(Duration::ZERO, MINUTES_5),
        "2s",
        "How long a verification waits at most for a fetch that may bring its key.",
        |keys, given| Ok(keys.max_wait(given.duration()?)),
    ),
    row(
        "refetch_interval",
        duration(SECOND, Duration::from_secs(60 * 60)),
        "10s",
        "How often tokens of an unknown \"kid\" may cause a fetch: twice at once, then once in this \
         interval.",
        |keys, given| Ok(keys.refetch_interval(given.duration()?)),
    ),
    row(
        "refetch_interval_without_kid",
        duration(SECOND, DAY),
        "5m",
        "How often tokens without \"kid\" that no key verifies, and tokens whose key of the same \
         \"kid\" does not verify them, may cause a fetch.",
        |keys, given| Ok(keys.refetch_interval_without_kid(given.duration()?)),
    ),
    row(
        "max_document_len",
        Type::Size { min: 1024, max: 64 * 1024 * 1024 },
        "1MiB",
        "The largest document that is read, JWK Set or metadata. A larger one makes the fetch fail.",
        |keys, given| Ok(keys.max_document_len(given.size()?)),
    ),
    row(
        "max_keys",
        Type::Count { min: 1, max: 1000 },
        "100",
        "The most usable keys of the set. Further ones are skipped, and listed as such.",
        |keys, given| Ok(keys.max_keys(given.size()?)),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "key_uses",
            Type::Texts,
            "",
            "Accepts keys whose \"use\" (RFC 7517 section 4.2) is one of these, besides \"sig\" and none: \
             \"jwt-svid\" for the bundles of SPIFFE.",
            |keys, given| Ok(keys.key_uses(given.texts())),
        ),
    ),
    row(
        "lazy",
        Type::Flag,
        "",
        "Starts to fetch with the first verification, not at once. For programs that fork after \
         they set up.",
        |keys, _| Ok(keys.lazy()),
    ),
    row(
        "ca_file",
        Type::Text,
        "",
        "A PEM file of certificate authorities to trust besides the system's. It is read for each \
         fetch, so it may be replaced.",
        |keys, given| Ok(keys.ca_file(given.text()?)),
    ),
    row("client_certificate_file", Type::Text, "", CLIENT_CERTIFICATE, |keys, given| {
        Ok(keys.client_certificate_file(given.text()?))
    }),
    row("client_key_file", Type::Text, "", CLIENT_KEY, |keys, given| Ok(keys.client_key_file(given.text()?))),
    flagged(
        Setting::PASSWORD,
        row("proxy", Type::Text, "environment", PROXY, |keys, given| {
            Ok(match given.text()? {
                "environment" => keys,
                "none" => keys.no_proxy(),
                url => keys.proxy(url),
            })
        }),
    ),
    row(
        "same_origin_redirects",
        Type::Flag,
        "",
        "Follows up to three redirects to the same scheme, host and port. Without it a redirect is \
         a failure.",
        |keys, _| Ok(keys.same_origin_redirects()),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "allow_http",
            Type::Flag,
            "",
            "Allows http to other machines: whoever is on the way can then choose the keys.",
            |keys, _| Ok(keys.allow_http()),
        ),
    ),
    row(
        "last_good_file",
        Type::Text,
        "",
        "Keeps the latest good JWK Set in this file (mode 0600, replaced whole), and starts with \
         it. Whoever can write the file or its folder can choose the keys.",
        |keys, given| Ok(keys.last_good_file(given.text()?)),
    ),
    row(
        "seed",
        Type::Text,
        "",
        "A JWK Set in JSON to start with, until the first fetch succeeds.",
        |keys, given| Ok(keys.seed(given.text()?)),
    ),
    row(
        "backend",
        Type::Choice(&["accelerated", "aws-lc"]),
        "",
        "Which arithmetic verifies. Default: \"accelerated\", unless BOUNCER_VERIFY_NO_ACCELERATION \
         is set in the environment.",
        |keys, given| {
            Ok(keys.backend(match given.text()? {
                "aws-lc" => Backend::AwsLc,
                _ => Backend::Accelerated,
            }))
        },
    ),
];
