//! The machine: name, kernel, clock.

use std::time::{Duration, SystemTime};

/// Facts about the running system that do not change while it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Host name.
    pub name: String,
    /// Kernel release, as `uname -r` prints it.
    pub kernel: String,
    /// When it was booted, to the precision of the two clocks' difference.
    pub booted_at: SystemTime,
    /// Clock ticks per second in `/proc/PID/stat`.
    pub ticks_per_second: u64,
}

impl System {
    /// Reads them.
    pub fn read() -> Self {
        let uname = rustix::system::uname();
        let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let since_boot = Duration::new(
            u64::try_from(since_boot.tv_sec).unwrap_or_default(),
            u32::try_from(since_boot.tv_nsec).unwrap_or_default(),
        );
        Self {
            name: uname.nodename().to_string_lossy().into_owned(),
            kernel: uname.release().to_string_lossy().into_owned(),
            booted_at: SystemTime::now().checked_sub(since_boot).unwrap_or(SystemTime::UNIX_EPOCH),
            ticks_per_second: rustix::param::clock_ticks_per_second(),
        }
    }

    /// The wall-clock time of a number of ticks after boot.
    pub fn time_of_ticks(&self, ticks: u64) -> Option<SystemTime> {
        let per_second = self.ticks_per_second.max(1);
        let nanoseconds = u32::try_from((ticks % per_second) * (1_000_000_000 / per_second)).ok()?;
        self.booted_at.checked_add(Duration::new(ticks / per_second, nanoseconds))
    }
}
