//! The table itself, and listeners that are and are not a service of it.

use std::collections::HashSet;

use portreeve_model::listener::{Activation, Forward};
use portreeve_model::{Finding, Protocol, Severity};

use super::catalogue::{Catalogue, MatchBy, TEXT};
use super::risky_service;
use crate::findings::testing::{INSIDE, Machine, unit};

fn ids(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.id.as_str()).collect()
}

/// What is found for one process on one address.
fn held(path: &str, command_line: &[&str], protocol: Protocol, address: &str) -> Vec<Finding> {
    let mut machine = Machine::new();
    let process = machine.process(7, path);
    process.command_line.extend(command_line.iter().map(|&argument| argument.to_owned()));
    machine.listen(protocol, address, &[7]);
    machine.find(risky_service)
}

#[test]
fn the_table_reads_and_is_sane() {
    let catalogue = Catalogue::read(TEXT).unwrap_or_else(|error| panic!("{error}"));
    assert!(catalogue.services.len() > 100);
    let mut ids = HashSet::new();
    for service in &catalogue.services {
        let id = &service.id;
        assert!(ids.insert(id), "{id} twice");
        assert!(!id.is_empty() && !id.starts_with('-') && !id.ends_with('-') && !id.contains("--"), "{id}");
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
        for text in [&service.name, &service.reason, &service.fix] {
            assert!(!text.trim().is_empty() && !text.contains('!') && text.trim() == text, "{id}: {text:?}");
        }
        for sentence in [&service.reason, &service.fix] {
            assert!(sentence.ends_with(['.', '`', ')']), "{id}: {sentence}");
        }
        for ports in &service.ports {
            assert!(ports.port != 0 && ports.last.is_none_or(|last| last > ports.port), "{id}");
        }
        match service.by {
            MatchBy::Port => assert!(!service.ports.is_empty(), "{id} can never match"),
            MatchBy::Executable => assert!(service.names_holders(), "{id} can never match"),
            MatchBy::Either => assert!(service.names_holders() && !service.ports.is_empty(), "{id}"),
        }
        for name in &service.executables {
            let stem = name.0.strip_suffix('*').unwrap_or(&name.0);
            assert!(!stem.is_empty() && !stem.contains(['*', '/']), "{id}: {}", name.0);
        }
        assert!(service.command_contains.iter().all(|text| text.len() >= 4), "{id}");
        assert!(service.units.iter().all(|unit| unit.contains('.')), "{id}");
    }
}

#[test]
fn no_entry_hides_another_at_the_same_port() {
    // Two entries that a port alone brings up would compete, and the milder one would never be told.
    let catalogue = Catalogue::read(TEXT).unwrap();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        for port in 1..=u16::MAX {
            let by_port: Vec<&str> = catalogue
                .with_port(protocol, port)
                .iter()
                .map(|at| &catalogue.services[*at])
                .filter(|service| service.by != MatchBy::Executable)
                .map(|service| service.id.as_str())
                .collect();
            assert!(by_port.len() <= 1, "{protocol} {port}: {by_port:?}");
        }
    }
}

#[test]
fn an_unknown_key_or_schema_is_an_error() {
    let entry =
        "[[service]]\nid = 'a'\nname = 'A'\nseverity = 'low'\nmatch = 'port'\nreason = 'r'\nfix = 'f'\n";
    let head = "schema = 1\nforwarders = []\n";
    assert!(Catalogue::read(&format!("{head}{entry}")).is_ok());
    assert!(Catalogue::read(&format!("{head}{entry}sevrity = 'high'\n")).is_err());
    assert!(Catalogue::read(&format!("schema = 2\nforwarders = []\n{entry}")).is_err());
}

#[test]
fn recognised_by_the_executable_on_any_port() {
    for port in [6379, 7777] {
        let found = held("/usr/bin/redis-server", &[], Protocol::Tcp, &format!("0.0.0.0:{port}"));
        assert_eq!(ids(&found), ["exposure/redis"], "{port}");
        assert_eq!(found[0].severity, Severity::High);
        assert_eq!(found[0].reproduce, Some(format!("ss -tlnp 'sport = :{port}'")));
        assert!(found[0].evidence.iter().any(|line| line == "recognised by its executable redis-server"));
    }
}

