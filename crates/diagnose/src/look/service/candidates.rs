//! Finding who is to serve the port and does not hold it.

use std::collections::BTreeMap;
use std::time::Duration;

use portreeve_linux::proc::Proc;
use portreeve_model::{Listener, Protocol};

use super::complaints;
use super::logs;
use super::named::{self, Configuration};
use super::processes::Running;
use super::units::Units;
use crate::facts::service::{
    Bystander, Candidate, Complaint, Ground, Holder, Named, SOFTWARE, Software, UnitFacts,
};
use crate::look::configuration::{Mains, working_directory};
use crate::look::tree::Tree;

/// Programs that speak to a port, start others, or only show text, whatever numbers they are given.
const OTHERS: [&str; 42] = [
    "portreeve",
    "curl",
    "wget",
    "ssh",
    "scp",
    "sftp",
    "rsync",
    "nc",
    "ncat",
    "netcat",
    "telnet",
    "openssl",
    "ab",
    "wrk",
    "hey",
    "nmap",
    "psql",
    "mysql",
    "redis-cli",
    "dig",
    "kdig",
    "ping",
    "vi",
    "vim",
    "nano",
    "less",
    "tail",
    "watch",
    "grep",
    "sudo",
    "su",
    "env",
    "timeout",
    "bash",
    "sh",
    "dash",
    "zsh",
    "fish",
    "strace",
    "tcpdump",
    "journalctl",
    "ip",
];

/// Where executables of the system are.
const FOLDERS: [&str; 7] = [
    "/usr/sbin",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/local/openresty/nginx/sbin",
    "/sbin",
    "/bin",
];

/// What the search goes by.
pub(super) struct Search<'a> {
    pub(super) port: u16,
    pub(super) protocol: Protocol,
    pub(super) namespace: u64,
    pub(super) holders: &'a [Holder],
    pub(super) running: &'a [Running],
    pub(super) units: &'a Units,
    pub(super) tree: &'a Tree,
    /// What else the processes listen on in this namespace.
    pub(super) listeners: &'a [Listener],
}

