//! The command line: subcommands and arguments, and their conversion to values of the library.

use crate::fetch::{Location, RemoteKeys};
use crate::input::Source;
use crate::options::{self, Options, naming_options};
use crate::report::{Failure, Refusal};
use bouncer_verify::{
    ErrorKind, Jwk, JwkSet, Keys, Policy, Result, issuer_of_metadata, token_from_authorization,
};
use clap::{ArgGroup, Args, Parser, Subcommand};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXIT_CODES: &str = "\
Exit codes:
  0  the token is valid
  1  the token is invalid
  2  wrong usage, a bad configuration, or the token cannot be read
  3  no keys: they cannot be fetched or read, are malformed, or none is usable";

/// Verifies JSON Web Tokens against an issuer's JWK Set
#[derive(Parser)]
#[command(name = "bouncer-verify", disable_version_flag = true, arg_required_else_help = true)]
#[command(after_help = format!("{EXIT_CODES}\n  4  login: no token could be obtained"))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Print the version
    #[arg(short = 'V', long, exclusive = false)]
    pub(crate) version: bool,
    /// With --version: also print which code verifies the signatures, and why
    #[arg(long, requires = "version")]
    pub(crate) verbose: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Verify(Box<VerifyArguments>),
    Check(Box<CheckArguments>),
    Inspect(InspectArguments),
    Jwks(JwksArguments),
    Login(LoginArguments),
    Settings(SettingsArguments),
}

const VERIFY_JSON: &str = "\
Members of --json:
  always       status (\"ok\" or the name of the error), http_status; challenge if http_status is 401
               or 403
  if valid     uid, identity, scopes, iss, sub, claims, header, kid, alg
  if rejected  message; claim, which is the name of the claim or setting;
               rejected_claims and header if the signature is valid

";

const VERIFY_EXAMPLES: &str = "\
Examples:
  A DC/OS token:
    bouncer-verify verify --profile dcos \\
        --jwks https://leader.mesos/acs/api/v1/auth/jwks < token.txt
  A token of another issuer, for this service:
    bouncer-verify verify --discover https://idp.example/ --audience https://api.example/ \\
        --algorithm ES256 < token.txt
  Only tokens of a tenant, with a role and a scope:
    bouncer-verify verify --discover https://idp.example/ --audience https://api.example/ \\
        --claim-is tid=a --claim-has realm_access.roles=admin --required-scope read < token.txt
  Was the token valid at a certain time?
    bouncer-verify verify --profile dcos --jwks jwks.json \\
        --time 2016-07-08T13:44:25Z < token.txt
  A token of one of the issuers in a configuration document:
    bouncer-verify verify --config verifier.json < token.txt
  The uid of a valid token, in a script:
    bouncer-verify verify --profile dcos --jwks jwks.json --json < token.txt | jq -er .uid

Every user of the machine can see the arguments: pass the token in a file or on standard input.

";

/// Verifies a token: prints `valid` and its claims to stdout, or `invalid: <why>` to stderr
#[derive(Args)]
#[command(after_help = format!("{VERIFY_EXAMPLES}{VERIFY_JSON}{EXIT_CODES}"))]
#[command(group(ArgGroup::new("source").required(true).args(["jwks", "discover", "pem", "config"])))]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    /// Print one JSON object (see below)
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArguments,
    #[command(flatten)]
    pub(crate) policy: Options<options::Policy>,
    #[command(flatten)]
    pub(crate) fetch: Options<options::Keys>,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  Can this machine fetch the keys of an issuer?
    bouncer-verify check --issuer https://idp.example/ --audience https://api.example/
  Why does this service reject a token?
    bouncer-verify check --config verifier.json @token.txt

Each line is one step, with what was expected and what was found. The claims of the token are
shown, but never its signature. With --json: an array of objects, one for each step, with the
members part, name, verdict (ok, warning, failed, skipped), expected and found. A failed step also
has status, http_status, message, remedy and perhaps claim and reason.

Exit code: that of the first step that fails.
  0  no step fails
  1  the token is rejected
  2  wrong usage, a bad configuration, or the token cannot be read
  3  the keys of an issuer cannot be fetched, read or used";

/// Checks each step from the configuration and the connection to the rules, and explains failures
#[derive(Args)]
#[command(after_help = CHECK_EXAMPLES)]
#[command(mut_arg("token", |token| token.help("The token; - for standard input; @FILE for a file")))]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    /// Print an array of objects (see below)
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArguments,
    #[command(flatten)]
    pub(crate) policy: Options<options::Policy>,
    #[command(flatten)]
    pub(crate) fetch: Options<options::Keys>,
}

