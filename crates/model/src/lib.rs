//! The nouns of Portreeve: sockets, owners, listeners, findings, what was not seen, and the versioned documents
//! that are printed as JSON.
//!
//! Owns the vocabulary that every crate and every output shares; refuses I/O, policy and rendering.
#![forbid(unsafe_code)]

pub mod address;
pub mod container;
pub mod document;
pub mod exposure;
pub mod finding;
pub mod judgement;
pub mod listener;
pub mod namespace;
pub mod probe;
pub mod process;
pub mod protocol;
pub mod reach;
pub mod rules;
pub mod snapshot;
pub mod socket;
pub mod tcp_info;
pub mod text;
pub mod tls;
pub mod unseen;
pub mod who;
pub mod why;

pub use address::{Endpoint, Reach};
pub use container::{Container, Runtime};
pub use finding::{Finding, Severity, Subject};
pub use listener::{AcceptQueue, BoundAddress, IpCoverage, Listener, Owner};
pub use namespace::{Namespace, NamespaceId, NamespaceName};
pub use process::{Executable, Process, ProcessId, SocketActivation, Unit};
pub use protocol::{Family, Protocol, State};
pub use snapshot::{Host, Snapshot};
pub use socket::{Holder, Interface, NoHolder, Socket, SocketMemory, Source, Timer, TimerKind};
pub use tcp_info::TcpInfo;
pub use unseen::{Unseen, UnseenReason, UnseenSubject};
