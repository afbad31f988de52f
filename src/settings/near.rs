//! Finds the known name that is most similar to a misspelt one.

use super::fault::excerpt;

/// Maximum length of a misspelt name that is compared, in bytes.
const LONGEST: usize = 64;

/// Returns a hint to append to a message: `: did you mean "leeway"?`. Empty if no name is similar.
pub(super) fn did_you_mean<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    nearest(wrong, names).map_or(String::new(), |name| format!(": did you mean {}?", excerpt(name)))
}

fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let limit = 1 + wrong.chars().count() / 4;
    let is_near = |distance: usize, name: &str| {
        distance <= limit || (wrong.len() >= 4 && (name.starts_with(wrong) || wrong.starts_with(name)))
    };
    names
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, name)| is_near(*distance, name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Returns the edit distance: insertions, deletions, substitutions and swaps of neighbours (optimal
/// string alignment), without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let substituted = cell(&row, j) + usize::from(!x.eq_ignore_ascii_case(y));
            let mut least = substituted.min(cell(&row, j + 1) + 1).min(cell(&next, j) + 1);
            let is_swap = j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x);
            if is_swap {
                least = least.min(cell(&before, j - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(x);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edit_adds_one_to_the_distance() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("leeway", "leeway", 0),
            ("leewya", "leeway", 1),
            ("isuers", "issuers", 1),
            ("audience", "audiences", 1),
            ("Leeway", "leeway", 0),
            ("kitten", "sitting", 3),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_a_similar_name_is_suggested() {
        let names = || ["leeway", "issuers", "max_stale"].into_iter();
        assert_eq!(nearest("leewya", names()), Some("leeway"));
        assert_eq!(nearest("max_stale_s", names()), Some("max_stale"));
        assert_eq!(nearest("proxy", names()), None);
        assert_eq!(nearest("", names()), None);
        assert_eq!(nearest(&"leeway".repeat(100), names()), None);
        assert_eq!(did_you_mean("isuers", names()), ": did you mean \"issuers\"?");
    }
}
