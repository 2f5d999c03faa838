//! Text to tokens. Spaces separate; so do `( ) ! & | = < >`, which may therefore touch their neighbours.

use super::error::Fault;

/// A token and its place in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Offset of its first byte.
    pub(super) at: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    Operator(Operator),
    /// A word as it stands; may be a keyword.
    Word(String),
    /// A word in quotes; never a keyword.
    Quoted(String),
}

/// Comparison operators, symbols and words alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Operator {
    /// The operator that a word stands for (`eq`, `ne`, `neq`, `lt`, `le`, `leq`, `gt`, `ge`, `geq`).
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal,
            "ne" | "neq" => Self::NotEqual,
            "lt" => Self::Less,
            "le" | "leq" => Self::AtMost,
            "gt" => Self::Greater,
            "ge" | "geq" => Self::AtLeast,
            _ => return None,
        })
    }
}

/// Whether `c` ends a word and cannot stand in one.
pub(super) fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '!' | '&' | '|' | '=' | '<' | '>')
}

/// All tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (kind, length) = match first {
            '"' | '\'' => quoted(rest, first).map_err(|fault| fault.moved(at))?,
            c if is_delimiter(c) => symbol(rest),
            _ => {
                let length = rest.find(is_delimiter).unwrap_or(rest.len());
                (Kind::Word(rest.get(..length).unwrap_or(rest).to_owned()), length)
            }
        };
        tokens.push(Token { kind, at });
        rest = rest.get(length..).unwrap_or("");
    }
}

/// The symbol that `rest` begins with, and its length.
fn symbol(rest: &str) -> (Kind, usize) {
    let mut chars = rest.chars();
    let (first, second) = (chars.next(), chars.next());
    match (first, second) {
        (Some('!'), Some('=')) => (Kind::Operator(Operator::NotEqual), 2),
        (Some('='), Some('=')) => (Kind::Operator(Operator::Equal), 2),
        (Some('<'), Some('=')) => (Kind::Operator(Operator::AtMost), 2),
        (Some('>'), Some('=')) => (Kind::Operator(Operator::AtLeast), 2),
        (Some('&'), Some('&')) => (Kind::And, 2),
        (Some('|'), Some('|')) => (Kind::Or, 2),
        (Some('!'), _) => (Kind::Not, 1),
        (Some('='), _) => (Kind::Operator(Operator::Equal), 1),
        (Some('<'), _) => (Kind::Operator(Operator::Less), 1),
        (Some('>'), _) => (Kind::Operator(Operator::Greater), 1),
        (Some('&'), _) => (Kind::And, 1),
        (Some('|'), _) => (Kind::Or, 1),
        (Some('('), _) => (Kind::Open, 1),
        _ => (Kind::Close, 1),
    }
}

/// A quoted word; `\` takes the next character as it is.
fn quoted(rest: &str, quote: char) -> Result<(Kind, usize), Fault> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, next)) => value.push(next),
                None => break,
            },
            c if c == quote => return Ok((Kind::Quoted(value), at + c.len_utf8())),
            c => value.push(c),
        }
    }
    Err(Fault::new(0, "this quotation mark is never closed", format!("end the word with {quote}")))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Operator, tokens};

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn operators_may_touch_their_operands() {
        let expected = vec![
            Kind::Open,
            Kind::Not,
            Kind::Word("sport".into()),
            Kind::Operator(Operator::AtLeast),
            Kind::Word(":1024".into()),
            Kind::Close,
        ];
        assert_eq!(kinds("(!sport>=:1024)"), expected);
        assert_eq!(kinds(" ( ! sport >= :1024 ) "), expected);
    }

    #[test]
    fn quotes_keep_spaces_and_symbols() {
        assert_eq!(
            kinds(r#"'(sd-pam)' "a \"b\" \\""#),
            [Kind::Quoted("(sd-pam)".into()), Kind::Quoted(r#"a "b" \"#.into())]
        );
        assert_eq!(tokens("  'abc").unwrap_err().offset, 2);
    }
}
