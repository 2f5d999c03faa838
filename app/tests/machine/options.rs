//! Each option of `ss` prints what `ss` prints with it, field by field as far as the kernel's answer is the same twice.

use crate::busy::{BOUND_ONLY, busy};
use crate::program::listing;
use crate::rest::{assert_same, at_rest};
use crate::ss::{Columns, Row, rows, ss};

const NO_NETID: Columns = Columns { netid: false, state: true };
const ALL: Columns = Columns { netid: true, state: true };

/// Options, the columns that they leave, and what they add to each row that can be compared.
const CASES: &[(&str, Columns, &[&str])] = &[
    ("-tlnp", NO_NETID, &[]),
    ("-tan", NO_NETID, &[]),
    ("-tn", NO_NETID, &[]),
    ("-uan", NO_NETID, &[]),
    ("-uln", NO_NETID, &[]),
    ("-un", Columns { netid: false, state: false }, &[]),
    ("-tan4", NO_NETID, &[]),
    ("-tan6", NO_NETID, &[]),
    ("-uan4", NO_NETID, &[]),
    ("-uan6", NO_NETID, &[]),
    ("-tulnp", ALL, &[]),
    ("-tun", ALL, &[]),
    ("-tane", NO_NETID, &["uid", "ino", "sk", "fwmark", "cgroup", "v6only", "-->", "<--", "---"]),
    ("-uane", NO_NETID, &["uid", "ino", "sk", "fwmark", "cgroup", "v6only"]),
    ("-tano", NO_NETID, &["timer"]),
    ("-tanm", NO_NETID, &["skmem"]),
    ("-uanm", NO_NETID, &["skmem"]),
    ("-tlni", NO_NETID, INFO),
    ("-tani", NO_NETID, INFO),
    ("-tanio", NO_NETID, &["ts", "sack", "ecn", "timer"]),
    ("-Man", NO_NETID, &[]),
    ("-Manpem", NO_NETID, &["uid", "ino", "sk", "cgroup", "skmem"]),
    ("-wuanp", ALL, &[]),
    ("-xanp", ALL, &[]),
    ("-xlnp", ALL, &[]),
    ("-tanpeom", NO_NETID, &["uid", "ino", "sk", "fwmark", "cgroup", "v6only", "timer", "skmem"]),
];

/// What `tcp_info` says of a connection at rest. Left out are ages, rates (rounded to a unit here), and what only
/// one of the two prints; the negotiated options stand behind `-i` here, in `ss` behind `-io`.
const INFO: &[&str] = &[
    "bbr",
    "cubic",
    "reno",
    "wscale",
    "rto",
    "rtt",
    "ato",
    "mss",
    "pmtu",
    "rcvmss",
    "advmss",
    "cwnd",
    "ssthresh",
    "bytes_sent",
    "bytes_retrans",
    "bytes_acked",
    "bytes_received",
    "segs_out",
    "segs_in",
    "unacked",
    "retrans",
    "lost",
    "sacked",
    "reordering",
    "notsent",
    "minrtt",
    "snd_wnd",
];

#[test]
fn every_option_prints_what_ss_prints() {
    let busy = busy("options");
    for (options, columns, facts) in CASES {
        let (theirs, ours) = at_rest(
            || comparable(ss(&busy.host, options, "", *columns), facts),
            || rows(&listing(&busy.host, &format!("sockets -H {options}")), *columns),
        );
        assert!(!theirs.is_empty(), "{options} shows something");
        let bound = format!("127.0.0.1:{BOUND_ONLY}");
        let (bound, ours): (Vec<Row>, _) =
            ours.into_iter().partition(|row| row.state == "BOUND" && row.local == bound);
        let with_bound = options.contains("-ta") && !options.contains('6');
        assert_eq!(bound.len(), usize::from(with_bound), "{options} shows what is bound and no more");
        assert_same(theirs, comparable(ours, facts), options);
    }
}

/// See `differential::comparable` for what the two write differently on purpose.
fn comparable(mut rows: Vec<Row>, facts: &[&str]) -> Vec<Row> {
    for row in &mut rows {
        row.keep(facts);
        row.facts.retain(|name, value| name != "uid" || value != "0");
        // The peer's inode is that of ss, which writes 0 where there is none; of its name, the program tells nothing.
        if row.netid.starts_with("u_") {
            let inode = row.peer.rsplit(' ').next().unwrap_or_default();
            row.peer = if inode == "0" { "*".to_owned() } else { inode.to_owned() };
        }
    }
    rows.sort();
    rows
}

#[test]
fn the_heading_is_that_of_ss() {
    let busy = busy("heading");
    for options in ["-tan", "-tuan", "-xan", "-tan state established", "-un"] {
        let ss = portreeve_lab::Command::new("ss").args(options.split_whitespace());
        let theirs = busy.host.run(ss).unwrap().success().unwrap().stdout;
        let ours = listing(&busy.host, &format!("sockets {options}"));
        // `ss` runs the last heading into the one before it where a port is long.
        let words = |text: &str| text.lines().next().unwrap().replace("Port", "Port ").replace("  ", " ");
        let words = |text: &str| words(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&ours), words(&theirs), "{options}");
        assert_eq!(
            listing(&busy.host, &format!("sockets -H {options}")).lines().count() + 1,
            ours.lines().count()
        );
    }
}

#[test]
fn ports_have_names_unless_numbers_are_asked_for() {
    let (_lab, host) = crate::program::one_host("port-names");
    let _https = crate::program::actor(&host, "tcp-listen 127.0.0.1:443");
    for (options, port) in [("-tl", "https"), ("-tln", "443")] {
        let columns = NO_NETID;
        let theirs = ss(&host, options, "", columns);
        let ours = rows(&listing(&host, &format!("sockets -H {options}")), columns);
        assert_eq!(ours[0].local, format!("127.0.0.1:{port}"));
        assert_eq!(ours[0].local, theirs[0].local);
    }
}
