//! Makes a [`Policy`] from settings.

use super::fault::Fault;
use super::kind::SettingsKind;
use super::settings::Settings;
use super::table::POLICY;
use crate::error::Result;
use crate::verify::policy::Policy;

impl Policy {
    /// Makes a policy from settings of [`SettingsKind::Policy`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: an earlier change of the settings failed, or two
    /// settings contradict each other, or none of these is set: `issuers`, `any_issuer`, and the
    /// profile `dcos`.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Policy)?;
        let is_dcos = settings.text("profile") == Some("dcos");
        match (settings.is_set("issuers"), settings.is_set("any_issuer")) {
            (true, true) => {
                return Err(Fault::at("any_issuer", "it cannot be combined with \"issuers\"").into());
            }
            (false, false) if !is_dcos => {
                let detail = "it is missing: set it, or \"any_issuer\", or the profile \"dcos\"";
                return Err(Fault::at("issuers", detail).into());
            }
            _ => {}
        }
        let policy = settings.apply(POLICY, Self::new())?;
        policy.check()?;
        Ok(policy)
    }
}
