//! Descriptors of the processes that take connections.

use std::fs;

use portreeve_linux::proc::Proc;

use crate::facts::service::{Holder, Language};
use crate::facts::{ProcessLimits, ServiceFacts};
use crate::look::configuration::{self, Directive, Mains, bound};
use crate::look::tree::Tree;
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
    let tree = Tree::of_process(holder.pid());
    let mains = Mains::of_process(holder.software, &holder.process, &tree);
    let sections = configuration::read(Language::Haproxy, &mains, &tree).directives;
    maxconn(&sections, question.target.port).min()
}

/// The settings `maxconn` of the section `global` and of those that bind the port.
fn maxconn(sections: &[Directive], port: u16) -> impl Iterator<Item = (u64, String)> {
    let binds = move |section: &Directive| {
        section.block.iter().flat_map(bound).any(|bound| bound.ports.contains(&port))
    };
    let counting = sections.iter().filter(move |section| section.name() == "global" || binds(section));
    counting.flat_map(|section| section.named("maxconn")).filter_map(|setting| {
        let most = setting.value().parse().ok()?;
        Some((most, format!("{}:{}: maxconn {most}", setting.file, setting.line)))
    })
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
    use crate::look::tree::written;

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
        let root = written(&[("h", text)]);
        let mains = Mains { files: vec!["/h".into()], ..Mains::default() };
        let sections = configuration::read(Language::Haproxy, &mains, &Tree::below(root.path())).directives;
        let found: Vec<u64> = maxconn(&sections, 443).map(|(most, _)| most).collect();
        assert_eq!(found, [100, 20]);
        assert_eq!(maxconn(&sections, 80).last().unwrap().1, "/h:10: maxconn 2");
    }
}
