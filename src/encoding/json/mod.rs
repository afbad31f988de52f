//! A strict JSON parser without copies. It checks the whole document and returns each member of the
//! outermost object as slices of the text.
//!
//! Strict means RFC 8259 in UTF-8 without a byte order mark, with these additional rules:
//!
//! - No two members of an object, at any depth, may have the same name after escapes are resolved.
//! - There are at most 16 levels.
//! - There are no lone surrogates.
//! - No number is beyond the range of a double.
//!
//! Parsers disagree on all of these. An attacker can exploit a token that two parsers read
//! differently.

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
