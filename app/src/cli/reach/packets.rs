//! `--packet`: what happens to packets.

use super::ReachArguments;
use crate::engine::{ReachQuery, Scope};
use crate::error::CommandError;

impl ReachArguments {
    /// Whether packets are asked about, or a snapshot is to be kept.
    pub fn is_about_packets(&self) -> bool {
        !self.packets.is_empty() || self.snapshot_out.is_some()
    }

    /// What is asked of packets.
    ///
    /// # Errors
    /// Where options contradict each other.
    pub fn packets(&self, scope: Scope) -> Result<ReachQuery, CommandError> {
        let to_stdout = self.snapshot_out.as_ref().is_some_and(|path| path.as_os_str() == "-");
        if to_stdout && !self.packets.is_empty() {
            return Err(CommandError::usage("--snapshot-out - and --packet both write to standard output")
                .hint(
                    "write the snapshot into a file, or ask about the packet afterwards with --snapshot FILE",
                ));
        }
        if self.snapshot_out.is_some() && self.source.snapshot.is_some() {
            return Err(CommandError::usage(
                "--snapshot-out keeps what was read, and --snapshot reads what was kept",
            )
            .hint("copy the file instead"));
        }
        Ok(ReachQuery {
            from: self.source.rules_from(scope)?,
            packets: self.packets.clone(),
            state: self.state,
            reply: self.reply,
            all_rules: self.all_rules,
            snapshot: self.snapshot_out.is_some(),
        })
    }
}
