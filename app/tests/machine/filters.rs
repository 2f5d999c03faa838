//! Filters select the sockets that `ss` selects with the same words.

use std::fs;
use std::path::{Path, PathBuf};

use portreeve_lab::{Command, Host, Lab};

use crate::busy::{BOUND_ONLY, busy};
use crate::program::{PATIENCE, actor, listing_of};
use crate::rest::{assert_same, at_rest, difference};
use crate::ss::{Columns, Row, rows, ss};

/// Each selects something of the busy host, and not everything.
const SELECTIVE: &[&str] = &[
    "state listening",
    "state time-wait",
    "state close-wait",
    "state fin-wait-1",
    "state fin-wait-2",
    "state syn-sent",
    "state unconnected",
    "state connected",
    "state synchronized",
    "state bucket",
    "state big",
    "state established state time-wait",
    "exclude established",
    "exclude listening exclude time-wait",
    "state established sport = :7006",
    "state established ( sport = :7006 or dport = :7006 )",
    "state established sport = :7006 or dport = :7001",
    "exclude time-wait sport = :7010 or dport = :7010 or src [::1]",
    "state connected dst 127.0.0.1",
    "sport = :7006",
    "sport eq :7006",
    "sport == :7006",
    "sport != :7006",
    "sport neq :7006",
    "sport > :7010",
    "sport gt :7010",
    "sport >= :7010",
    "sport < :7010",
    "sport lt :7010",
    "sport le :7010",
    "sport <= :7010",
    "dport = :7006",
    "dport ne :7006",
    "dport >= :30000",
    "sport = 7004",
    "sport = :7001 or sport = :7002 or sport = :7003",
    "sport >= :7001 and sport <= :7005",
    "sport = :7006 dst 192.0.2.2",
    "src 127.0.0.1",
    "src = 127.0.0.1",
    "src [::ffff:192.0.2.1]",
    "src 127.0.0.0/8",
    "src 127.0.0.1:7004",
    "src 127.0.0.0/8:7010",
    "src 192.0.2.1",
    "dst 192.0.2.2",
    "dst 192.0.2.0/24",
    "dst = 192.0.2.0/25",
    "not dst 192.0.2.0/24",
    "dst [2001:db8::2]",
    "dst [2001:db8::/64]",
    "src [::1]:7006",
    "src [::1]",
    "dst [::1]",
    "dst [::ffff:127.0.0.1]",
    "src *:7006",
    "dst 127.0.0.1:7001",
    "src inet6:[::1]",
    "not src 127.0.0.1",
    "! dport = :7006",
    "not ( sport = :7006 or dport = :7006 )",
    "( sport = :7006 or dport = :7006 )",
    "src 127.0.0.1 and not ( sport > :7010 )",
    "( src 127.0.0.1 and sport < :7010 ) or ( src [::1] and not sport = :7016 )",
    "sport = :7001 && dport != :7006",
    "sport = :7001 || sport = :7002",
    "sport = :7001 | sport = :7002",
    "sport = :7006 & dst 192.0.2.2",
    "dev = eth0",
    "dev != eth0",
    "fwmark = 7",
    "fwmark = 0x7/0xff",
    "autobound",
];

/// Each selects everything or nothing.
const TOTAL: &[&str] = &[
    "state all",
    "state syn-recv",
    "state closing",
    "state last-ack",
    "sport = :1",
    "dst 198.51.100.0/24",
    "dport = :https",
    "dev = lo",
    "fwmark = 9",
    "src 127.0.0.1 and src [::1]",
    "sport > :65534",
    "sport >= :0",
];

/// What the program understands and `ss` does not, or understands in another way on purpose, and words by which `ss`
/// selects the same:
///
/// - `and` binds tighter than `or`, as the manual of `ss` says of itself;
/// - whether an IPv4 address is of an IPv4 socket or mapped into IPv6 does not matter, `inet:` before it or not;
/// - the mark of a `TIME_WAIT` is not known to whoever reads it, so that no test on it holds;
/// - addresses compare with `!=`, symbols need no blanks, states stand anywhere.
const IN_OTHER_WORDS: &[(&str, &str)] = &[
    (
        "sport = :7001 or sport = :7006 and dst 192.0.2.2",
        "sport = :7001 or ( sport = :7006 and dst 192.0.2.2 )",
    ),
    ("src inet:127.0.0.1", "src 127.0.0.1"),
    ("fwmark != 7", "exclude time-wait fwmark != 7"),
    ("src != 127.0.0.1", "not src 127.0.0.1"),
    ("dst!=192.0.2.0/24", "not dst 192.0.2.0/24"),
    ("dst [2001:db8::]/64", "dst [2001:db8::/64]"),
    ("(sport=:7006 or dport=:7006)", "( sport = :7006 or dport = :7006 )"),
    ("( sport = :7006 or dport = :7006 ) and state all", "( sport = :7006 or dport = :7006 )"),
];

