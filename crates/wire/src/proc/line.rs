//! Walking text line by line, and reading numbers out of it.

/// A line that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Problem {
    /// A column is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A column does not hold what it should.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}

/// How one line becomes an item.
pub(super) type ParseLine<'a, T> = fn(&'a [u8]) -> Result<T, Problem>;

/// Iterates over the lines of a table. Empty lines are passed over.
#[derive(Debug, Clone)]
pub struct Lines<'a, T> {
    rest: &'a [u8],
    line: usize,
    parse: ParseLine<'a, T>,
}

impl<'a, T> Lines<'a, T> {
    pub(super) const fn new(text: &'a [u8], parse: ParseLine<'a, T>) -> Self {
        Self { rest: text, line: 0, parse }
    }

    /// The same, past the first line, which names the columns.
    pub(super) fn after_header(text: &'a [u8], parse: ParseLine<'a, T>) -> Self {
        let mut lines = Self::new(text, parse);
        let _header = lines.next_line();
        lines
    }

    fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let (line, rest) = split_once(self.rest, b'\n').unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(line)
    }
}

impl<T> Iterator for Lines<'_, T> {
    type Item = Result<T, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.next_line()?;
            if !line.trim_ascii().is_empty() {
                return Some((self.parse)(line).map_err(|problem| LineError { line: self.line, problem }));
            }
        }
    }
}

/// What stands before and after the first `separator`.
pub(super) fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == separator)?;
    let (before, rest) = bytes.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}

/// Columns separated by any run of spaces or tabs.
#[derive(Debug, Clone)]
pub(super) struct Columns<'a> {
    rest: &'a [u8],
}

impl<'a> Columns<'a> {
    pub(super) const fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// What follows the last column taken, from the byte after it on.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], Problem> {
        self.next().ok_or(Problem::Missing(what))
    }

    pub(super) fn pass(&mut self, columns: usize, what: &'static str) -> Result<(), Problem> {
        for _ in 0..columns {
            self.bytes(what)?;
        }
        Ok(())
    }

    pub(super) fn decimal<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, Problem> {
        decimal(self.bytes(what)?).ok_or(Problem::Malformed(what))
    }

    pub(super) fn signed<T: TryFrom<i64>>(&mut self, what: &'static str) -> Result<T, Problem> {
        signed(self.bytes(what)?).ok_or(Problem::Malformed(what))
    }

    pub(super) fn hexadecimal<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, Problem> {
        hexadecimal(self.bytes(what)?).ok_or(Problem::Malformed(what))
    }
}

impl<'a> Iterator for Columns<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|byte| !is_blank(*byte))?;
        let text = self.rest.get(start..)?;
        let end = text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len());
        let (column, rest) = text.split_at_checked(end)?;
        self.rest = rest;
        Some(column)
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// An unsigned decimal number: digits only, and within `T`.
pub(super) fn decimal<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    number(digits, 10)
}

/// An unsigned hexadecimal number without prefix.
pub(super) fn hexadecimal<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    number(digits, 16)
}

/// A decimal number, perhaps with a minus sign.
pub(super) fn signed<T: TryFrom<i64>>(digits: &[u8]) -> Option<T> {
    let value = match digits {
        [b'-', magnitude @ ..] => decimal::<i64>(magnitude)?.checked_neg()?,
        magnitude => decimal::<i64>(magnitude)?,
    };
    T::try_from(value).ok()
}

fn number<T: TryFrom<u64>>(digits: &[u8], radix: u32) -> Option<T> {
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in digits {
        let digit = char::from(*byte).to_digit(radix)?;
        value = value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
    }
    T::try_from(value).ok()
}
