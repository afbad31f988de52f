//! Conversion of seconds since 1970 to and from RFC 3339 in UTC, and the difference between two
//! times.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// The mean length of a year in the Gregorian calendar, in seconds, like the constants above.
const YEAR: u64 = 31_556_952;

/// Parses seconds since 1970-01-01T00:00:00Z, or a UTC time like 2016-07-08T13:44:26Z.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let is_integer = text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    if is_integer { text.parse().ok() } else { parse_rfc3339(text) }
        .ok_or_else(|| "not a time: write seconds since 1970, or UTC like 2016-07-08T13:44:26Z".to_owned())
}

fn parse_rfc3339(text: &str) -> Option<i64> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:ddZ";
    let fits = |(byte, shape): (u8, &u8)| if *shape == b'd' { byte.is_ascii_digit() } else { byte == *shape };
    if text.len() != SHAPE.len() || !text.bytes().zip(SHAPE).all(fits) {
        return None;
    }
    let number = |start: usize, end: usize| text.get(start..end)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days_from_civil(year, month, day);
    // 30 February converts to a day in March. Only a date that exists converts back to itself.
    let exists = (1..=12).contains(&month) && civil_from_days(days) == (year, month, day);
    // A leap second has no number in seconds since 1970, so it is rejected.
    (exists && hour < 24 && minute < 60 && second < 60)
        .then_some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// Formats `seconds` since 1970 as 2016-07-08T13:44:26Z. If the year does not have four digits,
/// returns `N seconds since 1970`.
pub(crate) fn utc(seconds: i64) -> String {
    let (days, second_of_day) = (seconds.div_euclid(DAY as i64), seconds.rem_euclid(DAY as i64));
    let (year, month, day) = civil_from_days(days);
    if !(0..=9999).contains(&year) {
        return format!("{seconds} seconds since 1970");
    }
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Formats `seconds` in UTC with the difference from `now`: "2016-07-08T13:44:26Z (in 4 days 3 h)".
pub(crate) fn utc_and_distance(seconds: i64, now: i64) -> String {
    let distance = duration(seconds.abs_diff(now));
    let relative = match seconds.cmp(&now) {
        std::cmp::Ordering::Less => format!("{distance} ago"),
        std::cmp::Ordering::Equal => "now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {distance}"),
    };
    format!("{} ({relative})", utc(seconds))
}

/// Formats a duration with its two largest units, rounded down. Years are formatted without a
/// smaller unit.
fn duration(seconds: u64) -> String {
    let days = |days| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let and = |large: String, small: u64, unit: &str| match small {
        0 => large,
        _ => format!("{large} {small} {unit}"),
    };
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => and(format!("{} min", seconds / MINUTE), seconds % MINUTE, "s"),
        HOUR..DAY => and(format!("{} h", seconds / HOUR), seconds % HOUR / MINUTE, "min"),
        _ if seconds < 2 * YEAR => and(days(seconds / DAY), seconds % DAY / HOUR, "h"),
        _ => format!("{} years", seconds / YEAR),
    }
}

// In both conversions, a year starts in March, so that the leap day is its last day. An era is 400
// years, after which the Gregorian calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// Number of days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_convert_both_ways() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2016-07-08T13:44:26Z", 1_467_985_466),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2038-01-19T03:14:08Z", 1 << 31),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn every_day_of_an_era_converts_both_ways() {
        let mut previous = (1599, 12, 31);
        for days in -135_140..-135_140 + DAYS_PER_ERA {
            let (year, month, day) = civil_from_days(days);
            let follows = (year, month, day) == (previous.0, previous.1, previous.2 + 1)
                || (year, month, day) == (previous.0, previous.1 + 1, 1)
                || (year, month, day) == (previous.0 + 1, 1, 1);
            assert!(follows, "{previous:?} {year}-{month}-{day}");
            assert_eq!(days_from_civil(year, month, day), days);
            previous = (year, month, day);
        }
        assert_eq!(previous, (1999, 12, 31));
    }

    #[test]
    fn an_integer_is_seconds_since_1970() {
        for (text, seconds) in [("0", 0), ("-5", -5), ("1467985466", 1_467_985_466), ("2016", 2016)] {
            assert_eq!(parse(text), Ok(seconds));
        }
        assert_eq!(parse("9223372036854775807"), Ok(i64::MAX));
    }

    #[test]
    fn other_formats_are_rejected() {
        for text in [
            "",
            "-",
            "+5",
            "1.5",
            "1e9",
            "now",
            "9223372036854775808",
            "2016-07-08",
            "2016-07-08T13:44:26",
            "2016-07-08 13:44:26Z",
            "2016-07-08T13:44:26z",
            "2016-07-08T13:44:26+00:00",
            "2016-07-08T13:44:26.0Z",
            "2016-00-08T13:44:26Z",
            "2016-13-08T13:44:26Z",
            "2016-07-00T13:44:26Z",
            "2016-07-32T13:44:26Z",
            "2015-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2016-06-31T00:00:00Z",
            "2016-07-08T24:00:00Z",
            "2016-07-08T13:60:26Z",
            "2016-06-30T23:59:60Z",
            "2016-07-08T13:44:2é",
            "+016-07-08T13:44:26Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_four_digit_year_is_printed_as_a_number() {
        assert_eq!(utc(253_402_300_800), "253402300800 seconds since 1970");
        for seconds in [i64::MIN, i64::MAX] {
            assert_eq!(utc(seconds), format!("{seconds} seconds since 1970"));
            assert!(utc_and_distance(seconds, -seconds.signum()).contains("years"));
        }
    }

    #[test]
    fn a_time_difference_has_at_most_two_units() {
        for (seconds, expected) in [
            (1, "1 s"),
            (59, "59 s"),
            (60, "1 min"),
            (61, "1 min 1 s"),
            (3600, "1 h"),
            (7260, "2 h 1 min"),
            (DAY, "1 day"),
            (4 * DAY + 3 * HOUR + 59, "4 days 3 h"),
            (400 * DAY, "400 days"),
            (10 * YEAR, "10 years"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
        let distances = [-7200, 0, 90].map(|seconds| utc_and_distance(seconds, 0));
        assert!(distances[0].ends_with("(2 h ago)"));
        assert!(distances[1].ends_with("(now)"));
        assert!(distances[2].ends_with("(in 1 min 30 s)"));
    }
}