impl KeyArguments {
    /// Returns the policy. With `--discover`, the policy accepts only that issuer, unless
    /// `--issuer` or `--any-issuer` is given.
    pub(crate) fn policy(&self, policy: &Options<options::Policy>) -> Result<Policy, Failure> {
        let mut settings = policy.settings.clone();
        if let Some(issuer) = &self.discover
            && !["issuers", "any_issuer"].iter().any(|name| settings.is_set(name))
        {
            if let Some(issuer) = issuer_of_metadata(issuer) {
                let text = format!(
                    "--discover is set to the address of the issuer's metadata: write --discover {issuer}, or add --issuer"
                );
                return Err(Failure::Usage(text));
            }
            settings.set("issuers", issuer).map_err(naming_options::<options::Policy>)?;
        }
        Policy::from_settings(&settings).map_err(naming_options::<options::Policy>)
    }
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  bouncer-verify inspect < token.txt
  bouncer-verify inspect --json --token-file token.txt | jq .header.kid

Exit codes:
  0  the token could be decoded; it may still be forged
  1  the token is malformed
  2  wrong usage, or the token cannot be read";

/// Prints the header and claims of a token without verifying them
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
  2  wrong usage
  3  the JWK Set cannot be fetched or read, is malformed, or has no usable key";

/// Lists the keys of a JWK Set, and the reason for each key that cannot be used
#[derive(Args)]
#[command(after_help = JWKS_EXAMPLES)]
pub(crate) struct JwksArguments {
    /// The JWK Set: a file, a URL, or - for standard input
    #[arg(value_name = "FILE|URL", required_unless_present = "discover", conflicts_with = "discover")]
    jwks: Option<PathBuf>,
    /// The issuer: its /.well-known/openid-configuration contains the URL of the JWK Set
    #[arg(long, value_name = "ISSUER")]
    discover: Option<String>,
    /// Refresh the keys, and print a line for each attempt, until interrupted
    #[arg(long, conflicts_with = "pem")]
    pub(crate) watch: bool,
    /// Print the usable keys as PEM, each after a comment with its kid
    #[arg(long, conflicts_with = "json")]
    pub(crate) pem: bool,
    /// Print one JSON object; with --watch, one for each attempt
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) fetch: Options<options::Keys>,
}

impl JwksArguments {
    pub(crate) fn location(&self) -> Result<Location, Failure> {
        Location::of(self.jwks.as_ref(), self.discover.as_ref())
    }
}

const LOGIN_EXAMPLES: &str = "\
Examples:
  A DC/OS service account, with its secret in a file or in DCOS_SERVICE_ACCOUNT_CREDENTIAL:
    bouncer-verify login --service-account-file service-account.json
    curl -H \"$(bouncer-verify login --authorization)\" https://leader.mesos/service/x
  An OAuth 2.0 client:
    bouncer-verify login --token-url https://idp.example/token --client-id me \\
        --client-secret-file secret.txt --parameter scope=read

The printed token is a secret.

Exit codes:
  0  a token was printed
  2  wrong usage
  4  no token: unusable credentials, a rejected login, or no response";

/// Logs in as a service account or a client, and prints its token
#[derive(Args)]
#[command(after_help = LOGIN_EXAMPLES)]
pub(crate) struct LoginArguments {
    /// Print a header line: Authorization: token=<token>, or Authorization: Bearer <token>
    #[arg(long, conflicts_with = "json")]
    pub(crate) authorization: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Renew the token before it expires, and print each new token, until interrupted
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) renewer: Options<options::Renewer>,
}

/// Lists the settings of policies, remote keys and token renewers, or explains one
#[derive(Args)]
pub(crate) struct SettingsArguments {
    /// Explain one setting; the name of its option works too
    pub(crate) name: Option<String>,
}

#[derive(Args)]
pub(crate) struct TokenArguments {
    /// The token; - or nothing for standard input; @FILE for a file
    #[arg(conflicts_with = "token_file")]
    token: Option<OsString>,
    /// Read the token from a file. One line end after the token is ignored, as on standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Read the value of an Authorization header instead: token=<token> or Bearer <token>
    #[arg(long)]
    authorization: bool,
}

impl TokenArguments {
    /// Returns the source of the token, or the token itself if it is an argument.
    fn source(&self) -> Result<Source, &OsString> {
        match (&self.token, &self.token_file) {
            (_, Some(path)) => Ok(Source::at(path)),
            (Some(token), _) if token != "-" => {
                match token.to_str().and_then(|text| text.strip_prefix('@')) {
                    // No token begins with this character.
                    Some(path) => Ok(Source::at(Path::new(path))),
                    None => Err(token),
                }
            }
            _ => Ok(Source::Stdin),
        }
    }