impl Search<'_> {
    /// Everybody who is to serve the port, without those who do.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let mut found: Vec<Candidate> =
            SOFTWARE.iter().filter_map(|software| self.of_software(software)).collect();
        let known: Vec<u32> = found
            .iter()
            .flat_map(|one| one.processes.iter().chain(&one.elsewhere))
            .map(|process| process.pid)
            .collect();
        found.extend(self.of_units(&found));
        found.extend(self.of_command_lines(&known));
        found
    }

    /// Whether a script that may start something has the port in its text.
    pub(super) fn is_mentioned(&self) -> bool {
        let ancestors = ancestors(self.running, std::process::id());
        let number = self.port.to_string();
        self.running.iter().any(|running| {
            running.namespace == Some(self.namespace)
                && !ancestors.contains(&running.pid)
                && running
                    .command_line()
                    .split(|letter: char| !letter.is_ascii_alphanumeric())
                    .any(|word| word == number)
        })
    }

    fn of_software(&self, software: &'static Software) -> Option<Candidate> {
        let holds = |running: &&Running| self.holders.iter().any(|holder| holder.pid() == running.pid);
        let is_it = |running: &&Running| running.software() == Some(software);
        let mine: Vec<&Running> = self.running.iter().filter(is_it).collect();
        // Who holds the port is no candidate for it.
        if mine.iter().any(holds) {
            return None;
        }
        let (configuration, asked) = self.configuration(software, &mine);
        let mut grounds: Vec<Ground> = asked.into_iter().map(Ground::Configured).collect();
        if grounds.is_empty()
            && software.usual.contains(&self.port)
            && configuration.named.is_empty()
            && let Some(file) = configuration.files.first()
        {
            grounds.push(Ground::Usual(file.clone()));
        }
        let unit = self.units.of_software(software, self.port);
        if grounds.is_empty() {
            return None;
        }
        let (here, elsewhere): (Vec<&Running>, Vec<&Running>) =
            mine.into_iter().partition(|running| running.namespace == Some(self.namespace));
        let installed = !here.is_empty() || is_installed(software, self.tree);
        let (mut complaints, last_sign) = self.complaints(software, &configuration);
        complaints.extend(unit.iter().flat_map(|unit| self.journal(unit)));
        Some(Candidate {
            name: software.name.to_owned(),
            software: Some(software),
            grounds,
            stale_pid_file: self.stale_pid_file(software, &configuration),
            last_sign,
            processes: here.into_iter().map(|running| self.bystander(running)).collect(),
            elsewhere: elsewhere.into_iter().map(Running::bystander).collect(),
            unit,
            complaints,
            installed,
        })
    }

    /// The configuration of the software, and its lines that name the port: the files that running processes were told, or else the
    /// usual ones.
    fn configuration(&self, software: &Software, mine: &[&Running]) -> (Configuration, Vec<Named>) {
        let told = mine
            .iter()
            .filter(|running| running.namespace == Some(self.namespace))
            .map(|running| {
                let (tree, folder) = (Tree::of_process(running.pid), working_directory(running.pid));
                (Mains::told(Some(software), &running.words, &folder, &tree), tree)
            })
            .find(|(mains, _)| !mains.files.is_empty());
        let configuration = match told {
            Some((mains, tree)) => named::read(software, &mains, &tree),
            None => named::read(software, &Mains::usual(software), self.tree),
        };
        let asked = configuration.of_port(self.port, self.protocol);
        (configuration, asked)
    }

    /// What its logs complain of, and how long ago the last of them was written to.
    fn complaints(
        &self,
        software: &Software,
        configuration: &Configuration,
    ) -> (Vec<Complaint>, Option<Duration>) {
        let mut paths: Vec<String> = configuration.logs.clone();
        paths.extend(software.logs.iter().flat_map(|pattern| self.tree.matching(pattern)));
        let mut seen: Vec<String> = Vec::new();
        let mut found = Vec::new();
        let mut last: Option<Duration> = None;
        for path in paths {
            if seen.contains(&path) {
                continue;
            }
            let Some(mut log) = logs::at_path(&self.tree.at(&path)) else { continue };
            log.path.clone_from(&path);
            if log.length > 0 {
                let age = self.tree.age(&path);
                last = match (last, age) {
                    (Some(last), Some(age)) => Some(last.min(age)),
                    (last, age) => last.or(age),
                };
            }
            found.extend(complaints::of_log(&log, self.port));
            seen.push(path);
        }
        (found, last)
    }

    fn journal(&self, unit: &UnitFacts) -> Vec<Complaint> {
        let command = unit.journal_command();
        complaints::of_lines(&unit.journal, &format!("journal of {}", unit.name), &command, self.port)
    }

    fn stale_pid_file(&self, software: &Software, configuration: &Configuration) -> Option<(String, u32)> {
        let usual = software.pid_files.iter().map(|file| (*file).to_owned());
        configuration.pid_files.iter().cloned().chain(usual).find_map(|file| {
            let pid = self.tree.read(&file)?.trim().parse().ok()?;
            let alive =
                self.running.iter().any(|running| running.pid == pid && running.software() == Some(software));
            (!alive).then_some((file, pid))
        })
    }

    /// Units whose command names the port, beside those of software that was found already.
    fn of_units(&self, found: &[Candidate]) -> Vec<Candidate> {
        let known = |unit: &UnitFacts| {
            found.iter().any(|one| one.unit.as_ref().is_some_and(|other| other.name == unit.name))
        };
        let holds = |unit: &UnitFacts| {
            let held =
                |holder: &Holder| holder.process.unit.as_ref().is_some_and(|one| *one.name == *unit.name);
            self.holders.iter().any(held)
        };
        self.units
            .naming(self.port)
            .into_iter()
            .filter(|unit| !known(unit) && !holds(unit))
            .map(|unit| {
                let program = unit.command.split_whitespace().next().unwrap_or_default();
                let ground = Ground::Unit(format!("{}: ExecStart={}", unit.name, unit.command));
                let candidate = Candidate::new(&*unit.name, Software::of_program(program), ground);
                let is_main = |running: &&Running| unit.main_pid == Some(running.pid);
                Candidate {
                    processes: self
                        .running
                        .iter()
                        .filter(is_main)
                        .map(|running| self.bystander(running))
                        .collect(),
                    complaints: self.journal(&unit),
                    unit: Some(unit),
                    ..candidate
                }
            })
            .collect()
    }

    /// Processes whose command line names the port.
    fn of_command_lines(&self, known: &[u32]) -> Vec<Candidate> {
        let ancestors = ancestors(self.running, std::process::id());
        let mut groups: BTreeMap<String, Vec<&Running>> = BTreeMap::new();
        for running in self.running {
            let meant = running.namespace == Some(self.namespace)
                && !known.contains(&running.pid)
                && !ancestors.contains(&running.pid)
                && !self.holders.iter().any(|holder| holder.pid() == running.pid);
            if meant && is_meant(running, self.port) {
                groups.entry(running.command_line()).or_default().push(running);
            }
        }
        groups
            .into_iter()
            .filter_map(|(line, group)| {
                let first = group.first()?;
                Some(Candidate {
                    processes: group.iter().map(|running| self.bystander(running)).collect(),
                    ..Candidate::new(&*first.name, first.software(), Ground::CommandLine(line))
                })
            })
            .collect()
    }

    fn bystander(&self, running: &Running) -> Bystander {
        let holds =
            |listener: &&Listener| listener.owner.holders.iter().any(|holder| holder.pid == running.pid);
        let listens_on = self
            .listeners
            .iter()
            .filter(holds)
            .flat_map(|listener| {
                let protocol = listener.protocol;
                listener.addresses.iter().map(move |bound| {
                    format!("{}/{protocol}", std::net::SocketAddr::new(bound.address, listener.port))
                })
            })
            .collect();
        Bystander { listens_on, ..running.bystander() }
    }
}

