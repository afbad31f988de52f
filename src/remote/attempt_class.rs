//! The classes of attempts: which attempts start first, and how many of each class run at once.

/// Maximum number of attempts at once.
pub(super) const MAX_ATTEMPTS: usize = 128;
/// Maximum number of attempts at once for sources that are new or whose last attempt failed. The
/// rest is for sources whose last attempt succeeded.
const MAX_UNPROVEN: usize = 112;
/// Maximum number of attempts at once for sources whose last attempt failed.
const MAX_FAILING: usize = 64;
/// Maximum number of scheduled attempts at once that no caller waits for.
const MAX_UNATTENDED: usize = 96;
/// Maximum number of such attempts for sources that are new or whose last attempt failed.
const MAX_UNATTENDED_UNPROVEN: usize = 64;

/// The result of the last attempt of a source. Attempts of healthy sources start first, because the
/// others are more likely to hang.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Health {
    Succeeded,
    /// There was no attempt.
    New,
    Failed,
}

/// The class of an attempt. Attempts of a lower class start first. Each class has limits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Class {
    /// The attempt is scheduled, and no caller waits for it.
    pub(super) is_unattended: bool,
    pub(super) health: Health,
}

/// All classes in their order.
pub(super) const CLASSES: [Class; 6] = {
    use Health::{Failed, New, Succeeded};
    [
        Class { is_unattended: false, health: Succeeded },
        Class { is_unattended: false, health: New },
        Class { is_unattended: false, health: Failed },
        Class { is_unattended: true, health: Succeeded },
        Class { is_unattended: true, health: New },
        Class { is_unattended: true, health: Failed },
    ]
};

/// Number of running attempts of each class, in the order of [`CLASSES`].
#[derive(Default)]
pub(super) struct Running([usize; CLASSES.len()]);

impl Running {
    pub(super) fn count(&self, is_counted: impl Fn(Class) -> bool) -> usize {
        CLASSES.iter().zip(self.0).filter(|(class, _)| is_counted(**class)).map(|(_, count)| count).sum()
    }

    /// Returns whether one more attempt of `class` may run. Some slots are always left for sources
    /// whose last attempt succeeded, and for attempts that a caller waits for.
    pub(super) fn allows(&self, class: Class) -> bool {
        let is_unproven = |class: Class| class.health != Health::Succeeded;
        let is_failing = |class: Class| class.health == Health::Failed;
        let is_unattended = |class: Class| class.is_unattended;
        self.count(|_| true) < MAX_ATTEMPTS
            && (!is_unproven(class) || self.count(is_unproven) < MAX_UNPROVEN)
            && (!is_failing(class) || self.count(is_failing) < MAX_FAILING)
            && (!is_unattended(class)
                || self.count(is_unattended) < MAX_UNATTENDED
                    && (!is_unproven(class)
                        || self.count(|class| is_unattended(class) && is_unproven(class))
                            < MAX_UNATTENDED_UNPROVEN))
    }

    fn of(&mut self, class: Class) -> Option<&mut usize> {
        CLASSES.iter().zip(&mut self.0).find(|(found, _)| **found == class).map(|(_, count)| count)
    }

    pub(super) fn begin(&mut self, class: Class) {
        self.of(class).into_iter().for_each(|count| *count += 1);
    }

    pub(super) fn end(&mut self, class: Class) {
        self.of(class).into_iter().for_each(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_limit_and_sources_that_succeeded_are_not_blocked_by_others() {
        let limit = |classes: &[(bool, Health)], count: usize| {
            let mut running = Running::default();
            let classes: Vec<_> =
                classes.iter().map(|&(is_unattended, health)| Class { is_unattended, health }).collect();
            for _ in 0..count {
                let allowed = classes.iter().find(|class| running.allows(**class));
                allowed.into_iter().for_each(|class| running.begin(*class));
            }
            running
        };
        use Health::{Failed, New, Succeeded};
        let total = |running: &Running| running.count(|_| true);
        for (classes, expected) in [
            (&[(false, Succeeded)][..], 128),
            (&[(false, New)], 112),
            (&[(false, Failed)], 64),
            (&[(true, Succeeded)], 96),
            (&[(true, New)], 64),
            (&[(true, Failed)], 64),
            (&[(true, Failed), (false, New)], 112),
            (&[(true, Failed), (false, Failed)], 64),
            (&[(true, Failed), (true, New), (true, Succeeded)], 96),
            (&[(true, Failed), (false, New), (true, Succeeded), (false, Succeeded)], 128),
        ] {
            assert_eq!(total(&limit(classes, 1000)), expected, "{classes:?}");
        }
        // Whatever hangs, a source that succeeded can fetch at once.
        let mut running = limit(&[(true, Failed), (true, New), (false, Failed), (false, New)], 1000);
        for class in CLASSES {
            assert_eq!(running.allows(class), class.health == Succeeded, "{class:?}");
        }
        running.end(Class { is_unattended: true, health: Failed });
        assert!(CLASSES.iter().all(|class| running.allows(*class)));
        let mut order = CLASSES;
        order.sort();
        assert_eq!(order, CLASSES);
    }
}
