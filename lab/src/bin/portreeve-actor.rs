//! A peer for tests that behaves as it is told, well or badly.

use std::process::ExitCode;

fn main() -> ExitCode {
    portreeve_lab::actor::main()
}
