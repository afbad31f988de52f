//! The settings of a verifier: one row for each setting.

use super::row::{Row, row};
use super::value::SettingType as Type;

/// The rows set the size of the cache. `configuration.rs` makes the entries.
pub(super) const VERIFIER: &[Row<usize>] = &[
    row(
        "accept",
        Type::Entries,
        "",
        "The entries: an object for each issuer, with the settings of a policy, \"keys\" and \
             \"tenants\". A token's \"iss\" selects its entry. No two entries may accept the same \
             issuer.",
        |cache, _| Ok(cache),
    ),
    row(
        "cache",
        Type::Count { min: 0, max: 1 << 20 },
        "0",
        "Maximum number of verified tokens to cache, for all entries together. 0 disables the \
             cache.",
        |_, given| given.size(),
    ),
];
