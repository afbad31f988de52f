//! L3: finds the keys that may have signed a token, and the one that did. May use: error,
//! encoding, jose, crypto. No policy, no clock.

pub(crate) mod candidates;
pub(crate) mod jwk_set;
pub(crate) mod known_headers;
pub(crate) mod lanes;
mod load;
pub(crate) mod load_options;
pub(crate) mod parsed_token;
pub(crate) mod skipped_key;
