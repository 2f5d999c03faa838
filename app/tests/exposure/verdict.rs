//! What is said to become of a client.

/// Three-valued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It gets its answer.
    Allow,
    /// It does not.
    Deny,
    /// It hangs on these causes.
    Depends(Vec<String>),
}

/// A verdict, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) verdict: Verdict,
    pub(crate) because: String,
}
