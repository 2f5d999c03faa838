//! Each code on facts made by hand.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use portreeve_inventory::containers::{ContainerState, Published};
use portreeve_model::listener::{Activation, Forward, IpCoverage};
use portreeve_model::who::{Answer, Reason, ReasonKind, Verdict};
use portreeve_model::why::{Layer, LayerName, LayerState, Nature, Sight};
use portreeve_model::{Container, Listener, Namespace, NamespaceId, NamespaceName, Protocol, Runtime};

use crate::case::Case;
use crate::facts::service::{
    BindError, Bystander, Candidate, Change, Complaint, Event, Ground, Inside, LogLine, Named, Publisher,
    Software, Transport, UnitFacts, Watch,
};
use crate::facts::{Kill, Outcome, Sent, Trial};
use crate::samples;

fn case() -> Case {
    let mut case = Case::sample("192.0.2.10:443".parse().unwrap(), Protocol::Tcp);
    case.service.answer = Some(Answer {
        port: 443,
        protocols: vec![Protocol::Tcp],
        namespace: NamespaceId(1),
        verdict: Verdict::Free,
        listeners: Vec::new(),
        others: Vec::new(),
        reasons: Vec::new(),
        advice: Vec::new(),
    });
    case
}

fn judged(case: &Case) -> Layer {
    crate::layers::judge(case).into_iter().find(|layer| layer.layer == LayerName::Listener).unwrap()
}

/// The one fault's code and statement.
fn fault(case: &Case) -> (String, String) {
    let layer = judged(case);
    assert_eq!(layer.faults.len(), 1, "{layer:?}");
    (layer.faults[0].code.clone(), layer.faults[0].statement.clone())
}

fn listener(name: &str, pid: u32) -> Listener {
    samples::listener(name, pid, vec![samples::bound("0.0.0.0", IpCoverage::Ipv4)])
}

fn held_by(name: &str, pid: u32) -> Case {
    let mut case = case();
    case.service.listeners = vec![listener(name, pid)];
    let mut holder = samples::holder(name, pid);
    holder.process.command_line = vec![name.to_owned()];
    holder.age = Some(Duration::from_secs(3_600));
    holder.software = Software::of_program(name);
    case.service.holders = vec![holder];
    case
}

fn candidate(name: &str) -> Candidate {
    let named = Named {
        address: None,
        port: 443,
        transport: Transport::Tcp,
        file: "/etc/nginx/sites-enabled/shop".into(),
        line: 3,
        text: "listen 443 ssl;".into(),
        changed: Some(Duration::from_secs(86_400)),
    };
    Candidate::new(name, Software::of_program(name), Ground::Configured(named))
}

fn bystander(name: &str, pid: u32, age: u64) -> Bystander {
    Bystander {
        pid,
        start_ticks: 1,
        name: name.into(),
        executable: None,
        command_line: format!("{name} --port 443"),
        age: Duration::from_secs(age),
        namespace: Some(1),
        listens_on: vec!["0.0.0.0:80/tcp".into()],
    }
}

fn complaint(text: &str, bind: Option<BindError>, age: i64) -> Complaint {
    Complaint {
        log: "/var/log/nginx/error.log".into(),
        command: "tail -n 20 /var/log/nginx/error.log".into(),
        line: LogLine { at: Some(Timestamp::now() - SignedDuration::from_secs(age)), text: text.into() },
        bind,
    }
}

fn in_use(age: i64) -> Complaint {
    complaint(
        "[emerg] 7#7: bind() to 0.0.0.0:443 failed (98: Address already in use)",
        Some(BindError::InUse),
        age,
    )
}

fn failed_unit(name: &str) -> UnitFacts {
    UnitFacts {
        name: name.into(),
        active: "failed".into(),
        sub: "failed".into(),
        result: "exit-code".into(),
        exit_status: Some(1),
        ..UnitFacts::default()
    }
}

fn publisher(state: ContainerState) -> Publisher {
    Publisher {
        container: Published {
            container: Container {
                id: "f41a".into(),
                runtime: Runtime::Docker,
                name: Some("shop".into()),
                image: None,
                pod: None,
                addresses: vec!["172.17.0.2".parse().unwrap()],
                namespace_path: None,
                pid: None,
            },
            state,
            host_address: None,
            container_port: 80,
            exit_code: Some(137),
            error: None,
            started_at: None,
            finished_at: None,
            restarts: 4,
            oom_killed: false,
            restart_policy: "no".into(),
            log: None,
        },
        inside: None,
    }
}

