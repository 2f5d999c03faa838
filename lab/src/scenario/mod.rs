//! Scenario files: a topology, processes in it, and steps with expectations, in TOML.
//!
//! ```toml
//! description = "one listener is found from inside its host"
//!
//! [hosts.server]                       # also: named = true, sysctl = { "net.ipv4.ip_forward" = 1 }
//! routes = ["default via 192.0.2.2"]   # after the links; `addresses` go to loopback
//!
//! [[hosts.server.processes]]           # in order of the file
//! id = "web"
//! actor = "tcp-listen 0.0.0.0:8080"    # or: command = ["nginx", "-g", "daemon off;"]
//! wait = { listening = "tcp/8080" }    # or: { line = "..." }; an actor is awaited anyway
//!
//! [hosts.client]
//!
//! [[links]]
//! a = { host = "server", device = "eth0", addresses = ["192.0.2.1/24"] }
//! b = { host = "client", device = "eth0", addresses = ["192.0.2.2/24"] }
//! loss = 2                             # percent; switches are `[[switches]]` with `name` and `ends`
//!
//! [[steps]]
//! host = "server"                      # without it: the machine's own namespace, to look only
//! run = ["portreeve", "who", "8080", "--json"]
//! user = "nobody"
//! expect.exit = 0                      # or a list of codes
//! expect.stdout_contains = ["8080"]    # also: stdout_lacks, stderr_contains, stderr_lacks
//! expect.json = [
//!     { at = "/holders/0/pid", equals = "${pid:web}" },
//!     { at = "/holders", length = 1 },
//!     { at = "/holders", contains = { comm = "portreeve-actor" } },
//!     { at = "/unseen", exists = false },
//! ]
//! ```
//!
//! Programs: `portreeve` and `portreeve-actor` are the built ones, everything else is looked for on PATH.
//! Substitutions, in everything that a process or a step has: `${pid:ID}`, `${netns:HOST}` (the unique name of a
//! named host), `${netns_path:HOST}`, `${inode:HOST}`, `${holder:HOST}` (pid of the namespace's holder),
//! `${scratch}` (a directory), `${portreeve}` and `${actor}` (paths).
//!
//! A file with a `[why]` table asks `portreeve why`, and says what it is to answer. Its steps come first, and show that what is asked
//! about is really so:
//!
//! ```toml
//! [hosts.server]
//! own = "files"                        # an /etc, /var, /run of its own; "system": processes, too; "docker": a daemon
//! iptables = "legacy"                  # what `iptables` stands for there; otherwise iptables-nft
//!
//! [[hosts.server.processes]]
//! shell = "nft add table inet filter"  # a script, here one that is run to its end;
//! wait = { exit = 0 }                  # { success = "SCRIPT" } runs another until it succeeds
//!
//! [[files]]
//! path = "web/nginx.conf"              # below ${scratch}
//! text = "daemon off; ..."
//!
//! [[files]]
//! host = "server"                      # one with files of its own
//! path = "/etc/resolv.conf"
//! text = "nameserver 192.0.2.53"
//!
//! [why]
//! host = "server"
//! target = "443"
//! args = ["--from", "192.0.2.2"]       # `--json` comes last by itself; also: env, user, setup
//! expect = { layer = "firewall", code = "dropped" }    # or { healthy = true } or { undetermined = true }
//! # further: contributing = ["tls/expired"], tells = ["a text of statement, evidence or fix"], exit = 1
//! ```
//!
//! A file with a `[tls]` table has a server of TLS in it, which tests audit ([`Scenario::audited`]) from the server's own host:
//!
//! ```toml
//! [tls]
//! host = "server"
//! server_name = "www.example.test"     # what the client calls it; `port` is 443 where it is not said
//! trust = "${scratch}/pki/ca.pem"      # the authorities that the client trusts
//! peers = { sslscan = ["--no-groups"] }                # further arguments of other auditors
//! expect = { heartbleed = "not_vulnerable" }           # verdicts of single checks
//! ```
//!
//! There, `${lab}` is the folder of this crate, `${openssl}` the program of OpenSSL 1.1.1, and `${python}` a Python with tlslite-ng
//! ([`crate::peers`]).
//!
//! An end of a link may have an `mtu`.
//!
//! Unknown keys, hosts, ids and substitutions are errors before anything is made.

mod answer;
mod error;
mod expect;
mod file;
mod json;
mod parse;
mod run;
mod server;
mod substitute;

pub use answer::{Answer, Expected, Story, Verdict};
pub use error::ScenarioError;
pub use parse::{Scenario, all};
pub use run::Programs;
pub use server::Server;
