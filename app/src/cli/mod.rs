//! The command line: what is accepted, and what it means. One file a verb; nothing is done here.

mod arguments;
mod netns;
mod port;
mod reach;
mod sockets;

pub use arguments::{Arguments, ColorChoice, CompletionsArguments, ManArguments, Verb, WhoArguments};
pub use port::{PortName, PortQuestion};
pub use reach::ReachArguments;
pub use sockets::{SocketsArguments, SocketsFormat};
