//! A strict reader of JSON objects that copies nothing: it checks the whole document and hands out
//! each member of the outermost object as slices of it.
//!
//! Strict means RFC 8259 in UTF-8 without a byte order mark, and on top of it: no two members of
//! one object, at any depth, may have the same name once escapes are resolved; at most
//! [`MAX_DEPTH`] levels; no lone surrogates; no number beyond the range of a double. Parsers
//! disagree on all of these, and a disagreement between two readers of one token is an attack.

mod decimal;
mod delimited;
mod invalid;
mod members;
mod names;
mod scanner;
mod special;
mod value;

pub(crate) use decimal::Decimal;
pub(crate) use invalid::{Invalid, utf8};
pub(crate) use members::{members, members_and_elements};
pub(crate) use value::Value;
