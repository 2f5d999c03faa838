//! When a line of a log says that it was written.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The time at the start of a line, in the formats of syslog, nginx, Apache, `PostgreSQL`, and of those that write RFC 3339 or seconds
/// since 1970. Times without a zone are this machine's.
pub(in crate::look) fn time_of(line: &str) -> Option<Timestamp> {
    let line = line.trim_start_matches(['[', ' ']);
    rfc3339(line)
        .or_else(|| numeric(line))
        .or_else(|| syslog(line))
        .or_else(|| apache(line))
        .or_else(|| in_json(line))
        .or_else(|| audit(line))
}

/// `2026-11-22T06:02:58.123456+00:00 host nginx[7]:`
fn rfc3339(line: &str) -> Option<Timestamp> {
    let word = line.split([' ', ']', '"']).next()?;
    if !word.contains('T') {
        return None;
    }
    // systemd's `short-iso` has no colon in the zone: +0000.
    word.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", word).ok())
}

/// `2026/11/22 06:02:58 [error]` (nginx), `2026-11-22 06:02:58.123 UTC [7]` (`PostgreSQL`).
fn numeric(line: &str) -> Option<Timestamp> {
    let mut words = line.split([' ', ']']);
    let (day, clock) = (words.next()?, words.next()?);
    let day = day.replace('/', "-");
    let clock = clock.replace(',', ".");
    let local: DateTime = format!("{day}T{}", clock.trim_end_matches([':', '.'])).parse().ok()?;
    match words.next() {
        Some("UTC" | "GMT") => local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
        _ => here(local),
    }
}

/// `Nov 22 06:02:58 host haproxy[7]:`, which has no year: the last time that this day was.
fn syslog(line: &str) -> Option<Timestamp> {
    let (stamp, _) = line.split_at_checked(15)?;
    let now = jiff::Zoned::now();
    let at = |year: i16| {
        DateTime::strptime("%Y %b %d %H:%M:%S", format!("{year} {}", stamp.replace("  ", " ")))
            .ok()
            .and_then(here)
    };
    // A clock a few minutes ahead is no reason to go back a year.
    let latest = now.timestamp().checked_add(jiff::SignedDuration::from_hours(1)).ok()?;
    at(now.year()).filter(|time| *time <= latest).or_else(|| at(now.year() - 1))
}

/// `Sun Nov 22 06:02:58.123456 2026] [mpm_event:notice]`
fn apache(line: &str) -> Option<Timestamp> {
    let (stamp, _) = line.split_once(']')?;
    DateTime::strptime("%a %b %d %H:%M:%S%.f %Y", stamp).ok().and_then(here)
}

/// `"level":"error","ts":1700000000.123` (Caddy).
fn in_json(line: &str) -> Option<Timestamp> {
    let (_, rest) = line.split_once("\"ts\":")?;
    seconds(rest.split([',', '}']).next()?)
}

/// `type=AVC msg=audit(1700000000.123:456):`
fn audit(line: &str) -> Option<Timestamp> {
    let (_, rest) = line.split_once("audit(")?;
    seconds(rest.split([':', ')']).next()?)
}

fn seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole: i64 = whole.parse().ok()?;
    let digits: String = fraction.chars().take(3).collect();
    let millis: i64 = format!("{digits:0<3}").parse().ok()?;
    Timestamp::from_millisecond(whole.checked_mul(1_000)?.checked_add(millis)?).ok()
}

fn here(local: DateTime) -> Option<Timestamp> {
    local.to_zoned(TimeZone::system()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_format_is_understood() {
        let expected: Timestamp = "2026-11-22T06:02:58Z".parse().unwrap();
        let local = expected.to_zoned(TimeZone::system());
        let (day, clock) = (local.date(), local.time());
        for line in [
            "2026-11-22T06:02:58+00:00 host nginx[7]: x".to_owned(),
            "2026-11-22T06:02:58+0000 host systemd[1]: nginx.service: Failed".to_owned(),
            format!("{} {clock} [error] 7#7: *1 connect() failed", day.strftime("%Y/%m/%d")),
            "2026-11-22 06:02:58.000 UTC [7] FATAL:  sorry, too many clients already".to_owned(),
            format!(
                "[{} {clock}.000000 {}] [mpm_event:notice] [pid 7] x",
                day.strftime("%a %b %d"),
                day.year()
            ),
            r#"{"level":"error","ts":1795327378.0,"msg":"listen tcp :443: bind: address already in use"}"#
                .to_owned(),
            "type=AVC msg=audit(1795327378.000:17): avc:  denied".to_owned(),
        ] {
            assert_eq!(time_of(&line), Some(expected), "{line}");
        }
        assert_eq!(time_of("no time at all"), None);
    }

    #[test]
    fn syslog_lines_are_of_the_last_twelve_months() {
        let now = jiff::Zoned::now();
        let line = format!("{} host haproxy[7]: x", now.strftime("%b %e %H:%M:%S"));
        assert!((now.timestamp() - time_of(&line).unwrap()).get_seconds().abs() <= 1);
        let tomorrow = now.checked_add(jiff::Span::new().days(2)).unwrap();
        let old = time_of(&format!("{} host x", tomorrow.strftime("%b %e %H:%M:%S"))).unwrap();
        assert!(old < now.timestamp());
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "\\PC*|[0-9/: TZ.\\[\\]+-]{0,40}|\"ts\":[0-9.]*") {
            let _ = time_of(&line);
        }
    }
}
