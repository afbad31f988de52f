//! Keys from the network: where they are and how to get there.

use crate::input::Source;
use crate::options::{self, Options};
use crate::report::{Failure, Refusal};
use bouncer_verify::{ErrorKind, JwkSet, RemoteJwkSet, RemoteJwkSetBuilder};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any fetch or login: two exchanges with the longest timeout that a setting allows.
pub(crate) const LONGEST: Duration = Duration::from_secs(2 * 300 + 1);

/// Where a JWK Set is.
pub(crate) enum Location {
    Source(Source),
    Url(String),
    Issuer(String),
}

impl Location {
    /// Of the arguments, one of which is there.
    pub(crate) fn of(place: Option<&PathBuf>, issuer: Option<&String>) -> Result<Self, Failure> {
        match (place, issuer) {
            (_, Some(issuer)) => Ok(Self::Issuer(issuer.clone())),
            (Some(path), None) => Ok(match path.to_str() {
                Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
                    Self::Url(url.to_owned())
                }
                _ => Self::Source(Source::at(path)),
            }),
            (None, None) => Err(Failure::Usage("no keys are given".to_owned())),
        }
    }
}

/// Fetches the keys once.
pub(crate) fn fetch(location: &Location, network: &Options<options::Keys>) -> Result<Arc<JwkSet>, Failure> {
    let keys = remote_keys(location, network)?;
    keys.refresh(LONGEST).map_err(|error| Refusal::new(ErrorKind::KeysUnavailable, &error.to_string()))?;
    Ok(keys.current()?)
}

/// The keys, which are fetched when they are asked for.
pub(crate) fn remote_keys(
    location: &Location,
    network: &Options<options::Keys>,
) -> Result<RemoteJwkSet, Failure> {
    let mut settings = network.settings.clone();
    match location {
        Location::Url(url) => settings.set("url", url)?,
        Location::Issuer(issuer) => settings.set("discover", issuer)?,
        Location::Source(_) => {
            return Err(Failure::Usage("--watch takes a URL or --discover".to_owned()));
        }
    }
    settings.set("lazy", "true")?;
    Ok(RemoteJwkSetBuilder::from_settings(&settings)?.build()?)
}