#[test]
fn what_is_bound_to_loopback_or_inside_a_container_is_not_exposed() {
    for address in ["127.0.0.1:6379", "[::1]:6379", "[::ffff:127.0.0.1]:6379"] {
        assert!(held("/usr/bin/redis-server", &[], Protocol::Tcp, address).is_empty(), "{address}");
    }
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/redis-server");
    machine.listen(Protocol::Tcp, "0.0.0.0:6379", &[7]).namespace = INSIDE;
    assert!(machine.find(risky_service).is_empty());
}

#[test]
fn a_known_other_program_on_the_port_is_not_taken_for_the_service() {
    for path in ["/usr/sbin/nginx", "/usr/sbin/sshd", "/usr/sbin/apache2"] {
        for port in [23, 2375, 6379] {
            let found = held(path, &[], Protocol::Tcp, &format!("0.0.0.0:{port}"));
            assert!(found.is_empty(), "{path} {port}: {found:#?}");
        }
    }
    // Another service of the table is told as what it is.
    assert_eq!(ids(&held("/usr/sbin/mysqld", &[], Protocol::Tcp, "0.0.0.0:6379")), ["exposure/mysql"]);
    assert_eq!(ids(&held("/usr/bin/redis-server", &[], Protocol::Tcp, "0.0.0.0:23")), ["exposure/redis"]);
}

#[test]
fn a_program_that_nobody_knows_on_the_port_is_a_hint() {
    let found = held("/srv/app/server", &[], Protocol::Tcp, "0.0.0.0:6379");
    assert_eq!(ids(&found), ["exposure/redis"]);
    assert_eq!(found[0].severity, Severity::Low);
    assert!(
        found[0].title.contains("the usual port of Redis or Valkey, is held by server (pid 7)"),
        "{}",
        found[0].title
    );
}

#[test]
fn an_unseen_holder_leaves_the_port_to_speak() {
    let mut machine = Machine::new();
    machine.listen(Protocol::Tcp, "0.0.0.0:2049", &[]);
    let finding = machine.only(risky_service);
    assert_eq!((finding.id.as_str(), finding.severity), ("exposure/nfs", Severity::High));
    assert!(finding.evidence.iter().any(|line| line.contains("by its port alone")), "{finding:#?}");
}

#[test]
fn the_docker_api_is_found_though_dockerd_is_several_services() {
    let found = held("/usr/bin/dockerd", &[], Protocol::Tcp, "[::]:2375");
    assert_eq!(ids(&found), ["exposure/docker-api"]);
    assert_eq!(found[0].severity, Severity::Critical);
    assert!(found[0].evidence[0].contains("(IPv4 and IPv6)"), "{}", found[0].evidence[0]);
    assert_eq!(
        ids(&held("/usr/bin/dockerd", &[], Protocol::Tcp, "0.0.0.0:2376")),
        ["exposure/docker-api-tls"]
    );
    assert!(held("/usr/bin/dockerd", &[], Protocol::Tcp, "0.0.0.0:5000").is_empty());
}

#[test]
fn programs_behind_an_interpreter_are_known_by_their_command_line() {
    let found = held(
        "/usr/bin/python3.11",
        &["/usr/local/bin/jupyter-lab", "--ip=0.0.0.0"],
        Protocol::Tcp,
        "0.0.0.0:8888",
    );
    assert_eq!(ids(&found), ["exposure/jupyter"]);
    assert!(held("/usr/bin/python3.11", &["app.py"], Protocol::Tcp, "0.0.0.0:8888").is_empty());
}

#[test]
fn ephemeral_datagram_sockets_are_clients() {
    assert!(held("/usr/bin/prometheus", &[], Protocol::Udp, "0.0.0.0:40000").is_empty());
    assert!(held("/srv/app", &[], Protocol::Udp, "0.0.0.0:47808").is_empty());
}

