//! The settings of a remote key set: one row for each setting.

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

// Help texts that key sets and renewers share.
pub(super) const CONNECT_TIMEOUT: &str = "Timeout for the TCP connection, in total for all addresses of the server or its proxy. \
     It is never longer than timeout. Default: 2s.";
pub(super) const CLIENT_CERTIFICATE: &str = "A PEM file with the certificate chain to present to servers that request one (mTLS). \
     It is read for each exchange, so it may be replaced.";
pub(super) const CLIENT_KEY: &str = "A PEM file with the private key of the client certificate, not encrypted. Default: \
     client_certificate_file.";
pub(super) const PROXY: &str = "The proxy: \"http://[user:password@]host:port\", \"none\" or \"environment\". \
     \"environment\" reads https_proxy, http_proxy, all_proxy and no_proxy. \
     Connections to this machine never use a proxy.";

pub(super) const KEYS: &[Row<RemoteJwkSetBuilder>] = &[
    row(
        "url",
        Type::Text,
        "",
        "The URL of the JWK Set: https, or http to this machine. Set either this or \
             discover.",
        |keys, _| Ok(keys),
    ),
    row(
        "discover",
        Type::Text,
        "",
        "The issuer whose metadata contains the URL of the JWK Set (OpenID Connect \
             Discovery 1.0, RFC 8414). The metadata must name the same issuer.",
        |keys, _| Ok(keys),
    ),
    row(
        "ttl",
        duration(SECOND, YEAR),
        "10m",
        "Lifetime of the keys if the response does not contain one (Cache-Control, \
             Expires). Keys are refreshed after 70 to 80 % of their lifetime.",
        |keys, given| Ok(keys.ttl(given.duration()?)),
    ),
    row(
        "max_ttl",
        duration(SECOND, YEAR),
        "1d",
        "Maximum lifetime that a response may set. A longer lifetime is reduced to it. Lower \
             it if a revoked key must be rejected sooner.",
        |keys, given| Ok(keys.max_ttl(given.duration()?)),
    ),
    row(
        "max_stale",
        duration(Duration::ZERO, YEAR),
        "",
        "Maximum time that keys are used after the issuer last confirmed them, while the \
             issuer cannot be reached. It is never shorter than the lifetime of the keys. \
             Default: 1d, or 1h with discover.",
        |keys, given| Ok(keys.max_stale(given.duration()?)),
    ),
    row(
        "timeout",
        duration(MILLISECOND, MINUTES_5),
        "5s",
        "Timeout for one HTTP exchange, from the DNS lookup to the last byte.",
        |keys, given| Ok(keys.timeout(given.duration()?)),
    ),
    row("connect_timeout", duration(MILLISECOND, MINUTES_5), "", CONNECT_TIMEOUT, |keys, given| {
        Ok(keys.connect_timeout(given.duration()?))
    }),
    row(
        "max_wait",
        duration(Duration::ZERO, MINUTES_5),
        "2s",
        "Maximum time that a verification waits for a fetch that may return its key.",
        |keys, given| Ok(keys.max_wait(given.duration()?)),
    ),
    row(
        "refetch_interval",
        duration(SECOND, Duration::from_secs(60 * 60)),
        "10s",
        "Limits fetches for tokens with an unknown \"kid\": two without a pause, then one \
             per interval.",
        |keys, given| Ok(keys.refetch_interval(given.duration()?)),
    ),
    row(
        "refetch_interval_without_kid",
        duration(SECOND, DAY),
        "5m",
        "Limits fetches for tokens that no key verifies to one per interval. Such a token \
             has no \"kid\", or it has the \"kid\" of a known key.",
        |keys, given| Ok(keys.refetch_interval_without_kid(given.duration()?)),
    ),
    row(
        "max_document_len",
        Type::Size { min: 1024, max: 64 * 1024 * 1024 },
        "1MiB",
        "Maximum length of a JWK Set or of metadata, in bytes. The fetch of a longer \
             document fails.",
        |keys, given| Ok(keys.max_document_len(given.size()?)),
    ),
    row(
        "max_keys",
        Type::Count { min: 1, max: 1000 },
        "100",
        "Maximum number of usable keys. Further keys are skipped, and reported as \
             skipped.",
        |keys, given| Ok(keys.max_keys(given.size()?)),
    ),
    row(
        "max_table_memory",
        Type::Size { min: 0, max: 1 << 30 },
        "32MiB",
        "Maximum memory of all tables for ES256 and Ed25519 keys in the process. If it is full, the keys \
             of this set get no more tables. Less than 86KiB disables tables. A key gets its table after 100 \
             valid tokens.",
        |keys, given| Ok(keys.max_table_memory(given.size()?)),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "key_uses",
            Type::Texts,
            "",
            "Also accepts keys with one of these values of \"use\" (RFC 7517 section 4.2), for \
             example \"jwt-svid\" for SPIFFE bundles. Keys with \"sig\" or without \"use\" are \
             always accepted.",
            |keys, given| Ok(keys.key_uses(given.texts())),
        ),
    ),
    row(
        "lazy",
        Type::Flag,
        "",
        "Starts to fetch at the first verification, not at once. For programs that fork \
             after their setup.",
        |keys, _| Ok(keys.lazy()),
    ),
    row(
        "ca_file",
        Type::Text,
        "",
        "A PEM file of certificate authorities to trust in addition to those of the \
             system. It is read for each fetch, so it may be replaced.",
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
        "Follows up to three redirects to the same scheme, host and port. If it is not \
             set, a redirect is a failure.",
        |keys, _| Ok(keys.same_origin_redirects()),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "allow_http",
            Type::Flag,
            "",
            "Allows http to other machines. Anyone on the network path can then choose the \
             keys.",
            |keys, _| Ok(keys.allow_http()),
        ),
    ),
    row(
        "last_good_file",
        Type::Text,
        "",
        "Stores the latest usable JWK Set in this file (mode 0600, replaced atomically), \
             and starts with the stored set. While that set is fresh, nothing is fetched. \
             Anyone who can write the file or its folder can choose the keys.",
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
        Type::Choice(&[Backend::Accelerated.as_str(), Backend::AwsLc.as_str()]),
        "",
        "The code that verifies signatures. Default: \"accelerated\", or \"aws-lc\" if the environment \
             variable BOUNCER_VERIFY_NO_ACCELERATION is neither empty nor 0.",
        |keys, given| {
            let is_aws_lc = given.text()? == Backend::AwsLc.as_str();
            Ok(keys.backend(if is_aws_lc { Backend::AwsLc } else { Backend::Accelerated }))
        },
    ),
];