#[test]
fn who_listens_is_said_where_nothing_is_wrong() {
    let layer = judged(&held_by("nginx", 812));
    assert_eq!(
        (layer.state, layer.statement.as_str()),
        (LayerState::Ok, "nginx (pid 812) listens on 0.0.0.0:443")
    );
}

#[test]
fn nothing_listens_and_what_is_near_is_told() {
    let mut case = case();
    case.question.target.application = portreeve_model::why::Application::Https;
    assert_eq!(fault(&case), ("nothing-listens".into(), "nothing listens on 443/tcp".into()));
    case.service.nearby = vec![Listener { port: 80, ..listener("nginx", 812) }];
    assert_eq!(fault(&case).1, "nothing listens on 443/tcp; nginx (pid 812) listens on 0.0.0.0:80");
}

#[test]
fn a_port_of_the_other_protocol() {
    let mut case = case();
    case.service.other_protocol = vec![Listener { protocol: Protocol::Udp, ..listener("caddy", 7) }];
    assert_eq!(
        fault(&case),
        ("other-protocol".into(), "nothing listens on 443/tcp; caddy (pid 7) serves 443/udp only".into())
    );
}

#[test]
fn a_conflict_is_a_fault_where_the_holder_is_not_meant_or_the_start_was_lately() {
    let mut case = held_by("python3", 9);
    case.service.candidates = vec![Candidate { complaints: vec![in_use(1_800)], ..candidate("nginx") }];
    let (code, statement) = fault(&case);
    assert_eq!(code, "port-conflict");
    assert_eq!(
        statement,
        "nginx is configured for it (/etc/nginx/sites-enabled/shop:3) and could not bind 443/tcp, because python3 (pid 9) holds it"
    );
    // Two that are both configured, and one lost long ago: worth a note.
    let mut case = held_by("apache2", 9);
    case.service.candidates = vec![Candidate { complaints: vec![in_use(1_800)], ..candidate("nginx") }];
    let layer = judged(&case);
    assert_eq!((layer.faults.len(), layer.notes[0].code.as_str()), (0, "port-conflict"));
    case.service.candidates[0].complaints = vec![in_use(60)];
    assert_eq!(fault(&case).0, "port-conflict");
    // The holder came only after the failure.
    case.service.candidates[0].complaints = vec![in_use(7_200)];
    assert!(judged(&case).faults.is_empty());
}

#[test]
fn another_program_than_the_configured_one_is_a_note() {
    let mut case = held_by("python3", 9);
    case.service.candidates = vec![candidate("nginx")];
    let layer = judged(&case);
    assert_eq!((layer.faults.len(), layer.notes[0].code.as_str()), (0, "held-by-other"));
    let mut usual = held_by("apache2", 9);
    usual.service.candidates = vec![candidate("nginx")];
    assert!(judged(&usual).notes.is_empty());
}

#[test]
fn a_failed_unit_is_told_with_its_last_words() {
    let mut case = case();
    case.service.candidates = vec![Candidate {
        unit: Some(failed_unit("nginx.service")),
        complaints: vec![in_use(5)],
        ..candidate("nginx")
    }];
    let (code, statement) = fault(&case);
    assert_eq!(code, "unit-failed");
    assert!(statement.contains("nginx.service has failed (exit-code, exit status 1)"), "{statement}");
    assert!(statement.contains("Address already in use"), "{statement}");
}

#[test]
fn what_ends_again_and_again_is_a_crash_loop() {
    let mut case = case();
    let event = |after: u64, change, pid| Event {
        after: Duration::from_millis(after),
        change,
        pid,
        command: "app --port 443".into(),
    };
    case.service.watch = Watch {
        span: Duration::from_secs(1),
        events: vec![event(100, Change::Came, 7), event(300, Change::Went, 7), event(400, Change::Came, 8)],
        listening_at_end: Some(false),
    };
    assert_eq!(fault(&case).0, "crash-loop");
    case.service.watch = Watch::default();
    let unit = UnitFacts {
        sub: "auto-restart".into(),
        active: "activating".into(),
        restarts: Some(17),
        ..failed_unit("shop.service")
    };
    case.service.candidates = vec![Candidate { unit: Some(unit), ..candidate("shop") }];
    let (code, statement) = fault(&case);
    assert_eq!(code, "crash-loop");
    assert!(statement.contains("17 times"), "{statement}");

    let mut held = held_by("app", 7);
    held.service.watch.events = vec![event(100, Change::Went, 7)];
    assert_eq!(fault(&held).0, "ended-meanwhile");
    held.service.watch.events.push(event(200, Change::Came, 9));
    assert_eq!(fault(&held).0, "crash-loop");
}

