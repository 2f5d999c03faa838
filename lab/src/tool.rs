//! One-shot runs of the tools that build hosts and links (`ip`, `nft`, a shell), inside a namespace.

use crate::error::{Error, Result};
use crate::{programs, spawner};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `argv` in `namespace` with `input` on its standard input; its standard output, or [`Error::Tool`].
///
/// `input` must fit a pipe (64 KiB): it is written before the output is read.
pub(crate) fn run(namespace: &Path, argv: &[&str], input: &str) -> Result<String> {
    let mut command = Command::new("nsenter");
    command.arg(entry(namespace)).arg("--").args(argv).env("PATH", programs::search_path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let line = argv.join(" ");
    let mut child = spawner::spawn(command).map_err(Error::io(format!("start `{line}`")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that ends without reading its input says why on standard error.
        drop(stdin.write_all(input.as_bytes()));
    }
    let output = child.wait_with_output().map_err(Error::io(format!("wait for `{line}`")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if !input.is_empty() {
        stderr = format!("{stderr}\n--- input\n{input}");
    }
    Err(Error::Tool { command: line, status: output.status, stderr })
}

/// The option of `nsenter` that names a network namespace.
pub(crate) fn entry(namespace: &Path) -> String {
    format!("--net={}", namespace.display())
}
