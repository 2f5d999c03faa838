//! What goes wrong on real machines: processes that vanish, entries that cannot be read, users without rights, huge
//! processes, readers that stop reading. Nothing panics, and what was not seen is told.

use portreeve_lab::{Command, Transport, actor_path};
use serde_json::Value;

use crate::program::{PATIENCE, actor, assert_sane, document, list, look_code, one_host, portreeve};

#[test]
fn processes_come_and_go_during_the_look() {
    let (_lab, host) = one_host("churn");
    let _steady = actor(&host, "tcp-listen 127.0.0.1:7001");
    // Each listens, and ends as it finds its standard input closed.
    let script = "while :; do for i in 1 2 3 4 5 6 7 8; do \"$ACTOR\" tcp-listen 127.0.0.1:0 <&- >&- 2>&- & done; \
                  \"$ACTOR\" udp-send 127.0.0.1:9 --count 2 >&- 2>&-; wait; done";
    // In a pid namespace, whose end takes all of them along.
    let churn = Command::shell(script).env("ACTOR", actor_path().unwrap()).pid_namespace();
    let _churn = host.spawn(churn).unwrap();
    for look in 0..20 {
        let line = ["", "--json", "--json --netns own", "--no-bpf"][look % 4];
        let output = host.run(portreeve(line)).unwrap();
        assert_sane(&output);
        if line.contains("json") {
            let overview = output.json().unwrap();
            let steady = list(&overview, "listeners")
                .iter()
                .find(|listener| listener["port"] == 7001 && listener["namespace"] == host.netns_inode());
            assert_eq!(list(&steady.expect("it is always there")["owner"], "holders").len(), 1);
        }
        assert_sane(&host.run(portreeve("sockets -tuanpeim --jsonl")).unwrap());
        let who = host.run(portreeve("who 7001/tcp")).unwrap();
        assert_eq!(who.code(), Some(0), "{}", who.stderr);
    }
}

#[test]
fn without_privileges_the_rest_is_named_and_what_root_would_add() {
    let (_lab, host) = one_host("unprivileged");
    let _of_root = actor(&host, "tcp-listen 127.0.0.1:7001");
    // A program from a trusted place: the lab's own would be reported for lying in its scratch directory.
    let command = Command::new("systemd-socket-activate").args(["-l", "127.0.0.1:7002", "/bin/cat"]);
    let of_nobody = host.spawn(command.user("nobody")).unwrap();
    host.wait_listening(Transport::Tcp, 7002, PATIENCE).unwrap();

    let text = host.run(portreeve("--netns own").user("nobody")).unwrap();
    assert_eq!(text.code(), Some(3), "{}\n{}", text.stdout, text.stderr);
    assert!(text.stdout.contains("run it as root"), "{}", text.stdout);
    assert!(text.stdout.contains("not as root: incomplete"), "{}", text.stdout);

    let output = host.run(portreeve("--json --netns own").user("nobody")).unwrap();
    assert_eq!(output.code(), Some(3));
    let overview = output.json().unwrap();
    assert_eq!(overview["host"]["privileged"], false);
    let unseen = list(&overview, "unseen");
    let descriptors = unseen.iter().find(|one| one["subject"] == "process_descriptors").unwrap();
    assert_eq!(descriptors["reason"], "permission");
    assert!(descriptors["remedy"].as_str().unwrap().contains("root"));
    let owner =
        |port: u16| &list(&overview, "listeners").iter().find(|one| one["port"] == port).unwrap()["owner"];
    assert_eq!(owner(7001)["no_holder"], "permission");
    assert_eq!(owner(7002)["holders"][0]["pid"], of_nobody.pid(), "one's own are seen");

    let owners = host.run(portreeve("sockets -tlnp").user("nobody")).unwrap();
    assert_eq!(owners.code(), Some(3));
    assert!(owners.stderr.contains("run it as root"), "{}", owners.stderr);
    let no_owners = host.run(portreeve("sockets -tln").user("nobody")).unwrap();
    assert_eq!(no_owners.code(), Some(0), "all that was asked for was seen: {}", no_owners.stderr);
    assert_eq!(no_owners.stderr, "");
}

