//! `/proc/PID/cmdline` and `/proc/PID/environ`: strings ended by NULs.
//!
//! Both are the process's own memory, and it may have written anything there.

/// Iterates over arguments. A process that overwrote its arguments with a title yields that as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments<'a> {
    rest: &'a [u8],
}

/// The arguments of `cmdline`; none for kernel threads and ended processes.
#[must_use]
pub fn arguments(cmdline: &[u8]) -> Arguments<'_> {
    // A process that shortened its title leaves many NULs behind it. Two are an empty last argument.
    let end = cmdline.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let kept = match cmdline.get(end..) {
        Some([0, 0]) if end > 0 => cmdline,
        _ => cmdline.get(..end).unwrap_or_default(),
    };
    Arguments { rest: kept }
}

impl<'a> Iterator for Arguments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == 0).unwrap_or(self.rest.len());
        let (argument, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..).unwrap_or_default();
        Some(argument)
    }
}

/// The value of a variable in `environ`, of the first where there are several: that is the one `getenv` finds.
#[must_use]
pub fn environment_value<'a>(environ: &'a [u8], key: &str) -> Option<&'a [u8]> {
    environ
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(key.as_bytes())?.strip_prefix(b"="))
}
