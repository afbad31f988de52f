//! Selects the proxy for a URL. Environment variables have the same meaning as in curl and Go.

use super::transport::printable;
use super::url;
use std::fmt;
use std::net::IpAddr;
use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

/// The proxies of one key set or renewer. They are read once, when the key set or renewer is built.
#[derive(Clone, Default)]
pub(super) struct Proxies {
    https: Option<Setting>,
    http: Option<Setting>,
    exceptions: Vec<Exception>,
}

/// A proxy, or the reason why it is not usable, and the name of its variable or setting.
#[derive(Clone)]
struct Setting {
    source: &'static str,
    proxy: Result<Proxy, &'static str>,
}

/// An entry of NO_PROXY.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    All,
    Network(IpAddr, u8),
    Address(IpAddr, Option<u16>),
    /// A domain and its subdomains. If `subdomains_only` is true, only its subdomains.
    Domain {
        name: String,
        port: Option<u16>,
        subdomains_only: bool,
    },
}

/// The proxy to use, and the name of its variable or setting.
pub(super) struct Route<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) source: &'static str,
}

/// Shows no credentials.
impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = printable(&format!("{}:{}", self.proxy.host(), self.proxy.port()), 100);
        write!(f, "{proxy} (from {})", self.source)
    }
}

impl Proxies {
    /// Uses one proxy for all URLs, except for those of this machine.
    pub(super) fn from_setting(url: &str) -> Result<Self, String> {
        let setting = Setting::new("the proxy setting", url.trim());
        if let Err(why) = setting.proxy {
            return Err(format!("{} {why}", setting.source));
        }
        Ok(Self { https: Some(setting.clone()), http: Some(setting), exceptions: Vec::new() })
    }

    /// Reads the proxies from the environment. `variable` returns the value of a variable.
    pub(super) fn from_environment(variable: impl Fn(&'static str) -> Option<String>) -> Self {
        let value =
            |name| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| value(name).map(|value| Setting::new(name, &value)))
        };
        // In a CGI program, the client can set HTTP_PROXY with its header field "Proxy" (httpoxy).
        let http: &[_] = match value("REQUEST_METHOD") {
            None => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
            // Windows ignores the case of variable names, so http_proxy is the same as HTTP_PROXY
            // there.
            Some(_) if cfg!(windows) => &["all_proxy", "ALL_PROXY"],
            Some(_) => &["http_proxy", "all_proxy", "ALL_PROXY"],
        };
        let entries = value("no_proxy").or_else(|| value("NO_PROXY")).unwrap_or_default();
        let is_separator = |c: char| c == ',' || c.is_whitespace();
        Self {
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            http: first(http),
            exceptions: entries.split(is_separator).filter_map(Exception::parse).collect(),
        }
    }

    /// Returns the proxy for `uri`, or `None` for a direct connection.
    ///
    /// # Errors
    /// The proxy for `uri` is not usable. It is not bypassed, because a direct connection would
    /// ignore the operator's setting.
    pub(super) fn route(&self, uri: &Uri) -> Result<Option<Route<'_>>, String> {
        let host = uri.host().unwrap_or_default();
        let (setting, default_port) = match uri.scheme_str() {
            Some("https") => (&self.https, 443),
            _ => (&self.http, 80),
        };
        let Some(setting) = setting else { return Ok(None) };
        let port = uri.port_u16().unwrap_or(default_port);
        if url::is_loopback(host) || self.exceptions.iter().any(|exception| exception.matches(host, port)) {
            return Ok(None);
        }
        match &setting.proxy {
            Ok(proxy) => Ok(Some(Route { proxy, source: setting.source })),
            Err(why) => Err(format!("{} {why}", setting.source)),
        }
    }
}

impl Setting {
    /// Errors do not contain the value: it may contain a password.
    fn new(source: &'static str, value: &str) -> Self {
        let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
        let scheme = scheme.to_ascii_lowercase();
        let proxy = match scheme.as_str() {
            "http" | "https" => Proxy::new(&format!("{scheme}://{rest}"))
                .ok()
                .filter(|proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https))
                .filter(|proxy| {
                    let authority = proxy.uri().authority();
                    !proxy.host().is_empty() && authority.is_some_and(|it| url::has_valid_port(it.as_str()))
                })
                .ok_or("is not a URL of the form http://[user:password@]host:port"),
            socks if socks.starts_with("socks") => {
                Err("names a SOCKS proxy; only http:// and https:// proxies are supported")
            }
            _ => Err("has a scheme other than http and https"),
        };
        Self { source, proxy }
    }
}

