//! From the command line to the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Arguments;
use crate::commands::{Terminal, run};
use crate::exit::Exit;
use crate::machine::Machine;
use crate::progress::Waits;
use crate::render::style::Palette;
use crate::render::view::View;
use crate::{logging, output};

/// The whole program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // Help and version are results; a reader that went away is nobody's error.
            let _ = message.print();
            return if message.use_stderr() { Exit::Usage } else { Exit::Clean }.into();
        }
    };
    let notes_palette = View::palette_of_stderr(arguments.color);
    logging::start(arguments.verbose, notes_palette == Palette::Colored);
    let mut out = output::stdout();
    let mut terminal = Terminal {
        out: &mut out,
        notes: &mut io::stderr(),
        view: View::of_stdout(arguments.color, arguments.width),
        notes_palette,
        spacing: output::spacing(),
        waits: Waits::on_stderr(arguments.verbose),
    };
    let outcome =
        run(&Machine { bpf: arguments.bpf_use(), config: arguments.config() }, &arguments, &mut terminal);
    let exit = outcome.unwrap_or_else(|error| {
        // What was written before the error belongs in front of it.
        let _ = out.flush();
        let _ = error.report(&mut io::stderr(), notes_palette);
        error.exit()
    });
    exit.into()
}
