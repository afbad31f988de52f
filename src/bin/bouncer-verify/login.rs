//! `bouncer-verify login`: a token of the service's own.

use crate::arguments::{LoginArguments, without_line_end};
use crate::input::Source;
use crate::json::Object;
use crate::report::{Failure, Refusal, Report};
use bouncer_verify::{OwnToken, ServiceAccount, TokenRenewer, TokenRenewerBuilder};
use std::io::{self, Write as _};
use std::time::Duration;

pub(crate) fn run(arguments: &LoginArguments) -> Result<Report, Failure> {
    let renewer = settings(arguments)?.lazy().build()?;
    // A clock that is wrong here makes two exchanges of one login.
    let patience = Duration::from_secs(2 * arguments.fetch.timeout + 1);
    renewer.renew(patience).map_err(|error| Refusal::new(error.login_kind(), &error.to_string()))?;
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

fn settings(arguments: &LoginArguments) -> Result<TokenRenewerBuilder, Failure> {
    let fetch = &arguments.fetch;
    let text = |path, what| {
        let bytes = Source::at(path).read(what).map_err(Failure::Usage)?;
        String::from_utf8(without_line_end(bytes)).map_err(|_| Failure::Usage(format!("{what} is not UTF-8")))
    };
    let mut settings = match (&arguments.token_url, &arguments.client_id, &arguments.client_secret_file) {
        (Some(url), Some(id), Some(file)) => {
            let secret = text(file, "the client's secret")?;
            TokenRenewer::client_credentials(url, id).client_secret(&secret)
        }
        _ => match &arguments.secret {
            Some(path) => {
                let secret = text(path, "the service account's secret")?;
                TokenRenewer::service_account(ServiceAccount::from_json(&secret)?)
            }
            None => TokenRenewer::service_account_from_env()?,
        },
    };
    for parameter in &arguments.parameters {
        let (name, value) = parameter
            .split_once('=')
            .ok_or_else(|| Failure::Usage("--parameter takes NAME=VALUE".to_owned()))?;
        settings = settings.parameter(name, value);
    }
    if let Some(url) = &arguments.login_endpoint {
        settings = settings.login_endpoint(url);
    }
    settings = settings.timeout(Duration::from_secs(fetch.timeout));
    if let Some(file) = &fetch.ca_file {
        settings = settings.ca_file(file);
    }
    if let Some(proxy) = &fetch.proxy {
        settings = settings.proxy(proxy);
    }
    if fetch.no_proxy {
        settings = settings.no_proxy();
    }
    if fetch.allow_http {
        settings = settings.allow_http();
    }
    Ok(settings)
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
    match arguments.header {
        true => format!("Authorization: {}\n", token.authorization()),
        false => format!("{}\n", token.as_str()),
    }
}
