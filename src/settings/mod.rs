//! Settings as text and as JSON documents, against one table: what C, the command, files and the
//! other languages set. Rust's typed builders stand beside it.
//!
//! A setting is a row of `table.rs`: its name, type, default, help and the builder's function.
//! Reading, documents, introspection, the C constants, the other languages' types and the
//! documentation follow from the row.

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
