//! A modern client: a real handshake over a connected socket, which goes on where others give up.
//!
//! Certificates and signatures are recorded and never refused here; [`crate::chain`] judges them. So what is behind an expired
//! certificate can be asked, too.

mod config;
mod handshake;
mod meeting;
mod session;
mod tickets;

pub use config::Options;
pub(crate) use config::Recorder;
pub(crate) use config::configure;
pub use handshake::handshake;
pub(crate) use handshake::server_name;
pub use meeting::{Ending, Established, Meeting, Party, SeenAlert};
pub use session::Session;
pub use tickets::Tickets;
