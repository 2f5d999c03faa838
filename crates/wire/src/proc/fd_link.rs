//! Targets of the links `/proc/PID/fd/N`, `/proc/PID/ns/KIND` and `/proc/PID/exe` (proc(5)).

use super::line::decimal;

/// What a link points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FdTarget<'a> {
    /// `socket:[INODE]`.
    Socket(u64),
    /// `pipe:[INODE]`.
    Pipe(u64),
    /// `anon_inode:[eventpoll]` and the like; the name without brackets.
    Anonymous(&'a [u8]),
    /// `net:[INODE]` and the like.
    Namespace {
        /// `net`, `mnt`, `pid`, ...
        kind: &'a [u8],
        /// Inode of the namespace.
        inode: u64,
    },
    /// `/memfd:NAME`: memory without a file.
    Memfd(&'a [u8]),
    /// A path. A file really named ` (deleted)` looks the same as a deleted one.
    Path {
        /// The path without the mark.
        path: &'a [u8],
        /// The file is no longer at this path.
        deleted: bool,
    },
    /// Anything else, unchanged.
    Other(&'a [u8]),
}

impl<'a> FdTarget<'a> {
    /// Reads a link's target.
    #[must_use]
    pub fn parse(target: &'a [u8]) -> Self {
        match target {
            // Most descriptors of busy servers are sockets: they are tried first, and cost one comparison.
            [b's', b'o', b'c', b'k', b'e', b't', b':', b'[', digits @ .., b']'] => {
                decimal(digits).map_or(Self::Other(target), Self::Socket)
            }
            [b'/', ..] => Self::path(target),
            [b'p', b'i', b'p', b'e', b':', b'[', digits @ .., b']'] => {
                decimal(digits).map_or(Self::Other(target), Self::Pipe)
            }
            _ => Self::named(target),
        }
    }

    fn path(target: &'a [u8]) -> Self {
        let (path, deleted) = match target.strip_suffix(b" (deleted)") {
            Some(path) => (path, true),
            None => (target, false),
        };
        match path.strip_prefix(b"/memfd:") {
            Some(name) if deleted => Self::Memfd(name),
            _ => Self::Path { path, deleted },
        }
    }

    fn named(target: &'a [u8]) -> Self {
        if let Some(name) = target.strip_prefix(b"anon_inode:") {
            let inner = name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]"));
            return Self::Anonymous(inner.unwrap_or(name));
        }
        let namespace = || {
            let colon = target.iter().position(|byte| *byte == b':')?;
            let (kind, rest) = target.split_at_checked(colon)?;
            let digits = rest.strip_prefix(b":[")?.strip_suffix(b"]")?;
            Some(Self::Namespace { kind, inode: decimal(digits)? })
        };
        namespace().unwrap_or(Self::Other(target))
    }

    /// The inode of a socket: all that the walk over descriptors asks for.
    #[must_use]
    pub fn socket_inode(target: &[u8]) -> Option<u64> {
        decimal(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
    }
}
