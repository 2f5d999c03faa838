//! What is advised, and that it is never a signal first.

use portreeve_linux::Errno;
use portreeve_linux::probe::Occupancy;
use portreeve_model::container::Pod;
use portreeve_model::listener::Forward;
use portreeve_model::who::Verdict;
use portreeve_model::{NamespaceName, NoHolder, Protocol, Runtime, Unit, UnseenReason, UnseenSubject};

use super::scene::{answer, tcp, unseen};
use crate::findings::testing::{INSIDE, Machine, unit};

fn advice(machine: &Machine) -> Vec<String> {
    answer(machine, |_| {}).advice
}

#[test]
fn a_service_is_stopped_by_its_manager() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/nginx").unit = Some(unit("nginx.service"));
    tcp(&mut machine, &[7]);
    assert_eq!(
        advice(&machine),
        [
            "stop it until the next boot: systemctl stop nginx.service",
            "stop it for good: systemctl disable --now nginx.service",
        ]
    );
    machine.snapshot.processes[0].unit = Some(Unit { name: "app.service".into(), user_instance: Some(1000) });
    assert_eq!(
        advice(&machine)[0],
        "stop it until the next boot: systemctl --user --machine=1000@ stop app.service"
    );
}

#[test]
fn what_runs_in_a_session_is_ended_as_a_process() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/python3").unit = Some(unit("session-3.scope"));
    tcp(&mut machine, &[7]);
    let steps = advice(&machine);
    assert_eq!(
        steps,
        [
            "end python3(7) by the means it was started with (its parent is PID 1), or what started it may start it again",
            "if it has none, look at what else it does (ls -l /proc/7/fd), then ask it to finish: kill 7",
        ]
    );
}

#[test]
fn a_container_is_stopped_as_one() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/redis-server").container = Some("c0ffee".into());
    tcp(&mut machine, &[7]);
    for (runtime, command) in [
        (Runtime::Docker, "docker stop cache"),
        (Runtime::Podman, "podman stop cache"),
        (Runtime::Lxc, "lxc-stop --name cache"),
        (Runtime::SystemdNspawn, "machinectl poweroff cache"),
        (Runtime::CriO, "crictl inspect cache"),
        (Runtime::Containerd, "nerdctl inspect cache"),
        (Runtime::Unknown, "stop container cache"),
    ] {
        machine.snapshot.containers[0].runtime = runtime;
        let steps = advice(&machine);
        assert!(steps.len() == 1 && steps[0].contains(command), "{steps:?}");
    }
    let pod = |name: Option<&str>| Pod {
        uid: "1234".into(),
        namespace: name.map(|_| "shop".into()),
        name: name.map(Into::into),
    };
    machine.snapshot.containers[0].pod = Some(pod(Some("web-0")));
    assert!(advice(&machine)[0].contains("kubectl --namespace shop describe pod web-0"));
    machine.snapshot.containers[0].pod = Some(pod(None));
    assert!(advice(&machine)[0].contains("pod 1234"));
}

#[test]
fn a_published_port_is_given_up_by_its_container_not_by_stopping_the_runtime() {
    let mut machine = Machine::new();
    machine.forward = Some(Forward { address: "172.17.0.2".parse().unwrap(), port: 80, container: None });
    machine.process(7, "/usr/bin/docker-proxy").unit = Some(unit("docker.service"));
    tcp(&mut machine, &[7]);
    assert!(advice(&machine)[0].contains("docker stop cache"));
    machine.snapshot.containers.clear();
    let steps = advice(&machine);
    assert!(steps[0].contains("docker ps --filter publish=8080"), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("docker.service")), "{steps:?}");
}

#[test]
fn an_unprivileged_user_is_told_why_a_free_port_is_not_for_them() {
    let free = answer(&Machine::new(), |views| {
        for probe in &mut views.probes {
            probe.occupancy = Occupancy::Unknown(Errno::ACCESS);
        }
        views.unprivileged_start = Some(9000);
    });
    assert_eq!(free.verdict, Verdict::Free);
    assert!(free.advice[0].contains("below 9000 (net.ipv4.ip_unprivileged_port_start)"), "{:?}", free.advice);
    assert!(free.advice[0].contains("CAP_NET_BIND_SERVICE"));
}

#[test]
fn too_little_seen_sends_for_root_only_where_root_would_see_more() {
    for (privileged, part) in [(false, "sudo portreeve who 8080"), (true, "look from outside")] {
        let mut machine = Machine::new();
        machine.snapshot.host.privileged = privileged;
        let answer = answer(&machine, |views| {
            views.probes.clear();
            views.snapshot.unseen = vec![unseen(UnseenSubject::Sockets, UnseenReason::Permission)];
        });
        assert_eq!(answer.verdict, Verdict::Inconclusive);
        assert!(answer.advice[0].contains(part), "{:?}", answer.advice);
    }
}

#[test]
fn another_namespace_is_entered_by_name_or_by_a_process() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]).namespace = INSIDE;
    assert!(advice(&machine)[1].contains("nsenter --net --target 7"));
    machine.snapshot.namespaces[1].name = NamespaceName::Named("blue".into());
    assert!(advice(&machine)[1].contains("ip netns exec blue"));
    machine.snapshot.processes[0].container = Some("c0ffee".into());
    assert!(advice(&machine)[2].contains("publish the port of the container"));
    machine.snapshot.sockets[0].holders.clear();
    machine.snapshot.namespaces[1].name = NamespaceName::Unnamed;
    assert_eq!(advice(&machine).len(), 1);
}

#[test]
fn no_step_is_told_twice() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/nginx").unit = Some(unit("nginx.service"));
    tcp(&mut machine, &[7]);
    machine.listen(Protocol::Udp, "0.0.0.0:8080", &[7]);
    assert_eq!(advice(&machine).len(), 2);
    tcp(&mut machine, &[]).no_holder = Some(NoHolder::Permission);
    assert_eq!(advice(&machine).len(), 3);
}

#[test]
fn a_reservation_keeps_what_is_reserved_already() {
    let mut machine = Machine::new();
    let socket = tcp(&mut machine, &[7]);
    socket.state = portreeve_model::State::Established;
    socket.peer = Some(portreeve_model::Endpoint::Inet { address: "192.0.2.1".parse().unwrap(), port: 443 });
    let answer = answer(&machine, |views| views.reserved_ports = Some("22,9000-9009".to_owned()));
    assert!(answer.advice[2].ends_with("ip_local_reserved_ports=22,9000-9009,8080"), "{:?}", answer.advice);
}
