//! Moments as certificates write them (X.680, 46 and 47; RFC 5280, 4.1.2.5).

use super::der::{Value, tag};

/// Seconds since 1970 of a `UTCTime` or a `GeneralizedTime`. Seconds may be missing, and a difference to UTC be given, which DER forbids
/// and old certificates do.
pub(super) fn moment(value: &Value<'_>) -> Option<i64> {
    let text = std::str::from_utf8(value.content).ok()?;
    let (year, rest) = match value.tag {
        tag::UTC_TIME => {
            let (year, rest) = digits(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        tag::GENERALIZED_TIME => digits(text, 4)?,
        _ => return None,
    };
    let (month, rest) = digits(rest, 2)?;
    let (day, rest) = digits(rest, 2)?;
    let (hour, rest) = digits(rest, 2)?;
    let (minute, rest) = digits(rest, 2)?;
    let (second, rest) = digits(rest, 2).unwrap_or((0, rest));
    let is_possible = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..=24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    let zone = rest.trim_start_matches(|c: char| c == '.' || c == ',' || c.is_ascii_digit());
    let offset = match zone.chars().next() {
        None => 0,
        Some('Z') if zone.len() == 1 => 0,
        Some(sign @ ('+' | '-')) => {
            let (hours, rest) = digits(zone.get(1..)?, 2)?;
            let minutes = digits(rest, 2).map_or(0, |(minutes, _)| minutes);
            let seconds = hours * 3600 + minutes * 60;
            if sign == '+' { seconds } else { -seconds }
        }
        Some(_) => return None,
    };
    is_possible.then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| number.parse().ok()).flatten().map(|number| (number, rest))
}

/// Days since 1970 of a date of the Gregorian calendar. The year is taken to begin in March, so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: u8, text: &str) -> Option<i64> {
        moment(&Value { tag, content: text.as_bytes(), whole: text.as_bytes(), is_cut: false })
    }

    #[test]
    fn moments_are_counted_from_1970() {
        assert_eq!(of(tag::UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(of(tag::UTC_TIME, "000301000000Z"), Some(951_868_800));
        assert_eq!(of(tag::GENERALIZED_TIME, "20500101000000Z"), Some(2_524_608_000));
        assert_eq!(of(tag::GENERALIZED_TIME, "19691231235959.250Z"), Some(-1));
        assert_eq!(of(tag::UTC_TIME, "700101020000+0200"), Some(0));
        assert_eq!(of(tag::UTC_TIME, "7001010000Z"), Some(0));
        for wrong in ["", "70", "7013010000Z", "700101000000X", "70010100000\u{0660}Z", "7001010000000000Zx"]
        {
            assert_eq!(of(tag::UTC_TIME, wrong), None, "{wrong}");
        }
    }
}
