//! The command that follows a packet of an answer through the same rules.

use std::io::{self, Write};

use super::frame::LEFT;
use crate::render::style::Ink;
use crate::render::text::Clean;
use crate::render::view::View;

/// The options that name the rules of an answer, as they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    options: Vec<String>,
}

impl Replay {
    /// With these words after the packet.
    pub fn new(options: Vec<String>) -> Self {
        Self { options }
    }

    /// Prints the command in one piece, so that it can be copied.
    pub(super) fn print(&self, out: &mut dyn Write, witness: &str, view: &View) -> io::Result<()> {
        let pad = " ".repeat(LEFT.saturating_sub(4 + "check".len()));
        let label = view.palette.paint(Ink::Faint, "check");
        let mut command = format!("portreeve reach --packet {}", quoted(witness));
        for option in &self.options {
            command.push(' ');
            command.push_str(&quoted(option));
        }
        writeln!(out, "    {label}{pad}{}", Clean(&command))
    }
}

/// A word for a shell, in quotes where it needs them.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("web1.firewall"), "web1.firewall");
        assert_eq!(quoted("from 192.0.2.1 ping"), "'from 192.0.2.1 ping'");
        assert_eq!(quoted("iif it's"), r"'iif it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
