//! From what was read to the rules: `nft`'s listing, the xtables of `iptables-nft` merged into it, legacy tables behind it.

use portreeve_model::{Unseen, UnseenReason, UnseenSubject};

use super::firewall::{Firewall, XtablesSave};
use super::names::{Names, Table};
use super::nft::{self, NftError};
use super::xtables::{IpSets, XtablesError, merge_iptables_nft, read_save};
use crate::ir::owner::attribute;
use crate::ir::{Backend, Ruleset};

/// A text that could not be read as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The listing of `nft`.
    #[error(transparent)]
    Nft(#[from] NftError),
    /// A save file of the xtables.
    #[error("rules of {0:?} for {1:?}: {2}")]
    Xtables(Backend, crate::ir::Version, XtablesError),
    /// The ipsets.
    #[error("ipsets: {0}")]
    IpSets(XtablesError),
}

impl BuildError {
    /// As something that was not seen.
    pub fn unseen(&self) -> Unseen {
        Unseen {
            subject: UnseenSubject::FirewallRules,
            reason: UnseenReason::Malformed,
            count: 1,
            detail: format!("rules that were read are not understood: {self}"),
            remedy: None,
        }
    }
}

impl Firewall {
    /// The rules, and the texts that could not be read.
    pub fn ruleset(&self) -> (Ruleset, Vec<BuildError>) {
        let mut errors = Vec::new();
        let mut keep = |error: BuildError| errors.push(error);
        let mut ruleset = Ruleset::default();
        if let Some(listing) = &self.nft {
            match nft::read_with(listing.json.as_bytes(), &listing.supplement, &mut self.names()) {
                Ok(read) => {
                    ruleset = read;
                    super::outline::check(&mut ruleset, &self.outlines);
                }
                Err(error) => keep(error.into()),
            }
        }
        let sets = match self.ipsets.as_deref().map(IpSets::read) {
            Some(Ok(sets)) => {
                ruleset.unread.extend_from_slice(sets.unread());
                sets
            }
            Some(Err(error)) => {
                keep(BuildError::IpSets(error));
                IpSets::default()
            }
            None => IpSets::default(),
        };
        // What nft could not be asked for is taken from the save programs alone.
        let listed = self.nft.is_some();
        for XtablesSave { backend, version, text } in &self.xtables {
            let taken = if *backend == Backend::IptablesNft && listed {
                merge_iptables_nft(&mut ruleset, text, *version, &sets)
            } else {
                read_save(text, *version, *backend, &sets).map(|read| ruleset.append(read))
            };
            if let Err(error) = taken {
                keep(BuildError::Xtables(*backend, *version, error));
            }
        }
        attribute(&mut ruleset);
        (ruleset, errors)
    }

    fn names(&self) -> Names {
        let interfaces =
            self.network.interfaces.iter().map(|interface| (interface.index, interface.name.clone()));
        let names = Names::new(interfaces);
        Table::ALL.into_iter().fold(names, |names, table| match self.names.get(table.path()) {
            Some(text) => names.with(table, text),
            None => names,
        })
    }
}
