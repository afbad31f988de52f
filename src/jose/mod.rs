//! L1: parses bytes into the types of RFC 7515, 7517, 7518, 7519 and 8037. May use: error,
//! encoding. This layer uses no key, reads no clock and fetches nothing.

pub(crate) mod algorithm;
pub(crate) mod authorization;
pub(crate) mod claim_path;
pub(crate) mod claims;
pub(crate) mod header;
pub(crate) mod hints;
mod integer;
pub(crate) mod jwk;
mod jwk_members;
pub(crate) mod jws;
pub(crate) mod public_key;
pub(crate) mod skip_reason;
pub(crate) mod text_list;
