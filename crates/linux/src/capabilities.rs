//! What this process may do.

use rustix::thread::{CapabilitySet, capabilities};

/// The capabilities that make a look complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent permissions, each granted or not")]
pub struct Privileges {
    /// `CAP_SYS_PTRACE`, with `CAP_DAC_READ_SEARCH` or `CAP_DAC_OVERRIDE`: other users' `/proc/PID/fd`, `exe`,
    /// `environ`.
    pub read_processes: bool,
    /// `CAP_SYS_ADMIN`: entering network namespaces.
    pub enter_namespaces: bool,
    /// `CAP_NET_ADMIN`: marks, `tcp_info` of others' sockets, `WireGuard` devices.
    pub administer_network: bool,
    /// `CAP_DAC_READ_SEARCH` or `CAP_DAC_OVERRIDE`: runtimes' state files.
    pub read_files: bool,
}

impl Privileges {
    /// Of the calling thread, from its effective set. Where the kernel does not tell, nothing is assumed.
    pub fn effective() -> Self {
        let set = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
        let read_files = set.intersects(CapabilitySet::DAC_READ_SEARCH | CapabilitySet::DAC_OVERRIDE);
        Self {
            read_processes: set.contains(CapabilitySet::SYS_PTRACE) && read_files,
            enter_namespaces: set.contains(CapabilitySet::SYS_ADMIN),
            administer_network: set.contains(CapabilitySet::NET_ADMIN),
            read_files,
        }
    }

    /// Whether nothing is missing.
    pub fn is_complete(self) -> bool {
        self.read_processes && self.enter_namespaces && self.administer_network && self.read_files
    }
}
