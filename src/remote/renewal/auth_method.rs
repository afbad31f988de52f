//! How an OAuth 2.0 client authenticates at the token endpoint.

use std::fmt;

/// Declares [`AuthMethod`] with its registered names.
macro_rules! auth_methods {
    ($($(#[$doc:meta])+ $method:ident, $name:literal;)+) => {
        /// How an OAuth 2.0 client authenticates at the token endpoint. The names are those of the
        /// registry "OAuth Token Endpoint Authentication Methods".
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AuthMethod { $($(#[$doc])+ $method,)+ }

        impl AuthMethod {
            /// Every method.
            pub const ALL: &'static [AuthMethod] = &[$(AuthMethod::$method,)+];

            /// The registered name, the same in every language: `"client_secret_basic"`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$method => $name,)+ }
            }
        }
    };
}

auth_methods! {
    /// Id and secret by HTTP Basic (RFC 6749 §2.3.1).
    #[default]
    ClientSecretBasic, "client_secret_basic";
    /// Id and secret in the body (RFC 6749 §2.3.1): for servers that do not take HTTP Basic.
    ClientSecretPost, "client_secret_post";
    /// A JWT signed with the client's private key (RFC 7523 §2.2). No secret is shared with the
    /// server.
    PrivateKeyJwt, "private_key_jwt";
    /// The client certificate of TLS, and the id in the body (RFC 8705 §2.1).
    TlsClientAuth, "tls_client_auth";
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
