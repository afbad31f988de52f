//! The table: a row is all that there is to say about a setting. What else names one is generated
//! from the rows (`tests/generated`) or looks them up. Those of policies are here; those of key
//! sets and renewers are with what is made of them.

use super::value::{Given, SettingType as Type};
#[cfg(feature = "remote")]
use super::{keys::KEYS, renewer::RENEWER};
use crate::error::Result;
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

/// A setting and the function of the typed builder. It is called once, with all values, if any is
/// set or there is a default; for a flag, if it is `true`.
pub(super) struct Row<B: 'static> {
    pub(super) setting: Setting,
    pub(super) set: fn(B, &Given<'_>) -> Result<B>,
}

pub(super) const fn row<B>(
    name: &'static str,
    kind: Type,
    default: &'static str,
    help: &'static str,
    set: fn(B, &Given<'_>) -> Result<B>,
) -> Row<B> {
    let flags = if kind.is_list() { Setting::LIST } else { 0 };
    Row { setting: Setting { name, kind, default, help, flags, since: "0.1.0" }, set }
}

pub(super) const fn flagged<B>(flags: u32, mut row: Row<B>) -> Row<B> {
    row.setting.flags |= flags;
    row
}

pub(super) const fn duration(min: Duration, max: Duration) -> Type {
    Type::Duration { min, max }
}

const ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"];

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
        "subject",
        Type::Text,
        "",
        "The only accepted value of \"sub\" (RFC 7519 section 4.1.2), character for character. \"sub\" is then \
         required.",
        |policy, given| Ok(policy.subject(given.text()?)),
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
            "unchecked_claims",
            Type::Choices(&["sub", "iat", "jti"]),
            "",
            "Claims whose JSON type is not checked, for issuers that break RFC 7519: an integer \"sub\", \
             for example. One of another type is read as if it were not there.",
            |policy, given| Ok(policy.unchecked_claims(given.texts())),
        ),
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
    flagged(
        Setting::WEAKENS,
        row(
            "padded_tokens",
            Type::Flag,
            "",
            "Expects each part of a token to be padded with \"=\", which RFC 7515 section 2 forbids: for \
             what an AWS Application Load Balancer passes in \"x-amzn-oidc-data\". The padding is signed.",
            |policy, _| Ok(policy.padded_tokens()),
        ),
    ),
    row(
        "max_token_age",
        duration(Duration::from_secs(1), Duration::from_secs(366 * 24 * 60 * 60)),
        "",
        "Rejects tokens that were issued longer ago, whatever their \"exp\" says. \"iat\" is then required.",
        |policy, given| Ok(policy.max_token_age(given.duration()?)),
    ),
    row(
        "max_token_len",
        Type::Size { min: 0, max: Policy::MAX_TOKEN_LEN as u64 },
        "16KiB",
        "Rejects longer tokens, before anything else is done with them.",
        |policy, given| policy.max_token_len(given.size()?),
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
