//! Signs that say how something went. Each is read beside a word, so that nothing depends on the sign alone.

use std::env;

/// Which signs a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marks {
    /// Those of Unicode.
    #[default]
    Unicode,
    /// ASCII alone.
    Ascii,
}

impl Marks {
    /// For standard output: ASCII where the locale names another encoding, and on the kernel's console, whose font lacks the others.
    pub fn of_locale() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if set("TERM").is_some_and(|term| term == "linux") {
            return Self::Ascii;
        }
        // locale(7): the first of these that is set. Without any, as in a container, nothing is known of the terminal.
        match ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set) {
            Some(locale) if !is_utf8(&locale) => Self::Ascii,
            _ => Self::Unicode,
        }
    }

    /// As it should be.
    pub fn good(self) -> &'static str {
        self.pick("✔", "+")
    }

    /// Something is wrong.
    pub fn bad(self) -> &'static str {
        self.pick("✘", "X")
    }

    /// Not known.
    pub fn unknown(self) -> &'static str {
        self.pick("?", "?")
    }

    /// Not there.
    pub fn absent(self) -> &'static str {
        self.pick("·", ".")
    }

    /// What joins two places of a way.
    pub fn link(self) -> &'static str {
        self.pick("─", "-")
    }

    /// What joins a branch of a tree to what it hangs from.
    pub fn branch(self) -> &'static str {
        self.pick("└─", "`-")
    }

    /// A part of a bar that is there.
    pub fn full(self) -> &'static str {
        self.pick("█", "#")
    }

    /// A part of a bar that is gone.
    pub fn empty(self) -> &'static str {
        self.pick("░", ".")
    }

    /// From the left to the right.
    pub fn rightwards(self) -> &'static str {
        self.pick("▶", ">")
    }

    /// From the right to the left.
    pub fn leftwards(self) -> &'static str {
        self.pick("◀", "<")
    }

    /// What goes down a page.
    pub fn vertical(self) -> &'static str {
        self.pick("│", "|")
    }

    fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn the_locale_decides_where_there_is_one() {
        for (variables, marks) in [
            (&[][..], Marks::Unicode),
            (&[("LANG", "de_DE.UTF-8")], Marks::Unicode),
            (&[("LANG", "C.utf8"), ("LC_ALL", "")], Marks::Unicode),
            (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], Marks::Ascii),
            (&[("LC_CTYPE", "en_US.ISO-8859-1"), ("LANG", "C.UTF-8")], Marks::Ascii),
            (&[("LANG", "C.UTF-8"), ("TERM", "linux")], Marks::Ascii),
        ] {
            let value = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Marks::of(value), marks, "{variables:?}");
        }
    }
}
