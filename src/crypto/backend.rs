//! The choice of the arithmetic.

#[cfg(feature = "aws-lc-rs")]
use std::sync::LazyLock;

/// Which implementation does the arithmetic of a [`crate::JwkSet`]. The verdicts are the same; a
/// test holds them to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// aws-lc, and for RS256 this library's own AVX-512 IFMA arithmetic where the CPU has the
    /// instructions and the key is of a size that it takes: three to four times as fast. aws-lc
    /// watches it: it verifies again samples of what is accepted and rejected, and on the first
    /// difference it alone decides in the whole process. In a build without the feature `avx512` it
    /// is [`Backend::AwsLc`].
    #[cfg(feature = "aws-lc-rs")]
    Accelerated,
    /// aws-lc alone, through aws-lc-rs.
    #[cfg(feature = "aws-lc-rs")]
    AwsLc,
    /// The RustCrypto crates: no C compiler needed, 4 to 12 times slower.
    #[cfg(feature = "rust-crypto")]
    RustCrypto,
}

impl Backend {
    /// The back ends of this build; the first is the default.
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
    /// [`Backend::Accelerated`] where aws-lc is built in. The environment variable
    /// `BOUNCER_VERIFY_NO_ACCELERATION`, when set to anything but nothing or `0`, makes it
    /// [`Backend::AwsLc`]; it is read once.
    #[allow(unreachable_code, reason = "with both back ends built in, the first returns")]
    fn default() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return if *NO_ACCELERATION { Self::AwsLc } else { Self::Accelerated };
        #[cfg(feature = "rust-crypto")]
        return Self::RustCrypto;
    }
}
