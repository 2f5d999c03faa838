//! What a sign looks like.

use crate::ir::Family;

/// Signs of one product.
pub(super) struct Signs {
    /// Tables of `nf_tables` that are its own: the families (all where empty) and the name.
    pub(super) tables: &'static [(&'static [Family], Name)],
    /// Chains of its own, whatever the table.
    pub(super) chains: &'static [Name],
    /// Chains of its own only in a table that also has the chain named first: their names alone say too little.
    pub(super) chains_beside: &'static [(&'static str, Name)],
    /// Comments of its rules.
    pub(super) comments: &'static [Name],
    /// Prefixes of its log lines.
    pub(super) log_prefixes: &'static [Name],
    /// Sets that only its rules look into.
    pub(super) sets: &'static [Name],
}

/// No sign at all: the base of the entries.
pub(super) const NO_SIGNS: Signs =
    Signs { tables: &[], chains: &[], chains_beside: &[], comments: &[], log_prefixes: &[], sets: &[] };

/// How a name is compared.
#[derive(Clone, Copy)]
pub(super) enum Name {
    /// The whole name.
    Is(&'static str),
    /// Its beginning.
    Begins(&'static str),
    /// Its end.
    Ends(&'static str),
}

impl Name {
    pub(super) fn matches(self, name: &str) -> bool {
        match self {
            Self::Is(wanted) => name == wanted,
            Self::Begins(beginning) => name.starts_with(beginning),
            Self::Ends(end) => name.ends_with(end),
        }
    }
}