#[test]
fn a_process_that_does_not_listen_starts_was_not_reloaded_or_does_something_else() {
    let mut case = case();
    let with = |age: u64, changed: u64| {
        let mut candidate = Candidate { processes: vec![bystander("nginx", 812, age)], ..candidate("nginx") };
        if let Some(Ground::Configured(named)) = candidate.grounds.first_mut() {
            named.changed = Some(Duration::from_secs(changed));
        }
        candidate
    };
    case.service.candidates = vec![with(4, 86_400)];
    assert_eq!(fault(&case).0, "starting");
    case.service.candidates = vec![with(7_200, 300)];
    let (code, statement) = fault(&case);
    assert_eq!(code, "not-reloaded");
    assert!(statement.contains("was changed 5 minutes ago"), "{statement}");
    case.service.candidates = vec![with(7_200, 86_400)];
    assert_eq!(fault(&case).0, "not-listening");
}

#[test]
fn what_does_not_run_failed_to_start_or_was_stopped() {
    let mut case = case();
    case.service.candidates = vec![candidate("nginx")];
    let (code, statement) = fault(&case);
    assert_eq!(code, "software-stopped");
    assert_eq!(
        statement,
        "nothing listens on 443/tcp: nginx is configured for it (/etc/nginx/sites-enabled/shop:3) and does not run"
    );
    case.service.candidates[0].complaints =
        vec![complaint("2026/11/22 06:02:58 [emerg] 7#7: host not found in upstream \"app\"", None, 60)];
    let (code, statement) = fault(&case);
    assert_eq!(code, "start-failed");
    assert!(statement.ends_with("[emerg] 7#7: host not found in upstream \"app\""), "{statement}");
    // Complaints about requests say nothing about the start.
    case.service.candidates[0].complaints = vec![complaint("[error] 7#7: *1 connect() failed", None, 60)];
    assert_eq!(fault(&case).0, "software-stopped");
    case.service.candidates[0].installed = false;
    assert_eq!(fault(&case).0, "nothing-listens");
}

#[test]
fn a_socket_that_is_only_bound() {
    let mut case = case();
    case.service.answer.as_mut().unwrap().reasons = vec![Reason {
        kind: ReasonKind::BoundOnly,
        statement: "app(7) has bound port 443 and neither listens nor connects".into(),
        evidence: vec!["tcp socket bound to 0.0.0.0:443, inode 5".into()],
    }];
    assert_eq!(fault(&case).0, "bound-only");
}

#[test]
fn named_namespaces_and_containers_count_and_sandboxes_do_not() {
    let mut case = case();
    case.service.elsewhere = vec![Listener { namespace: NamespaceId(2), ..listener("python3", 9) }];
    let namespace = |name| vec![Namespace { id: NamespaceId(2), name, own: false, processes: 1 }];
    case.service.namespaces = namespace(NamespaceName::Named("staging".into()));
    let (code, statement) = fault(&case);
    assert_eq!(code, "other-namespace");
    assert!(statement.contains("staging"), "{statement}");
    case.service.namespaces = namespace(NamespaceName::Process { pid: 9, name: "python3".into() });
    assert_eq!(fault(&case).0, "nothing-listens");
    case.service.elsewhere[0].owner.container = Some("f41a".into());
    assert_eq!(fault(&case).0, "other-namespace");
    // A container of its own has port 443, and nginx is installed here, or ran until lately.
    case.service.candidates = vec![candidate("nginx")];
    assert_eq!(fault(&case).0, "other-namespace");
    case.service.candidates[0].last_sign = Some(Duration::from_secs(60));
    assert_eq!(fault(&case).0, "software-stopped");
}

