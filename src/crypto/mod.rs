//! L2: verifies a signature over a signing input with one key. The result is valid or invalid,
//! without a reason. May use: error, encoding, jose. It uses no policy and no clock.

mod accelerated;
pub(crate) mod acceleration;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
pub(crate) mod backend;
#[cfg_attr(not(ifma), allow(dead_code, reason = "the code with vectors is not built"))]
mod ed25519;
#[cfg_attr(not(ifma), allow(dead_code, reason = "the code with vectors is not built"))]
mod es256;
#[cfg_attr(not(ifma), allow(dead_code, reason = "the code with vectors is not built"))]
mod hash;
mod invert;
pub(crate) mod kernel;
pub(crate) mod lanes;
pub(crate) mod late_tables;
pub(crate) mod message;
#[cfg(ifma)]
mod rsa;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;
pub(crate) mod signature_verifier;
#[cfg(ifma)]
mod vector;
pub(crate) mod verdict;
pub(crate) mod verifying_key;
mod wide;

#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
compile_error!("bouncer_verify needs a back end: turn on the feature aws-lc-rs (the default) or rust-crypto");
