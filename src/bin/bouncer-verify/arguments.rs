//! The command line: what may be asked, and the library's values that it stands for.

use crate::fetch::{FetchArguments, Location};
use crate::input::Source;
use crate::report::Failure;
use crate::time;
use bouncer_verify::{Algorithm, Jwk, JwkSet, Policy, Result, token_from_authorization};
use clap::builder::{PossibleValue, RangedU64ValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Parser, Subcommand};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  the token is valid
  1  the token is invalid
  2  the command is misused, or the token cannot be read
  3  there are no keys to judge with: not to be had, malformed, or none usable";

/// Verifies JSON Web Tokens against an issuer's JWK Set
#[derive(Parser)]
#[command(name = "bouncer-verify", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Verify(Box<VerifyArguments>),
    Inspect(InspectArguments),
    Jwks(JwksArguments),
    Login(LoginArguments),
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  A token of DC/OS:
    bouncer-verify verify --jwks https://leader.mesos/acs/api/v1/auth/jwks < token.txt
  A token of another issuer, for this service:
    bouncer-verify verify --discover https://idp.example/ --audience https://api.example/ \\
        --algorithm ES256 < token.txt
  Was it valid at that time?
    bouncer-verify verify --jwks jwks.json --at 2016-07-08T13:44:25Z < token.txt
  Its uid, for a script:
    bouncer-verify verify --jwks jwks.json --json < token.txt | jq -er .uid

A token among the arguments is visible to every user of the machine: prefer a file or standard input.

";

/// Says whether a token is valid: `valid` and its claims on stdout, or `invalid: <why>` on stderr
#[derive(Args)]
#[command(after_help = format!("{VERIFY_EXAMPLES}{EXIT_CODES}"))]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    /// Judge at this time, in place of now: seconds since 1970 or a UTC time like 2016-07-08T13:44:26Z
    #[arg(long, value_name = "TIME", value_parser = time::parse, allow_negative_numbers = true)]
    pub(crate) at: Option<i64>,
    /// Print one JSON object; its "status" is "ok" or the stable name of the error
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArguments,
    #[command(flatten)]
    pub(crate) fetch: FetchArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  bouncer-verify inspect < token.txt
  bouncer-verify inspect --json --token-file token.txt | jq .header.kid

Exit codes:
  0  the token could be taken apart; that says nothing of its worth
  1  the token is malformed
  2  the command is misused, or the token cannot be read";

/// Shows what a token says of itself, without verifying anything
#[derive(Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    /// Print one JSON object, with "unverified": true
    #[arg(long)]
    pub(crate) json: bool,
}

const JWKS_EXAMPLES: &str = "\
Examples:
  bouncer-verify jwks https://leader.mesos/acs/api/v1/auth/jwks
  bouncer-verify jwks jwks.json --pem > keys.pem
  bouncer-verify jwks --discover https://idp.example/ --watch

Exit codes:
  0  at least one key is usable
  2  the command is misused
  3  the JWK Set is not to be had or malformed, or has no usable key";

/// Lists the keys of a JWK Set, and why any cannot be used
#[derive(Args)]
#[command(after_help = JWKS_EXAMPLES)]
pub(crate) struct JwksArguments {
    /// The JWK Set: a file, a URL, or - for standard input
    #[arg(value_name = "FILE|URL", required_unless_present = "discover", conflicts_with = "discover")]
    jwks: Option<PathBuf>,
    /// The JWK Set of this issuer, found through its /.well-known/openid-configuration
    #[arg(long, value_name = "ISSUER")]
    discover: Option<String>,
    /// Keep the keys of a URL or an issuer fresh, and print a line for each attempt, until interrupted
    #[arg(long, conflicts_with = "pem")]
    pub(crate) watch: bool,
    /// Print the usable keys as PEM, each under a comment with its kid
    #[arg(long, conflicts_with = "json")]
    pub(crate) pem: bool,
    /// Print one JSON object; with --watch, one for each attempt
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) fetch: FetchArguments,
}

impl JwksArguments {
    pub(crate) fn location(&self) -> Result<Location, Failure> {
        Location::of(self.jwks.as_ref(), self.discover.as_ref())
    }
}

