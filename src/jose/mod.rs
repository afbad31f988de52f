//! L1: bytes to types, as RFC 7515, 7517, 7518, 7519 and 8037 write them. May name: error,
//! encoding. No key is used here, no clock read, nothing fetched.

pub(crate) mod algorithm;
pub(crate) mod authorization;
pub(crate) mod claims;
pub(crate) mod header;
pub(crate) mod hints;
mod integer;
pub(crate) mod jwk;
mod jwk_members;
pub(crate) mod jws;
pub(crate) mod public_key;
pub(crate) mod skip_reason;