    /// Returns whether there is a token, if it is optional.
    pub(crate) fn is_given(&self) -> bool {
        self.token.is_some() || self.token_file.is_some() || self.authorization
    }

    /// Returns whether a token that is given, or required, comes from standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.source() == Ok(Source::Stdin)
    }

    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let bytes = match self.source() {
            Ok(source) => without_line_end(source.read("the token").map_err(Failure::Usage)?),
            Err(argument) if Path::new(argument).is_file() => {
                let why = "a file of this name exists: to read the token from it, write @ before the name";
                return Err(Refusal::new(ErrorKind::MalformedToken, why).into());
            }
            Err(argument) => argument.as_encoded_bytes().to_vec(),
        };
        if self.authorization { Ok(token_from_authorization(&bytes)?.into()) } else { Ok(bytes) }
    }
}

/// Removes one line end, which editors and `echo` append. Any other character is part of the token.
pub(crate) fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.pop_if(|last| *last == b'\n').is_some() {
        bytes.pop_if(|last| *last == b'\r');
    }
    bytes
}

#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct KeyArguments {
    /// The configuration document of a verifier, instead of all options for keys and policy; - for
    /// standard input
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub(crate) config: Option<PathBuf>,
    /// The issuer's JWK Set: a file, a URL, or - for standard input
    #[arg(long, value_name = "FILE|URL", help_heading = "Keys")]
    jwks: Option<PathBuf>,
    /// The issuer: its /.well-known/openid-configuration contains the URL of the JWK Set. Implies
    /// --issuer ISSUER, unless --issuer or --any-issuer is given
    #[arg(long, value_name = "ISSUER", help_heading = "Keys")]
    pub(crate) discover: Option<String>,
    /// One public key in PEM ("BEGIN PUBLIC KEY"); - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pem: Option<PathBuf>,
}

/// Where the keys of a verification come from.
pub(crate) enum KeySource {
    Pem(Source),
    JwkSet(Source),
    Remote(Box<RemoteKeys>),
}

impl KeyArguments {
    pub(crate) fn location(&self) -> Result<Location, Failure> {
        Location::of(self.jwks.as_ref().or(self.pem.as_ref()), self.discover.as_ref())
    }

    /// Returns whether the keys are one key in PEM.
    pub(crate) fn is_pem(&self) -> bool {
        self.pem.is_some()
    }

    /// Returns whether one of the options names keys.
    pub(crate) fn is_given(&self) -> bool {
        self.jwks.is_some() || self.pem.is_some() || self.discover.is_some()
    }

    /// Checks the arguments, and reads the last-good file of remote keys. `token` is read later.
    /// The token and the keys must not both come from standard input.
    pub(crate) fn open(
        &self,
        network: &Options<options::Keys>,
        token: &TokenArguments,
    ) -> Result<KeySource, Failure> {
        let source = match self.location()? {
            Location::Source(source) => source,
            Location::Url(_) if self.pem.is_some() => {
                return Err(Failure::Usage("--pem takes a file, not a URL".to_owned()));
            }
            remote => return Ok(KeySource::Remote(Box::new(RemoteKeys::open(&remote, network)?))),
        };
        if source == Source::Stdin && token.is_stdin() {
            return Err(Failure::Usage("token and keys cannot both come from standard input".to_owned()));
        }
        Ok(if self.pem.is_some() { KeySource::Pem(source) } else { KeySource::JwkSet(source) })
    }
}

impl KeySource {
    /// Reads or fetches the keys.
    pub(crate) fn load(&self) -> Result<(Keys, Arc<JwkSet>), Failure> {
        let read = |source: &Source| source.read("the keys").map_err(Failure::UnreadableKeys);
        let jwks = match self {
            Self::Pem(source) => JwkSet::from_keys([Jwk::from_pem(&read(source)?)?])?,
            Self::JwkSet(source) => JwkSet::from_slice(&read(source)?)?,
            Self::Remote(remote) => {
                let jwks = remote.load()?;
                return Ok((remote.keys(&jwks), jwks));
            }
        };
        let jwks = Arc::new(jwks);
        Ok((Arc::clone(&jwks).into(), jwks))
    }

    /// Returns the keys after a verification, which may have fetched newer keys than `loaded`.
    pub(crate) fn current(&self, loaded: Arc<JwkSet>) -> Arc<JwkSet> {
        match self {
            Self::Remote(remote) => remote.key_set().current().unwrap_or(loaded),
            _ => loaded,
        }
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
    fn one_line_end_is_removed() {
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
}
