//! The command line: what is accepted, and what it means. One file a verb; nothing is done here.

mod arguments;
mod netns;
mod port;
mod reach;
mod sockets;
mod tls;
mod why;

pub use arguments::{Arguments, ColorChoice, CompletionsArguments, ManArguments, Verb, WhoArguments};
pub use port::{PortError, PortName, PortQuestion};
pub use reach::{AssertArguments, DiffArguments, ReachArguments, ReachVerb, SourceArguments};
pub use sockets::{SocketsArguments, SocketsFormat};
pub use tls::{ExplainChoice, TlsArguments, TlsFormat};
pub use why::WhyArguments;
