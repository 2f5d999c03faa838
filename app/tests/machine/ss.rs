//! `ss` as an oracle: its rows, and those of `portreeve sockets`, which are written the same way.

use std::collections::{BTreeMap, BTreeSet};

use portreeve_lab::{Command, Host};

/// Which of the columns that come and go are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) netid: bool,
    pub(crate) state: bool,
}

/// One socket of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) netid: String,
    pub(crate) state: String,
    pub(crate) receive_queue: String,
    pub(crate) send_queue: String,
    pub(crate) local: String,
    pub(crate) peer: String,
    /// Name, pid and descriptor of every holder.
    pub(crate) users: BTreeSet<(String, u32, u32)>,
    /// What follows, by the name before the colon; the rest of each word is the value.
    pub(crate) facts: BTreeMap<String, String>,
}

/// Rows of `ss -H -O` with further options and a filter, whose words `ss` wants apart.
pub(crate) fn ss(host: &Host, options: &str, filter: &str, columns: Columns) -> Vec<Row> {
    let words = options.split_whitespace().chain(filter.split_whitespace());
    let command = Command::new("ss").args(["-H", "-O"]).args(words);
    let output = host.run(command).unwrap();
    assert!(output.status.success(), "ss {options} {filter}: {}", output.stderr);
    rows(&output.stdout, columns)
}

/// Rows without heading, in the form of either program.
pub(crate) fn rows(text: &str, columns: Columns) -> Vec<Row> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match lines.last_mut() {
            // What has no room in the row stands in a line of its own, behind a tab.
            Some(last) if line.starts_with('\t') => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.iter().map(|line| row(line, columns)).collect()
}

fn row(line: &str, columns: Columns) -> Row {
    let (users, rest) = cut_users(line);
    let mut words = rest.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("too short: {line}")).to_owned();
    let netid = if columns.netid { next() } else { String::new() };
    let state = if columns.state { next() } else { String::new() };
    let (receive_queue, send_queue) = (next(), next());
    // Names of Unix sockets are followed by an inode number, the others by a colon and a port.
    let is_unix = netid.starts_with("u_");
    let mut end = || if is_unix { format!("{} {}", next(), next()) } else { next() };
    let (local, peer) = (end(), end());
    let mut facts = BTreeMap::new();
    for (name, value) in words.map(fact) {
        // A congestion control's own figures follow its name: bbr ... bbr:(bw:0bps,...)
        facts.entry(name).or_insert(value);
    }
    Row { netid, state, receive_queue, send_queue, local, peer, users, facts }
}

fn fact(word: &str) -> (String, String) {
    match word.split_once(':') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (word.to_owned(), String::new()),
    }
}

/// `users:(("nginx",pid=812,fd=6),("nginx",pid=813,fd=6))` and the line without it.
fn cut_users(line: &str) -> (BTreeSet<(String, u32, u32)>, String) {
    let Some((before, rest)) = line.split_once("users:((") else {
        return (BTreeSet::new(), line.to_owned());
    };
    let (list, after) = rest.split_once("))").expect("the list of users ends");
    let users = list.split("),(").map(user).collect();
    (users, format!("{before} {after}"))
}

fn user(text: &str) -> (String, u32, u32) {
    let (rest, fd) = text.rsplit_once(",fd=").expect("a descriptor");
    let (name, pid) = rest.rsplit_once(",pid=").expect("a pid");
    (name.trim_matches('"').to_owned(), pid.parse().unwrap(), fd.parse().unwrap())
}

impl Row {
    /// Keeps only these facts; of a timer, its kind and the number of retransmissions.
    pub(crate) fn keep(&mut self, names: &[&str]) {
        self.facts.retain(|name, _| names.contains(&name.as_str()));
        if let Some(timer) = self.facts.get_mut("timer") {
            let parts: Vec<&str> = timer.trim_matches(['(', ')']).split(',').collect();
            *timer = format!("{},{}", parts[0], parts[2]);
        }
    }

    /// The socket's cookie, which both programs print with `-e`.
    pub(crate) fn cookie(&self) -> String {
        self.facts.get("sk").cloned().unwrap_or_else(|| panic!("no cookie: {self:?}"))
    }
}
