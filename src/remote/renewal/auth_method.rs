//! How an OAuth 2.0 client authenticates at the token endpoint.

use std::fmt;

/// Declares [`AuthMethod`] with its registered names.
macro_rules! auth_methods {
    ($($(#[$doc:meta])+ $method:ident, $name:literal;)+) => {
        /// How an OAuth 2.0 client authenticates at the token endpoint. The names come from the
        /// registry "OAuth Token Endpoint Authentication Methods".
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AuthMethod { $($(#[$doc])+ $method,)+ }

        impl AuthMethod {
            /// All methods.
            pub const ALL: &'static [AuthMethod] = &[$(AuthMethod::$method,)+];

            /// Returns the registered name, for example `"client_secret_basic"`. It is the same in
            /// every language.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$method => $name,)+ }
            }
        }
    };
}

auth_methods! {
    /// Sends client id and secret with HTTP Basic (RFC 6749 §2.3.1).
    #[default]
    ClientSecretBasic, "client_secret_basic";
    /// Sends client id and secret in the body (RFC 6749 §2.3.1). For servers that do not support
    /// HTTP Basic.
    ClientSecretPost, "client_secret_post";
    /// Sends a JWT that is signed with the client's private key (RFC 7523 §2.2). Client and server
    /// share no secret.
    PrivateKeyJwt, "private_key_jwt";
    /// Presents the client certificate in TLS, and sends the client id in the body (RFC 8705 §2.1).
    TlsClientAuth, "tls_client_auth";
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
