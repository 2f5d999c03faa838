//! Whether the rules of packet filters were taken into account, and if not, why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NamespaceId;

/// Whether the rules of a network namespace were taken into account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirewallJudgement {
    /// The namespace.
    pub namespace: NamespaceId,
    /// Whether, and if not, why.
    #[serde(flatten)]
    pub state: JudgementState,
}

/// Whether rules were taken into account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum JudgementState {
    /// Every rule was read: the exposures of the namespace's listeners say who can reach them.
    Judged,
    /// Reach is by bind address alone.
    NotJudged {
        /// The sort of obstacle.
        why: NotJudged,
        /// One sentence.
        detail: String,
    },
}

/// Why rules were not taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotJudged {
    /// More privilege is needed to read them.
    Permission,
    /// A program that reads them is not installed.
    NoProgram,
    /// They could not be read, or not all of them.
    Failed,
    /// The namespace could not be entered.
    NotEntered,
    /// There are more namespaces with listeners than one look judges.
    TooMany,
}

impl FirewallJudgement {
    /// Whether the rules were taken into account.
    pub fn is_judged(&self) -> bool {
        self.state == JudgementState::Judged
    }
}