const LOGIN_EXAMPLES: &str = "\
Examples:
  A service account of DC/OS, whose secret is in a file or in DCOS_SERVICE_ACCOUNT_CREDENTIAL:
    bouncer-verify login --secret service-account.json
    curl -H \"$(bouncer-verify login --header)\" https://leader.mesos/service/x
  A client of OAuth 2.0:
    bouncer-verify login --token-url https://idp.example/token --client-id me \\
        --client-secret-file secret.txt --parameter scope=read

What it prints is secret.

Exit codes:
  0  a token was printed
  2  the command is misused
  4  there is no token: unusable credentials, a login that is refused, or no answer";

/// Gets a token of a service account or a client, and prints it
#[derive(Args)]
#[command(after_help = LOGIN_EXAMPLES)]
pub(crate) struct LoginArguments {
    /// The service account's secret, in JSON. Without it and --token-url, DCOS_SERVICE_ACCOUNT_CREDENTIAL says
    #[arg(long, value_name = "FILE", conflicts_with = "token_url")]
    pub(crate) secret: Option<PathBuf>,
    /// Log in here, in place of the secret's login_endpoint
    #[arg(long, value_name = "URL", conflicts_with = "token_url")]
    pub(crate) login_endpoint: Option<String>,
    /// Log in as a client of OAuth 2.0 at this token endpoint (RFC 6749 section 4.4)
    #[arg(long, value_name = "URL", requires = "client_id", requires = "client_secret_file")]
    pub(crate) token_url: Option<String>,
    /// The client
    #[arg(long, value_name = "ID", requires = "token_url")]
    pub(crate) client_id: Option<String>,
    /// The client's secret; one line end may follow it
    #[arg(long, value_name = "FILE", requires = "token_url")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Send this parameter with it, for example scope=read; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", requires = "token_url")]
    pub(crate) parameters: Vec<String>,
    /// Print a whole header line: Authorization: token=<token>, or Bearer <token> for a client
    #[arg(long, conflicts_with = "json")]
    pub(crate) header: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Renew the token ahead of its expiry, and print each, until interrupted
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) fetch: FetchArguments,
}

#[derive(Args)]
pub(crate) struct TokenArguments {
    /// The token; - or nothing for standard input
    #[arg(conflicts_with = "token_file")]
    token: Option<OsString>,
    /// Read the token from a file. There and on standard input one line end may follow it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Take not a token but the value of an Authorization header: token=<token> or Bearer <token>
    #[arg(long)]
    authorization: bool,
}

impl TokenArguments {
    /// Where the token is, unless it is an argument itself.
    fn source(&self) -> Result<Source, &OsString> {
        match (&self.token, &self.token_file) {
            (Some(token), _) if token != "-" => Err(token),
            (_, Some(path)) => Ok(Source::at(path)),
            _ => Ok(Source::Stdin),
        }
    }

    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let bytes = match self.source() {
            Ok(source) => without_line_end(source.read("the token").map_err(Failure::Usage)?),
            Err(argument) => argument.as_encoded_bytes().to_vec(),
        };
        if self.authorization { Ok(token_from_authorization(&bytes)?.into()) } else { Ok(bytes) }
    }
}

/// Editors and `echo` end a file with a line end. Just one is theirs: any other character is the token's, and
/// judged.
pub(crate) fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.pop_if(|last| *last == b'\n').is_some() {
        bytes.pop_if(|last| *last == b'\r');
    }
    bytes
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyArguments {
    /// The issuer's JWK Set: a file, a URL, or - for standard input
    #[arg(long, value_name = "FILE|URL", help_heading = "Keys")]
    jwks: Option<PathBuf>,
    /// The JWK Set of this issuer, found through its /.well-known/openid-configuration. Implies --issuer ISSUER
    /// unless --issuer or --any-issuer is given
    #[arg(long, value_name = "ISSUER", help_heading = "Keys")]
    pub(crate) discover: Option<String>,
    /// One public key in PEM ("BEGIN PUBLIC KEY"); - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pem: Option<PathBuf>,
}

