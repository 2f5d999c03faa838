//! State files that could not be read, summed so that one closed directory is one line and not one for each container.

use std::collections::BTreeMap;
use std::path::Path;

use portreeve_model::{Unseen, UnseenReason, UnseenSubject};

use super::state_file::ReadFailure;

/// What went wrong so far.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    /// How many containers are concerned, by reason and sentence.
    seen: BTreeMap<(UnseenReason, String), u32>,
}

impl Troubles {
    /// `path` could not be read, which concerns `count` containers (at least one). A missing file is no trouble.
    pub(super) fn add(&mut self, path: &Path, failure: &ReadFailure, count: u32) {
        let (reason, what) = match failure {
            ReadFailure::Absent => return,
            ReadFailure::Denied(error) => (UnseenReason::Permission, error.to_string()),
            ReadFailure::Malformed(what) => (UnseenReason::Malformed, what.clone()),
            ReadFailure::Failed(error) => (UnseenReason::Failed, error.to_string()),
        };
        self.count(reason, format!("state of containers in {}: {what}", path.display()), count);
    }

    /// Containers that no known state file speaks of. Their processes and ids are known, so nothing but the name is
    /// missing, and no privilege would tell it.
    pub(super) fn nameless(&mut self, runtime: &str) {
        let detail = format!("no state file of {runtime} names the container; its id is shown");
        self.count(UnseenReason::Unsupported, detail, 1);
    }

    /// Whether something was there and could not be read.
    pub(super) fn has_failures(&self) -> bool {
        self.seen.keys().any(|(reason, _)| *reason != UnseenReason::Unsupported)
    }

    fn count(&mut self, reason: UnseenReason, detail: String, count: u32) {
        let sum = self.seen.entry((reason, detail)).or_default();
        *sum = sum.saturating_add(count.max(1));
    }

    /// As values for the document.
    pub(super) fn into_unseen(self) -> Vec<Unseen> {
        let remedy = |reason| (reason == UnseenReason::Permission).then(|| "run as root".to_owned());
        self.seen
            .into_iter()
            .map(|((reason, detail), count)| Unseen {
                subject: UnseenSubject::Containers,
                reason,
                count,
                detail,
                remedy: remedy(reason),
            })
            .collect()
    }
}