impl Exception {
    /// Returns `None` if the entry is not valid.
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let address = address_of(address)?;
            let bits = bits.parse().ok().filter(|&bits| bits <= width(address))?;
            return Some(Self::Network(address, bits));
        }
        if let Some(address) = address_of(&entry) {
            return Some(Self::Address(address, None));
        }
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (entry.as_str(), None),
        };
        if let Some(address) = address_of(name) {
            return Some(Self::Address(address, port));
        }
        let subdomains_only = name.starts_with("*.");
        // Like curl and Python, treat ".example.com" as "example.com".
        let name = name.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.');
        (!name.is_empty()).then(|| Self::Domain { name: name.to_owned(), port, subdomains_only })
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        let is_port = |wanted: &Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        match (self, address_of(host)) {
            (Self::All, _) => true,
            (Self::Network(network, bits), Some(address)) => {
                width(*network) == width(address) && prefix(*network, *bits) == prefix(address, *bits)
            }
            (Self::Address(wanted, wanted_port), Some(address)) => *wanted == address && is_port(wanted_port),
            (Self::Domain { name, port: wanted_port, subdomains_only }, None) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let is_named = match host.strip_suffix(name.as_str()) {
                    Some("") => !subdomains_only,
                    Some(below) => below.ends_with('.'),
                    None => false,
                };
                is_named && is_port(wanted_port)
            }
            _ => false,
        }
    }
}

