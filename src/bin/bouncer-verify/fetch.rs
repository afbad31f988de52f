//! Keys from the network: parses their location, and fetches them.

use crate::input::Source;
use crate::options::{self, Options, naming_options, option_names};
use crate::report::{Failure, Refusal, warn};
use bouncer_verify::{
    ErrorKind, JwkSet, Keys, RemoteJwkSet, RemoteJwkSetBuilder, RemoteJwkSetState, Settings,
};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any fetch or login can take: two HTTP exchanges, each with the maximum timeout of
/// 300 s.
pub(crate) const LONGEST: Duration = Duration::from_secs(2 * 300 + 1);

/// Where a JWK Set is.
pub(crate) enum Location {
    Source(Source),
    Url(String),
    Issuer(String),
}

impl Location {
    /// Creates a location from the arguments. The command line requires exactly one of them.
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

/// A remote key set. It prints a warning if its last-good file cannot be read or written.
pub(crate) struct RemoteKeys {
    keys: RemoteJwkSet,
    settings: Settings,
    /// Whether this process has fetched the keys; otherwise they are those of the last-good file.
    has_fetched: Cell<bool>,
    /// The last problem with the last-good file that was printed.
    warned: RefCell<Option<String>>,
}

impl RemoteKeys {
    /// Starts with the last-good file, if one is set. Fetches nothing.
    pub(crate) fn open(location: &Location, network: &Options<options::Keys>) -> Result<Self, Failure> {
        let mut settings = network.settings.clone();
        match location {
            Location::Url(url) => settings.set("url", url),
            Location::Issuer(issuer) => settings.set("discover", issuer),
            Location::Source(_) => {
                return Err(Failure::Usage("--watch takes a URL or --discover".to_owned()));
            }
        }
        .and_then(|()| settings.set("lazy", "true"))
        .map_err(naming_options::<options::Keys>)?;
        let keys = RemoteJwkSetBuilder::from_settings(&settings)
            .and_then(RemoteJwkSetBuilder::build)
            .map_err(naming_options::<options::Keys>)?;
        let opened = Self { keys, settings, has_fetched: Cell::new(false), warned: RefCell::default() };
        opened.warn_of_last_good_file();
        Ok(opened)
    }

    /// Returns the keys of the last-good file while they are fresh. Otherwise fetches the keys. If
    /// the fetch fails, returns the keys of the file until they are older than max_stale, and
    /// prints a warning.
    pub(crate) fn load(&self) -> Result<Arc<JwkSet>, Failure> {
        if self.keys.status().state != RemoteJwkSetState::Fresh {
            match (self.keys.refresh(LONGEST), self.keys.current()) {
                (Ok(()), _) => self.has_fetched.set(true),
                (Err(error), Ok(_)) => {
                    let path = self.settings.text("last_good_file").unwrap_or_default();
                    warn(&format!(
                        "the keys of the last-good file {path} are used, because the fetch failed: {}",
                        self.keys.describe(&error)
                    ));
                }
                (Err(error), Err(_)) => {
                    return Err(Refusal::new(ErrorKind::KeysUnavailable, &self.keys.describe(&error)).into());
                }
            }
        }
        Ok(self.keys.current()?)
    }

    /// Returns the keys for a verification, after [`RemoteKeys::load`]. If they came from the
    /// last-good file, a token whose key is missing may cause a fetch.
    pub(crate) fn keys(&self, loaded: &Arc<JwkSet>) -> Keys {
        if self.has_fetched.get() { Arc::clone(loaded).into() } else { self.keys.clone().into() }
    }

    /// Returns the key set that [`RemoteKeys`] wraps.
    pub(crate) fn key_set(&self) -> &RemoteJwkSet {
        &self.keys
    }

    /// Prints a warning if the last-good file has a problem that the last call did not find.
    pub(crate) fn warn_of_last_good_file(&self) {
        let error = self.keys.status().last_good_error.map(|error| error.to_string());
        let before = self.warned.replace(error.clone());
        if let Some(error) = error.filter(|error| before.is_none_or(|before| before != *error)) {
            warn(&option_names::<options::Keys>(&error));
        }
    }
}

impl Drop for RemoteKeys {
    fn drop(&mut self) {
        // Closing waits until the last-good file is written.
        self.keys.close();
        self.warn_of_last_good_file();
    }
}
