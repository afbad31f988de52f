//! The table: a row is all that there is to say about a setting. What else names one is generated from here
//! (`tests/generated`) or looks it up here.

use super::value::{Given, SettingType as Type};
use crate::error::Result;
#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set::RemoteJwkSetBuilder;
#[cfg(feature = "remote")]
use crate::remote::renewal::token_renewer::TokenRenewerBuilder;
use crate::verify::policy::Policy;
use std::time::Duration;

/// What settings are for. The numbers are permanent; 3 and 4 are kept free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingsKind {
    /// A [`Policy`]: what a token must be.
    Policy = 1,
    /// A [`crate::RemoteJwkSet`]: where an issuer's keys are and how they are kept fresh.
    #[cfg(feature = "remote")]
    Keys = 2,
    /// A [`crate::TokenRenewer`]: where the service's own token comes from.
    #[cfg(feature = "remote")]
    Renewer = 5,
}

impl SettingsKind {
    /// Every kind of this build.
    pub const ALL: &'static [Self] = &[
        Self::Policy,
        #[cfg(feature = "remote")]
        Self::Keys,
        #[cfg(feature = "remote")]
        Self::Renewer,
    ];

    /// The name: `policy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            #[cfg(feature = "remote")]
            Self::Keys => "keys",
            #[cfg(feature = "remote")]
            Self::Renewer => "renewer",
        }
    }

    /// The permanent number, that of C.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The kind of that number.
    pub fn of_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// Its settings, in the order of the documentation.
    pub fn settings(self) -> Vec<&'static Setting> {
        match self {
            Self::Policy => POLICY.iter().map(|row| &row.setting).collect(),
            #[cfg(feature = "remote")]
            Self::Keys => KEYS.iter().map(|row| &row.setting).collect(),
            #[cfg(feature = "remote")]
            Self::Renewer => RENEWER.iter().map(|row| &row.setting).collect(),
        }
    }

    /// The setting of that name.
    pub fn setting(self, name: &str) -> Option<&'static Setting> {
        self.settings().into_iter().find(|setting| setting.name == name)
    }
}

/// What a setting is, for documentation and for other languages.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The same in every language, in that language's case.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Type,
    /// The default, as text; empty if there is none or the help says it.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
    /// [`Setting::SECRET`] and the other flags.
    pub flags: u32,
    /// The version that has it first.
    pub since: &'static str,
}

impl Setting {
    /// The value is never shown, and not in a document.
    pub const SECRET: u32 = 1;
    /// It is set in code, not in a document.
    pub const CODE_ONLY: u32 = 2;
    /// It accepts what is refused without it.
    pub const WEAKENS: u32 = 4;
    /// It has items; [`crate::Settings::add`] appends one.
    pub const LIST: u32 = 8;
    /// It has another name now.
    pub const DEPRECATED: u32 = 16;
    /// A URL. With a user and password in it, it is secret.
    pub const PASSWORD: u32 = 32;

