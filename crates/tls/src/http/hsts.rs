//! `Strict-Transport-Security` (RFC 6797): what a browser makes of it.

/// Half a year, in seconds: what is shorter lapses between visits. Preload lists ask for a year.
pub const LONG_ENOUGH: u64 = 180 * 24 * 3600;
/// A year, in seconds.
pub(super) const YEAR: u64 = 365 * 24 * 3600;

/// What a header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hsts {
    /// For how many seconds a browser takes no connection but an encrypted one.
    pub max_age: u64,
    /// Names below this one, too.
    pub include_subdomains: bool,
    /// The owner agrees to be in browsers' lists. No part of the standard.
    pub preload: bool,
}

impl Hsts {
    /// Reads the value of the header as a browser does (RFC 6797, 6.1): directives that are not known are passed over, one that comes
    /// twice or a `max-age` that is no number makes the header void.
    ///
    /// # Errors
    /// Why a browser ignores it.
    pub fn read(value: &str) -> Result<Self, String> {
        let mut read = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for directive in value.split(';').map(str::trim).filter(|one| !one.is_empty()) {
            let (name, argument) = match directive.split_once('=') {
                Some((name, argument)) => (name.trim(), Some(argument.trim().trim_matches('"'))),
                None => (directive, None),
            };
            let name = name.to_ascii_lowercase();
            if seen.contains(&name) {
                return Err(format!("{name} stands in it twice"));
            }
            match name.as_str() {
                "max-age" => read.max_age = seconds(argument.unwrap_or_default())?,
                "includesubdomains" => read.include_subdomains = true,
                "preload" => read.preload = true,
                _ => {}
            }
            seen.push(name);
        }
        if seen.iter().any(|name| name == "max-age") { Ok(read) } else { Err("it has no max-age".to_owned()) }
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("its max-age is no number: {text:?}"));
    }
    // More digits than fit are more time than matters.
    Ok(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_browsers_read_them() {
        let whole = Hsts { max_age: 63_072_000, include_subdomains: true, preload: true };
        assert_eq!(Hsts::read("max-age=63072000; includeSubDomains; preload"), Ok(whole));
        assert_eq!(Hsts::read(" MAX-AGE = \"63072000\" ;; INCLUDESUBDOMAINS;preload; x=y"), Ok(whole));
        assert_eq!(Hsts::read("max-age=0"), Ok(Hsts::default()));
        assert_eq!(Hsts::read("max-age=99999999999999999999999").unwrap().max_age, u64::MAX);
        for void in ["", "includeSubDomains", "max-age", "max-age=x", "max-age=-1", "max-age=1; max-age=2"] {
            assert!(Hsts::read(void).is_err(), "{void}");
        }
    }
}
