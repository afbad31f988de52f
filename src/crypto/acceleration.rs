//! Which code verifies the signatures of each kind of key in this process, and why.

use super::backend::Backend;
#[cfg(ifma)]
use super::vector::avx512::Avx512;

/// What verifies the signatures of a kind of key: this library's own code, or the reference back
/// end. For people who diagnose a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceleration {
    /// `RSA`, `ES256` or `Ed25519`.
    pub keys: &'static str,
    /// Whether this library's own code verifies them.
    pub accelerated: bool,
    /// What the code uses, or why it is not used.
    pub reason: String,
}

impl Acceleration {
    /// Returns one entry for each kind of key that the code can verify. They apply to key sets with
    /// the default back end, until the code of a kind is turned off because of a wrong result.
    pub fn of_this_process() -> [Self; 3] {
        let is_default = Backend::default() == Backend::Accelerated;
        let turned_off = (!is_default).then_some("BOUNCER_VERIFY_NO_ACCELERATION is set");
        let (obstacle, no_vectors) = (unsuitable_build().or(turned_off), no_vectors());
        let of = |keys, needs_vectors: bool| {
            let (accelerated, reason) = match (obstacle, &no_vectors) {
                (Some(why), _) => (false, why.to_owned()),
                (None, None) => (true, "AVX-512 IFMA".to_owned()),
                (None, Some(why)) if needs_vectors => (false, why.clone()),
                (None, Some(why)) => (true, format!("64-bit words: {why}")),
            };
            Self { keys, accelerated, reason }
        };
        [of("RSA", true), of("ES256", false), of("Ed25519", false)]
    }
}

/// Returns why a build with the code never uses it. The code is then slower than the reference.
/// Without optimisation it also needs a megabyte of stack.
pub(super) fn unsuitable_build() -> Option<&'static str> {
    if cfg!(unoptimised) {
        Some("this build is not optimised")
    } else if cfg!(not(target_pointer_width = "64")) {
        Some("this build has no 64-bit words")
    } else {
        None
    }
}

/// Returns why no vectors are used.
fn no_vectors() -> Option<String> {
    #[cfg(ifma)]
    {
        let missing: Vec<_> = Avx512::<false>::missing().collect();
        (!missing.is_empty())
            .then(|| format!("this CPU or its operating system lacks {}", missing.join(", ")))
    }
    #[cfg(not(ifma))]
    Some("this build has no code for AVX-512".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::jwk_set::JwkSet;

    #[test]
    fn the_entry_of_rsa_says_whether_an_rsa_key_is_accelerated() {
        let document = include_bytes!("../../tests/data/document_jwks.json");
        let jwks = JwkSet::from_slice(document).unwrap();
        let [rsa, es256, ed25519] = Acceleration::of_this_process();
        assert_eq!((rsa.keys, es256.keys, ed25519.keys), ("RSA", "ES256", "Ed25519"));
        assert_eq!(jwks.accelerated_keys() > 0, rsa.accelerated, "{}", rsa.reason);
    }

    #[test]
    fn ec_keys_need_no_vectors() {
        let [rsa, es256, ed25519] = Acceleration::of_this_process();
        let is_default = Backend::default() == Backend::Accelerated;
        assert_eq!(es256.accelerated, unsuitable_build().is_none() && is_default);
        assert_eq!(es256.reason, ed25519.reason);
        if rsa.accelerated {
            assert_eq!(es256.reason, "AVX-512 IFMA");
        } else if es256.accelerated {
            assert_eq!(es256.reason, format!("64-bit words: {}", rsa.reason));
        }
    }
}
