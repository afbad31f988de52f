//! Settings by name, as text or in JSON documents. The command-line tool, C and the other languages
//! use them. Rust programs may use the typed builders instead.
//!
//! A setting is a row of a table (`table.rs`, `keys.rs`, `renewer.rs`): name, type, default, help
//! and the function that sets it in a builder. Parsing, documents, C constants, the other
//! languages' types and the documentation are derived from the rows.

mod accept;
mod configuration;
#[cfg(feature = "remote")]
pub(crate) mod configured;
mod document;
mod fault;
#[cfg(feature = "remote")]
mod keys;
pub(crate) mod kind;
mod near;
mod policy;
#[cfg(feature = "remote")]
mod remote;
#[cfg(feature = "remote")]
mod renewer;
pub(crate) mod row;
#[expect(clippy::module_inception, reason = "the file of the type Settings")]
pub(crate) mod settings;
pub(crate) mod stats;
mod table;
pub(crate) mod value;
mod verifier;
