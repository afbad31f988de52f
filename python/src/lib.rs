//! The Python module: each function converts its arguments, calls the core once and converts the
//! result. The main classes of the Python interface each have their own file.
//!
//! Users import the package `bouncer_verify/__init__.py`. `bouncer_verify/exceptions.py` defines
//! the exceptions. In Rust paths, `bouncer_verify::` is the core: this module uses only items that
//! the core's `lib.rs` exports.
//!
//! The core fetches remote keys and renews tokens on background threads. These threads call Python
//! in three modules: `background` for logging, `fetch` for the program's own HTTP client, and
//! `token_source` for the program's own source of tokens. All calls pass the gate in `background`.

mod authorization;
mod background;
mod batch;
mod configuration;
mod error;
mod event_loop;
mod fetch;
mod interrupt;
mod jwk;
mod jwk_set;
mod pending_call;
mod policy;
mod python_json;
mod remote_jwk_set;
mod settings;
mod stats;
mod text;
mod token;
mod token_columns;
mod token_renewer;
mod token_source;
mod verifier;

use pyo3::prelude::*;

/// The native part of bouncer_verify.
#[pymodule(gil_used = true)]
mod _bouncer_verify {
    use super::*;
    use pyo3::types::PyMapping;

    #[pymodule_export]
    use super::authorization::token_from_authorization;
    #[pymodule_export]
    use super::background::_leave_python;
    #[pymodule_export]
    use super::event_loop::Watch;
    #[pymodule_export]
    use super::fetch::FetchCall;
    #[pymodule_export]
    use super::jwk::Jwk;
    #[pymodule_export]
    use super::jwk_set::{JwkSet, SkippedKey};
    #[pymodule_export]
    use super::policy::Policy;
    #[pymodule_export]
    use super::remote_jwk_set::RemoteJwkSet;
    #[pymodule_export]
    use super::token::VerifiedToken;
    #[pymodule_export]
    use super::token_columns::TokenColumns;
    #[pymodule_export]
    use super::token_renewer::{TokenRenewer, is_token_rejection};
    #[pymodule_export]
    use super::token_source::LoginCall;
    #[pymodule_export]
    use super::verifier::{Verifier, verify_token, verify_tokens};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        PyMapping::register::<VerifiedToken>(module.py())?;
        error::load(module.py())?;
        module.add("ERROR_CODES", error::codes(module.py())?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
