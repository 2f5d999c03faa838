//! The one error of a command: what went wrong, whose fault it is, and what the user can do.
//!
//! Two tiers: the user can mend a [`Fault::Usage`], [`Fault::NotFound`] or [`Fault::Permission`]; a [`Fault::Internal`] is the program's
//! or the system's. What the command line names and is not there (a file, a namespace, a service, a user) is a [`Fault::Usage`]: the codes
//! beyond are answers about the target, which a slip of the pen must not look like. A reader that went away ([`Fault::OutputClosed`]) is no error to anybody and is not reported.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};

use crate::excerpt::Excerpt;
use crate::exit::Exit;
use crate::render::style::{Ink, Palette};
use crate::render::text::Clean;

/// Why a command ended without its result.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// Whose fault it is.
    pub fault: Fault,
    /// One sentence, without a final full stop.
    pub message: String,
    /// The place in the input that is meant.
    pub excerpt: Option<Box<Excerpt>>,
    /// What the user can do, one sentence each.
    pub hints: Vec<String>,
    /// The error underneath.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The input is not valid.
    Usage,
    /// What was asked about went away.
    NotFound,
    /// Whoever asks may not look there, so that nothing can be said.
    Permission,
    /// The program or the system failed.
    Internal,
    /// Whoever read standard output has stopped reading, as `head` does.
    OutputClosed,
}

impl CommandError {
    /// Input that is not valid.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { fault: Fault::Usage, message: message.into(), excerpt: None, hints: Vec::new(), source: None }
    }

    /// What was asked about went away.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            fault: Fault::NotFound,
            message: message.into(),
            excerpt: None,
            hints: Vec::new(),
            source: None,
        }
    }

    /// A look that is not allowed: what was being done, and the error that forbade it.
    pub fn permission(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { fault: Fault::Permission, ..Self::internal(doing, source) }
    }

    /// A failure of the program or the system: what was being done, and the error that stopped it.
    pub fn internal(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            fault: Fault::Internal,
            message: doing.into(),
            excerpt: None,
            hints: Vec::new(),
            source: Some(source.into()),
        }
    }

    /// Adds something that the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Adds the place in the input.
    #[must_use]
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(Box::new(excerpt));
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self.fault {
            Fault::Usage => Exit::Usage,
            Fault::NotFound => Exit::NotFound,
            Fault::Permission => Exit::Incomplete,
            Fault::Internal => Exit::Internal,
            Fault::OutputClosed => Exit::Clean,
        }
    }

    /// Writes the message, its causes and the hints.
    pub fn report(&self, out: &mut dyn Write, palette: Palette) -> io::Result<()> {
        if self.fault == Fault::OutputClosed {
            return Ok(());
        }
        write!(out, "{} ", palette.paint(Ink::Bad, "error:"))?;
        if let Some((file, line)) = self.excerpt.as_ref().and_then(|excerpt| excerpt.line.as_ref()) {
            write!(out, "{}:{line}: ", Clean(&file.display().to_string()))?;
        }
        write!(out, "{}", Clean(&self.message))?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(out, ": {}", Clean(&error.to_string()))?;
            cause = error.source();
        }
        writeln!(out)?;
        if let Some(excerpt) = &self.excerpt {
            excerpt.print(out, palette)?;
        }
        for hint in &self.hints {
            writeln!(out, "{} {}", palette.paint(Ink::Heading, "hint:"), Clean(hint))?;
        }
        Ok(())
    }
}

impl From<io::Error> for CommandError {
    /// Every other I/O error is wrapped where it happens, so this is one of writing the result.
    fn from(error: io::Error) -> Self {
        let mut wrapped = Self::internal("cannot write the result", error);
        let broken = wrapped
            .source
            .as_ref()
            .and_then(|source| source.downcast_ref::<io::Error>())
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        if broken {
            wrapped.fault = Fault::OutputClosed;
        }
        wrapped
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        // The conversion keeps the kind of an I/O error, which is all that matters of it.
        io::Error::from(error).into()
    }
}

impl From<csv::Error> for CommandError {
    fn from(error: csv::Error) -> Self {
        // Its own conversion would hide the kind of the I/O error.
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => Self::internal("cannot write the result", format!("{other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{CommandError, Fault};
    use crate::exit::Exit;
    use crate::render::style::Palette;

    fn reported(error: &CommandError) -> String {
        let mut text = Vec::new();
        error.report(&mut text, Palette::Plain).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn an_error_tells_its_causes_and_hints() {
        let error = CommandError::internal("cannot list the sockets", io::Error::other("no netlink"))
            .hint("Is this Linux?");
        assert_eq!(reported(&error), "error: cannot list the sockets: no netlink\nhint: Is this Linux?\n");
        assert_eq!(error.exit(), Exit::Internal);
    }

    #[test]
    fn a_closed_pipe_is_silent_from_every_writer() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        for error in [
            CommandError::from(broken()),
            CommandError::from(serde_json::Error::io(broken())),
            CommandError::from(csv::Error::from(broken())),
        ] {
            assert_eq!(error.fault, Fault::OutputClosed);
            assert_eq!(reported(&error), "");
        }
    }

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        assert_eq!(reported(&CommandError::usage("no netns \x1b[2J")), "error: no netns \\x1b[2J\n");
    }
}
