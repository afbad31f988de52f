//! The kinds of settings. Each kind has its own table of settings.

#[cfg(feature = "remote")]
use super::keys::KEYS;
#[cfg(feature = "remote")]
use super::renewer::RENEWER;
use super::row::Setting;
use super::table::POLICY;
use super::verifier::VERIFIER;

/// The type of object that settings configure. The numbers are permanent; 3 is not assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingsKind {
    /// A [`crate::Policy`]: the rules for tokens.
    Policy = 1,
    /// A `RemoteJwkSet`: from where an issuer's keys are fetched, and how often. In a build without
    /// the feature `remote` this kind has no settings.
    Keys = 2,
    /// A [`crate::Verifier`]: the entries that accept tokens.
    Verifier = 4,
    /// A [`crate::TokenRenewer`]: how the service gets its own token.
    #[cfg(feature = "remote")]
    Renewer = 5,
}

impl SettingsKind {
    /// All kinds in this build.
    pub const ALL: &'static [Self] = &[
        Self::Policy,
        Self::Keys,
        Self::Verifier,
        #[cfg(feature = "remote")]
        Self::Renewer,
    ];

    /// Returns the name, for example `policy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Keys => "keys",
            Self::Verifier => "verifier",
            #[cfg(feature = "remote")]
            Self::Renewer => "renewer",
        }
    }

    /// Returns the permanent number. It equals the constant `BOUNCER_KIND_...` of the C header.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Returns the kind with this number, or `None` if this build has no such kind.
    pub fn of_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// Returns the settings of this kind, in the order of the documentation.
    pub fn settings(self) -> Vec<&'static Setting> {
        match self {
            Self::Policy => POLICY.iter().map(|row| &row.setting).collect(),
            #[cfg(feature = "remote")]
            Self::Keys => KEYS.iter().map(|row| &row.setting).collect(),
            #[cfg(not(feature = "remote"))]
            Self::Keys => Vec::new(),
            Self::Verifier => VERIFIER.iter().map(|row| &row.setting).collect(),
            #[cfg(feature = "remote")]
            Self::Renewer => RENEWER.iter().map(|row| &row.setting).collect(),
        }
    }

    /// Returns the setting with this name, or `None` if this kind has no such setting.
    pub fn setting(self, name: &str) -> Option<&'static Setting> {
        self.settings().into_iter().find(|setting| setting.name == name)
    }
}