impl KeyArguments {
    /// Loads the keys. `token` is read later and must not come from the same place.
    pub(crate) fn load(
        &self,
        fetch: &FetchArguments,
        token: &TokenArguments,
    ) -> Result<Arc<JwkSet>, Failure> {
        let location = Location::of(self.jwks.as_ref().or(self.pem.as_ref()), self.discover.as_ref())?;
        let source = match location {
            Location::Source(source) => source,
            Location::Url(_) if self.pem.is_some() => {
                return Err(Failure::Usage("--pem takes a file".to_owned()));
            }
            remote => return fetch.fetch(&remote),
        };
        if source == Source::Stdin && token.source() == Ok(Source::Stdin) {
            return Err(Failure::Usage("token and keys cannot both come from standard input".to_owned()));
        }
        let bytes = source.read("the keys").map_err(Failure::UnreadableKeys)?;
        if self.pem.is_some() {
            return Ok(Arc::new(JwkSet::from_keys([Jwk::from_pem(&bytes)?])?));
        }
        Ok(Arc::new(JwkSet::from_slice(&bytes)?))
    }
}

#[derive(Args)]
#[command(next_help_heading = "Rules (by default those of DC/OS: RS256, exp and a string uid)")]
pub(crate) struct PolicyArguments {
    /// Require this iss, in place of a uid; repeat to accept several
    #[arg(long, value_name = "ISS", conflicts_with = "any_issuer")]
    issuer: Vec<String>,
    /// Require neither iss nor a uid: whatever the keys have signed is believed
    #[arg(long)]
    any_issuer: bool,
    /// Require this among aud; repeat to accept several. Without it a token that has aud is refused
    #[arg(long, value_name = "AUD")]
    audience: Vec<String>,
    /// Accept tokens made for anybody, whatever --audience says
    #[arg(long)]
    any_audience: bool,
    /// Allow this algorithm, in place of RS256; repeat to allow several
    #[arg(long = "algorithm", value_name = "ALG", value_parser = AlgorithmParser)]
    algorithms: Vec<Algorithm>,
    /// Allow for clocks that differ: up to 300 seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    #[arg(value_parser = RangedU64ValueParser::<u64>::new().range(..=Policy::MAX_LEEWAY.as_secs()))]
    leeway: u64,
    /// Accept tokens without exp
    #[arg(long)]
    optional_exp: bool,
    #[command(flatten)]
    required: RequiredClaims,
    /// Require this typ in the header, for example at+jwt
    #[arg(long, value_name = "TYPE")]
    typ: Option<String>,
    /// Refuse longer tokens; 1048576 at most
    #[arg(long, value_name = "BYTES", default_value_t = Policy::DEFAULT_MAX_TOKEN_LEN)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(..=Policy::MAX_TOKEN_LEN as u64))]
    max_token_len: usize,
}

impl PolicyArguments {
    /// The clock is left to the caller. `discovered` is the issuer whose keys verify the token, if it is known: tokens
    /// must then name it, unless the arguments say otherwise.
    pub(crate) fn to_policy(&self, discovered: Option<&String>) -> Result<Policy, Failure> {
        let issuers = match discovered {
            Some(address)
                if self.issuer.is_empty() && !self.any_issuer && address.contains("/.well-known/") =>
            {
                let text = "--discover is the address of metadata: name the issuer too, with --issuer";
                return Err(Failure::Usage(text.to_owned()));
            }
            Some(issuer) if self.issuer.is_empty() && !self.any_issuer => std::slice::from_ref(issuer),
            _ => self.issuer.as_slice(),
        };
        let is_bouncers = issuers.is_empty() && !self.any_issuer;
        let mut policy = if is_bouncers { Policy::dcos() } else { Policy::any_issuer() };
        if !issuers.is_empty() {
            policy = policy.issuers(issuers);
        }
        if !self.audience.is_empty() {
            policy = policy.audiences(&self.audience);
        }
        if self.any_audience {
            policy = policy.any_audience();
        }
        if !self.algorithms.is_empty() {
            policy = policy.algorithms(self.algorithms.iter().copied());
        }
        if self.optional_exp {
            policy = policy.optional_exp();
        }
        let required = |must_be_string| {
            let claims = self.required.0.iter().filter(move |claim| claim.must_be_string == must_be_string);
            claims.map(|claim| &claim.name)
        };
        policy = policy.required_claims(required(false)).required_string_claims(required(true));
        if let Some(typ) = &self.typ {
            policy = policy.token_type(typ);
        }
        policy.check()?;
        Ok(policy.leeway(Duration::from_secs(self.leeway))?.max_token_len(self.max_token_len)?)
    }
}

