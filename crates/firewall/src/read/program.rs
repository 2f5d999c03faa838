//! Running the programs that print rules: found in the system's own folders, without the user's environment, and not for ever.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Where programs of the system are, most usual first. PATH is not asked: root's reading must not run what a user put there.
const FOLDERS: [&str; 6] =
    ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/run/current-system/sw/bin"];

/// A set of a million addresses takes `nft` some tens of seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where programs are looked for, and how long they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Folders, first to last.
    pub folders: Vec<PathBuf>,
    /// Time until a program is given up and killed.
    pub patience: Duration,
}

impl Default for Programs {
    fn default() -> Self {
        Self { folders: FOLDERS.iter().map(PathBuf::from).collect(), patience: PATIENCE }
    }
}

/// What a program wrote, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Standard output; what is not UTF-8 is replaced.
    pub text: String,
    /// Standard error, without the line break at its end.
    pub complaint: String,
    /// How it ended.
    pub status: ExitStatus,
}

/// Why a program gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not installed.
    #[error("the program {name} is not installed")]
    Missing {
        /// Its name.
        name: String,
    },
    /// It could not be started, or its output not be read.
    #[error("{} cannot be run: {error}", path.display())]
    Start {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It did not end.
    #[error("{} did not end within {} seconds", path.display(), patience.as_secs())]
    TimedOut {
        /// Its path.
        path: PathBuf,
        /// How long it was waited for.
        patience: Duration,
    },
    /// It failed.
    #[error("{} failed ({status}): {complaint}", path.display())]
    Failed {
        /// Its path.
        path: PathBuf,
        /// Exit code or signal.
        status: ExitStatus,
        /// What it wrote to standard error.
        complaint: String,
    },
}

impl Programs {
    /// The path of a program.
    ///
    /// # Errors
    /// [`ProgramError::Missing`].
    pub fn find(&self, name: &str) -> Result<PathBuf, ProgramError> {
        self.folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .ok_or_else(|| ProgramError::Missing { name: name.to_owned() })
    }

    /// Runs a program to its end and takes what it wrote, whatever its exit code. `input` goes to its standard input.
    ///
    /// It inherits the network namespace of the calling thread.
    ///
    /// # Errors
    /// All of [`ProgramError`] but `Failed`.
    pub fn run(&self, path: &Path, arguments: &[&str], input: Option<&str>) -> Result<Output, ProgramError> {
        tracing::debug!(program = %path.display(), ?arguments, "running");
        let start = |error| ProgramError::Start { path: path.to_owned(), error };
        let deadline = Instant::now() + self.patience;
        let mut child = Command::new(path)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", FOLDERS.join(":"))
            .current_dir("/")
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start)?;
        match finish(&mut child, input.unwrap_or_default(), deadline) {
            Ok(Some(output)) => Ok(output),
            Ok(None) => {
                end(&mut child);
                Err(ProgramError::TimedOut { path: path.to_owned(), patience: self.patience })
            }
            Err(error) => {
                end(&mut child);
                Err(start(error))
            }
        }
    }

    /// Runs a program by name and takes what it wrote to standard output.
    ///
    /// # Errors
    /// All of [`ProgramError`]; an exit code other than 0 is `Failed`.
    pub fn text_of(&self, name: &str, arguments: &[&str]) -> Result<String, ProgramError> {
        let path = self.find(name)?;
        let Output { text, complaint, status } = self.run(&path, arguments, None)?;
        if status.success() { Ok(text) } else { Err(ProgramError::Failed { path, status, complaint }) }
    }
}

/// What the child wrote until it ended; `None` at the deadline.
fn finish(child: &mut Child, input: &str, deadline: Instant) -> io::Result<Option<Output>> {
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("no pipe to the program"));
    };
    // Threads, since both pipes and the standard input may fill; they end when the child does, which is killed if need be.
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        thread::spawn(move || stdin.write_all(input.as_bytes()));
    }
    let (stdout, stderr) = (reader(stdout), reader(stderr));
    let left = || deadline.saturating_duration_since(Instant::now());
    let Ok(text) = stdout.recv_timeout(left()) else { return Ok(None) };
    let Ok(complaint) = stderr.recv_timeout(left()) else { return Ok(None) };
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if left().is_zero() => return Ok(None),
            // Its output is closed: it is about to end.
            None => thread::sleep(Duration::from_millis(1)),
        }
    };
    let complaint = complaint?.trim_end().to_owned();
    Ok(Some(Output { text: text?, complaint, status }))
}

fn reader(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<io::Result<String>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let text = pipe.read_to_end(&mut bytes).map(|_| {
            String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        });
        // Nobody waits any more where the time was up.
        let _ = sender.send(text);
    });
    receiver
}

fn end(child: &mut Child) {
    // It may have ended by itself just now.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::time::Duration;

    use super::{ProgramError, Programs};

    fn programs(folder: &Path, patience: Duration) -> Programs {
        Programs { folders: vec![folder.join("none"), folder.to_owned()], patience }
    }

    fn script(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn output_error_and_absence_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let programs = programs(folder.path(), Duration::from_secs(30));
        script(folder.path(), "speaks", "printf 'a\\377b'; [ -z \"$HOME\" ] && echo $LC_ALL");
        script(folder.path(), "fails", "echo half; echo no permission >&2; exit 3");
        script(folder.path(), "echoes", "exec cat");
        assert_eq!(programs.text_of("speaks", &[]).unwrap(), "a\u{fffd}bC\n");
        let failed = programs.text_of("fails", &[]).unwrap_err().to_string();
        assert!(failed.ends_with("fails failed (exit status: 3): no permission"), "{failed}");
        assert!(matches!(programs.text_of("absent", &[]), Err(ProgramError::Missing { .. })));
        let long = "x".repeat(1_000_000);
        let path = programs.find("echoes").unwrap();
        assert_eq!(programs.run(&path, &[], Some(&long)).unwrap().text.len(), long.len());
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let programs = programs(folder.path(), Duration::from_millis(200));
        script(folder.path(), "hangs", "echo begun; exec sleep 600");
        assert!(matches!(programs.text_of("hangs", &[]), Err(ProgramError::TimedOut { .. })));
        script(folder.path(), "closes", "exec >&- 2>&-; exec sleep 600");
        assert!(matches!(programs.text_of("closes", &[]), Err(ProgramError::TimedOut { .. })));
    }
}
