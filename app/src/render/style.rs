//! Colours, by meaning. Text never depends on them: without colour every output says the same.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};
use portreeve_model::Severity;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Nothing special.
    #[default]
    Normal,
    /// A heading, or the one thing to read.
    Heading,
    /// Less important than the rest.
    Faint,
    /// A name that the eye looks for: a port, a process.
    Name,
    /// As it should be.
    Good,
    /// Look at this.
    Warn,
    /// Mend this.
    Bad,
    /// Mend this now.
    Worst,
}

impl Ink {
    /// The ink of a severity.
    pub fn of(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Faint,
            Severity::Low => Self::Name,
            Severity::Medium => Self::Warn,
            Severity::High => Self::Bad,
            Severity::Critical => Self::Worst,
        }
    }

    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Normal => Style::new(),
            Self::Heading => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Name => color(AnsiColor::Cyan),
            Self::Good => color(AnsiColor::Green),
            Self::Warn => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red).bold(),
            Self::Worst => Style::new()
                .fg_color(Some(AnsiColor::BrightWhite.into()))
                .bg_color(Some(AnsiColor::Red.into()))
                .bold(),
        }
    }
}

/// Whether inks show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// No escape sequences at all.
    #[default]
    Plain,
    /// The terminal's sixteen colours, which follow the user's theme.
    Colored,
}

impl Palette {
    /// `text` in `ink`, with nothing left behind.
    pub fn paint<T: Display>(self, ink: Ink, text: T) -> Painted<T> {
        Painted { ink: if self == Self::Colored { ink } else { Ink::Normal }, text }
    }
}

/// Text with its ink; displays as the text between escape sequences.
#[derive(Clone, Copy, Debug)]
pub struct Painted<T> {
    ink: Ink,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ink == Ink::Normal {
            return self.text.fmt(f);
        }
        let style = self.ink.style();
        write!(f, "{style}")?;
        self.text.fmt(f)?;
        write!(f, "{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Ink, Palette};

    #[test]
    fn plain_text_has_no_escape_sequence() {
        assert_eq!(Palette::Plain.paint(Ink::Worst, "text").to_string(), "text");
        assert_eq!(Palette::Colored.paint(Ink::Normal, "text").to_string(), "text");
        assert_eq!(Palette::Colored.paint(Ink::Heading, "text").to_string(), "\u{1b}[1mtext\u{1b}[0m");
    }
}
