//! The policy.

use super::boundary::call;
use super::error::bouncer_error;
use super::panic::read;
use super::settings::bouncer_settings;
use super::status::bouncer_status;
use crate::Policy;
use std::mem::MaybeUninit;

/// The rules for a token beyond a valid signature: issuer, audience, algorithms, times. Immutable;
/// any number of threads may use it.
pub struct bouncer_policy(pub(super) Policy);

/// Creates a policy from `settings`, which must have the kind BOUNCER_KIND_POLICY. The settings are
/// copied.
///
/// On success puts the policy in `*out`; free it with bouncer_policy_free(). On failure:
/// BOUNCER_STATUS_INVALID_ARGUMENT, with a message about the first invalid setting. The status is
/// the same if the settings name no issuer and set neither "any_issuer" nor the profile "dcos".
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_new(
    settings: Option<&bouncer_settings>,
    out: Option<&mut MaybeUninit<*mut bouncer_policy>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(bouncer_policy(Policy::from_settings(super::settings::of(settings)?)?)))
}

/// Frees a policy. Verifiers that use it keep working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_policy_free(policy: Option<Box<bouncer_policy>>) {
    read((), || drop(policy));
}
