//! The service's own token.
//!
//! | file | content |
//! |---|---|
//! | `token_renewer`, `token_renewer_builder` | the handle and its settings |
//! | `renewal_job` | one attempt: a login, the token in use, and when the next login is due |
//! | `token_source` | the trait for sources of tokens, and a new token |
//! | `service_login` | DC/OS: the login |
//! | `service_account` | DC/OS: the service account, which makes service login tokens |
//! | `account_secret` | DC/OS: reads the secret in all its usual formats |
//! | `client_credentials` | OAuth 2.0 (RFC 6749 §4.4): the login |
//! | `client`, `auth_method` | OAuth 2.0: how the client authenticates |
//! | `secret_text` | a secret as text or in a file |
//! | `signing_key` | the private key that signs JWTs for logins |
//! | `issuer_clock` | the issuer's clock, learned from its responses |
//! | `login_response` | the response of a login endpoint: a token or an error |
//! | `lenient` | tolerant base64 and text decoding |
//! | `rejection` | which responses mean that a server rejected the token |
//! | `current_token` | the token in use, and its expiry on two clocks |
//! | `own_token` | a token whose text never appears in a log |
//! | `status` | a snapshot of the state |

mod account_secret;
pub(crate) mod auth_method;
mod client;
mod client_credentials;
mod current_token;
mod issuer_clock;
mod lenient;
mod login_response;
pub(crate) mod own_token;
pub(crate) mod rejection;
mod renewal_job;
mod secret_text;
pub(crate) mod service_account;
mod service_login;
mod signing_key;
pub(crate) mod status;
pub(crate) mod token_renewer;
pub(crate) mod token_renewer_builder;
pub(crate) mod token_source;
