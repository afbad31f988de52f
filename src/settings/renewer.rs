//! The settings of a token renewer: one row for each setting.

use super::keys::{CLIENT_CERTIFICATE, CLIENT_KEY, CONNECT_TIMEOUT, MILLISECOND, MINUTES_5, PROXY};
use super::row::{Row, Setting, duration, flagged, row};
use super::value::SettingType as Type;
use crate::remote::renewal::auth_method::AuthMethod;
use crate::remote::renewal::token_renewer_builder::TokenRenewerBuilder;
use std::time::Duration;

pub(super) const RENEWER: &[Row<TokenRenewerBuilder>] = &[
    flagged(
        Setting::SECRET,
        row(
            "service_account",
            Type::Text,
            "",
            "The secret of a DC/OS service account, in JSON: \"uid\", \"private_key\" (RSA in PEM) \
             and \"login_endpoint\".",
            |renewer, _| Ok(renewer),
        ),
    ),
    row(
        "service_account_file",
        Type::Text,
        "",
        "A file with the secret of a DC/OS service account. It is read for each login.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "service_account_env",
        Type::Flag,
        "",
        "Takes the DC/OS service account from the environment variable \
             DCOS_SERVICE_ACCOUNT_CREDENTIAL. The variable contains the secret, or the path of \
             a file with the secret.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "token_url",
        Type::Text,
        "",
        "The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). It requires \
             client_id and, depending on auth_method, a secret, a private key or a \
             certificate.",
        |renewer, _| Ok(renewer),
    ),
    row("client_id", Type::Text, "", "The client's identifier at token_url.", |renewer, _| Ok(renewer)),
    row(
        "auth_method",
        Type::Choice(&["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"]),
        "",
        "How the client authenticates at token_url. client_secret_basic and \
             client_secret_post send its secret (RFC 6749 section 2.3.1). private_key_jwt \
             signs a JWT with its private key (RFC 7523 section 2.2). tls_client_auth \
             presents client_certificate_file (RFC 8705 section 2.1). Default: \
             client_secret_basic.",
        |renewer, given| {
            let name = given.text()?;
            let method = AuthMethod::ALL.iter().find(|method| method.as_str() == name);
            Ok(renewer.auth_method(method.copied().unwrap_or_default()))
        },
    ),
    flagged(
        Setting::SECRET,
        row("client_secret", Type::Text, "", "The client's secret.", |renewer, given| {
            Ok(renewer.client_secret(given.text()?))
        }),
    ),
    row(
        "client_secret_file",
        Type::Text,
        "",
        "A file with the client's secret. It is read for each login, so it may be \
             replaced. Line ends after the secret are ignored.",
        |renewer, given| Ok(renewer.client_secret_file(given.text()?)),
    ),
    flagged(
        Setting::SECRET,
        row(
            "private_key",
            Type::Text,
            "",
            "The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits, or EC \
             on P-256.",
            |renewer, given| Ok(renewer.private_key(given.text()?)),
        ),
    ),
    row(
        "private_key_file",
        Type::Text,
        "",
        "A file with the client's private key, in PEM. It is read for each login, so it may be \
         replaced.",
        |renewer, given| Ok(renewer.private_key_file(given.text()?)),
    ),
    row(
        "private_key_id",
        Type::Text,
        "",
        "The \"kid\" in the header of the signed JWT, for servers that have several keys of the client.",
        |renewer, given| Ok(renewer.private_key_id(given.text()?)),
    ),
    row(
        "supplied",
        Type::Text,
        "",
        "The program supplies the tokens itself. The value is the name of the source in \
             logs.",
        |renewer, _| Ok(renewer),
    ),
    row(
        "login_endpoint",
        Type::Text,
        "",
        "The login URL, in place of \"login_endpoint\" of the service account.",
        |renewer, given| Ok(renewer.login_endpoint(given.text()?)),
    ),
    row(
        "parameters",
        Type::Map,
        "",
        "Additional parameters for token_url, by name: \"parameters.scope\", \
             \"parameters.audience\".",
        |renewer, given| {
            let parameters = given.members().into_iter();
            Ok(parameters.fold(renewer, |renewer, (name, value)| renewer.parameter(name, value)))
        },
    ),
    row(
        "header",
        Type::Choice(&["dcos", "bearer"]),
        "",
        "The text before the token in the Authorization header: \"token=\" (dcos) or \
             \"Bearer \" (bearer). Default: dcos for a service account, otherwise bearer.",
        |renewer, given| {
            Ok(match given.text()? {
                "dcos" => renewer.dcos_header(),
                _ => renewer.bearer(),
            })
        },
    ),
    row(
        "timeout",
        duration(MILLISECOND, MINUTES_5),
        "10s",
        "Timeout for one HTTP exchange, from the DNS lookup to the last byte.",
        |renewer, given| Ok(renewer.timeout(given.duration()?)),
    ),
    row("connect_timeout", duration(MILLISECOND, MINUTES_5), "", CONNECT_TIMEOUT, |renewer, given| {
        Ok(renewer.connect_timeout(given.duration()?))
    }),
    row(
        "max_wait",
        duration(Duration::ZERO, MINUTES_5),
        "10s",
        "Maximum time that a caller waits for a token.",
        |renewer, given| Ok(renewer.max_wait(given.duration()?)),
    ),
    row(
        "lazy",
        Type::Flag,
        "",
        "Logs in when a token is first needed, not at once. For programs that fork after \
             their setup.",
        |renewer, _| Ok(renewer.lazy()),
    ),
    row(
        "ca_file",
        Type::Text,
        "",
        "A PEM file of certificate authorities to trust in addition to those of the \
             system. It is read for each login, so it may be replaced.",
        |renewer, given| Ok(renewer.ca_file(given.text()?)),
    ),
    row("client_certificate_file", Type::Text, "", CLIENT_CERTIFICATE, |renewer, given| {
        Ok(renewer.client_certificate_file(given.text()?))
    }),
    row("client_key_file", Type::Text, "", CLIENT_KEY, |renewer, given| {
        Ok(renewer.client_key_file(given.text()?))
    }),
    flagged(
        Setting::PASSWORD,
        row("proxy", Type::Text, "environment", PROXY, |renewer, given| {
            Ok(match given.text()? {
                "environment" => renewer,
                "none" => renewer.no_proxy(),
                url => renewer.proxy(url),
            })
        }),
    ),
    flagged(
        Setting::WEAKENS,
        row(
            "allow_http",
            Type::Flag,
            "",
            "Allows http to other machines. Anyone on the network path can then read the \
             token.",
            |renewer, _| Ok(renewer.allow_http()),
        ),
    ),
];