/// Reads the name of an [`Algorithm`] and lists all names in the help.
#[derive(Clone)]
struct AlgorithmParser;

impl TypedValueParser for AlgorithmParser {
    type Value = Algorithm;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Algorithm, clap::Error> {
        algorithm.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Algorithm::ALL.iter().map(|algorithm| PossibleValue::new(algorithm.as_str()))))
    }
}

/// The algorithm of that name. A tip names another only where it differs by case: ES256 is not nearly HS256.
fn algorithm(name: &str) -> Result<Algorithm, String> {
    let same = |own: &Algorithm| own.as_str().eq_ignore_ascii_case(name);
    match (name.parse(), Algorithm::ALL.into_iter().find(same)) {
        (Ok(algorithm), _) => Ok(algorithm),
        (Err(_), Some(algorithm)) => Err(format!("case matters; did you mean {algorithm}?")),
        (Err(_), None) if name.eq_ignore_ascii_case("none") => {
            Err("unsigned tokens are never accepted".to_owned())
        }
        (Err(_), None) if name.get(..2).is_some_and(|family| family.eq_ignore_ascii_case("HS")) => Err(
            "symmetric algorithms are not supported: whoever can verify with a shared secret can sign too"
                .to_owned(),
        ),
        (Err(_), None) => Err(format!("not one of {}", Algorithm::ALL.map(Algorithm::as_str).join(", "))),
    }
}

/// The required claims in the order of the command line, which is the order they are checked in: two lists,
/// as clap's derive would make, could not say it.
#[derive(Debug, Clone)]
struct RequiredClaims(Vec<RequiredClaim>);

#[derive(Debug, Clone)]
struct RequiredClaim {
    name: String,
    must_be_string: bool,
}

const REQUIRE: &str = "require";
const REQUIRE_STRING: &str = "require-string";

impl Args for RequiredClaims {
    fn augment_args(command: clap::Command) -> clap::Command {
        let claim = |id: &'static str, help: &'static str| {
            Arg::new(id).long(id).value_name("CLAIM").action(ArgAction::Append).help(help)
        };
        command.arg(claim(REQUIRE, "Require this claim, with any value but null; may be repeated")).arg(
            claim(REQUIRE_STRING, "Require this claim to be a string that is not empty; may be repeated"),
        )
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RequiredClaims {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut claims = Vec::new();
        for (id, must_be_string) in [(REQUIRE, false), (REQUIRE_STRING, true)] {
            let places = matches.indices_of(id).into_iter().flatten();
            let names = matches.get_many::<String>(id).into_iter().flatten();
            claims.extend(
                places
                    .zip(names)
                    .map(|(place, name)| (place, RequiredClaim { name: name.clone(), must_be_string })),
            );
        }
        claims.sort_by_key(|(place, _)| *place);
        Ok(Self(claims.into_iter().map(|(_, claim)| claim).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn one_line_end_is_not_the_tokens() {
        for (bytes, expected) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\r", "a\r"),
            ("a\n\n", "a\n"),
            ("a\n\r\n", "a\n"),
            ("a ", "a "),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(without_line_end(bytes.into()), expected.as_bytes(), "{bytes:?}");
        }
    }

    #[test]
    fn required_claims_keep_their_order() {
        let line =
            "bouncer-verify verify --jwks - --require b --require-string c --require a --require-string=d";
        let Command::Verify(arguments) = Arguments::parse_from(line.split(' ')).command else { panic!() };
        let claims = arguments.policy.required.0;
        let claims: Vec<_> = claims.iter().map(|claim| (claim.name.as_str(), claim.must_be_string)).collect();
        assert_eq!(claims, [("b", false), ("c", true), ("a", false), ("d", true)]);
    }
}
