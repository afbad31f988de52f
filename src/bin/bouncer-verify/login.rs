//! `bouncer-verify login`: gets the service's own token.

use crate::arguments::LoginArguments;
use crate::fetch::LONGEST;
use crate::json::Object;
use crate::options::{self, naming_options};
use crate::report::{Failure, Refusal, Report};
use bouncer_verify::{OwnToken, TokenRenewerBuilder};
use std::io::{self, Write as _};
use std::time::Duration;

pub(crate) fn run(arguments: &LoginArguments) -> Result<Report, Failure> {
    let renewer = builder(arguments)?.build().map_err(naming_options::<options::Renewer>)?;
    renewer.renew(LONGEST).map_err(|error| Refusal::new(error.login_kind(), &error.to_string()))?;
    let token = renewer.token()?;
    if !arguments.watch {
        return Ok(Report::success(line(arguments, &token)));
    }
    let mut token = token;
    loop {
        let mut out = io::stdout().lock();
        if out.write_all(line(arguments, &token).as_bytes()).and_then(|()| out.flush()).is_err() {
            return Ok(Report::success(String::new()));
        }
        drop(out);
        let shown = token.generation();
        while token.generation() == shown {
            let attempts = renewer.status().attempts;
            renewer.wait_attempts(attempts + 1, Duration::from_secs(3600));
            token = renewer.token()?;
        }
    }
}

/// Creates the builder. If the arguments contain no source, uses the service account of the
/// environment.
fn builder(arguments: &LoginArguments) -> Result<TokenRenewerBuilder, Failure> {
    let mut settings = arguments.renewer.settings.clone();
    if !["service_account_file", "token_url"].iter().any(|source| settings.is_set(source)) {
        settings.set("service_account_env", "true")?;
    }
    settings.set("lazy", "true")?;
    TokenRenewerBuilder::from_settings(&settings).map_err(naming_options::<options::Renewer>)
}

fn line(arguments: &LoginArguments, token: &OwnToken) -> String {
    if arguments.json {
        let expires_at = token.expires_at().map_or("null".to_owned(), |time| time.to_string());
        return Object::new()
            .string("status", "ok")
            .string("token", token.as_str())
            .string("authorization", token.authorization())
            .raw("expires_at", &expires_at)
            .line();
    }
    match arguments.authorization {
        true => format!("Authorization: {}\n", token.authorization()),
        false => format!("{}\n", token.as_str()),
    }
}
