//! How long certificates live: the limits of public authorities, and how much is left.
//!
//! What is left is measured as a share of the lifetime, since lifetimes go from 398 days to 47 and to six. Clients of ACME renew when a
//! third is left: with a quarter left a renewal has been failing for some time (a week of 90 days, four days of 47). Certificates that
//! people renew by hand live longer, and are not called late more than 30 days before their end.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// From when on (seconds since 1970) public authorities may issue for how many days at most, the latest first: ballots SC-081v3, SC-31
/// and 193 of the CA/Browser Forum. Before them the limit was 39 months; what was issued then is expired.
const LIMITS: [(i64, i64); 6] = [
    (1_868_227_200, 47),  // 2029-03-15
    (1_805_068_800, 100), // 2027-03-15
    (1_773_532_800, 200), // 2026-03-15
    (1_598_918_400, 398), // 2020-09-01
    (1_519_862_400, 825), // 2018-03-01
    (i64::MIN, 1_187),
];

/// How late a renewal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Enough.
    Enough,
    /// Less than a quarter of the lifetime, and less than 30 days.
    Late,
    /// Less than a tenth, and less than a week.
    Last,
}

/// The longest lifetime in days of what was issued then.
pub(super) fn limit(not_before: i64) -> i64 {
    LIMITS.iter().find(|(from, _)| not_before >= *from).map_or(0, |(_, days)| *days)
}

/// Whether a lifetime is longer than a limit of days. The last second counts (Baseline Requirements, 6.3.2).
pub(super) fn exceeds(not_before: i64, not_after: i64, limit: i64) -> bool {
    not_after - not_before + 1 > limit * DAY
}

/// Days, begun ones whole.
pub(super) fn days(seconds: i64) -> i64 {
    seconds.div_euclid(DAY) + i64::from(seconds.rem_euclid(DAY) > 0)
}

/// The share that is left, in percent, rounded down.
pub(super) fn remaining_percent(from: i64, until: i64, now: i64) -> u8 {
    let (whole, left) = (i128::from(until) - i128::from(from), i128::from(until) - i128::from(now));
    if whole <= 0 {
        return 0;
    }
    u8::try_from((left * 100 / whole).clamp(0, 100)).unwrap_or_default()
}

/// How late a renewal is.
pub(super) fn left(from: i64, until: i64, now: i64) -> Left {
    let (whole, left) = (until.saturating_sub(from), until.saturating_sub(now));
    if left < (whole / 10).min(7 * DAY) {
        Left::Last
    } else if left < (whole / 4).min(30 * DAY) {
        Left::Late
    } else {
        Left::Enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i64 {
        let date: jiff::civil::Date = text.parse().unwrap();
        date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second()
    }

    #[test]
    fn the_limit_is_that_of_the_day_of_issue() {
        for (issued, days) in [
            ("2017-06-01", 1_187),
            ("2018-03-01", 825),
            ("2020-08-31", 825),
            ("2020-09-01", 398),
            ("2026-03-14", 398),
            ("2026-03-15", 200),
            ("2027-03-14", 200),
            ("2027-03-15", 100),
            ("2029-03-14", 100),
            ("2029-03-15", 47),
        ] {
            assert_eq!(limit(day(issued)), days, "{issued}");
        }
        let issued = day("2026-04-01");
        assert!(!exceeds(issued, issued + 200 * DAY - 1, 200));
        assert!(exceeds(issued, issued + 200 * DAY, 200));
        assert_eq!((days(90 * DAY - 1), days(90 * DAY), days(90 * DAY + 1)), (90, 90, 91));
    }

    #[test]
    fn what_is_left_is_a_share_of_the_lifetime() {
        for (lifetime, left_days, expected) in [
            (90, 31, Left::Enough),
            (90, 23, Left::Enough),
            (90, 22, Left::Late),
            (90, 6, Left::Last),
            (47, 16, Left::Enough),
            (47, 11, Left::Late),
            (47, 4, Left::Last),
            (398, 60, Left::Enough),
            (398, 29, Left::Late),
            (398, 6, Left::Last),
            (6, 2, Left::Enough),
            (6, 1, Left::Late),
            (90, -1, Left::Last),
        ] {
            assert_eq!(
                left(0, lifetime * DAY, (lifetime - left_days) * DAY),
                expected,
                "{lifetime}, {left_days}"
            );
        }
        assert_eq!(remaining_percent(0, 90 * DAY, 60 * DAY), 33);
        assert_eq!(remaining_percent(0, 90 * DAY, 91 * DAY), 0);
        assert_eq!(remaining_percent(0, 90 * DAY, -DAY), 100);
        assert_eq!(remaining_percent(5, 5, 5), 0);
    }
}
