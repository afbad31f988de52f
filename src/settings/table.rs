//! The settings of a policy: one row for each setting.
//!
//! A row defines its setting completely. Documentation, C constants and the types of other
//! languages are generated from the rows (`tests/generated`); other code reads the rows. The
//! settings of key sets and renewers are in `keys.rs` and `renewer.rs`.

use super::row::{Row, Setting, duration, flagged, row};
use super::value::{Given, SettingType as Type};
use crate::error::Result;
use crate::verify::claim_rules::ClaimTest;
use crate::verify::policy::Policy;
use std::time::Duration;

const ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"];

/// Sets the rule `test` for each member.
fn claim_rules(policy: Policy, test: ClaimTest, given: &Given<'_>) -> Policy {
    let rules = given.lists().into_iter();
    rules.fold(policy, |policy, (name, texts)| policy.claim_rule(test, name, texts))
}

pub(super) const POLICY: &[Row<Policy>] = &[
    row(
        "profile",
        Type::Choice(&["jwt", "access_token", "dcos"]),
        "jwt",
        "The kind of tokens. \"access_token\" is for OAuth 2.0 access tokens (RFC 9068): \
             token_type is \"at+jwt\", and \"iss\", \"exp\", \"aud\", \"sub\", \"client_id\", \
             \"iat\" and \"jti\" are required. \"dcos\" is for tokens of DC/OS's Bouncer: \
             identity_claim is \"uid\", and \"iss\" is not required.",
        |policy, given| {
            Ok(match given.text()? {
                "access_token" => policy.access_tokens(),
                "dcos" => policy.identity_claim("uid"),
                _ => policy,
            })
        },
    ),
    row(
        "issuers",
        Type::Texts,
        "",
        "The accepted values of \"iss\" (RFC 7519 section 4.1.1), compared character for \
             character. A name of a claim in braces stands for the token's value of that claim. \
             Required, unless any_issuer is set or the profile is \"dcos\". The address of an \
             issuer's metadata is not an issuer, and is an error.",
        |policy, given| Ok(policy.issuers(given.texts())),
    ),
    flagged(
        Setting::WEAKENS,
        row("any_issuer", Type::Flag, "", "Does not check the value of \"iss\".", |policy, _| {
            Ok(policy.with_any_issuer())
        }),
    ),
    row(
        "audiences",
        Type::Texts,
        "",
        "The accepted values of \"aud\" (RFC 7519 section 4.1.3). The token must contain \
             at least one of them. If neither audiences nor any_audience is set, a token with \
             \"aud\" is rejected.",
        |policy, given| Ok(policy.audiences(given.texts())),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "any_audience",
            Type::Flag,
            "",
            "Accepts tokens for any audience, even if audiences are set.",
            |policy, _| Ok(policy.any_audience()),
        ),
    ),
    row(
        "subject",
        Type::Text,
        "",
        "The only accepted value of \"sub\" (RFC 7519 section 4.1.2), compared character \
             for character. The token must have \"sub\".",
        |policy, given| Ok(policy.subject(given.text()?)),
    ),
    row(
        "algorithms",
        Type::Choices(ALGORITHMS),
        "RS256",
        "The accepted values of \"alg\". EdDSA is the old name of Ed25519.",
        |policy, given| {
            let algorithms: Result<Vec<_>> = given.texts().into_iter().map(str::parse).collect();
            Ok(policy.algorithms(algorithms?))
        },
    ),
    row(
        "token_type",
        Type::Text,
        "",
        "The required value of the header parameter \"typ\" (RFC 8725 section 3.11), for \
             example \"at+jwt\". Case does not matter, and \"application/\" may be omitted.",
        |policy, given| Ok(policy.token_type(given.text()?)),
    ),
    row(
        "identity_claim",
        Type::Text,
        "",
        "The claim that names the user or service, for example \"email\". It must be a string \
             that is not empty. Default: \"sub\", which is not required; \"uid\" in the profile \
             \"dcos\".",
        |policy, given| Ok(policy.identity_claim(given.text()?)),
    ),
    row(
        "required_claims",
        Type::Texts,
        "",
        "Claims that must be present and not null. A name with dots may name a nested claim, \
             as in all settings that name claims: \"realm_access.roles\".",
        |policy, given| Ok(policy.required_claims(given.texts())),
    ),
    row(
        "required_string_claims",
        Type::Texts,
        "",
        "Claims that must be strings and not empty.",
        |policy, given| Ok(policy.required_string_claims(given.texts())),
    ),
    row(
        "claim_is",
        Type::Map,
        "",
        "Claims and their accepted values. A claim must equal one of its values. A number or a \
             boolean is compared by its JSON text. An array equals no value.",
        |policy, given| Ok(claim_rules(policy, ClaimTest::Is, given)),
    ),
    row(
        "claim_has",
        Type::Map,
        "",
        "Claims and the texts that each of them must contain, all of them. A claim is an array \
             of strings, or a string separated by spaces.",
        |policy, given| Ok(claim_rules(policy, ClaimTest::Has, given)),
    ),
    row(
        "claim_has_any",
        Type::Map,
        "",
        "Claims and texts, of which each claim must contain at least one. The types are those \
             of claim_has.",
        |policy, given| Ok(claim_rules(policy, ClaimTest::HasAny, given)),
    ),
    row(
        "claim_starts_with",
        Type::Map,
        "",
        "Claims and prefixes. A claim must be a string that begins with one of its prefixes.",
        |policy, given| Ok(claim_rules(policy, ClaimTest::StartsWith, given)),
    ),
    row(
        "scope_claims",
        Type::Texts,
        "",
        "The claims that contain scopes: strings separated by spaces (RFC 6749 section 3.3) \
             or arrays of strings. Default: \"scope\" and \"scp\".",
        |policy, given| Ok(policy.scope_claims(given.texts())),
    ),
    row(
        "required_scopes",
        Type::Texts,
        "",
        "Scopes that the token must have, all of them. They are checked last. If one is \
             missing, the error is insufficient_scope, with HTTP status 403.",
        |policy, given| Ok(policy.required_scopes(given.texts())),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "unchecked_claims",
            Type::Choices(&["sub", "iat", "jti"]),
            "",
            "Claims whose JSON type is not checked. For issuers that violate RFC 7519, for \
             example with an integer \"sub\". A claim of the wrong type counts as absent.",
            |policy, given| Ok(policy.unchecked_claims(given.texts())),
        ),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "optional_exp",
            Type::Flag,
            "",
            "Accepts tokens without \"exp\". They never expire.",
            |policy, _| Ok(policy.optional_exp()),
        ),
    ),
    row(
        "leeway",
        duration(Duration::ZERO, Policy::MAX_LEEWAY),
        "0s",
        "Tolerance for clocks that differ, in whole seconds. A token is accepted from \
             this time before \"nbf\" until this time after \"exp\". For \"nbf\", the tolerance \
             is at least 60 seconds.",
        |policy, given| policy.leeway(given.duration()?),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "padded_tokens",
            Type::Flag,
            "",
            "Requires each part of a token to be padded with \"=\", although RFC 7515 section \
             2 forbids padding. For the tokens in the header \"x-amzn-oidc-data\" of an AWS \
             Application Load Balancer. The signature covers the padding.",
            |policy, _| Ok(policy.padded_tokens()),
        ),
    ),
    row(
        "max_token_age",
        duration(Duration::from_secs(1), Duration::from_secs(366 * 24 * 60 * 60)),
        "",
        "Maximum time since \"iat\". An older token is rejected, even if its \"exp\" is in \
             the future. The leeway is added to the maximum. The token must have \"iat\".",
        |policy, given| Ok(policy.max_token_age(given.duration()?)),
    ),
    row(
        "max_token_len",
        Type::Size { min: 0, max: Policy::MAX_TOKEN_LEN as u64 },
        "16KiB",
        "Maximum length of a token in bytes. The length is checked before anything else.",
        |policy, given| policy.max_token_len(given.size()?),
    ),
    flagged(
        Setting::CODE_ONLY,
        row(
            "time",
            Type::Time,
            "",
            "Verifies tokens at this time instead of the system's time. For tests and \
             audits.",
            |policy, given| Ok(policy.time(given.time()?)),
        ),
    ),
];
