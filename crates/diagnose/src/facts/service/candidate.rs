//! Who is to serve the port and does not: software that is configured for it, processes and units that name it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::{LogLine, Software, UnitFacts};

/// One that is to serve the port, of those that do not hold it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is called: `nginx`, the name of a process, a unit.
    pub name: String,
    /// The software, where it is known.
    pub software: Option<&'static Software>,
    /// Why it is thought to be meant for the port.
    pub grounds: Vec<Ground>,
    /// Its processes in this network namespace, the oldest first.
    pub processes: Vec<Bystander>,
    /// Its processes in other network namespaces.
    pub elsewhere: Vec<Bystander>,
    /// Its unit.
    pub unit: Option<UnitFacts>,
    /// The file in which it left its process id, and the id, where no process of its has that id.
    pub stale_pid_file: Option<(String, u32)>,
    /// How long ago it wrote to one of its logs.
    pub last_sign: Option<Duration>,
    /// What its logs say of trouble, oldest first, with the log's name.
    pub complaints: Vec<Complaint>,
    /// Its executable is installed.
    pub installed: bool,
}

/// Why something is thought to be meant for the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A line of its configuration names the port.
    Configured(Named),
    /// Its command line names the port.
    CommandLine(String),
    /// Its unit names the port.
    Unit(String),
    /// It is where this software listens unless told otherwise; the file of configuration that does not tell otherwise.
    Usual(String),
}

/// A port that a line of configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The address; none for all.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// For datagrams, too or alone.
    pub transport: Transport,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// The file was changed so long ago.
    pub changed: Option<Duration>,
}

/// What a configured port is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Both, as DNS.
    Both,
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured(named) => write!(f, "{}:{}: {}", named.file, named.line, named.text),
            Self::CommandLine(text) => write!(f, "{text}"),
            Self::Unit(text) => f.write_str(text),
            Self::Usual(file) => write!(f, "{file} exists, and names no other port"),
        }
    }
}

/// A process that does not hold the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bystander {
    /// Process id.
    pub pid: u32,
    /// Ticks after boot at which it was started.
    pub start_ticks: u64,
    /// Its name.
    pub name: String,
    /// Its executable.
    pub executable: Option<String>,
    /// Its command line, words apart by blanks.
    pub command_line: String,
    /// How long ago it was started.
    pub age: Duration,
    /// Its network namespace.
    pub namespace: Option<u64>,
    /// Where it listens, on other ports.
    pub listens_on: Vec<String>,
}

impl Bystander {
    /// `nginx (pid 812)`.
    pub fn label(&self) -> String {
        format!("{} (pid {})", self.name, self.pid)
    }
}

/// A line of a log that speaks of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The log: a path, or the command that shows it.
    pub log: String,
    /// A command that shows it.
    pub command: String,
    /// The line.
    pub line: LogLine,
    /// What it says of the port, where it does.
    pub bind: Option<BindError>,
}

/// Why the port could not be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindError {
    /// `EADDRINUSE`.
    InUse,
    /// `EADDRNOTAVAIL`: no interface has the address.
    NoAddress,
    /// `EACCES`.
    Denied,
    /// It does not say.
    Other,
}

impl Candidate {
    /// One of which nothing else is known yet.
    pub fn new(name: impl Into<String>, software: Option<&'static Software>, ground: Ground) -> Self {
        Self {
            name: name.into(),
            software,
            grounds: vec![ground],
            processes: Vec::new(),
            elsewhere: Vec::new(),
            unit: None,
            stale_pid_file: None,
            last_sign: None,
            complaints: Vec::new(),
            installed: true,
        }
    }

    /// The last complaint that is about binding the port.
    pub fn bind_failure(&self) -> Option<&Complaint> {
        self.complaints.iter().rev().find(|one| one.bind.is_some())
    }

    /// Whether it ran lately, or is started at boot: not only installed.
    pub fn was_in_use(&self) -> bool {
        const LATELY: Duration = Duration::from_secs(7 * 86_400);
        self.stale_pid_file.is_some()
            || self.last_sign.is_some_and(|age| age < LATELY)
            || self.unit.as_ref().is_some_and(|unit| unit.file_state == "enabled")
    }

    /// The ground that is shown.
    pub fn ground(&self) -> Option<&Ground> {
        self.grounds.first()
    }
}