    /// Whether it has all of `flags`.
    pub const fn has(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// Whether this value of it must not be shown.
    pub(super) fn is_secret(&self, value: &str) -> bool {
        self.has(Self::SECRET) || self.has(Self::PASSWORD) && value.contains('@')
    }
}

/// A setting and the function of the typed builder. It is called once, with all values, if any is set or
/// there is a default; for a flag, if it is `true`.
pub(super) struct Row<B: 'static> {
    pub(super) setting: Setting,
    pub(super) set: fn(B, &Given<'_>) -> Result<B>,
}

const fn row<B>(
    name: &'static str,
    kind: Type,
    default: &'static str,
    help: &'static str,
    set: fn(B, &Given<'_>) -> Result<B>,
) -> Row<B> {
    let flags = if kind.is_list() { Setting::LIST } else { 0 };
    Row { setting: Setting { name, kind, default, help, flags, since: "0.1.0" }, set }
}

const fn flagged<B>(flags: u32, mut row: Row<B>) -> Row<B> {
    row.setting.flags |= flags;
    row
}

const fn duration(min: Duration, max: Duration) -> Type {
    Type::Duration { min, max }
}

const ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"];
#[cfg(feature = "remote")]
const MINUTES_5: Duration = Duration::from_secs(300);
#[cfg(feature = "remote")]
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
#[cfg(feature = "remote")]
const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) const POLICY: &[Row<Policy>] = &[
    row(
        "profile",
        Type::Choice(&["jwt", "dcos"]),
        "jwt",
        "Which tokens are expected. \"dcos\": those of DC/OS's Bouncer, which need a non-empty \
         string \"uid\" and no \"iss\".",
        |policy, given| Ok(if given.text()? == "dcos" { policy.uid() } else { policy }),
    ),
    row(
        "issuers",
        Type::Texts,
        "",
        "The accepted values of \"iss\" (RFC 7519 section 4.1.1), character for character. \
         Required, unless any_issuer is set or the profile is \"dcos\".",
        |policy, given| Ok(policy.issuers(given.texts())),
    ),
    flagged(
        Setting::WEAKENS,
        row("any_issuer", Type::Flag, "", "Does not compare \"iss\".", |policy, _| Ok(policy)),
    ),
    row(
        "audiences",
        Type::Texts,
        "",
        "The accepted values of \"aud\" (RFC 7519 section 4.1.3); one must be in the token. Without \
         it a token that has \"aud\" is rejected.",
        |policy, given| Ok(policy.audiences(given.texts())),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "any_audience",
            Type::Flag,
            "",
            "Accepts tokens made for anybody, whatever audiences says.",
            |policy, _| Ok(policy.any_audience()),
        ),
    ),
    row(
        "algorithms",
        Type::Choices(ALGORITHMS),
        "RS256",
        "The allowed values of \"alg\". EdDSA is the old name of Ed25519.",
        |policy, given| {
            let algorithms: Result<Vec<_>> = given.texts().into_iter().map(str::parse).collect();
            Ok(policy.algorithms(algorithms?))
        },
    ),
    row(
        "token_type",
        Type::Text,
        "",
        "What the header parameter \"typ\" must be (RFC 8725 section 3.11), for example \"at+jwt\". \
         Case does not matter, and \"application/\" may be left out.",
        |policy, given| Ok(policy.token_type(given.text()?)),
    ),
    row(
        "required_claims",
        Type::Texts,
        "",
        "Claims that must be present, with any value but null.",
        |policy, given| Ok(policy.required_claims(given.texts())),
    ),
    row(
        "required_string_claims",
        Type::Texts,
        "",
        "Claims that must be strings and not empty.",
        |policy, given| Ok(policy.required_string_claims(given.texts())),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "optional_exp",
            Type::Flag,
            "",
            "Accepts tokens without \"exp\": they are valid for ever.",
            |policy, _| Ok(policy.optional_exp()),
        ),
    ),
    row(
        "leeway",
        duration(Duration::ZERO, Policy::MAX_LEEWAY),
        "0s",
        "Allows for clocks that differ: moves \"exp\" and \"nbf\" apart by it, in whole seconds. \
         \"nbf\" is always moved by 60 seconds at least.",
        |policy, given| policy.leeway(given.duration()?),
    ),
    row(
        "max_token_len",
        Type::Size { max: Policy::MAX_TOKEN_LEN as u64 },
        "16KiB",
        "Rejects longer tokens, before anything else is done with them.",
        |policy, given| policy.max_token_len(usize::try_from(given.number()?).unwrap_or(usize::MAX)),
    ),
    flagged(
        Setting::CODE_ONLY,
        row(
            "time",
            Type::Time,
            "",
            "Judges at this time, in place of the system's: for tests and audits.",
            |policy, given| Ok(policy.time(given.time()?)),
        ),
    ),
];

#[cfg(feature = "remote")]
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
        duration(Duration::from_secs(1), YEAR),
        "10m",
        "How long keys are fresh where the server does not say. What the server says counts from 1m \
         to 1d.",
        |keys, given| Ok(keys.ttl(given.duration()?)),
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
        "The time for one HTTP exchange. The TCP connection has 2s of it.",
        |keys, given| Ok(keys.timeout(given.duration()?)),
    ),
    row(
        "max_wait",
        duration(Duration::ZERO, MINUTES_5),
        "2s",
        "How long a verification waits at most for a fetch that may bring its key.",
        |keys, given| Ok(keys.max_wait(given.duration()?)),
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
                "aws-lc" => crate::Backend::AwsLc,
                _ => crate::Backend::Accelerated,
            }))
        },
    ),
];