/// Parses an IP address, with or without the brackets of a URL.
fn address_of(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Returns the first `bits` bits of the address.
fn prefix(address: IpAddr, bits: u8) -> u128 {
    let all = match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => u128::from(address),
    };
    all.checked_shr((width(address) - bits).into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the source and the host of the proxy for `url` in this environment; "" for a direct
    /// connection.
    fn route(environment: &[(&str, &str)], url: &str) -> Result<String, String> {
        let variable =
            |wanted| environment.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_string());
        let proxies = Proxies::from_environment(variable);
        let route = proxies.route(&url.parse().unwrap())?;
        Ok(route.map_or(String::new(), |route| format!("{} {}", route.source, route.proxy.host())))
    }

    fn is_direct(no_proxy: &str, url: &str) -> bool {
        let environment = [("https_proxy", "http://p"), ("http_proxy", "http://p"), ("no_proxy", no_proxy)];
        route(&environment, url).unwrap().is_empty()
    }

    #[test]
    fn the_variable_of_the_scheme_precedes_all_proxy_and_lower_case_precedes_upper_case() {
        const HTTPS: &str = "https://idp.example/";
        const HTTP: &str = "http://idp.example/";
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: &[Case<'_>] = &[
            (&[], HTTPS, ""),
            (&[("HTTPS_PROXY", "http://a")], HTTPS, "HTTPS_PROXY a"),
            (&[("HTTPS_PROXY", "http://a"), ("https_proxy", "http://b")], HTTPS, "https_proxy b"),
            (&[("HTTPS_PROXY", "http://a"), ("ALL_PROXY", "http://b")], HTTPS, "HTTPS_PROXY a"),
            (&[("HTTPS_PROXY", "http://a")], HTTP, ""),
            (&[("HTTP_PROXY", "http://a")], HTTPS, ""),
            (&[("HTTP_PROXY", "http://a")], HTTP, "HTTP_PROXY a"),
            (&[("HTTP_PROXY", "http://a"), ("http_proxy", "http://b")], HTTP, "http_proxy b"),
            (&[("ALL_PROXY", "http://a")], HTTP, "ALL_PROXY a"),
            (&[("ALL_PROXY", "http://a"), ("all_proxy", "http://b")], HTTPS, "all_proxy b"),
            // An empty variable counts as unset.
            (&[("https_proxy", ""), ("HTTPS_PROXY", " "), ("ALL_PROXY", "http://a")], HTTPS, "ALL_PROXY a"),
            // httpoxy: a client's header field must not choose the proxy.
            (&[("HTTP_PROXY", "http://a"), ("REQUEST_METHOD", "GET")], HTTP, ""),
            (&[("http_proxy", "http://a"), ("REQUEST_METHOD", "GET")], HTTP, "http_proxy a"),
            (&[("HTTPS_PROXY", "http://a"), ("REQUEST_METHOD", "GET")], HTTPS, "HTTPS_PROXY a"),
            // White space around the value, no scheme, upper case, a path, credentials.
            (&[("HTTPS_PROXY", " http://a:1 \r\n")], HTTPS, "HTTPS_PROXY a"),
            (&[("HTTPS_PROXY", "a:3128")], HTTPS, "HTTPS_PROXY a"),
            (&[("HTTPS_PROXY", "a")], HTTPS, "HTTPS_PROXY a"),
            (&[("HTTPS_PROXY", "HTTP://a:3128/")], HTTPS, "HTTPS_PROXY a"),
            (&[("HTTPS_PROXY", "https://me:p%40ss@a:3128")], HTTPS, "HTTPS_PROXY a"),
            // This machine is never reached through a proxy.
            (&[("ALL_PROXY", "http://a")], "http://127.0.0.1/", ""),
            (&[("ALL_PROXY", "http://a")], "https://localhost/", ""),
            (&[("ALL_PROXY", "http://a")], "https://[::1]:8/", ""),
        ];
        for (environment, url, expected) in cases {
            assert_eq!(route(environment, url).as_deref(), Ok(*expected), "{environment:?} {url}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_an_error_only_for_urls_that_would_use_it() {
        let socks = ("ALL_PROXY", "socks5h://me:secret@127.0.0.1:1080");
        let error = route(&[socks], "https://idp.example/").unwrap_err();
        assert!(error.starts_with("ALL_PROXY names a SOCKS proxy"), "{error}");
        for (environment, url) in [
            (&[socks, ("NO_PROXY", "idp.example")][..], "https://idp.example/"),
            (&[socks], "https://127.0.0.1/"),
            (&[socks, ("HTTPS_PROXY", "http://a")], "https://idp.example/"),
            (&[("HTTP_PROXY", "socks4://a")], "https://idp.example/"),
        ] {
            assert!(route(environment, url).is_ok(), "{environment:?} {url}");
        }
        for value in ["http://", "http:// a b", "ftp://me:secret@a", "SOCKS5://me:secret@a", "http://a:99999"]
        {
            let error = route(&[("https_proxy", value)], "https://idp.example/").unwrap_err();
            assert!(error.starts_with("https_proxy ") && !error.contains("secret"), "{value}: {error}");
            assert!(Proxies::from_setting(value).is_err_and(|error| !error.contains("secret")), "{value}");
        }
    }

    #[test]
    fn no_proxy_accepts_domains_ports_addresses_and_networks() {
        for (no_proxy, url, expected) in [
            ("idp.example", "https://idp.example/", true),
            ("idp.example", "https://a.idp.example/", true),
            ("idp.example", "https://xidp.example/", false),
            ("idp.example", "https://idp.example.org/", false),
            ("IDP.Example.", "https://idp.EXAMPLE./", true),
            (".example", "https://idp.example/", true),
            (".idp.example", "https://idp.example/", true),
            ("*.example", "https://idp.example/", true),
            ("*.idp.example", "https://idp.example/", false),
            ("*", "https://idp.example/", true),
            ("a, * ,b", "https://idp.example/", true),
            ("a,idp.example", "https://idp.example/", true),
            ("a idp.example", "https://idp.example/", true),
            (" a ,\tidp.example\n", "https://idp.example/", true),
            (",,", "https://idp.example/", false),
            ("idp.example:80", "http://idp.example/", true),
            ("idp.example:80", "https://idp.example/", false),
            ("idp.example:443", "https://idp.example/", true),
            ("idp.example:8443", "https://idp.example:8443/", true),
            ("idp.example:x", "https://idp.example/", false),
            ("10.0.0.1", "https://10.0.0.1/", true),
            ("10.0.0.1", "https://10.0.0.10/", false),
            ("10.0.0.1:8443", "https://10.0.0.1:8443/", true),
            ("10.0.0.1:8443", "https://10.0.0.1/", false),
            ("0.0.1", "https://10.0.0.1/", false),
            ("10.0.0.0/8", "https://10.255.1.2/", true),
            ("10.1.2.3/8", "https://10.255.1.2/", true),
            ("10.0.0.0/8", "https://11.0.0.1/", false),
            ("0.0.0.0/0", "https://11.0.0.1/", true),
            ("0.0.0.0/0", "https://[fd00::1]/", false),
            ("10.0.0.0/33", "https://10.0.0.1/", false),
            ("10.0.0.0/8", "https://10.example/", false),
            ("fd00::/8", "https://[fd12::1]/", true),
            ("::/0", "https://[fd12::1]/", true),
            ("fd00::1", "https://[fd00::1]:8/", true),
            ("[fd00::1]", "https://[fd00::1]:8/", true),
            ("[fd00::1]:8", "https://[fd00::1]:8/", true),
            ("[fd00::1]:9", "https://[fd00::1]:8/", false),
        ] {
            assert_eq!(is_direct(no_proxy, url), expected, "{no_proxy:?} {url}");
        }
    }
}
