//! The machine that looks.

use std::time::SystemTime;

use jiff::Timestamp;
use portreeve_linux::capabilities::Privileges;
use portreeve_linux::system::System;
use portreeve_model::Host;

/// This machine, now. What is forced into all its programs is left out: only the look at processes asks for
/// that.
pub fn this_host() -> Host {
    let system = System::read();
    Host {
        name: system.name,
        kernel: system.kernel,
        taken_at: Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH),
        privileged: Privileges::effective().is_complete(),
        preloaded: Vec::new(),
    }
}
