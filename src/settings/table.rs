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

    const fn new(name: &'static str, kind: Type, default: &'static str, help: &'static str) -> Self {
        let flags = match kind {
            Type::Texts | Type::Choices(_) | Type::Map => Self::LIST,
            _ => 0,
        };
        Self { name, kind, default, help, flags, since: "0.1.0" }
    }

    const fn with(self, flags: u32) -> Self {
        Self { flags: self.flags | flags, ..self }
    }

    /// Whether it has all of `flags`.
    pub const fn has(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// Whether this value of it must not be shown.
    pub(super) fn is_secret(&self, value: &str) -> bool {
        self.has(Self::SECRET) || self.has(Self::PASSWORD) && value.contains('@')
    }
}

/// A setting and the function of the typed builder. It is called once, with all values, if any is set or there is a default;
/// for a flag, if it is `true`.
pub(super) struct Row<B: 'static> {
    pub(super) setting: Setting,
    pub(super) set: fn(B, &Given<'_>) -> Result<B>,
}

const SECRET: u32 = Setting::SECRET;
const CODE_ONLY: u32 = Setting::CODE_ONLY;
const WEAKENS: u32 = Setting::WEAKENS;

const fn duration(min: Duration, max: Duration) -> Type {
    Type::Duration { min, max }
}

const ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"];
const MINUTES_5: Duration = Duration::from_secs(300);
#[cfg(feature = "remote")]
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
#[cfg(feature = "remote")]
const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) const POLICY: &[Row<Policy>] = &[
    Row {
        setting: Setting::new("profile", Type::Choice(&["jwt", "dcos"]), "jwt",
            "Which tokens are expected. \"dcos\": those of DC/OS's Bouncer, which need a non-empty string \"uid\" and no \"iss\"."),
        set: |policy, given| Ok(if given.text()? == "dcos" { policy.uid() } else { policy }),
    },
    Row {
        setting: Setting::new("issuers", Type::Texts, "",
            "The accepted values of \"iss\" (RFC 7519 section 4.1.1), character for character. Required, unless any_issuer is set or the profile is \"dcos\"."),
        set: |policy, given| Ok(policy.issuers(given.texts())),
    },
    Row {
        setting: Setting::new("any_issuer", Type::Flag, "", "Does not compare \"iss\".").with(WEAKENS),
        set: |policy, _| Ok(policy),
    },
    Row {
        setting: Setting::new("audiences", Type::Texts, "",
            "The accepted values of \"aud\" (RFC 7519 section 4.1.3); one must be in the token. Without it a token that has \"aud\" is rejected."),
        set: |policy, given| Ok(policy.audiences(given.texts())),
    },
    Row {
        setting: Setting::new("any_audience", Type::Flag, "", "Accepts tokens made for anybody, whatever audiences says.").with(WEAKENS),
        set: |policy, _| Ok(policy.any_audience()),
    },
    Row {
        setting: Setting::new("algorithms", Type::Choices(ALGORITHMS), "RS256", "The allowed values of \"alg\"."),
        set: |policy, given| {
            let algorithms: Result<Vec<_>> = given.texts().into_iter().map(str::parse).collect();
            Ok(policy.algorithms(algorithms?))
        },
    },
    Row {
        setting: Setting::new("token_type", Type::Text, "",
            "What the header parameter \"typ\" must be (RFC 8725 section 3.11), for example \"at+jwt\". Case does not matter, and \"application/\" may be left out."),
        set: |policy, given| Ok(policy.token_type(given.text()?)),
    },
    Row {
        setting: Setting::new("required_claims", Type::Texts, "", "Claims that must be present, with any value but null."),
        set: |policy, given| Ok(policy.required_claims(given.texts())),
    },
    Row {
        setting: Setting::new("required_string_claims", Type::Texts, "", "Claims that must be strings and not empty."),
        set: |policy, given| Ok(policy.required_string_claims(given.texts())),
    },
    Row {
        setting: Setting::new("optional_exp", Type::Flag, "", "Accepts tokens without \"exp\": they are valid for ever.").with(WEAKENS),
        set: |policy, _| Ok(policy.optional_exp()),
    },
    Row {
        setting: Setting::new("leeway", duration(Duration::ZERO, Policy::MAX_LEEWAY), "0s",
            "Allows for clocks that differ: moves \"exp\" and \"nbf\" apart by it, in whole seconds. \"nbf\" is always moved by 60 seconds at least."),
        set: |policy, given| policy.leeway(given.duration()?),
    },
    Row {
        setting: Setting::new("max_token_len", Type::Size { max: Policy::MAX_TOKEN_LEN as u64 }, "16KiB",
            "Rejects longer tokens, before anything else is done with them."),
        set: |policy, given| policy.max_token_len(usize::try_from(given.number()?).unwrap_or(usize::MAX)),
    },
    Row {
        setting: Setting::new("time", Type::Time, "",
            "Judges at this time, in place of the system's: for tests and audits.").with(CODE_ONLY),
        set: |policy, given| Ok(policy.time(given.time()?)),
    },
];

