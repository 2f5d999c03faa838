//! One difference between two auditors.

/// Two answers to one question about one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Name of the server.
    pub(crate) server: String,
    /// `sslyze` or `sslscan`.
    pub(crate) peer: &'static str,
    /// What is asked.
    pub(crate) question: String,
    /// What `portreeve` says.
    pub(crate) ours: String,
    /// What the peer says.
    pub(crate) theirs: String,
}

impl Difference {
    /// In one line, as it would stand in `explained.toml`.
    pub(crate) fn line(&self) -> String {
        let Self { server, peer, question, ours, theirs } = self;
        format!("{server}: {question}: portreeve says {ours:?}, {peer} says {theirs:?}")
    }
}
