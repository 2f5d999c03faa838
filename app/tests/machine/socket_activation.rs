//! A listener that systemd's activator holds for a program that is not started yet.

use portreeve_lab::{Command, Lab, Transport};

use crate::program::{PATIENCE, document, list, portreeve};

#[test]
fn who_names_the_activator_and_what_it_will_start() {
    let lab = Lab::new("activation").unwrap();
    let host = lab.host("a").start().unwrap();
    let command = Command::new("systemd-socket-activate").args(["-l", "127.0.0.1:7100", "/bin/cat", "-u"]);
    let activator = host.spawn(command).unwrap();
    host.wait_listening(Transport::Tcp, 7100, PATIENCE).unwrap();

    let answer = document(&host, "who 7100/tcp");
    assert_eq!(answer["verdict"], "held");
    let reasons = list(&answer, "reasons");
    let reason = reasons.iter().find(|reason| reason["kind"] == "socket_activation").expect("the reason");
    let statement = reason["statement"].as_str().unwrap();
    assert!(statement.contains("/bin/cat"), "{statement}");
    assert_eq!(answer["listeners"][0]["owner"]["holders"][0]["pid"], activator.pid());
    let activates = &answer["listeners"][0]["owner"]["activates"];
    assert_eq!(activates["socket_unit"], "systemd-socket-activate");
    assert_eq!(activates["starts"], "/bin/cat -u");
    assert!(list(&answer, "advice").iter().all(|advice| !advice.as_str().unwrap().contains("kill -9")));

    let text = host.run(portreeve("who 7100/tcp")).unwrap();
    assert_eq!(text.code(), Some(0), "{}", text.stderr);
    assert!(text.stdout.contains("/bin/cat"), "{}", text.stdout);
}

#[test]
fn a_started_service_tells_that_it_was_handed_its_socket() {
    let lab = Lab::new("activated").unwrap();
    let host = lab.host("a").start().unwrap();
    let service = "exec sleep infinity";
    let command =
        Command::new("systemd-socket-activate").args(["-l", "127.0.0.1:7100", "/bin/sh", "-c", service]);
    let activator = host.spawn(command).unwrap();
    host.wait_listening(Transport::Tcp, 7100, PATIENCE).unwrap();
    let _client = crate::program::actor(&host, "tcp-connect 127.0.0.1:7100");
    activator.wait_line("Execing", PATIENCE).unwrap();

    let held = |answer: &serde_json::Value| answer["processes"][0]["name"] == "sleep";
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut answer = document(&host, "who 7100/tcp");
    while !held(&answer) {
        assert!(std::time::Instant::now() < deadline, "{answer:#}");
        answer = document(&host, "who 7100/tcp");
    }
    let process = &answer["processes"][0];
    assert_eq!(process["pid"], activator.pid(), "it took the activator's place");
    assert_eq!(process["activation"]["count"], 1, "{process:#}");
}
