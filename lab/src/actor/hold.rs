//! Saying that the state is set up, and staying in it.

use serde_json::{Map, Value};
use std::io::{self, Read, Write};
use std::process;

/// Prints the JSON line `{"ready": verb, "pid": ..., ...details}`.
pub(crate) fn ready(verb: &str, details: Value) -> io::Result<()> {
    let mut line = Map::from_iter([("ready".into(), verb.into()), ("pid".into(), process::id().into())]);
    if let Value::Object(details) = details {
        line.extend(details);
    }
    say(&Value::Object(line))
}

/// Prints one JSON line.
pub(crate) fn say(line: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Returns when standard input closes.
pub(crate) fn until_stdin_closes() -> io::Result<()> {
    let mut ignored = [0; 256];
    while io::stdin().read(&mut ignored)? > 0 {}
    Ok(())
}