#[test]
fn hidepid_is_told() {
    let (_lab, host) = one_host("hidepid");
    let _of_root = actor(&host, "tcp-listen 127.0.0.1:7001");
    // A mount of its own: nobody else's view of /proc changes.
    let hidden = "mount -t proc -o hidepid=invisible proc /proc";
    let output = host.run(portreeve("--json --netns own").user("nobody").setup(hidden)).unwrap();
    assert_eq!(output.code(), Some(3), "{}\n{}", output.stdout, output.stderr);
    let overview = output.json().unwrap();
    let unseen = list(&overview, "unseen");
    let told = unseen.iter().find(|one| one["subject"] == "processes").expect("it is told");
    assert!(told["detail"].as_str().unwrap().contains("hidepid"), "{told}");
    let listener = &list(&overview, "listeners")[0];
    assert_eq!(listener["owner"]["no_holder"], "permission", "not `nobody holds it`: {listener:#}");
    // Root is not held up by it.
    let root = host.run(portreeve("sockets -Htlnp").setup(hidden)).unwrap();
    assert_eq!(root.code(), Some(look_code(true)), "{}", root.stderr);
    assert!(root.stdout.contains("portreeve-actor"), "{}", root.stdout);
}

#[test]
fn entries_of_a_process_that_cannot_be_read_cost_only_what_they_would_tell() {
    let (_lab, host) = one_host("broken-proc");
    let (process, _) = actor(&host, "tcp-listen 127.0.0.1:7001");
    let pid = process.pid();
    let files = ["stat", "status", "cmdline", "cgroup", "environ", "comm"];
    let empty = files.map(|file| format!("mount --bind /dev/null /proc/{pid}/{file}")).join("\n");
    let output = host.run(portreeve("--json --netns own").setup(&empty)).unwrap();
    assert_sane(&output);
    let overview = output.json().unwrap();
    let listener = &list(&overview, "listeners")[0];
    assert_eq!((&listener["port"], &listener["owner"]["holders"][0]["pid"]), (&7001.into(), &pid.into()));

    // Without a descriptor table, those of the threads tell. Without these, the socket is there, and nobody is made up
    // for it. (The kernel's BPF iterator, used where there are very many descriptors, would not be taken in.)
    let hidden = |directory: &str| format!("mount -t tmpfs tmpfs /proc/{pid}/{directory}");
    let both = format!("{}\n{}", hidden("fd"), hidden("task"));
    for (setup, holders) in [(hidden("fd"), 1), (both, 0)] {
        for line in ["--json --no-bpf --netns own", "--json --no-bpf who 7001"] {
            let output = host.run(portreeve(line).setup(&setup)).unwrap();
            assert_sane(&output);
            let answer = output.json().unwrap();
            let owner = &list(&answer, "listeners")[0]["owner"];
            assert_eq!(list(owner, "holders").len(), holders, "{line}: {owner}");
            assert_eq!(owner.get("no_holder").is_some(), holders == 0, "{line}: {owner}");
        }
    }
}

#[test]
fn twenty_thousand_descriptors_in_one_process() {
    let (_lab, host) = one_host("descriptors");
    let (process, ready) = actor(&host, "many-connections --listeners 2 --connections 9980");
    let sockets = document(&host, "sockets -tanp");
    let sockets = list(&sockets, "sockets");
    assert_eq!(sockets.len() as u64, ready["sockets"].as_u64().unwrap());
    let mut descriptors: Vec<u64> = Vec::new();
    for socket in sockets {
        let [holder] = list(socket, "holders") else { panic!("one holder: {socket}") };
        assert_eq!(holder["pid"], process.pid());
        descriptors.push(holder["fd"].as_u64().unwrap());
    }
    descriptors.sort_unstable();
    descriptors.dedup();
    assert_eq!(descriptors.len(), sockets.len(), "each has a descriptor of its own");
    // Both ways to list descriptors say the same.
    let slow = document(&host, "sockets -tanp --no-bpf");
    let holders = |sockets: &[Value]| {
        let mut all: Vec<String> =
            sockets.iter().map(|socket| format!("{} {}", socket["inode"], socket["holders"])).collect();
        all.sort();
        all
    };
    assert!(holders(list(&slow, "sockets")) == holders(sockets), "BPF iterator and /proc differ");
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let (_lab, host) = one_host("closed-stdout");
    let _many = actor(&host, "many-connections --connections 3000");
    for format in ["", "--json", "--jsonl", "--csv"] {
        let script =
            format!("{{ \"$PORTREEVE\" sockets -tan {format}; echo \"code $?\" >&2; }} | head -c 100");
        let program = env!("CARGO_BIN_EXE_portreeve");
        let output = host.run(Command::shell(&script).env("PORTREEVE", program)).unwrap();
        assert_eq!(output.stdout.len(), 100);
        assert_eq!(output.stderr.trim(), "code 0", "{format}");
    }
    for line in ["sockets -tan", "", "who 22"] {
        let script = format!("\"$PORTREEVE\" {line} >&-; echo \"code $?\" >&2");
        let output =
            host.run(Command::shell(&script).env("PORTREEVE", env!("CARGO_BIN_EXE_portreeve"))).unwrap();
        assert!(!output.stderr.contains("panicked"), "{line}: {}", output.stderr);
    }
}
