//! Mandatory access control: what is in force, and what it refused.

use jiff::Timestamp;
use portreeve_wire::audit::Module;

/// `SELinux` and `AppArmor`, as far as they concern the port.
#[derive(Debug, Default)]
pub struct MacFacts {
    /// `SELinux`, where it is on.
    pub selinux: Option<SeLinux>,
    /// `AppArmor` has profiles loaded.
    pub apparmor: bool,
    /// The labels of the holders, by process id: `system_u:system_r:httpd_t:s0`, `/usr/sbin/nginx (enforce)`.
    pub labels: Vec<(u32, String)>,
    /// What was refused, oldest first.
    pub denials: Vec<Refusal>,
    /// What could not be read.
    pub unread: Vec<String>,
}

/// What `SELinux` does with what its policy forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeLinux {
    /// It refuses it.
    Enforcing,
    /// It writes it down.
    Permissive,
}

/// Something that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who refused.
    pub module: Module,
    /// When.
    pub at: Option<Timestamp>,
    /// `name_bind`, `open`, ...
    pub operation: String,
    /// The process.
    pub pid: Option<u32>,
    /// Its name.
    pub command: String,
    /// Its context or profile.
    pub subject: String,
    /// The context of the object, or the path of the file.
    pub object: String,
    /// `tcp_socket`, `file`, ...
    pub class: String,
    /// The port.
    pub port: Option<u16>,
    /// Whether it was refused, not only written down.
    pub enforced: bool,
    /// The line.
    pub line: String,
    /// A command that shows it.
    pub command_line: String,
}

impl MacFacts {
    /// Whether anything is in force.
    pub fn is_on(&self) -> bool {
        self.selinux.is_some() || self.apparmor
    }
}
