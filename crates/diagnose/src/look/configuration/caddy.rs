//! Caddy: a `Caddyfile`, in which blocks open at the end of a line and close on a line of their own;
//! `import`.

use super::block::{Blocks, Origin};
use super::directive::Directive;
use super::loader::{Again, Depth, Dialect, From};
use super::words::words;

pub(super) const DIALECT: Dialect = Dialect { parse, includes, from: From::File, again: Again::Yes };

/// A name without a slash may be one of a snippet of the same file, which stands there as a block of its own.
fn includes(directive: &Directive) -> Option<Vec<&str>> {
    (directive.name() == "import").then(|| vec![directive.value()])
}

/// The address of a site: `example.com`, `https://example.com:8443`, `:443`, `*.example.com`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::look) struct Site<'a> {
    /// `https`; empty where it is not written.
    pub(in crate::look) scheme: &'a str,
    /// The name; empty for all.
    pub(in crate::look) host: &'a str,
    /// The port, where one is written.
    pub(in crate::look) port: Option<u16>,
}

impl<'a> Site<'a> {
    /// The sites that the head of a block names; none where the block is something else: options, a snippet,
    /// a named route.
    pub(in crate::look) fn all_of(head: &'a Directive) -> impl Iterator<Item = Self> {
        let is_site = !head.name().is_empty() && !head.name().starts_with(['(', '&']);
        let words = if is_site { head.words.as_slice() } else { &[] };
        words.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()).map(Self::read)
    }

    fn read(text: &'a str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let address = rest.split('/').next().unwrap_or_default();
        match address.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => {
                Self { scheme, host, port: port.parse().ok() }
            }
            _ => Self { scheme, host: address, port: None },
        }
    }
}

/// The directives of a text; none of one in JSON.
pub(super) fn parse(text: &str, origin: &Origin, depth: Depth) -> Vec<Directive> {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Vec::new();
    }
    let mut blocks = Blocks::default();
    // A file with one site may leave out its braces: its first line is its address, and all that follows is
    // its block.
    let mut bare = depth == Depth::Nested;
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let mut words = line_words(line);
        let is_outer = blocks.depth() == 0 && !bare;
        // The addresses of a site may go on in the next line.
        while is_outer && words.last().is_some_and(|word| word.ends_with(',')) {
            let Some((line, _)) = lines.next() else { break };
            words.extend(line_words(line));
        }
        let text = words.join(" ");
        if words.first().is_some_and(|word| word == "}") {
            blocks.close();
        } else if words.last().is_some_and(|word| word == "{") {
            words.pop();
            blocks.open(origin.directive(words, text, number));
        } else if let Some(first) = words.first() {
            let is_site = is_outer && first != "import";
            let directive = origin.directive(words, text, number);
            if is_site {
                bare = true;
                blocks.open(directive);
            } else {
                blocks.push(directive);
            }
        }
    }
    blocks.finish()
}

/// Placeholders such as `{$DOMAIN}` are part of a word.
fn line_words(line: &str) -> Vec<String> {
    words(line, ['"', '`'], Some('#'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::origin;
    use super::*;

    fn lines(text: &str, depth: Depth) -> Vec<(usize, String, usize)> {
        let directives = parse(text, &origin(), depth);
        super::super::every(&directives)
            .iter()
            .map(|one| (one.line, one.words.join("|"), one.block.len()))
            .collect()
    }

    #[test]
    fn blocks_options_and_comments() {
        let text = "{\n  email a@b # who\n}\na.test,\nb.test {\n  header X \"a # \\\"b\\\"\" `c d`\n  handle {$PATH} {\n  }\n}\n:81 {\n}\n";
        let expected = [
            (1, "", 1),
            (2, "email|a@b", 0),
            (4, "a.test,|b.test", 2),
            (6, "header|X|a # \"b\"|c d", 0),
            (7, "handle|{$PATH}", 0),
            (10, ":81", 0),
        ];
        let expected = expected.map(|(line, words, block)| (line, words.to_owned(), block));
        assert_eq!(lines(text, Depth::Outer), expected);
    }

    #[test]
    fn one_site_without_braces_and_a_file_within_a_site() {
        let text = "a.test\n\nroot /srv\nreverse_proxy x:1 {\n  to y:2\n}\nlog\n";
        let told = lines(text, Depth::Outer);
        assert_eq!((told.len(), told[0].2, told[2].2), (5, 3, 1));
        let nested = lines(text, Depth::Nested);
        assert_eq!((nested.len(), nested[0].2), (5, 0));
        assert!(lines("{\"apps\":\n{}}", Depth::Outer).is_empty());
    }

    #[test]
    fn addresses_of_sites() {
        let read = |text| {
            let site = Site::read(text);
            (site.scheme, site.host, site.port)
        };
        assert_eq!(read("https://a.test:8443/x"), ("https", "a.test", Some(8443)));
        assert_eq!(read(":443"), ("", "", Some(443)));
        assert_eq!(read("{$DOMAIN}"), ("", "{$DOMAIN}", None));
    }
}
