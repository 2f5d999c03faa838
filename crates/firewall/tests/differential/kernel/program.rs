//! Running a program with a script on its standard input.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Runs `command` to its end; its output, or what it complained of.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    // A program that has seen enough closes its input; its exit status tells the rest.
    let _closed = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))
}
