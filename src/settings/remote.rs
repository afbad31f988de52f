//! Makes the builders of remote key sets and token renewers from settings.

use super::fault::{Fault, at};
use super::keys::KEYS;
use super::kind::SettingsKind;
use super::renewer::RENEWER;
use super::settings::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::load_options::LoadOptions;
use crate::remote::jwks::remote_jwk_set::RemoteJwkSet;
use crate::remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
use crate::remote::renewal::service_account::ServiceAccount;
use crate::remote::renewal::token_renewer::TokenRenewer;
use crate::remote::renewal::token_renewer_builder::TokenRenewerBuilder;
use crate::remote::renewal::token_source::TokenSource;

impl RemoteJwkSetBuilder {
    /// Makes a builder from settings of [`SettingsKind::Keys`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: an earlier change of the settings failed, or both or
    /// neither of `url` and `discover` are set.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Keys)?;
        let builder = match (settings.text("url"), settings.text("discover")) {
            (Some(url), None) => RemoteJwkSet::builder(url),
            (None, Some(issuer)) => RemoteJwkSet::discover(issuer),
            (Some(_), Some(_)) => {
                return Err(Fault::at("discover", "it cannot be combined with \"url\"").into());
            }
            (None, None) => return Err(Fault::at("", "neither \"url\" nor \"discover\" is set").into()),
        };
        settings.apply(KEYS, builder)
    }
}

impl RemoteJwkSetBuilder {
    /// Returns the options for reading a JWK Set that these settings contain.
    pub(super) fn load_options(settings: &Settings) -> Result<LoadOptions> {
        Ok(settings.apply(KEYS, RemoteJwkSet::builder(""))?.load)
    }
}

/// The sources of tokens. Exactly one of these settings must be set.
const SOURCES: [&str; 5] =
    ["service_account", "service_account_file", "service_account_env", "token_url", "supplied"];
/// Settings that are only allowed with `token_url`.
const OF_CLIENT: [&str; 7] = [
    "client_id",
    "auth_method",
    "client_secret",
    "client_secret_file",
    "private_key",
    "private_key_file",
    "private_key_id",
];

impl TokenRenewerBuilder {
    /// Makes a builder from settings of [`SettingsKind::Renewer`]. If the program supplies the
    /// tokens itself, use [`TokenRenewer::source`] instead.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: an earlier change of the settings failed, or not exactly one
    /// source is set. [`ErrorKind::UnusableCredentials`]: the secret is not usable.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        Self::from_settings_and_source(settings, None::<fn() -> _>)
    }

    /// Like [`TokenRenewerBuilder::from_settings`], with the source of the tokens for the setting
    /// `supplied`.
    ///
    /// # Errors
    /// The same as [`TokenRenewerBuilder::from_settings`].
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
            ("supplied", None) => {
                Err(Error::new(ErrorKind::InvalidArgument, "no token source is given for \"supplied\""))
            }
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
                Some(name) => Err(Fault::at(name, "it is only allowed with \"token_url\"").into()),
                None => Ok(source),
            }
        }
        (Some(one), Some(other)) => {
            Err(Fault::at(other, format!("it cannot be combined with \"{one}\"")).into())
        }
        (None, _) => {
            let detail = format!("no token source is set: set one of {}", SOURCES.join(", "));
            Err(Fault::at("", detail).into())
        }
    }
}

fn client(settings: &Settings) -> Result<TokenRenewerBuilder> {
    let missing = || Fault::at("client_id", "it is missing");
    let id = settings.text("client_id").ok_or_else(missing)?;
    for (text, file) in [("client_secret", "client_secret_file"), ("private_key", "private_key_file")] {
        if settings.is_set(text) && settings.is_set(file) {
            return Err(Fault::at(file, format!("it cannot be combined with \"{text}\"")).into());
        }
    }
    Ok(TokenRenewer::client_credentials(settings.text("token_url").unwrap_or_default(), id))
}