#[test]
fn filters_select_what_ss_selects() {
    let busy = busy("filters");
    let everything = selected_by_ss(&busy.host, "").len();
    let mut wrong = Vec::new();
    let selective = SELECTIVE.iter().map(|filter| (filter, filter, true));
    let total = TOTAL.iter().map(|filter| (filter, filter, false));
    let other = IN_OTHER_WORDS.iter().map(|(ours, theirs)| (ours, theirs, true));
    for (filter, in_ss, selective) in selective.chain(total).chain(other) {
        let (theirs, ours) = at_rest(|| selected_by_ss(&busy.host, in_ss), || selected(&busy.host, filter));
        let count = theirs.len();
        if selective == (count == 0 || count == everything) {
            wrong.push(format!("`{filter}` selects {count} of {everything}"));
        }
        wrong.extend(difference(theirs, ours).map(|difference| format!("`{filter}`: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// To `ss`, an accepted connection is neither: the kernel counts it among the ones, `ss` itself among the others.
#[test]
fn a_port_was_chosen_by_the_kernel_or_it_was_not() {
    let busy = busy("autobound");
    let (all, parts) = at_rest(
        || selected_by_ss(&busy.host, ""),
        || [selected(&busy.host, "autobound"), selected(&busy.host, "not autobound")],
    );
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert_same(all, parts.concat(), "both together are all");
}

fn selected_by_ss(host: &Host, filter: &str) -> Vec<(String, String, String)> {
    keys(&ss(host, "-tuane", filter, columns(filter)))
}

/// Without the socket that is bound and no more, which `ss` never shows.
fn selected(host: &Host, filter: &str) -> Vec<(String, String, String)> {
    let text = listing_of(host, &["sockets", "-H", "-tuane", filter]);
    let bound = format!(":{BOUND_ONLY}");
    let mut rows = rows(&text, columns(filter));
    rows.retain(|row| !row.local.ends_with(&bound));
    keys(&rows)
}

/// Both drop the column of the state where the filter leaves one.
fn columns(filter: &str) -> Columns {
    let states: Vec<&str> = filter.split_whitespace().collect();
    let one = match states.as_slice() {
        ["state", "all" | "connected" | "synchronized" | "bucket" | "big", ..]
        | ["state", _, "state", ..] => false,
        ["state", ..] => true,
        _ => false,
    };
    Columns { netid: true, state: !one }
}

fn keys(rows: &[Row]) -> Vec<(String, String, String)> {
    let mut keys: Vec<_> =
        rows.iter().map(|row| (row.local.clone(), row.peer.clone(), row.cookie())).collect();
    keys.sort();
    keys
}

/// A cgroup of the unified hierarchy with nothing in it, removed when dropped.
struct Cgroup(PathBuf);

impl Cgroup {
    fn new() -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let of_version_2 = |line: &&str| line.split(' ').nth(2) == Some("cgroup2");
        let mount = mounts.lines().find(of_version_2).expect("a mounted cgroup2 hierarchy");
        let directory = Path::new(mount.split(' ').nth(1).unwrap());
        let directory = directory.join(format!("portreeve-test-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        Self(directory)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.0));
    }
}

#[test]
fn a_cgroup_selects_its_sockets() {
    let cgroup = Cgroup::new();
    let lab = Lab::new("cgroup-filter").unwrap();
    let host = lab.host("a").start().unwrap();
    let _other = actor(&host, "tcp-listen 127.0.0.1:7001");
    let script = "echo $$ >\"$CGROUP/cgroup.procs\" && exec \"$ACTOR\" tcp-listen 127.0.0.1:7002";
    let command =
        Command::shell(script).env("CGROUP", &cgroup.0).env("ACTOR", portreeve_lab::actor_path().unwrap());
    let inside = host.spawn(command).unwrap();
    inside.ready(PATIENCE).unwrap();
    let path = cgroup.0.display();
    for filter in [format!("cgroup = {path}"), format!("cgroup {path}"), format!("not cgroup = {path}")] {
        let theirs = selected_by_ss(&host, &filter);
        assert_eq!(theirs.len(), 1, "{filter}");
        assert_same(theirs, selected(&host, &filter), &filter);
    }
    inside.kill();
    drop(lab);
}
