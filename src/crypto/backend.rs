//! The choice of the back end.

#[cfg(feature = "aws-lc-rs")]
use std::sync::LazyLock;

/// The implementation that verifies the signatures of a [`crate::JwkSet`]. Tests check that all
/// back ends return the same results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// aws-lc, and for RS256 this library's own AVX-512 IFMA code, which is three to four times as
    /// fast. The AVX-512 IFMA code is used if the CPU has the instructions and the key has 2048,
    /// 3072 or 4096 bits. aws-lc verifies samples of accepted and rejected signatures again. After
    /// the first different result, the whole process uses only aws-lc. In a build without the
    /// feature `avx512`, this is the same as [`Backend::AwsLc`].
    #[cfg(feature = "aws-lc-rs")]
    Accelerated,
    /// Only aws-lc, through aws-lc-rs.
    #[cfg(feature = "aws-lc-rs")]
    AwsLc,
    /// The RustCrypto crates. They need no C compiler and are 4 to 12 times slower.
    #[cfg(feature = "rust-crypto")]
    RustCrypto,
}

impl Backend {
    /// The back ends of this build. The first is the default.
    pub const ALL: &'static [Backend] = &[
        #[cfg(feature = "aws-lc-rs")]
        Backend::Accelerated,
        #[cfg(feature = "aws-lc-rs")]
        Backend::AwsLc,
        #[cfg(feature = "rust-crypto")]
        Backend::RustCrypto,
    ];
}

#[cfg(feature = "aws-lc-rs")]
static NO_ACCELERATION: LazyLock<bool> = LazyLock::new(|| {
    std::env::var_os("BOUNCER_VERIFY_NO_ACCELERATION").is_some_and(|value| !value.is_empty() && value != "0")
});

impl Default for Backend {
    /// Returns [`Backend::Accelerated`] if aws-lc is built in. If the environment variable
    /// `BOUNCER_VERIFY_NO_ACCELERATION` is set to anything except an empty value or `0`, returns
    /// [`Backend::AwsLc`]. The variable is read once.
    #[allow(unreachable_code, reason = "with both back ends built in, the first returns")]
    fn default() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return if *NO_ACCELERATION { Self::AwsLc } else { Self::Accelerated };
        #[cfg(feature = "rust-crypto")]
        return Self::RustCrypto;
    }
}
