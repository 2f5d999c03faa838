//! Processes that the kernel ended for want of memory (`oom_kill_process` in `mm/oom_kill.c`).

use crate::facts::Kill;
use crate::look::kernel_log::KernelLog;

/// The last ones are told.
const MOST: usize = 20;

/// Those that the kernel's log has.
pub(super) fn read(kernel: &KernelLog) -> Vec<Kill> {
    let mut kills: Vec<Kill> = kernel
        .lines
        .iter()
        .filter_map(|said| {
            let (pid, name, in_group) = killed(&said.line.text)?;
            Some(Kill { pid, name, in_group, line: said.line.clone(), command: said.command.to_owned() })
        })
        .collect();
    let surplus = kills.len().saturating_sub(MOST);
    kills.drain(..surplus);
    kills
}

/// `Out of memory: Killed process 1234 (java) total-vm:...`, `Memory cgroup out of memory: Killed process 1234 (node) ...`
fn killed(text: &str) -> Option<(u32, String, bool)> {
    let (before, after) = text.split_once("Killed process ").or_else(|| text.split_once("Kill process "))?;
    let lower = before.to_ascii_lowercase();
    if !lower.contains("out of memory") {
        return None;
    }
    let (pid, rest) = after.split_once(' ')?;
    let name = rest.strip_prefix('(')?.split_once(')')?.0;
    Some((pid.trim_end_matches(',').parse().ok()?, name.to_owned(), lower.contains("cgroup")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_kernels() {
        let table = [
            (
                "Out of memory: Killed process 812 (java) total-vm:4096kB, anon-rss:1kB, UID:0 pgtables:1kB oom_score_adj:0",
                Some((812, "java", false)),
            ),
            (
                "Nov 22 06:02:58 web kernel: [99.1] Memory cgroup out of memory: Killed process 77 (node) total-vm:1kB",
                Some((77, "node", true)),
            ),
            ("Out of memory: Kill process 5 (a b) score 900 or sacrifice child", Some((5, "a b", false))),
            ("somebody said: Killed process 5 (x)", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|(pid, name, group)| (pid, name.to_owned(), group));
            assert_eq!(killed(text), expected, "{text}");
        }
    }
}