/// Whether a process's command line names the port, and it is none that only speaks to one or starts others.
pub(super) fn is_meant(running: &Running, port: u16) -> bool {
    let program = running.words.first().map_or(running.name.as_str(), String::as_str);
    let program = program.rsplit('/').next().unwrap_or_default();
    !OTHERS.contains(&program)
        && !OTHERS.contains(&running.name.as_str())
        && running.words.iter().skip(1).any(|word| is_port(word, port))
}

/// Whether a word of a command line is this port: `443`, `:443`, `--port=443`, `0.0.0.0:443`, not part of a URL of another host.
fn is_port(word: &str, port: u16) -> bool {
    if word.contains("://") || word.contains('@') || word.len() > 200 {
        return false;
    }
    let number = port.to_string();
    let last = word.rsplit([':', '=', ',']).next().unwrap_or(word);
    last == number || last.trim_start_matches("-p") == number
}

fn is_installed(software: &Software, tree: &Tree) -> bool {
    software
        .programs
        .iter()
        .any(|program| FOLDERS.iter().any(|folder| tree.has(&format!("{folder}/{program}"))))
}

/// A process and those that started it.
fn ancestors(running: &[Running], pid: u32) -> Vec<u32> {
    let mut line = vec![pid];
    let mut next = pid;
    while let Some(one) = running.iter().find(|one| one.pid == next) {
        if line.contains(&one.parent) {
            break;
        }
        line.push(one.parent);
        next = one.parent;
    }
    line
}

/// Every process, where `/proc` can be read.
pub(super) fn running() -> Vec<Running> {
    Proc::open().map(|proc| super::processes::all(&proc)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_a_port() {
        for word in ["443", ":443", "--port=443", "0.0.0.0:443", "-p443", "-Dserver.port=443", "tcp:443"] {
            assert!(is_port(word, 443), "{word}");
        }
        for word in ["4430", "https://example.org:443", "x443", "user@host:443", "443x", ""] {
            assert!(!is_port(word, 443), "{word}");
        }
    }
}
