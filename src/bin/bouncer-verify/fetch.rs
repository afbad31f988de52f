//! Keys from the network: where they are and how to get there.

use crate::input::Source;
use crate::report::{Failure, Refusal};
use bouncer_verify::{ErrorKind, JwkSet, RemoteJwkSet};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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

#[derive(Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct FetchArguments {
    /// Trust the certificate authorities of this PEM file too, besides the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Go through this proxy, in place of what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say
    #[arg(long, value_name = "URL", conflicts_with = "no_proxy")]
    pub(crate) proxy: Option<String>,
    /// Go through no proxy
    #[arg(long)]
    pub(crate) no_proxy: bool,
    /// Allow http to other machines: whoever is on the way can then choose the keys, or take the token
    #[arg(long)]
    pub(crate) allow_http: bool,
    /// Give up an HTTP exchange after this time
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    #[arg(value_parser = RangedU64ValueParser::<u64>::new().range(1..=300))]
    pub(crate) timeout: u64,
}

impl FetchArguments {
    /// Fetches the keys once.
    pub(crate) fn fetch(&self, location: &Location) -> Result<Arc<JwkSet>, Failure> {
        let keys = self.keep(location)?;
        // Discovery is an exchange of its own.
        keys.refresh(Duration::from_secs(2 * self.timeout + 1))
            .map_err(|error| Refusal::new(ErrorKind::KeysUnavailable, &error.to_string()))?;
        Ok(keys.current()?)
    }

    /// The keys, which begin to keep themselves when they are asked for.
    pub(crate) fn keep(&self, location: &Location) -> Result<RemoteJwkSet, Failure> {
        let mut settings = match location {
            Location::Url(url) => RemoteJwkSet::builder(url),
            Location::Issuer(issuer) => RemoteJwkSet::discover(issuer),
            Location::Source(_) => {
                return Err(Failure::Usage("--watch takes a URL or --discover".to_owned()));
            }
        };
        settings = settings.timeout(Duration::from_secs(self.timeout)).lazy();
        if let Some(file) = &self.ca_file {
            settings = settings.ca_file(file);
        }
        if let Some(proxy) = &self.proxy {
            settings = settings.proxy(proxy);
        }
        if self.no_proxy {
            settings = settings.no_proxy();
        }
        if self.allow_http {
            settings = settings.allow_http();
        }
        Ok(settings.build()?)
    }
}
