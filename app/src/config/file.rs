//! Where the file is, and its syntax.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use portreeve_model::{Unseen, UnseenReason, UnseenSubject};
use serde::Deserialize;
use toml::Spanned;

use super::networks::{Network, networks};
use crate::error::CommandError;
use crate::excerpt::Excerpt;

/// The file that is read where none is named.
pub const DEFAULT_PATH: &str = "/etc/portreeve/portreeve.toml";

/// More than this is no configuration: the largest that makes sense has some thousand prefixes.
const MOST_BYTES: u64 = 4 << 20;

/// Which file is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// [`DEFAULT_PATH`], if it is there.
    #[default]
    Default,
    /// This one, which must be there.
    Given(PathBuf),
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Networks with names, by name.
    pub networks: Vec<Network>,
    /// That the file is there and may not be read.
    pub unseen: Vec<Unseen>,
}

/// The syntax, with the place of everything that may be wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    networks: BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// Where a file that was named cannot be read, and where a file says something that is not understood. The file at its usual place
    /// that the user may not read is no error: what it names is [`Config::unseen`].
    pub fn load(location: &Location) -> Result<Self, CommandError> {
        match location {
            Location::Given(path) => {
                text_of(path).map_err(|error| unreadable(path, error)).and_then(|text| parse(path, &text))
            }
            Location::Default => {
                let path = Path::new(DEFAULT_PATH);
                match text_of(path) {
                    Ok(text) => parse(path, &text),
                    Err(error)
                        if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                    {
                        Ok(Self::default())
                    }
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                        Ok(Self { networks: Vec::new(), unseen: vec![forbidden(path, &error)] })
                    }
                    Err(error) => Err(unreadable(path, error)),
                }
            }
        }
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    if metadata.len() > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 4 MiB"));
    }
    fs::read_to_string(path)
}

fn unreadable(path: &Path, error: io::Error) -> CommandError {
    match error.kind() {
        io::ErrorKind::NotFound => {
            CommandError::usage(format!("there is no configuration file {}", path.display())).hint(
                format_args!("without --config and PORTREEVE_CONFIG, {DEFAULT_PATH} is read if it is there"),
            )
        }
        _ => CommandError::usage(format!("cannot read the configuration file {}", path.display()))
            .caused_by(error),
    }
}

fn forbidden(path: &Path, error: &io::Error) -> Unseen {
    Unseen {
        subject: UnseenSubject::Configuration,
        reason: UnseenReason::Permission,
        count: 1,
        detail: format!(
            "the configuration file {}: {error}; networks that it names are missing",
            path.display()
        ),
        remedy: Some(format!("run as root, or: chmod o+r {}", path.display())),
    }
}

fn parse(path: &Path, text: &str) -> Result<Config, CommandError> {
    let written: Written = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let mistake = CommandError::usage(first_line(error.message()).to_owned())
            .at(Excerpt::of_file(path, text, span.start, span.len()));
        mistake.hint("the file looks so: [networks] in a line of its own, then lines such as office = [\"198.51.100.0/24\", \"2001:db8:1::/48\"]")
    })?;
    let networks = networks(written.networks).map_err(|mistake| {
        CommandError::usage(mistake.message)
            .at(Excerpt::of_file(path, text, mistake.span.start, mistake.span.len()))
            .hint(mistake.remedy)
    })?;
    Ok(Config { networks, unseen: Vec::new() })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("not understood")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Config, Location, parse};
    use crate::exit::Exit;
    use crate::render::style::Palette;

    fn said(text: &str) -> String {
        let error = parse(Path::new("portreeve.toml"), text).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        let mut out = Vec::new();
        error.report(&mut out, Palette::Plain).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn networks_are_read() {
        let config = parse(
            Path::new("portreeve.toml"),
            "# ours\n[networks]\noffice = [\"198.51.100.0/24\", \"2001:db8:1::/48\"]\nbastion = [\"192.0.2.7\"]\n",
        )
        .unwrap();
        let shown: Vec<String> = config
            .networks
            .iter()
            .map(|network| {
                let prefixes: Vec<String> = network.prefixes.iter().map(ToString::to_string).collect();
                format!("{}: {}", network.name, prefixes.join(", "))
            })
            .collect();
        assert_eq!(shown, ["bastion: 192.0.2.7/32", "office: 198.51.100.0/24, 2001:db8:1::/48"]);
        assert_eq!(parse(Path::new("x"), "").unwrap(), Config::default());
    }

    #[test]
    fn every_mistake_is_shown_with_its_line_and_a_remedy() {
        for (text, message, line) in [
            ("[netwoks]\n", "unknown field `netwoks`", "  1 | [netwoks]\n"),
            ("[networks]\na = 3\n", "invalid type: integer `3`", "  2 | a = 3\n          ^\n"),
            (
                "[networks]\na = [\"10.0.0.0/33\"]\n",
                "`10.0.0.0/33` is no network",
                "  2 | a = [\"10.0.0.0/33\"]\n           ^",
            ),
            ("[networks]\na = [\"10.0.0.1/8\"]\n", "bits beyond its first 8", "  2 | a"),
            ("[networks]\na = [\"0.0.0.0/0\"]\n", "every address", "  2 | a"),
            ("[networks]\na = []\n", "has no prefixes", "  2 | a = []\n"),
            (
                "[networks]\n\ninternet = [\"10.0.0.0/8\"]\n",
                "is a zone that is always there",
                "  3 | internet",
            ),
            ("[networks]\n\"This Host\" = [\"10.0.0.0/8\"]\n", "is a zone that is always there", "  2 | "),
            ("[networks]\n\"a b\" = [\"10.0.0.0/8\"]\n", "is no name", "  2 | \"a b\""),
            ("[networks]\n\"10.0.0.1\" = [\"10.0.0.0/8\"]\n", "is no name", "  2 | "),
            (
                "[networks]\na = [\"10.0.0.0/8\"]\nA = [\"10.0.0.0/8\"]\n",
                "two networks are called",
                "  2 | a",
            ),
            ("[networks]\na = [\"10.0.0.0/8\"]\na = []\n", "duplicate key", "  3 | a"),
            ("[networks\n", "unclosed table", "  1 | [networks\n"),
            ("[networks]\na = [\"::ffff:10.0.0.0/104\"]\n", "IPv4", "  2 | a"),
        ] {
            let said = said(text);
            assert!(said.contains(message), "{said}");
            assert!(said.contains(line), "{said}");
            assert!(said.contains("portreeve.toml:"), "{said}");
            assert!(said.contains("hint: "), "{said}");
        }
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let error = Config::load(&Location::Given("/nowhere/portreeve.toml".into())).unwrap_err();
        assert!(error.to_string().contains("there is no configuration file"), "{error}");
        let error = Config::load(&Location::Given("/".into())).unwrap_err();
        assert!(error.to_string().contains("cannot read"), "{error}");
    }
}
