//! `portreeve tls` from another network namespace (`--netns`), and to addresses that are on one link only.

use std::fs;

use portreeve_lab::{Command, Host, Lab, Process, Transport};
use serde_json::Value;

use crate::program::{PATIENCE, portreeve};

const SERVER: &str = "fe80::5";
const CLIENT: &str = "fe80::6";

/// A server of TLS, and a client on the same link, whose interface has a name that no other host has.
struct Scene {
    client: Host,
    server: Host,
    _server: Process,
    _lab: Lab,
}

impl Scene {
    fn new(name: &str, accept: &str) -> Self {
        let lab = Lab::new(name).unwrap();
        let server = lab.host("server").start().unwrap();
        let client = lab.host("client").named().start().unwrap();
        lab.link(
            ("server", "eth0", ["192.0.2.5/24".to_owned(), format!("{SERVER}/64")]),
            ("client", "to-server", ["192.0.2.6/24".to_owned(), format!("{CLIENT}/64")]),
        )
        .unwrap();
        let (certificate, key) = (lab.scratch().join("tls.pem"), lab.scratch().join("tls.key"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-days", "90", "-subj", "/CN=inside.example", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate);
        lab.run(made).unwrap().success().unwrap();
        let serve = Command::new("openssl").args(["s_server", "-quiet", "-accept", accept]);
        let process = server.spawn(serve.arg("-cert").arg(&certificate).arg("-key").arg(&key)).unwrap();
        server.wait_listening(Transport::Tcp, 4433, PATIENCE).unwrap();
        Self { client, server, _server: process, _lab: lab }
    }
}

/// The one audit of a run that began in the namespace of this test.
fn audited(words: &[&str]) -> Value {
    let line = portreeve("tls --no-dns --timeout 2 --json");
    let output = Lab::new("tls-outside").unwrap().run(line.args(words)).unwrap();
    let document = output.json().unwrap_or_else(|error| panic!("{words:?}: {error}\n{}", output.stderr));
    assert_eq!(document["audits"].as_array().unwrap().len(), 1, "{document:#}");
    document["audits"][0].clone()
}

fn assert_reached(audit: &Value) {
    assert_eq!(audit["outcome"]["kind"], "audited", "{audit:#}");
    let leaf = &audit["certificates"][0]["certificates"][0];
    assert_eq!(leaf["common_name"], "inside.example", "{audit:#}");
}

#[test]
fn another_namespace_is_asked_from() {
    let scene = Scene::new("tls-netns", "0.0.0.0:4433");
    let (name, pid) = (scene.client.netns_name().unwrap(), scene.client.holder_pid().to_string());
    for namespace in [name, pid.as_str()] {
        let audit = audited(&["192.0.2.5:4433", "--netns", namespace]);
        assert_reached(&audit);
        assert_eq!(audit["target"]["address"], "192.0.2.5:4433", "{audit:#}");
    }
    // The server has no other way out than its link.
    let server = scene.server.holder_pid().to_string();
    let nobody = audited(&["198.51.100.1:4433", "--netns", &server]);
    assert_eq!(nobody["outcome"]["reason"], "no_route", "{nobody:#}");
}

#[test]
fn an_address_of_one_link_is_reached_over_the_interface_that_is_named() {
    let scene = Scene::new("tls-zone", "[::]:4433");
    let name = scene.client.netns_name().unwrap();
    let index = fs::read_to_string(format!("/proc/{}/net/if_inet6", scene.client.holder_pid())).unwrap();
    let index = index.lines().find(|line| line.ends_with("to-server")).unwrap().split(' ').nth(1).unwrap();
    let index = u32::from_str_radix(index, 16).unwrap();
    for target in [
        format!("[{SERVER}%to-server]:4433"),
        format!("[{SERVER}%{index}]:4433"),
        format!("https://[{SERVER}%25to-server]:4433/"),
    ] {
        let audit = audited(&[&target, "--netns", name]);
        assert_reached(&audit);
        assert_eq!(audit["target"]["address"], format!("[{SERVER}%{index}]:4433"), "{audit:#}");
        // An address is no name that a hello holds.
        assert!(audit["target"]["server_name"].is_null(), "{audit:#}");
    }
    for (target, says) in [
        (format!("[{SERVER}]:4433"), "name the interface, such as fe80::5%eth0"),
        (format!("[{SERVER}%eth99]:4433"), "there is no interface eth99"),
    ] {
        let audit = audited(&[&target, "--netns", name]);
        assert_eq!(audit["outcome"]["reason"], "no_route", "{audit:#}");
        assert!(audit["outcome"]["detail"].as_str().unwrap().contains(says), "{audit:#}");
    }
}