#[test]
fn containers_that_publish_the_port() {
    let mut case = case();
    case.service.publishers = vec![publisher(ContainerState::Exited)];
    let (code, statement) = fault(&case);
    assert_eq!(code, "container-stopped");
    assert!(
        statement.ends_with("the container shop, which publishes it, has ended with code 137"),
        "{statement}"
    );
    case.service.publishers = vec![publisher(ContainerState::Restarting)];
    assert!(fault(&case).1.ends_with("ends with code 137 and is started again, 4 times so far"));

    let mut held = held_by("docker-proxy", 5);
    held.service.holders[0].forwards_to =
        Some(Forward { address: "172.17.0.2".parse().unwrap(), port: 80, container: None });
    let inside = |addresses: &[&str]| Inside {
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        others: vec!["0.0.0.0:3000 node (pid 9)".into()],
    };
    held.service.publishers =
        vec![Publisher { inside: Some(inside(&["0.0.0.0"])), ..publisher(ContainerState::Running) }];
    assert!(judged(&held).faults.is_empty());
    held.service.publishers[0].inside = Some(inside(&[]));
    let (code, statement) = fault(&held);
    assert_eq!(code, "forwarder-without-target");
    assert!(statement.contains("0.0.0.0:3000 node (pid 9) does"), "{statement}");
    held.service.publishers[0].inside = Some(inside(&["127.0.0.1"]));
    assert!(fault(&held).1.contains("takes connections of the container itself only (127.0.0.1)"));
}

#[test]
fn sockets_kept_for_services_that_cannot_be_started() {
    let mut case = held_by("systemd", 1);
    case.service.listeners[0].owner.activates =
        Some(Activation { socket_unit: "echo.socket".into(), starts: Some("echo.service".into()) });
    assert!(judged(&case).faults.is_empty());
    let socket = UnitFacts { name: "echo.socket".into(), active: "active".into(), ..UnitFacts::default() };
    case.service.socket_units = vec![(socket.clone(), Some(failed_unit("echo.service")))];
    assert_eq!(fault(&case).0, "socket-activated-failing");
    let mut vacant = self::case();
    vacant.service.socket_units = vec![(
        UnitFacts { result: "service-start-limit-hit".into(), ..failed_unit("echo.socket") },
        Some(failed_unit("echo.service")),
    )];
    assert_eq!(fault(&vacant).0, "socket-activated-failing");
    let mut missing = held_by("systemd-socket-", 7);
    missing.service.listeners[0].owner.activates = Some(Activation {
        socket_unit: "systemd-socket-activate".into(),
        starts: Some("/opt/none --x".into()),
    });
    missing.service.missing_programs = vec!["/opt/none".into()];
    assert_eq!(fault(&missing).0, "socket-activated-failing");
}

#[test]
fn from_outside_a_refusal_is_a_symptom() {
    let mut case = case();
    case.sight = Sight::Outside;
    let endpoint: SocketAddr = "192.0.2.10:443".parse().unwrap();
    let trial = |outcome| Trial {
        endpoint,
        protocol: Protocol::Tcp,
        sent: Sent::Syn,
        outcome,
        took: Duration::from_millis(1),
        local: None,
        over_loopback: false,
        surroundings: None,
    };
    case.trials.trials = vec![trial(Outcome::Refused)];
    let layer = judged(&case);
    assert_eq!(
        (layer.faults[0].code.as_str(), layer.faults[0].nature),
        ("refused-remotely", Nature::Symptom)
    );
    case.trials.trials = vec![trial(Outcome::Connected(crate::facts::Connected::default()))];
    assert_eq!(judged(&case).state, LayerState::Ok);
    case.trials.trials.clear();
    assert_eq!(judged(&case).state, LayerState::Unknown);
}

#[test]
fn an_answer_without_a_socket_is_no_fault() {
    let mut case = case();
    case.trials.trials = vec![Trial {
        endpoint: "192.0.2.10:443".parse().unwrap(),
        protocol: Protocol::Tcp,
        sent: Sent::Syn,
        outcome: Outcome::Connected(crate::facts::Connected::default()),
        took: Duration::ZERO,
        local: None,
        over_loopback: true,
        surroundings: None,
    }];
    assert!(judged(&case).faults.is_empty());
}

#[test]
fn an_end_that_the_kernel_made_is_the_cause() {
    let mut case = case();
    case.service.candidates = vec![candidate("nginx")];
    case.limits.kills = vec![Kill {
        pid: 812,
        name: "nginx".into(),
        in_group: false,
        line: LogLine { at: None, text: "Out of memory: Killed process 812 (nginx)".into() },
        command: "dmesg".into(),
    }];
    assert_eq!(judged(&case).faults[0].nature, Nature::Symptom);
}
