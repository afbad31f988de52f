//! The choice of the back end.

use std::sync::LazyLock;

/// The implementation that verifies the signatures of a [`crate::JwkSet`]. Tests check that all
/// back ends return the same results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// This library's own code where it is faster, and aws-lc for the rest (RustCrypto in a build
    /// without aws-lc). It is 3 to 17 times as fast as aws-lc:
    ///
    /// - RSA keys of 2048, 3072 and 4096 bits, on a CPU with AVX-512 IFMA.
    /// - ES256 and Ed25519, on any CPU. A key gets its tables after 100 valid signatures:
    ///   [`crate::LoadOptions::max_table_memory`].
    ///
    /// A build without optimisation does not use this code, and neither does a build for a target
    /// without 64-bit pointers.
    ///
    /// The other back end verifies samples of accepted and rejected signatures again. After the
    /// first different result, the whole process verifies signatures of that kind without this
    /// library's own code.
    Accelerated,
    /// Only aws-lc, through aws-lc-rs.
    #[cfg(feature = "aws-lc-rs")]
    AwsLc,
    /// The RustCrypto crates, without tables for keys. They need no C compiler. Compared with
    /// aws-lc, RSA-2048 takes about 12 times as long, ES256 4 times, and Ed25519 about as long.
    #[cfg(feature = "rust-crypto")]
    RustCrypto,
}

impl Backend {
    /// The back ends of this build. The first is the default.
    pub const ALL: &'static [Backend] = &[
        Backend::Accelerated,
        #[cfg(feature = "aws-lc-rs")]
        Backend::AwsLc,
        #[cfg(feature = "rust-crypto")]
        Backend::RustCrypto,
    ];

    /// Returns the name: `accelerated`, `aws-lc` or `rust-crypto`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accelerated => "accelerated",
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLc => "aws-lc",
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => "rust-crypto",
        }
    }
}

static NO_ACCELERATION: LazyLock<bool> = LazyLock::new(|| {
    std::env::var_os("BOUNCER_VERIFY_NO_ACCELERATION").is_some_and(|value| !value.is_empty() && value != "0")
});

impl Default for Backend {
    /// Returns [`Backend::Accelerated`]. If the environment variable
    /// `BOUNCER_VERIFY_NO_ACCELERATION` is set to anything except an empty value or `0`, returns
    /// the next back end of [`Backend::ALL`]. The variable is read once.
    fn default() -> Self {
        match Self::ALL {
            [_, reference, ..] if *NO_ACCELERATION => *reference,
            _ => Self::Accelerated,
        }
    }
}
