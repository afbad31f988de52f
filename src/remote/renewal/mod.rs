//! The service's own token.
//!
//! | file | what it knows |
//! |---|---|
//! | `token_renewer` | the handle: settings, handing out, rejection |
//! | `renewal_job` | one attempt: from a login to a token in use, and when the next is due |
//! | `token_source` | anything that gives a token |
//! | `service_login`, `service_account` | DC/OS: the secret, the service login token, the login |
//! | `client_credentials` | OAuth 2.0 (RFC 6749 §4.4) |
//! | `rejection` | which answers mean that the token was not accepted |
//! | `own_token` | a token, which no log shows |
//! | `status` | a snapshot |

mod client_credentials;
pub(crate) mod own_token;
pub(crate) mod rejection;
mod renewal_job;
pub(crate) mod service_account;
mod service_login;
pub(crate) mod status;
pub(crate) mod token_renewer;
pub(crate) mod token_source;
