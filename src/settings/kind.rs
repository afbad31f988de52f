//! The kinds of settings, and the table of each.

#[cfg(feature = "remote")]
use super::keys::KEYS;
#[cfg(feature = "remote")]
use super::renewer::RENEWER;
use super::row::Setting;
use super::table::POLICY;

/// What a set of settings configures. The numbers are permanent; 3 and 4 are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingsKind {
    /// A [`crate::Policy`]: the rules for tokens.
    Policy = 1,
    /// A [`crate::RemoteJwkSet`]: where an issuer's keys are fetched, and how they are refreshed.
    #[cfg(feature = "remote")]
    Keys = 2,
    /// A [`crate::TokenRenewer`]: how the service gets its own token.
    #[cfg(feature = "remote")]
    Renewer = 5,
}

impl SettingsKind {
    /// All kinds in this build.
    pub const ALL: &'static [Self] = &[
        Self::Policy,
        #[cfg(feature = "remote")]
        Self::Keys,
        #[cfg(feature = "remote")]
        Self::Renewer,
    ];

    /// The name: `policy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            #[cfg(feature = "remote")]
            Self::Keys => "keys",
            #[cfg(feature = "remote")]
            Self::Renewer => "renewer",
        }
    }

    /// The permanent number, the same as in C.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Returns the kind with this number.
    pub fn of_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// Returns its settings, in the order of the documentation.
    pub fn settings(self) -> Vec<&'static Setting> {
        match self {
            Self::Policy => POLICY.iter().map(|row| &row.setting).collect(),
            #[cfg(feature = "remote")]
            Self::Keys => KEYS.iter().map(|row| &row.setting).collect(),
            #[cfg(feature = "remote")]
            Self::Renewer => RENEWER.iter().map(|row| &row.setting).collect(),
        }
    }

    /// Returns the setting with this name.
    pub fn setting(self, name: &str) -> Option<&'static Setting> {
        self.settings().into_iter().find(|setting| setting.name == name)
    }
}
