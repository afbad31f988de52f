//! Fetches a key set once, and describes each step of the fetch. For people.
//!
//! The fetch is that of the job of a key set, with a client that records what it does. This file
//! describes the record. It decides nothing.

use super::discovery;
use super::jwks_job::Location;
use super::remote_jwk_set_builder::RemoteJwkSetBuilder;
use crate::encoding::json::first_member;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
use crate::remote::attempts::Reason;
use crate::remote::certificate::{CertificateNames, date};
use crate::remote::freshness;
use crate::remote::trace::{Exchange, Trace};
use crate::remote::transport::{FetchError, FetchFailure, printable};
use crate::remote::worker::Job as _;
use crate::verify::explain::explain_keys;
use crate::verify::step::{Step, StepVerdict};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::http::Uri;

/// The largest difference of the clocks that is not a warning, in seconds.
const MAX_CLOCK_DIFFERENCE: i64 = 5;
/// Maximum length of a URL or issuer in a step, in characters.
const MAX_SHOWN: usize = 200;

/// One fetch of a key set, step by step.
#[derive(Debug)]
pub struct Probe {
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// The keys, if the fetch succeeded.
    pub keys: Option<Arc<JwkSet>>,
}

impl RemoteJwkSetBuilder {
    /// Returns the error that [`RemoteJwkSetBuilder::build`] would return. Starts nothing.
    pub(crate) fn check(&self) -> Result<()> {
        let seed = self.seed.as_deref();
        let job = self.clone().job()?;
        seed.map_or(Ok(()), |seed| job.seed(seed))
    }

    /// Fetches the keys once, on the caller's thread. Starts no thread, reads no last-good file and
    /// no seed, and writes nothing. Not part of the stable interface.
    ///
    /// # Errors
    /// The same as [`RemoteJwkSetBuilder::build`]. A failed fetch is a step of the result.
    #[doc(hidden)]
    pub fn probe(mut self) -> Result<Probe> {
        let trace = Trace::recording();
        self.http.trace = trace.clone();
        let location = self.location.clone();
        let job = self.job()?;
        let error = job.attempt(Reason::Schedule).err();
        let in_use = job.in_use();
        let mut description = Description {
            location: &location,
            error: error.as_ref(),
            lifetime: in_use.as_ref().map(|keys| keys.lifetime),
            steps: Vec::new(),
        };
        let exchanges = trace.exchanges();
        description.exchanges(&exchanges);
        let Description { mut steps, .. } = description;
        let keys = in_use.as_ref().map(|keys| Arc::clone(&keys.jwks));
        match (&keys, exchanges.last().and_then(|exchange| exchange.response.as_ref())) {
            (Some(jwks), _) => steps.extend(explain_keys(jwks.keys(), jwks.skipped())),
            // If no key is usable, the reasons for all of them are known.
            (None, Some((response, _))) if steps.iter().any(|step| step.name == "jwks") => {
                let skipped = JwkSet::skipped_in(&response.body).unwrap_or_default();
                steps.extend(explain_keys(&[], &skipped));
            }
            _ => {}
        }
        steps.extend(exchanges.iter().rev().find_map(clock));
        Ok(Probe { steps, keys })
    }
}

struct Description<'a> {
    location: &'a Location,
    /// Why the fetch failed.
    error: Option<&'a FetchError>,
    lifetime: Option<Duration>,
    steps: Vec<Step>,
}

/// How far an exchange came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Dns,
    Tcp,
    Tls,
    Http,
}

