//! nginx: words, quoted or not, that end with `;` or open a block; `include` (`ngx_conf_read_token`).

use std::net::IpAddr;

use super::address::{address_of, endpoint};
use super::block::{Blocks, Origin};
use super::directive::Directive;
use super::loader::{Again, Depth, Dialect, From};

pub(super) const DIALECT: Dialect = Dialect { parse, includes, from: From::Main, again: Again::Yes };

fn includes(directive: &Directive) -> Option<Vec<&str>> {
    (directive.name() == "include").then(|| vec![directive.value()])
}

/// Where a `listen` binds: `443`, `*:443`, `[::]:443`, and an address or a name alone, which means port 80;
/// no address means all. None for a Unix socket.
pub(in crate::look) fn listened(text: &str) -> Option<(Option<IpAddr>, u16)> {
    if text.is_empty() || text.starts_with("unix:") {
        return None;
    }
    let alone = text.trim_start_matches('[').trim_end_matches(']');
    if alone.parse::<IpAddr>().is_ok()
        || !(text.contains(':') || text.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Some((address_of(text), 80));
    }
    endpoint(text)
}

/// The directives of a text.
pub(super) fn parse(text: &str, origin: &Origin, _: Depth) -> Vec<Directive> {
    let mut blocks = Blocks::default();
    let mut words: Vec<String> = Vec::new();
    let mut begun = 1;
    for (token, line) in tokens(text) {
        let ending = match token {
            Token::Word(word) => {
                if words.is_empty() {
                    begun = line;
                }
                words.push(word);
                continue;
            }
            Token::End => ";",
            Token::Open => " {",
            Token::Close => "",
        };
        let text = format!("{}{ending}", words.join(" "));
        let directive = origin.directive(std::mem::take(&mut words), text, begun);
        match token {
            Token::Open => blocks.open(directive),
            Token::Close => blocks.close(),
            _ if directive.words.is_empty() => {}
            _ => blocks.push(directive),
        }
    }
    blocks.finish()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    End,
    Open,
    Close,
}

/// Words and the signs between them, each with its line.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    let mut line = 1;
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            ';' => tokens.push((Token::End, line)),
            '{' => tokens.push((Token::Open, line)),
            '}' => tokens.push((Token::Close, line)),
            '#' => while characters.next_if(|next| *next != '\n').is_some() {},
            '"' | '\'' => {
                let begun = line;
                let mut word = String::new();
                while let Some(next) = characters.next() {
                    line += usize::from(next == '\n');
                    match next {
                        '\\' => line += escaped(characters.next(), &mut word),
                        end if end == character => break,
                        other => word.push(other),
                    }
                }
                tokens.push((Token::Word(word), begun));
            }
            blank if blank.is_whitespace() => {}
            first => {
                let begun = line;
                let mut word = String::new();
                if first == '\\' {
                    line += escaped(characters.next(), &mut word);
                } else {
                    word.push(first);
                }
                // A variable in braces is part of a word; a block begins after a blank.
                let mut braces = 0_u32;
                while let Some(next) = characters.next_if(|next| {
                    let ends = next.is_whitespace()
                        || *next == ';'
                        || (*next == '{' && !word.ends_with('$'))
                        || (*next == '}' && braces == 0);
                    !ends
                }) {
                    match next {
                        '\\' => {
                            line += escaped(characters.next(), &mut word);
                            continue;
                        }
                        '{' => braces += 1,
                        '}' => braces = braces.saturating_sub(1),
                        _ => {}
                    }
                    word.push(next);
                }
                tokens.push((Token::Word(word), begun));
            }
        }
    }
    tokens
}

/// Adds what follows a backslash, which means nothing itself there; the backslash stays, as patterns need it,
/// but before what it keeps from ending a word. Says how many lines it went on.
fn escaped(next: Option<char>, word: &mut String) -> usize {
    match next {
        Some('t') => word.push('\t'),
        Some('r') => word.push('\r'),
        Some('n') => word.push('\n'),
        Some(plain @ ('"' | '\'' | '\\')) => word.push(plain),
        Some(other) => word.extend(['\\', other]),
        None => word.push('\\'),
    }
    usize::from(next == Some('\n'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::origin;
    use super::*;

    fn lines(text: &str) -> Vec<(usize, String)> {
        let directives = parse(text, &origin(), Depth::Outer);
        super::super::every(&directives).iter().map(|one| (one.line, one.text.clone())).collect()
    }

    #[test]
    fn words_quotes_escapes_and_blocks() {
        let text = "a \"b; c\" 'd\\'e'; # f;\nif ($x ~ \\.php$) {\n  g ${h}i\n  j\\;k;\n}\n\"l\nm\" n;o;";
        let expected = [
            (1, "a b; c d'e;"),
            (2, "if ($x ~ \\.php$) {"),
            (3, "g ${h}i j\\;k;"),
            (6, "l\nm n;"),
            (7, "o;"),
        ];
        assert_eq!(lines(text), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn blocks_that_are_not_balanced_lose_nothing() {
        assert_eq!(lines("} a; b { c;").len(), 3);
        let deep = format!("{}x;{}y;", "b {".repeat(40), "}".repeat(40));
        let found = lines(&deep);
        assert_eq!((found.len(), found.last().map(|one| one.1.as_str())), (42, Some("y;")));
    }

    #[test]
    fn every_form_of_listen() {
        let of =
            |text: &str| listened(text).map(|(address, port)| (address.map(|one| one.to_string()), port));
        assert_eq!(of("443"), Some((None, 443)));
        assert_eq!(of("[::]:443"), Some((None, 443)));
        assert_eq!(of("10.0.0.1"), Some((Some("10.0.0.1".into()), 80)));
        assert_eq!(of("[::1]"), Some((Some("::1".into()), 80)));
        assert_eq!(of("localhost"), Some((None, 80)));
        assert_eq!(of("localhost:81"), Some((None, 81)));
        assert_eq!(of("unix:/run/x"), None);
    }
}
