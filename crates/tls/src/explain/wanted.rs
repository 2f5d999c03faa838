//! Which handshake is explained.

use portreeve_wire::tls::Version;

/// What `--explain` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Explain {
    /// Nothing.
    #[default]
    No,
    /// A handshake of the best version that the server speaks.
    Best,
    /// One of this version.
    Version(Version),
}
