//! Descriptors of the processes that take connections.

use std::fs;

use portreeve_linux::proc::Proc;

use crate::facts::service::Holder;
use crate::facts::{ProcessLimits, ServiceFacts};
use crate::look::service::Tree;
use crate::target::Question;

/// The processes that hold the port, with what they have open now.
pub(super) fn read(service: &ServiceFacts) -> Vec<ProcessLimits> {
    service.holders.iter().map(of_holder).collect()
}

fn of_holder(holder: &Holder) -> ProcessLimits {
    let pid = holder.pid();
    let (soft, hard) = limits(&fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default());
    ProcessLimits {
        pid,
        label: holder.label(),
        open: open(pid),
        soft,
        hard,
        unit: holder.process.unit.as_ref().map(|unit| unit.name.to_string()),
    }
}

/// Counts again, and keeps the larger number: who is at its limit gets below it whenever a connection ends.
pub(super) fn read_again(processes: &mut [ProcessLimits]) {
    for process in processes {
        process.open = process.open.max(open(process.pid));
    }
}

fn open(pid: u32) -> Option<u64> {
    // The size of the directory is 0 before Linux 6.2.
    let counted = Proc::open().ok().and_then(|proc| proc.descriptor_count(pid)).filter(|count| *count > 0);
    counted.or_else(|| u64::try_from(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count()).ok())
}

/// `Max open files            1024                 524288               files`
fn limits(text: &str) -> (Option<u64>, Option<u64>) {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    let mut words = line.split_whitespace().map(|word| word.parse().ok());
    (words.next().flatten(), words.next().flatten())
}

/// `maxconn` of `HAProxy`, which takes no more connections than that and says nothing about it: the smallest that concerns the port.
pub(super) fn most_connections(question: &Question, service: &ServiceFacts) -> Option<(u64, String)> {
    let is_it = |holder: &&Holder| holder.software.is_some_and(|software| software.name == "HAProxy");
    let holder = service.holders.iter().find(is_it)?;
    let words = &holder.process.command_line;
    let files: Vec<String> = words
        .iter()
        .zip(words.iter().skip(1))
        .filter(|(option, _)| *option == "-f")
        .map(|(_, file)| file.clone())
        .collect();
    let files = if files.is_empty() { vec!["/etc/haproxy/haproxy.cfg".to_owned()] } else { files };
    let tree = Tree::of_process(holder.pid());
    files
        .iter()
        .filter_map(|file| Some((file, tree.read(file)?.text)))
        .flat_map(|(file, text)| maxconn(&text, file, question.target.port))
        .min()
}

/// The settings `maxconn` of the section `global` and of those that bind the port.
fn maxconn(text: &str, file: &str, port: u16) -> Vec<(u64, String)> {
    const SECTIONS: [&str; 11] = [
        "global",
        "defaults",
        "frontend",
        "listen",
        "backend",
        "userlist",
        "peers",
        "resolvers",
        "program",
        "cache",
        "mailers",
    ];
    let ending = format!(":{port}");
    let mut found = Vec::new();
    let mut section: Vec<(u64, String)> = Vec::new();
    let mut counts = false;
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        match words.as_slice() {
            [name, ..] if SECTIONS.contains(name) => {
                found.extend(section.drain(..).filter(|_| counts));
                counts = *name == "global";
            }
            ["bind", addresses, ..] => counts |= addresses.split(',').any(|one| one.ends_with(&ending)),
            ["maxconn", most] => {
                section.extend(
                    most.parse()
                        .ok()
                        .map(|most: u64| (most, format!("{file}:{}: maxconn {most}", number + 1))),
                );
            }
            _ => {}
        }
    }
    found.extend(section.into_iter().filter(|_| counts));
    found
}

/// Logs whose file system is full.
pub(super) fn full_disks(service: &ServiceFacts) -> Vec<String> {
    service
        .logs
        .iter()
        .filter(|log| {
            rustix::fs::statvfs(&log.open_at).is_ok_and(|disk| disk.f_bavail == 0 && disk.f_blocks > 0)
        })
        .map(|log| log.path.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_process() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            64                   unlimited            files     \n";
        assert_eq!(limits(text), (Some(64), None));
        assert_eq!(limits(""), (None, None));
        let own = of_this_process();
        assert!(own.is_some_and(|open| open > 2));
    }

    fn of_this_process() -> Option<u64> {
        open(std::process::id())
    }

    #[test]
    fn sections_that_bind_another_port_do_not_count() {
        let text = "global\n  maxconn 100\ndefaults\n  maxconn 1\nfrontend a\n  maxconn 20 # few\n  bind *:443 ssl\nfrontend b\n  bind :80\n  maxconn 2\nbackend c\n  server s 127.0.0.1:443 maxconn 3\n";
        let found: Vec<u64> = maxconn(text, "h", 443).into_iter().map(|(most, _)| most).collect();
        assert_eq!(found, [100, 20]);
        assert_eq!(maxconn(text, "h", 80).last().unwrap().1, "h:10: maxconn 2");
    }
}