#[test]
fn both_ip_versions_of_one_owner_are_one_finding() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/memcached").unit = Some(unit("memcached.service"));
    machine.listen(Protocol::Tcp, "10.0.0.1:11211", &[7]);
    machine.listen(Protocol::Tcp, "203.0.113.1:11211", &[7]);
    let finding = machine.only(risky_service);
    assert_eq!(finding.subjects.len(), 2);
    assert!(finding.title.contains("a public address"), "{}", finding.title);
}

#[test]
fn a_socket_that_systemd_holds_is_known_by_its_unit_or_its_port() {
    let mut machine = Machine::new();
    machine.process(1, "/usr/lib/systemd/systemd").unit = Some(unit("init.scope"));
    machine.activation = Some(Activation { socket_unit: "telnet.socket".into(), starts: None });
    machine.listen(Protocol::Tcp, "0.0.0.0:23", &[1]);
    assert_eq!(machine.only(risky_service).id, "exposure/telnet");
}

#[test]
fn a_published_container_port_is_judged_by_what_is_behind_it() {
    let published = |target: u16, inside: Option<&str>, image: &str| {
        let mut machine = Machine::new();
        machine.snapshot.containers[0].image = Some(image.into());
        machine.forward =
            Some(Forward { address: "172.17.0.2".parse().unwrap(), port: target, container: None });
        machine.process(7, "/usr/bin/docker-proxy").unit = Some(unit("docker.service"));
        machine.process(8, "/usr/bin/docker-proxy").unit = Some(unit("docker.service"));
        machine.listen(Protocol::Tcp, "0.0.0.0:16000", &[7]);
        machine.listen(Protocol::Tcp, "[::]:16000", &[8]).v6only = Some(true);
        if let Some(path) = inside {
            let process = machine.process(9, path);
            process.container = Some("c0ffee".into());
            process.namespace = Some(INSIDE);
            machine.listen(Protocol::Tcp, &format!("0.0.0.0:{target}"), &[9]).namespace = INSIDE;
        }
        machine.find(risky_service)
    };
    let found = published(6379, Some("/usr/local/bin/redis-server"), "my/image");
    assert_eq!(ids(&found), ["exposure/redis"]);
    assert_eq!(found[0].subjects.len(), 2);
    assert!(
        found[0].title.starts_with("Redis or Valkey in container cache (my/image) is published on"),
        "{}",
        found[0].title
    );
    assert!(found[0].fix[0].contains("-p 127.0.0.1:16000:6379"), "{}", found[0].fix[0]);

    assert_eq!(ids(&published(6379, None, "docker.io/bitnami/redis:7@sha256:0")), ["exposure/redis"]);
    assert_eq!(ids(&published(27017, None, "mongo")), ["exposure/mongodb"]);
    let by_port = published(6379, None, "registry.local:5000/team/thing");
    assert_eq!(ids(&by_port), ["exposure/redis"]);
    assert!(by_port[0].evidence.iter().any(|line| line.contains("by its port alone")));

    assert!(published(80, None, "docker.io/library/redis").is_empty());
    assert!(published(6379, None, "nginx:1.25").is_empty());
    assert!(published(6379, Some("/usr/sbin/nginx"), "docker.io/library/redis").is_empty());
}

#[test]
fn a_forwarder_without_a_container_is_judged_by_the_listener_it_sends_to() {
    let mut machine = Machine::new();
    machine.snapshot.containers.clear();
    machine.forward = Some(Forward { address: "127.0.0.1".parse().unwrap(), port: 6379, container: None });
    let process = machine.process(7, "/usr/lib/systemd/systemd-socket-proxyd");
    process.command_line = vec!["/x/docker-proxy".to_owned()];
    machine.process(9, "/usr/bin/redis-server");
    machine.listen(Protocol::Tcp, "127.0.0.1:6379", &[9]);
    machine.listen(Protocol::Tcp, "0.0.0.0:9999", &[7]);
    let finding = machine.only(risky_service);
    assert_eq!(finding.id, "exposure/redis");
    assert!(
        finding.title.contains("is open on tcp 0.0.0.0:9999 through systemd-socket"),
        "{}",
        finding.title
    );
    assert!(!finding.fix[0].contains("docker"), "{}", finding.fix[0]);
}
