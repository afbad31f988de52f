//! L6: one table of settings and one of stats, for every language. May name every layer.

pub(crate) mod stats;
