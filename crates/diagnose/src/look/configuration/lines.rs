//! Configurations with one setting a line: `Port 22`, `port = 5432`, `port: 27017`, `ssl.pemfile = "/x"`;
//! `include`.

use super::block::Origin;
use super::directive::Directive;
use super::loader::{Again, Depth, Dialect, From};

pub(super) const DIALECT: Dialect = Dialect { parse, includes, from: From::File, again: Again::No };

fn includes(directive: &Directive) -> Option<Vec<&str>> {
    let name = directive.name().trim_end_matches(':');
    let is_include = ["include", "includeoptional"].iter().any(|word| name.eq_ignore_ascii_case(word));
    is_include.then(|| directive.values().iter().map(String::as_str).collect())
}

/// The lines of a text that are no comments. Words end at signs that stand between names and values.
pub(super) fn parse(text: &str, origin: &Origin, _: Depth) -> Vec<Directive> {
    let is_comment = |line: &str| line.starts_with(['#', ';', '!']) || line.starts_with("//");
    let lines = text.lines().map(str::trim).zip(1..);
    lines
        .filter(|(line, _)| !line.is_empty() && !is_comment(line))
        .map(|(line, number)| {
            let words = line
                .split(|sign: char| sign.is_whitespace() || matches!(sign, ';' | '=' | '"' | '<' | ','))
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect();
            origin.directive(words, line.to_owned(), number)
        })
        .collect()
}
