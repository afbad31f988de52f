//! The 914 Ed25519 edge cases of C2SP/CCTV, on which implementations disagree. Every back end of
//! this library must follow the same rule. The public key A and the commitment R must be
//! canonically encoded, and neither may be a point of small order. A point of mixed order is
//! allowed. It is the sum of a point of small order and a point of large order. The equation must
//! hold without multiplication by the cofactor (RFC 8032 section 5.1.7).

mod support {
    pub(crate) mod signer;
    pub(crate) mod vectors;
}

use bouncer_verify::{Algorithm, Backend, ErrorKind, Jwk, JwkSet, Result, SignatureVerifier};
use serde::Deserialize;
use support::signer::base64url;
use support::vectors::{self, Report, from_hex};

#[derive(Deserialize)]
struct Vector {
    number: usize,
    key: String,
    sig: String,
    msg: String,
    flags: Option<Vec<String>>,
}

impl Vector {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().flatten().any(|own| own == flag)
    }

    /// Returns the result that the rule requires, from the flags of the vector.
    fn expected(&self) -> Result<(), ErrorKind> {
        if self.has("low_order_A") || self.has("non_canonical_A") {
            Err(ErrorKind::UnusableKey)
        } else if self.has("low_order_R") || self.has("non_canonical_R") || self.has("low_order_residue") {
            // With "low_order_residue", the two sides of the equation are equal only after
            // multiplication by the cofactor.
            Err(ErrorKind::InvalidSignature)
        } else {
            Ok(())
        }
    }

    fn jwk(&self) -> String {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url(from_hex(&self.key)))
    }

    fn verdict(&self, backend: Backend) -> Result<(), ErrorKind> {
        let key = Jwk::from_slice(self.jwk().as_bytes()).expect("32 bytes");
        SignatureVerifier::new(&key, backend)
            .and_then(|key| {
                let verify = || key.verify(Algorithm::Ed25519, self.msg.as_bytes(), &from_hex(&self.sig));
                let verdict = verify();
                key.compute_tables();
                assert_eq!(verify(), verdict, "with tables");
                verdict
            })
            .map_err(|error| error.kind())
    }
}

#[test]
fn every_back_end_follows_the_same_rule_for_ed25519_edge_cases() {
    let test = "CCTV Ed25519";
    let Some(folder) = vectors::folder(test) else { return };
    let vectors: Vec<Vector> = vectors::read(&folder.join("cctv-ed25519/ed25519vectors.json"));
    for &backend in Backend::ALL {
        let mut report = Report::new(test, backend);
        for vector in &vectors {
            let (verdict, expected) = (vector.verdict(backend), vector.expected());
            let id = || format!("number {} {:?}: {verdict:?}, not {expected:?}", vector.number, vector.flags);
            report.check(id, expected.is_ok(), verdict.is_ok());
            assert_eq!(verdict, expected, "{backend:?}: {}", id());
            // A key set skips an unusable key. This set has no other key, so it must be rejected.
            let set = format!(r#"{{"keys":[{}]}}"#, vector.jwk());
            let usable = JwkSet::from_slice_with(set.as_bytes(), backend).is_ok();
            assert_eq!(usable, expected != Err(ErrorKind::UnusableKey), "{backend:?}: {}", id());
        }
        report.finish(43, 871);
    }
}