impl Description<'_> {
    fn exchanges(&mut self, exchanges: &[Exchange]) {
        let mut connected_to = None;
        for (index, exchange) in exchanges.iter().enumerate() {
            let error = self.error.filter(|_| index + 1 == exchanges.len());
            let uri: Uri = exchange.url.parse().unwrap_or_default();
            let stage = error.map(|error| stage_of(error, exchange, &uri));
            let is_connected = stage.is_none_or(|stage| stage == Stage::Http);
            let server = (uri.scheme_str().map(str::to_owned), uri.authority().cloned());
            // The second exchange with a server says nothing new about the connection.
            if !is_connected || connected_to.as_ref() != Some(&server) {
                self.connection(exchange, &uri, stage.zip(error));
                connected_to = Some(server);
            }
            if is_connected {
                self.response(exchange, exchanges.get(index + 1), error);
            }
        }
        match (exchanges.last(), self.error) {
            (None, Some(error)) => self.push(Step::ok("jwks", ""), Some(error)),
            (Some(last), Some(_)) => self.skip_the_rest(last),
            _ => {}
        }
    }

    /// Adds the steps that the failure has prevented.
    fn skip_the_rest(&mut self, last: &Exchange) {
        let is_made = |name: &str| self.steps.iter().any(|step| step.name == name);
        let is_jwks = !self.is_metadata(last) || is_made("jwks");
        let rest: &[&'static str] = match self.location {
            Location::Issuer(_) if !is_jwks && is_made("metadata") => &["jwks"],
            Location::Issuer(_) if !is_jwks => &["metadata", "issuer", "jwks"],
            _ if !is_made("jwks") => &["jwks"],
            _ => &[],
        };
        self.steps.extend(rest.iter().map(|name| Step::skipped(*name, "")));
    }

    fn push(&mut self, step: Step, error: Option<&FetchError>) {
        let reason = error.map(|error| error.failure().as_str());
        let detail =
            |error: &FetchError| Error::new(ErrorKind::KeysUnavailable, "").with_detail(error.to_string());
        self.steps.push(Step { reason, ..step.with_error(error.map(detail)) });
    }

    fn is_metadata(&self, exchange: &Exchange) -> bool {
        match self.location {
            Location::Url(_) => false,
            Location::Issuer(issuer) => discovery::metadata_urls(issuer).contains(&exchange.url),
        }
    }

    /// Adds the steps until the connection can be used.
    fn connection(&mut self, exchange: &Exchange, uri: &Uri, failed: Option<(Stage, &FetchError)>) {
        let at = |stage| failed.and_then(|(failed, error)| (failed == stage).then_some(error));
        let is_made = |stage| failed.is_none_or(|(failed, _)| stage <= failed);
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = exchange.addresses.as_deref().unwrap_or_default();
        let ips = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
        let named = |what: &str| if ips.is_empty() { what.to_owned() } else { format!("{what}: {ips}") };
        self.push(
            match (bare.parse::<IpAddr>(), &exchange.proxy) {
                (Ok(_), None) => Step::skipped("dns", format!("{host} is an address")),
                (_, Some(_)) => Step::ok("dns", named("of the proxy")),
                (Err(_), None) => Step::ok("dns", named(host)),
            },
            at(Stage::Dns),
        );
        let peer = exchange.peer.map(|peer| peer.to_string());
        match &exchange.proxy {
            _ if !is_made(Stage::Tcp) => self.steps.push(Step::skipped("tcp", "")),
            Some(proxy) => {
                let peer = peer.map(|peer| format!("{peer}, ")).unwrap_or_default();
                self.push(Step::ok("proxy", format!("{peer}{proxy}")), at(Stage::Tcp));
            }
            None => {
                let tried = || addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                self.push(Step::ok("tcp", peer.unwrap_or_else(tried)), at(Stage::Tcp));
            }
        }
        match uri.scheme_str() {
            _ if !is_made(Stage::Tls) => self.steps.push(Step::skipped("tls", "")),
            Some("https") => self.push(tls(exchange), at(Stage::Tls)),
            _ => self.steps.push(Step::skipped("tls", "the URL is http")),
        }
    }

    /// Adds the steps about the response and its document.
    fn response(&mut self, exchange: &Exchange, next: Option<&Exchange>, error: Option<&FetchError>) {
        let is_metadata = self.is_metadata(exchange);
        let name = if is_metadata { "metadata" } else { "jwks" };
        let url = printable(&exchange.url, MAX_SHOWN);
        let Some((response, at)) = &exchange.response else {
            return self.push(Step::ok(name, url), error);
        };
        let content_type = response.values("content-type").next();
        let content_type = content_type.map(|text| format!(", {}", printable(text, 60))).unwrap_or_default();
        let mut found = format!("{url}: HTTP {}{content_type}", response.status);
        match response.status {
            200 | 203 => found += &format!(", {} bytes", response.body.len()),
            301 | 302 | 303 | 307 | 308 => {
                let target = response.values("location").next().unwrap_or_default();
                found += &format!(", redirect to {}", printable(target, MAX_SHOWN));
            }
            _ if next.is_some() && is_metadata => {
                return self.steps.push(Step::skipped(name, format!("{found}: the next URL is tried")));
            }
            _ => {}
        }
        if let (false, Some(lifetime)) = (is_metadata, self.lifetime) {
            found += &format!(", fresh for {} s", lifetime.as_secs());
            if freshness::lifetime(response, *at, Duration::MAX).is_none() {
                found += " (the setting ttl: the server states no lifetime)";
            }
        }
        let about_issuer = error.filter(|error| error.failure() == FetchFailure::Issuer);
        let error = if about_issuer.is_some() { None } else { error };
        let step = Step::ok(name, found);
        let step = if error.is_some() { step.expecting("HTTP 200 with a JSON document") } else { step };
        self.push(step, error);
        if let (true, None, Location::Issuer(issuer), 200 | 203) =
            (is_metadata, error, self.location, response.status)
        {
            let document = std::str::from_utf8(&response.body).unwrap_or_default();
            let named = first_member(document, "issuer").ok().flatten().and_then(|value| value.as_str());
            let named = named.map(|named| printable(&named, MAX_SHOWN)).unwrap_or_default();
            self.push(Step::ok("issuer", named).expecting(printable(issuer, MAX_SHOWN)), about_issuer);
        }
    }
}

