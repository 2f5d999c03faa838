//! Every network namespace once, by the best name that it has: whatever keeps it alive.

use std::fs;
use std::path::Path;

use portreeve_lab::{Command, Host, Lab};
use serde_json::Value;

use crate::program::{actor, document, list, portreeve};

/// The one entry of the namespace with this inode number.
fn entry(document: &Value, inode: u64) -> &Value {
    let found: Vec<&Value> =
        list(document, "namespaces").iter().filter(|namespace| namespace["id"] == inode).collect();
    let [one] = found[..] else { panic!("namespace {inode} is listed {} times", found.len()) };
    one
}

fn both_documents(host: &Host) -> [Value; 2] {
    [document(host, "--netns all"), document(host, "sockets -tlnp --netns all")]
}

#[test]
fn the_own_a_named_and_an_anonymous_one() {
    let lab = Lab::new("netns").unwrap();
    let named = lab.host("blue").named().start().unwrap();
    let anonymous = lab.host("red").start().unwrap();
    let (in_named, _) = actor(&named, "tcp-listen 0.0.0.0:7001");
    let (in_anonymous, _) = actor(&anonymous, "tcp-listen 0.0.0.0:7002");
    for document in both_documents(&named) {
        let own = entry(&document, named.netns_inode());
        assert_eq!(own["name"]["kind"], "named");
        assert_eq!(own["name"]["value"], named.netns_name().unwrap());
        assert_eq!(own["own"], true);
        let other = entry(&document, anonymous.netns_inode());
        assert_eq!(other["name"]["kind"], "process");
        assert!(
            [anonymous.holder_pid(), in_anonymous.pid()]
                .map(Value::from)
                .contains(&other["name"]["value"]["pid"]),
            "{other}"
        );
        assert_eq!(other.get("own"), None);
    }
    // The same listeners, each in its own namespace and nowhere else.
    let sockets = document(&anonymous, "sockets -tlnp --netns all");
    for (port, host, process) in [(7001, &named, &in_named), (7002, &anonymous, &in_anonymous)] {
        let found: Vec<&Value> = list(&sockets, "sockets")
            .iter()
            .filter(|socket| socket["local"]["port"] == port && socket["holders"][0]["pid"] == process.pid())
            .collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["namespace"], host.netns_inode());
    }
}

#[test]
fn one_that_only_a_mount_keeps() {
    let lab = Lab::new("netns-mount").unwrap();
    let host = lab.host("a").start().unwrap();
    let name = format!("portreeve-{}", std::process::id());
    let mounted = Mounted::new(&host, &name);
    for document in both_documents(&host) {
        let found = entry(&document, mounted.inode);
        assert_eq!(found["name"], serde_json::json!({ "kind": "named", "value": name }));
        assert_eq!(found["processes"], 0);
    }
    let chosen = host.run(portreeve("sockets -tln --netns").arg(&name)).unwrap();
    assert_eq!(chosen.code(), Some(0), "it can be chosen by its name: {}", chosen.stderr);
}

/// What `ip netns add` makes: a name, a mount, no process.
struct Mounted<'host> {
    host: &'host Host,
    name: String,
    inode: u64,
}

impl<'host> Mounted<'host> {
    fn new(host: &'host Host, name: &str) -> Self {
        host.run(["ip", "netns", "add", name]).unwrap().success().unwrap();
        let path = Path::new("/run/netns").join(name);
        let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
        Self { host, name: name.to_owned(), inode }
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        drop(self.host.run(["ip", "netns", "del", &self.name]));
    }
}

#[test]
fn one_that_only_a_descriptor_keeps() {
    let lab = Lab::new("netns-fd").unwrap();
    let host = lab.host("a").start().unwrap();
    // The shell opens its new namespace, goes back, and holds the descriptor as its standard input.
    let script = "exec unshare --net sh -c 'exec 9</proc/self/ns/net; readlink /proc/self/fd/9; exec nsenter \
                  --net=\"$HOME_NETNS\" sleep infinity'";
    let back = host.netns_path();
    let keeper = host.spawn(Command::shell(script).env("HOME_NETNS", &back)).unwrap();
    let line = keeper.wait_line("net:[", crate::program::PATIENCE).unwrap();
    let inode: u64 = line.trim_start_matches("net:[").trim_end_matches(']').parse().unwrap();
    wait_until_nobody_is_in(inode);
    for document in both_documents(&host) {
        let found = entry(&document, inode);
        assert_eq!(found["name"]["kind"], "descriptor", "{found}");
        assert_eq!(found["name"]["value"], serde_json::json!({ "pid": keeper.pid(), "fd": 9 }));
        assert_eq!(found["processes"], 0);
    }
}

/// The keeper says its line before it goes home.
fn wait_until_nobody_is_in(inode: u64) {
    let link = format!("net:[{inode}]");
    let is_in = |pid: &str| {
        fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|target| target.to_string_lossy() == link)
    };
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    while std::time::Instant::now() < deadline {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let inhabited = processes.map(|entry| entry.file_name()).any(|name| {
            name.to_str().is_some_and(|pid| pid.starts_with(|c: char| c.is_ascii_digit()) && is_in(pid))
        });
        if !inhabited {
            return;
        }
        std::thread::yield_now();
    }
    panic!("somebody stays in {link}");
}

#[test]
fn a_namespace_by_name_or_pid_and_one_that_does_not_exist() {
    let lab = Lab::new("netns-choice").unwrap();
    let blue = lab.host("blue").named().start().unwrap();
    let here = lab.host("here").start().unwrap();
    let (process, _) = actor(&blue, "tcp-listen 127.0.0.1:7001");
    for choice in [blue.netns_name().unwrap().to_owned(), process.pid().to_string()] {
        let output = here.run(portreeve("sockets -Htln --netns").arg(&choice)).unwrap();
        assert_eq!(output.code(), Some(0), "{}", output.stderr);
        assert_eq!(output.stdout.lines().count(), 1, "--netns {choice}: {}", output.stdout);
        assert!(output.stdout.contains("127.0.0.1:7001"));
    }
    let none = here.run(portreeve("sockets -tln --netns no-such-namespace")).unwrap();
    assert_eq!(none.code(), Some(2));
    assert!(none.stderr.contains("no-such-namespace"), "{}", none.stderr);
}

#[test]
fn one_that_may_not_be_entered_is_incomplete_to_every_command() {
    let lab = Lab::new("netns-forbidden").unwrap();
    let named = lab.host("blue").named().start().unwrap();
    let (name, pid) = (named.netns_name().unwrap(), named.holder_pid().to_string());
    for (line, namespace) in [
        ("tls 127.0.0.1:1", name),
        ("tls 127.0.0.1:1", pid.as_str()),
        ("why 443", name),
        ("why 443", pid.as_str()),
        ("reach 443", name),
        ("reach 443 --probe", "own"),
        ("sockets", pid.as_str()),
    ] {
        let command = portreeve(line).args(["--netns", namespace]).user("nobody");
        let output = lab.run(command).unwrap();
        assert_eq!(output.code(), Some(3), "{line} {namespace}: {}{}", output.stdout, output.stderr);
        assert!(output.stderr.contains("root"), "{line} {namespace}: {}", output.stderr);
    }
}
