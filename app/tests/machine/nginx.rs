//! nginx as Debian ships it: a master, workers that share its listeners, and what the program says of them.

use std::fs;

use portreeve_lab::{Command, Host, Lab, Process, Transport};
use serde_json::Value;

use crate::program::{PATIENCE, document, list, portreeve};

const WORKERS: usize = 4;

/// nginx with 4 workers in a host of its own, its files in the lab's scratch directory.
fn nginx(lab: &Lab, host: &Host) -> Process {
    let directory = lab.scratch().join("nginx");
    fs::create_dir(&directory).unwrap();
    let configuration = format!(
        "daemon off; user nobody nogroup; worker_processes {WORKERS}; pid {0}/pid; error_log stderr;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;\n\
         fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;\n\
         server {{ listen 80; listen [::]:80 ipv6only=on; listen 127.0.0.1:8443; return 200 ok; }} }}\n",
        directory.display()
    );
    fs::write(directory.join("nginx.conf"), configuration).unwrap();
    let command = Command::new("nginx").arg("-p").arg(&directory).args(["-c", "nginx.conf", "-e", "stderr"]);
    let process = host.spawn(command).unwrap();
    for port in [80, 8443] {
        host.wait_listening(Transport::Tcp, port, PATIENCE).unwrap();
    }
    process
}

/// The overview once the master has started all of its workers, which it does after it listens.
fn overview(host: &Host) -> Value {
    for _ in 0..200 {
        let overview = document(host, "--netns own");
        let complete = list(&overview, "listeners")
            .iter()
            .all(|listener| list(&listener["owner"], "holders").len() > WORKERS);
        if complete && !list(&overview, "listeners").is_empty() {
            return overview;
        }
    }
    panic!("the workers never came");
}

#[test]
fn a_listener_shared_by_workers_is_one_row_with_all_holders() {
    let lab = Lab::new("nginx").unwrap();
    let host = lab.host("web").start().unwrap();
    let master = nginx(&lab, &host);
    let overview = overview(&host);
    let listeners = list(&overview, "listeners");
    let on =
        |port: u16| listeners.iter().filter(move |listener| listener["port"] == port).collect::<Vec<_>>();
    let [http] = on(80)[..] else { panic!("port 80 is one row: {listeners:#?}") };
    assert_eq!(http["usual_service"], "http");
    assert_eq!(http["sockets"], 2, "one for each version of IP");
    assert_eq!(http["reach"], "all");
    assert_eq!(on(8443)[0]["reach"], "loopback");
    let holders = list(&http["owner"], "holders");
    let pids: std::collections::BTreeSet<u64> =
        holders.iter().map(|holder| holder["pid"].as_u64().unwrap()).collect();
    assert_eq!(pids.len(), WORKERS + 1, "master and workers: {holders:#?}");
    assert!(pids.contains(&u64::from(master.pid())));
    let processes = list(&overview, "processes");
    for pid in pids {
        let process = processes.iter().find(|process| process["pid"] == pid).expect("it is described");
        assert_eq!(process["executable"]["path"], "/usr/sbin/nginx");
        let worker = pid != u64::from(master.pid());
        assert_eq!(process["user"], if worker { "nobody" } else { "root" });
        if worker {
            assert_eq!(process["parents"][0]["pid"], master.pid());
        }
    }
    let [judgement] = list(&overview, "firewall") else { panic!("one namespace: {overview:#}") };
    assert_eq!((&judgement["namespace"], &judgement["state"]), (&http["namespace"], &"judged".into()));
    let door = |exposure: &&Value| exposure["door"]["port"] == 80;
    let exposures = list(&overview, "exposures");
    let found = exposures.iter().find(door).expect("it says who reaches port 80");
    assert_eq!(list(found, "families").len(), 2, "{found:#}");
}

#[test]
fn the_terminal_names_port_and_program() {
    let lab = Lab::new("nginx-text").unwrap();
    let host = lab.host("web").start().unwrap();
    let _master = nginx(&lab, &host);
    overview(&host);
    let text = host.run(portreeve("--netns own --width 140")).unwrap().stdout;
    let rows: Vec<&str> =
        text.lines().filter(|line| line.contains("/tcp") && line.contains("nginx")).collect();
    let [http, other] = rows[..] else { panic!("one row a port:\n{text}") };
    assert!(http.contains(" http ") && other.contains("8443/tcp"), "{text}");
    assert!(!text.contains("not judged"), "{text}");
    let who = host.run(portreeve("who 80")).unwrap();
    assert_eq!(who.code(), Some(0), "{}", who.stderr);
    for part in ["nginx", "/usr/sbin/nginx", "4: "] {
        assert!(who.stdout.contains(part), "`{part}` in {}", who.stdout);
    }
    assert!(!who.stdout.contains("kill -9"), "{}", who.stdout);
}
