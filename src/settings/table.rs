//! The table: a row is all that there is to say about a setting. What else names one is generated
//! from the rows (`tests/generated`) or looks them up. Those of policies are here; those of key
//! sets and renewers are with what is made of them.

use super::row::{Row, Setting, duration, flagged, row};
use super::value::SettingType as Type;
use crate::error::Result;
use crate::verify::policy::Policy;
use std::time::Duration;

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