#[cfg(feature = "remote")]
const PROXY: &str = "\"http://[user:password@]host:port\", \"none\", or \"environment\": https_proxy, \
     http_proxy, all_proxy and no_proxy. This machine is never reached through a proxy.";

#[cfg(feature = "remote")]
pub(super) const RENEWER: &[Row<TokenRenewerBuilder>] = &[
    flagged(
        Setting::SECRET,
        row(
            "service_account",
            Type::Text,
            "",
            "The secret of a DC/OS service account, in JSON: \"uid\", \"private_key\" (RSA in PEM) \
             and \"login_endpoint\".",
            |renewer, _| Ok(renewer),
        ),
    ),
    row(
        "service_account_file",
        Type::Text,
        "",
        "A file with the secret of a DC/OS service account. It is read for each login.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "service_account_env",
        Type::Flag,
        "",
        "Takes the DC/OS service account from the environment variable \
         DCOS_SERVICE_ACCOUNT_CREDENTIAL: the secret, or the path of a file with it.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "token_url",
        Type::Text,
        "",
        "The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). client_id and \
         client_secret or client_secret_file go with it.",
        |renewer, _| Ok(renewer),
    ),
    row("client_id", Type::Text, "", "The client's name at token_url.", |renewer, _| Ok(renewer)),
    flagged(
        Setting::SECRET,
        row(
            "client_secret",
            Type::Text,
            "",
            "The client's secret at token_url. It is sent with HTTP Basic.",
            |renewer, _| Ok(renewer),
        ),
    ),
    row(
        "client_secret_file",
        Type::Text,
        "",
        "A file with the client's secret; one line end may follow it. It is read once.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "supplied",
        Type::Text,
        "",
        "The program supplies the tokens itself. The value stands for the source in logs.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "login_endpoint",
        Type::Text,
        "",
        "Logs in at this URL, in place of the service account's \"login_endpoint\".",
        |renewer, given| Ok(renewer.login_endpoint(given.text()?)),
    ),
    row(
        "parameters",
        Type::Map,
        "",
        "Sends these parameters to token_url, by name: \"parameters.scope\", \"parameters.audience\".",
        |renewer, given| {
            let parameters = given.members().into_iter();
            Ok(parameters.fold(renewer, |renewer, (name, value)| renewer.parameter(name, value)))
        },
    ),
    row(
        "header",
        Type::Choice(&["dcos", "bearer"]),
        "",
        "What stands before the token in the Authorization header: \"token=\" or \"Bearer \". \
         Default: dcos for a service account, else bearer.",
        |renewer, given| {
            Ok(match given.text()? {
                "dcos" => renewer.dcos_header(),
                _ => renewer.bearer(),
            })
        },
    ),
    row(
        "timeout",
        duration(MILLISECOND, MINUTES_5),
        "10s",
        "The time for one HTTP exchange. The TCP connection has 2s of it.",
        |renewer, given| Ok(renewer.timeout(given.duration()?)),
    ),
    row(
        "max_wait",
        duration(Duration::ZERO, MINUTES_5),
        "10s",
        "How long a caller waits at most for a token.",
        |renewer, given| Ok(renewer.max_wait(given.duration()?)),
    ),
    row(
        "lazy",
        Type::Flag,
        "",
        "Logs in with the first call, not at once. For programs that fork after they set up.",
        |renewer, _| Ok(renewer.lazy()),
    ),
    row(
        "ca_file",
        Type::Text,
        "",
        "A PEM file of certificate authorities to trust besides the system's. It is read for each \
         login, so it may be replaced.",
        |renewer, given| Ok(renewer.ca_file(given.text()?)),
    ),
    flagged(
        Setting::PASSWORD,
        row("proxy", Type::Text, "environment", PROXY, |renewer, given| {
            Ok(match given.text()? {
                "environment" => renewer,
                "none" => renewer.no_proxy(),
                url => renewer.proxy(url),
            })
        }),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "allow_http",
            Type::Flag,
            "",
            "Allows http to other machines: whoever is on the way can then take the token.",
            |renewer, _| Ok(renewer.allow_http()),
        ),
    ),
];
