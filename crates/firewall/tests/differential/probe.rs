//! What the kernel under test does not have.

use std::process::Command;
use std::sync::OnceLock;

use portreeve_linux::namespace::NetworkNamespace;

use crate::kernel::run;

/// Constructs that kernels are built without, each with a rule of a prerouting chain of IPv4 that needs it.
const OPTIONAL: &[(&str, &str)] = &[
    ("queue", "queue num 7 bypass"),
    ("osf", "osf name \"Linux\""),
    ("socket", "socket transparent 1"),
    ("tproxy", "meta l4proto tcp tproxy to :8080"),
    ("synproxy", "tcp flags syn synproxy mss 1460"),
    ("numgen", "numgen random mod 4 < 2"),
    ("jhash", "jhash ip saddr mod 2 == 0"),
    ("fib oif", "fib saddr . iif oif lo"),
    ("fib type", "fib daddr type local"),
    ("ct label", "ct label 1"),
    ("ct zone set", "ct zone set 1"),
    ("quota", "quota 100 bytes"),
    ("meta cgroup", "meta cgroup 7"),
    ("meta rtclassid", "meta rtclassid 7"),
];

/// The same with a rule of iptables-legacy, table mangle, chain PREROUTING.
const OPTIONAL_XTABLES: &[(&str, &str)] = &[
    ("xt set", ""),
    ("xt physdev", "-m physdev --physdev-in eth0"),
    ("xt u32", "-m u32 --u32 0=0"),
    ("xt recent", "-m recent --name x --set"),
    ("xt TPROXY", "-p tcp -j TPROXY --on-port 80"),
    ("xt rpfilter", "-m rpfilter"),
    ("xt socket", "-m socket"),
    ("xt string", "-m string --string x --algo bm"),
    ("xt hashlimit", "-m hashlimit --hashlimit-above 1/min --hashlimit-name x"),
];

/// Constructs that cannot be loaded here. Asked once.
pub(crate) fn lacking() -> &'static [&'static str] {
    static LACKING: OnceLock<Vec<&'static str>> = OnceLock::new();
    LACKING.get_or_init(|| {
        NetworkNamespace::within_new(probe).expect("a network namespace can be made: root is needed")
    })
}

fn probe() -> Vec<&'static str> {
    let mut lacking = Vec::new();
    for (construct, rule) in OPTIONAL {
        let hook = if *construct == "synproxy" { "input" } else { "prerouting" };
        let script =
            format!("table ip t {{\nchain c {{\ntype filter hook {hook} priority 0;\n{rule}\n}}\n}}\n");
        if run(Command::new("nft").args(["-c", "-f", "-"]), &script).is_err() {
            lacking.push(*construct);
        }
    }
    for (construct, rule) in OPTIONAL_XTABLES {
        let outcome = if *construct == "xt set" {
            run(Command::new("ipset").arg("list"), "")
        } else {
            let script = format!("*mangle\n-A PREROUTING {rule}\nCOMMIT\n");
            run(Command::new("iptables-legacy-restore").args(["-w", "60"]), &script)
        };
        if outcome.is_err() {
            lacking.push(*construct);
        }
    }
    lacking
}
