//! The service's own token.
//!
//! | file | what it knows |
//! |---|---|
//! | `token_renewer`, `token_renewer_builder` | the handle, and its settings |
//! | `renewal_job` | one attempt: from a login to a token in use, and when the next is due |
//! | `token_source` | where tokens come from: the trait, and a new token |
//! | `service_login`, `service_account` | DC/OS: the service login token, the login |
//! | `account_secret` | DC/OS: the secret, in any form in which it arrives |
//! | `client_credentials` | OAuth 2.0 (RFC 6749 §4.4): the login |
//! | `client`, `auth_method` | OAuth 2.0: how the client authenticates |
//! | `secret_text` | a secret as text or in a file |
//! | `signing_key` | a private key that signs JWTs for logins |
//! | `issuer_clock` | the issuer's clock, learned from its answers |
//! | `login_answer` | what a login endpoint answers: a token, or why there is none |
//! | `lenient` | base64 and text that is read as it comes |
//! | `rejection` | which answers mean that the token was not accepted |
//! | `current_token` | the token in use, and how long it is valid by two clocks |
//! | `own_token` | a token, which no log shows |
//! | `status` | a snapshot |

mod account_secret;
pub(crate) mod auth_method;
mod client;
mod client_credentials;
mod current_token;
mod issuer_clock;
mod lenient;
mod login_answer;
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
