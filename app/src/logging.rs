//! `--verbose`: what the program does, on standard error.

use std::io;

use tracing::Level;

/// Shows warnings, and with `verbosity` 1 and 2 or more what is done and every detail of it.
pub(crate) fn start(verbosity: u8, ansi: bool) {
    let level = match verbosity {
        0 => Level::WARN,
        1 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(ansi).finish();
    // A second call, as tests in one process make, leaves the first subscriber in place.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
