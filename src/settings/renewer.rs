//! The token renewer that settings describe.

use super::Fault;
use super::settings::{Settings, at};
use super::table::{RENEWER, SettingsKind};
use crate::error::{Error, ErrorKind, Result};
use crate::remote::renewal::service_account::ServiceAccount;
use crate::remote::renewal::token_renewer::{TokenRenewer, TokenRenewerBuilder};
use crate::remote::renewal::token_source::TokenSource;
use std::io::Read as _;
use zeroize::Zeroizing;

/// Where tokens may come from: exactly one of these is set.
const SOURCES: [&str; 5] =
    ["service_account", "service_account_file", "service_account_env", "token_url", "supplied"];
/// What goes with token_url alone.
const OF_CLIENT: [&str; 3] = ["client_id", "client_secret", "client_secret_file"];

impl TokenRenewerBuilder {
    /// The builder of [`SettingsKind::Renewer`] settings. Where the program supplies the tokens, use
    /// [`TokenRenewer::source`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a change of the settings failed, or they do not name exactly one source.
    /// [`ErrorKind::UnusableCredentials`]: the secret.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        Self::from_settings_and_source(settings, None::<fn() -> _>)
    }

    /// As [`TokenRenewerBuilder::from_settings`], with what supplies the tokens if `supplied` is set.
    ///
    /// # Errors
    /// As [`TokenRenewerBuilder::from_settings`].
    #[doc(hidden)]
    pub fn from_settings_and_source(
        settings: &Settings,
        supplied: Option<impl TokenSource + 'static>,
    ) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Renewer)?;
        let source = one_source(settings)?;
        let text = |name| settings.text(name).unwrap_or_default();
        let builder = match (source, supplied) {
            ("service_account", _) => {
                ServiceAccount::from_json(text(source)).map(TokenRenewer::service_account)
            }
            ("service_account_file", _) => Ok(TokenRenewer::service_account_file(text(source))),
            ("service_account_env", _) => TokenRenewer::service_account_from_env(),
            ("supplied", Some(supplied)) => Ok(TokenRenewer::source(text(source), supplied)),
            ("supplied", None) => Err(Error::new(ErrorKind::InvalidArgument, "nothing supplies the tokens")),
            _ => return settings.apply(RENEWER, client(settings)?),
        };
        settings.apply(RENEWER, builder.map_err(|error| at(source, &error))?)
    }
}

fn one_source(settings: &Settings) -> Result<&'static str> {
    let mut sources = SOURCES.into_iter().filter(|name| settings.is_set(name));
    match (sources.next(), sources.next()) {
        (Some(source), None) => {
            let astray = OF_CLIENT.into_iter().find(|name| source != "token_url" && settings.is_set(name));
            match astray {
                Some(name) => Err(Fault::at(name, "it goes with \"token_url\"").into()),
                None => Ok(source),
            }
        }
        (Some(one), Some(other)) => {
            Err(Fault::at(other, format!("it and \"{one}\" are mutually exclusive")).into())
        }
        (None, _) => {
            let detail = format!("no source of tokens is set: one of {} is needed", SOURCES.join(", "));
            Err(Fault::at("", detail).into())
        }
    }
}

fn client(settings: &Settings) -> Result<TokenRenewerBuilder> {
    let needed = |name, detail| Fault::at(name, detail).into();
    let id = settings.text("client_id").ok_or_else(|| needed("client_id", "it is missing"))?;
    let secret = match (settings.text("client_secret"), settings.text("client_secret_file")) {
        (Some(secret), None) => Zeroizing::new(secret.to_owned()),
        (None, Some(path)) => secret_in_file(path)?,
        (Some(_), Some(_)) => {
            return Err(needed("client_secret_file", "it and \"client_secret\" are mutually exclusive"));
        }
        (None, None) => {
            return Err(needed("client_secret", "it is missing: set it, or \"client_secret_file\""));
        }
    };
    Ok(TokenRenewer::client_credentials(settings.text("token_url").unwrap_or_default(), id, &secret))
}

/// The text of a file, without one line end. The path and the system's error are the operator's own.
fn secret_in_file(path: &str) -> Result<Zeroizing<String>> {
    const LONGEST: u64 = 64 * 1024;
    let unusable = |why: String| {
        let error = Error::about_required(ErrorKind::UnusableCredentials, "client_secret_file", "");
        error.with_detail(format!("{path} {why}"))
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    match read.map_err(|error| unusable(format!("cannot be read: {error}")))? {
        read if read as u64 > LONGEST => return Err(unusable("is over 64 KiB".to_owned())),
        _ => {}
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable("is not UTF-8".to_owned()))?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(Zeroizing::new(text.to_owned()))
}