#[cfg(feature = "remote")]
pub(super) const KEYS: &[Row<RemoteJwkSetBuilder>] = &[
    Row {
        setting: Setting::new("url", Type::Text, "", "The URL of the JWK Set: https, or http to this machine. Either this or discover is required."),
        set: |keys, _| Ok(keys),
    },
    Row {
        setting: Setting::new("discover", Type::Text, "",
            "The issuer whose metadata names the JWK Set (OpenID Connect Discovery 1.0, RFC 8414). The metadata must name the same issuer."),
        set: |keys, _| Ok(keys),
    },
    Row {
        setting: Setting::new("ttl", duration(Duration::from_secs(1), YEAR), "10m",
            "How long keys are fresh where the server does not say. What the server says counts from 1m to 1d."),
        set: |keys, given| Ok(keys.ttl(given.duration()?)),
    },
    Row {
        setting: Setting::new("max_stale", duration(Duration::ZERO, YEAR), "",
            "How long keys are used after the issuer last confirmed them, if it cannot be reached; never less than they are fresh. Default: 1d, with discover 1h."),
        set: |keys, given| Ok(keys.max_stale(given.duration()?)),
    },
    Row {
        setting: Setting::new("timeout", duration(MILLISECOND, MINUTES_5), "5s", "The time for one HTTP exchange. The TCP connection has 2s of it."),
        set: |keys, given| Ok(keys.timeout(given.duration()?)),
    },
    Row {
        setting: Setting::new("max_wait", duration(Duration::ZERO, MINUTES_5), "2s", "How long a verification waits at most for a fetch that may bring its key."),
        set: |keys, given| Ok(keys.max_wait(given.duration()?)),
    },
    Row {
        setting: Setting::new("lazy", Type::Flag, "", "Starts to fetch with the first verification, not at once. For programs that fork after they set up."),
        set: |keys, _| Ok(keys.lazy()),
    },
    Row {
        setting: Setting::new("ca_file", Type::Text, "",
            "A PEM file of certificate authorities to trust besides the system's. It is read for each fetch, so it may be replaced."),
        set: |keys, given| Ok(keys.ca_file(given.text()?)),
    },
    Row {
        setting: PROXY,
        set: |keys, given| Ok(match given.text()? {
            "environment" => keys,
            "none" => keys.no_proxy(),
            url => keys.proxy(url),
        }),
    },
    Row {
        setting: Setting::new("same_origin_redirects", Type::Flag, "",
            "Follows up to three redirects to the same scheme, host and port. Without it a redirect is a failure."),
        set: |keys, _| Ok(keys.same_origin_redirects()),
    },
    Row {
        setting: Setting::new("allow_http", Type::Flag, "", "Allows http to other machines: whoever is on the way can then choose the keys.").with(WEAKENS),
        set: |keys, _| Ok(keys.allow_http()),
    },
    Row {
        setting: Setting::new("last_good_file", Type::Text, "",
            "Keeps the latest good JWK Set in this file (mode 0600, replaced whole), and starts with it. Whoever can write the file or its folder can choose the keys."),
        set: |keys, given| Ok(keys.last_good_file(given.text()?)),
    },
    Row {
        setting: Setting::new("seed", Type::Text, "", "A JWK Set in JSON to start with, until the first fetch succeeds."),
        set: |keys, given| Ok(keys.seed(given.text()?)),
    },
    Row {
        setting: Setting::new("backend", Type::Choice(&["accelerated", "aws-lc"]), "",
            "Which arithmetic verifies. Default: \"accelerated\", unless BOUNCER_VERIFY_NO_ACCELERATION is set in the environment."),
        set: |keys, given| Ok(keys.backend(match given.text()? {
            "aws-lc" => crate::Backend::AwsLc,
            _ => crate::Backend::Accelerated,
        })),
    },
];

