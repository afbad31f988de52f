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
    /// profile `dcos`. The profile `access_token` also needs `audiences` or `any_audience`.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Policy)?;
        let profile = settings.text("profile");
        match (settings.is_set("issuers"), settings.is_set("any_issuer")) {
            (true, true) => {
                return Err(Fault::at("any_issuer", "it cannot be combined with \"issuers\"").into());
            }
            (false, false) if profile != Some("dcos") => {
                let detail = "it is missing: set it, or \"any_issuer\", or the profile \"dcos\"";
                return Err(Fault::at("issuers", detail).into());
            }
            _ => {}
        }
        let accepts_audience = settings.is_set("audiences") || settings.is_set("any_audience");
        if profile == Some("access_token") && !accepts_audience {
            let detail = "it is missing: the profile \"access_token\" needs it, or \"any_audience\"";
            return Err(Fault::at("audiences", detail).into());
        }
        let policy = settings.apply(POLICY, Self::new())?;
        policy.check()?;
        Ok(policy)
    }
}
