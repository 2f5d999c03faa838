//! How a rendering is to look: the terminal's width, colours, signs and time zone. Decided once, passed to every renderer.

use std::env;
use std::io::IsTerminal;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::marks::Marks;
use super::style::Palette;
use crate::cli::ColorChoice;

/// How a rendering is to look.
#[derive(Clone, Debug)]
pub struct View {
    /// Columns to stay within; `None` where nobody looks at lines: nothing is shortened or wrapped.
    pub width: Option<usize>,
    /// Colours.
    pub palette: Palette,
    /// Signs.
    pub marks: Marks,
    /// The zone that times are shown in.
    pub zone: TimeZone,
}

/// Columns for running text where the width is unbounded.
const PROSE_WIDTH: usize = 100;
/// Below this a table is no table any more.
const MIN_WIDTH: usize = 40;

impl View {
    /// For standard output.
    pub fn of_stdout(color: ColorChoice, width: Option<usize>) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let seen = || {
            // A terminal that does not tell its size has the size of the VT100.
            terminal_size::terminal_size_of(&stdout).map_or(80, |(width, _)| usize::from(width.0))
        };
        Self {
            width: width.or_else(|| terminal.then(seen)).map(|width| width.max(MIN_WIDTH)),
            palette: palette(color, terminal, |name| env::var_os(name).map(|v| !v.is_empty() && v != "0")),
            marks: Marks::of_locale(),
            zone: TimeZone::system(),
        }
    }

    /// The palette for standard error.
    pub fn palette_of_stderr(color: ColorChoice) -> Palette {
        palette(color, std::io::stderr().is_terminal(), |name| {
            env::var_os(name).map(|value| !value.is_empty() && value != "0")
        })
    }

    /// Columns for running text.
    pub fn prose_width(&self) -> usize {
        self.width.unwrap_or(PROSE_WIDTH).min(PROSE_WIDTH)
    }

    /// A time, to the second, with its zone.
    pub fn time(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

/// `set` tells whether a variable is there, and if so whether it is neither empty nor `0`.
fn palette(color: ColorChoice, terminal: bool, set: impl Fn(&str) -> Option<bool>) -> Palette {
    let colored = match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        // https://no-color.org: present and not empty. https://bixense.com/clicolors: forced by anything but 0.
        ColorChoice::Auto if set("NO_COLOR") == Some(true) => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE") == Some(true) => true,
        ColorChoice::Auto => terminal && env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    if colored { Palette::Colored } else { Palette::Plain }
}

#[cfg(test)]
mod tests {
    use super::{Palette, palette};
    use crate::cli::ColorChoice;

    #[test]
    fn the_option_beats_the_variables_and_they_beat_the_terminal() {
        let no_color = |name: &str| (name == "NO_COLOR").then_some(true);
        let forced = |name: &str| (name == "CLICOLOR_FORCE").then_some(true);
        let neither = |_: &str| None;
        assert_eq!(palette(ColorChoice::Always, false, no_color), Palette::Colored);
        assert_eq!(palette(ColorChoice::Auto, true, no_color), Palette::Plain);
        assert_eq!(palette(ColorChoice::Auto, false, forced), Palette::Colored);
        assert_eq!(palette(ColorChoice::Auto, false, neither), Palette::Plain);
        assert_eq!(palette(ColorChoice::Never, true, forced), Palette::Plain);
    }
}