#[cfg(feature = "remote")]
const PROXY: Setting = Setting::new("proxy", Type::Text, "environment",
    "\"http://[user:password@]host:port\", \"none\", or \"environment\": https_proxy, http_proxy, all_proxy and no_proxy. This machine is never reached through a proxy.")
    .with(Setting::PASSWORD);

#[cfg(feature = "remote")]
pub(super) const RENEWER: &[Row<TokenRenewerBuilder>] = &[
    Row {
        setting: Setting::new("service_account", Type::Text, "",
            "The secret of a DC/OS service account, in JSON: \"uid\", \"private_key\" (RSA in PEM) and \"login_endpoint\".").with(SECRET),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("service_account_file", Type::Text, "",
            "A file with the secret of a DC/OS service account. It is read for each login."),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("service_account_env", Type::Flag, "",
            "Takes the DC/OS service account from the environment variable DCOS_SERVICE_ACCOUNT_CREDENTIAL: the secret, or the path of a file with it."),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("token_url", Type::Text, "",
            "The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). client_id and client_secret or client_secret_file go with it."),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("client_id", Type::Text, "", "The client's name at token_url."),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("client_secret", Type::Text, "", "The client's secret at token_url. It is sent with HTTP Basic.").with(SECRET),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("client_secret_file", Type::Text, "",
            "A file with the client's secret; one line end may follow it. It is read once."),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("supplied", Type::Text, "",
            "The program supplies the tokens itself. The value stands for the source in logs."),
        set: |renewer, _| Ok(renewer),
    },
    Row {
        setting: Setting::new("login_endpoint", Type::Text, "", "Logs in at this URL, in place of the service account's \"login_endpoint\"."),
        set: |renewer, given| Ok(renewer.login_endpoint(given.text()?)),
    },
    Row {
        setting: Setting::new("parameters", Type::Map, "",
            "Sends these parameters to token_url, by name: \"parameters.scope\", \"parameters.audience\"."),
        set: |renewer, given| {
            let parameters = given.members().into_iter();
            Ok(parameters.fold(renewer, |renewer, (name, value)| renewer.parameter(name, value)))
        },
    },
    Row {
        setting: Setting::new("header", Type::Choice(&["dcos", "bearer"]), "",
            "What stands before the token in the Authorization header: \"token=\" or \"Bearer \". Default: dcos for a service account, else bearer."),
        set: |renewer, given| Ok(match given.text()? {
            "dcos" => renewer.dcos_header(),
            _ => renewer.bearer(),
        }),
    },
    Row {
        setting: Setting::new("timeout", duration(MILLISECOND, MINUTES_5), "10s", "The time for one HTTP exchange. The TCP connection has 2s of it."),
        set: |renewer, given| Ok(renewer.timeout(given.duration()?)),
    },
    Row {
        setting: Setting::new("max_wait", duration(Duration::ZERO, MINUTES_5), "10s", "How long a caller waits at most for a token."),
        set: |renewer, given| Ok(renewer.max_wait(given.duration()?)),
    },
    Row {
        setting: Setting::new("lazy", Type::Flag, "", "Logs in with the first call, not at once. For programs that fork after they set up."),
        set: |renewer, _| Ok(renewer.lazy()),
    },
    Row {
        setting: Setting::new("ca_file", Type::Text, "",
            "A PEM file of certificate authorities to trust besides the system's. It is read for each login, so it may be replaced."),
        set: |renewer, given| Ok(renewer.ca_file(given.text()?)),
    },
    Row {
        setting: PROXY,
        set: |renewer, given| Ok(match given.text()? {
            "environment" => renewer,
            "none" => renewer.no_proxy(),
            url => renewer.proxy(url),
        }),
    },
    Row {
        setting: Setting::new("allow_http", Type::Flag, "", "Allows http to other machines: whoever is on the way can then take the token.").with(WEAKENS),
        set: |renewer, _| Ok(renewer.allow_http()),
    },
];