/// Returns the stage in which `error` ended the exchange.
fn stage_of(error: &FetchError, exchange: &Exchange, uri: &Uri) -> Stage {
    use FetchFailure::{Connect, Timeout, Tls};
    match error.failure() {
        _ if exchange.response.is_some() => Stage::Http,
        Connect | Timeout | Tls if exchange.addresses.is_none() => Stage::Dns,
        Connect | Timeout | Tls if exchange.peer.is_none() => Stage::Tcp,
        Tls => Stage::Tls,
        Connect | Timeout if uri.scheme_str() == Some("https") && exchange.tls_version.is_none() => {
            Stage::Tls
        }
        _ => Stage::Http,
    }
}

/// Describes the handshake and the certificate that the server presented.
fn tls(exchange: &Exchange) -> Step {
    let mut found: Vec<String> = exchange.tls_version.iter().cloned().collect();
    if let Some(names) = exchange.certificate.as_deref().and_then(CertificateNames::read) {
        found.push(format!(
            "certificate for {}, issued by {}, valid from {} to {}",
            printable(&names.subject, MAX_SHOWN),
            printable(&names.issuer, MAX_SHOWN),
            date(names.not_before),
            date(names.not_after),
        ));
    }
    Step::ok("tls", found.join(", "))
}

/// Compares the clocks of this machine and of the server.
fn clock(exchange: &Exchange) -> Option<Step> {
    let (response, at) = exchange.response.as_ref()?;
    let date = httpdate::parse_http_date(response.values("date").next()?).ok()?;
    // A cache keeps the Date of the original response (RFC 9111 §5.1).
    let age = response.values("age").next().and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    let seconds = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH).map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
    };
    let ahead = seconds(*at).saturating_sub(seconds(date).saturating_add(age));
    let found = match ahead {
        0 => "no difference to the server's clock".to_owned(),
        1.. => format!("this machine's clock is {ahead} s ahead of the server's"),
        _ => format!("this machine's clock is {} s behind the server's", ahead.saturating_neg()),
    };
    let step = Step::ok("clock", found);
    Some(match ahead.saturating_abs() > MAX_CLOCK_DIFFERENCE {
        true => Step {
            verdict: StepVerdict::Warning,
            ..step.expecting(format!("at most {MAX_CLOCK_DIFFERENCE} s"))
        },
        false => step,
    })
}
