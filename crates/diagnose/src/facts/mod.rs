//! What was gathered, as plain data: one file a subject. Refuses gathering ([`crate::look`]) and judging ([`crate::layers`]).

pub mod conntrack;
pub mod http;
mod limits;
mod mac;
mod names;
pub mod path;
mod ports;
mod queues;
pub mod service;
mod tls;
mod tls_files;
mod trial_stages;
mod trials;

pub use conntrack::ConntrackFacts;
pub use http::HttpFacts;
pub use limits::{
    GroupLimits, Kill, LimitComplaint, LimitFacts, LimitKind, ProcessLimits, SystemLimits, Used,
};
pub use mac::{MacFacts, Refusal, SeLinux};
pub use names::{
    HostsEntry, MOST_SERVERS, NameFacts, RecordType, Reply, ReplyOutcome, ResolverConfiguration, Response,
    ServedHere, SourceOrder, SystemAnswer,
};
pub use path::PathFacts;
pub use ports::{Destination, PortFacts, PortHolder, SourceUse};
pub use queues::{
    Behind, DatagramQueue, HalfOpen, ListenQueue, QueueFacts, QueueLook, QueueParameters, Struggling, Waiting,
};
pub use service::ServiceFacts;
pub use tls::{SecondTries, TlsFacts, TlsTry};
pub use tls_files::ConfiguredCertificate;
pub use trials::{
    Answer, Connected, Echo, Hop, OtherPort, Outcome, Rejection, Sent, Silence, SmallTry, Standing,
    Surroundings, Trial, TrialFacts,
};
