//! systemd's rules for unit names (man 5 `systemd.unit`, `src/basic/unit-name.c`).

use std::borrow::Cow;

/// Longest unit name (`UNIT_NAME_MAX`).
const LONGEST: usize = 255;

/// Types of unit that can have processes or be named in a cgroup path, without slices.
const TYPES: [&str; 10] =
    ["service", "scope", "socket", "mount", "swap", "target", "device", "automount", "timer", "path"];

/// Whether the text names a unit that is neither a slice nor a template without its instance.
pub(super) fn is_unit(name: &str) -> bool {
    let Some((prefix, kind)) = name.rsplit_once('.') else { return false };
    let instance_given = !prefix.ends_with('@') && !prefix.starts_with('@');
    name.len() <= LONGEST
        && TYPES.contains(&kind)
        && !prefix.is_empty()
        && instance_given
        && prefix.chars().all(is_allowed)
}

/// Whether the text names a slice.
pub(super) fn is_slice(name: &str) -> bool {
    name.len() <= LONGEST
        && name.strip_suffix(".slice").is_some_and(|prefix| {
            !prefix.is_empty() && prefix.chars().all(|one| one != '@' && is_allowed(one))
        })
}

fn is_allowed(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, ':' | '-' | '_' | '.' | '\\' | '@')
}

/// The instance in `template@instance.service`, still escaped.
pub fn as_service_instance<'a>(unit: &'a str, template: &str) -> Option<&'a str> {
    let instance = unit.strip_prefix(template)?.strip_prefix('@')?.strip_suffix(".service")?;
    (!instance.is_empty()).then_some(instance)
}

/// Resolves `\xNN` (man 1 `systemd-escape`), for text that stands for something other than a unit, such as a
/// machine's name. A unit's own name stays as it is: `systemctl` knows it only so. An escape that is broken, or that
/// is not UTF-8 in the end, is left as it was.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if let [b'\\', b'x', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            bytes.push(high << 4 | low);
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_and_what_only_looks_like_one() {
        for name in [
            "nginx.service",
            "getty@tty1.service",
            "a@b@c.service",
            "session-3.scope",
            "app-org.gnome\\x2dx.scope",
        ] {
            assert!(is_unit(name), "{name}");
        }
        let long = format!("{}.service", "a".repeat(260));
        for name in [
            "",
            "nginx",
            ".service",
            "getty@.service",
            "@x.service",
            "a#b.service",
            "user.slice",
            "é.scope",
            &long,
        ] {
            assert!(!is_unit(name), "{name}");
        }
        assert!(is_slice("user-1000.slice") && is_slice("-.slice"));
        assert!(!is_slice(".slice") && !is_slice("x@y.slice") && !is_slice("x.service"));
    }

    #[test]
    fn escapes_are_resolved_and_broken_ones_kept() {
        let table = [
            ("plain", "plain"),
            ("debian\\x2d12", "debian-12"),
            ("\\x2d\\x2d", "--"),
            ("caf\\xc3\\xa9", "café"),
            ("\\x2", "\\x2"),
            ("\\xzz-\\x", "\\xzz-\\x"),
            ("\\xff", "\\xff"),
        ];
        for (text, expected) in table {
            assert_eq!(unescape(text), expected, "{text}");
        }
    }

    #[test]
    fn instances_are_told_from_templates() {
        assert_eq!(as_service_instance("systemd-nspawn@web.service", "systemd-nspawn"), Some("web"));
        assert_eq!(as_service_instance("user@1000.service", "user"), Some("1000"));
        for unit in ["user@.service", "user-1000.slice", "user@1000.scope", "xuser@1.service"] {
            assert_eq!(as_service_instance(unit, "user"), None, "{unit}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\PC|\\\\x[0-9a-f]{0,2})*") {
            let _ = unescape(&text);
            let _ = is_unit(&text);
            let _ = is_slice(&text);
        }
    }
}
