//! A strict JSON parser that returns slices of the document, not copies. It checks the whole
//! document and returns the members of the outermost object.
//!
//! Strict means RFC 8259 in UTF-8 without a byte order mark, with these additional rules:
//!
//! - No two members of an object, at any depth, may have the same name after escapes are resolved.
//! - Objects and arrays are nested at most 16 levels deep.
//! - No string contains a lone surrogate.
//! - No number is beyond the range of a double.
//!
//! JSON parsers treat all these cases differently. An attacker can exploit a token that two parsers
//! read differently.

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
pub(crate) use members::{first_member, members, members_and_elements, value};
pub(crate) use value::Value;
