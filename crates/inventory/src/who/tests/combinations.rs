//! Several reasons at once: which are told, and in which order.

use portreeve_model::who::{ReasonKind, Verdict};
use portreeve_model::{Endpoint, NoHolder, Protocol, State};

use super::scene::{answer, kernel_user, kinds, left, tcp};
use crate::findings::testing::{INSIDE, Machine};
use crate::who::{Disguise, HiddenProcess, ParkedDescriptor, Parking, Reserved};

#[test]
fn a_listener_makes_leftovers_and_connections_ordinary() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    let peer = Some("10.0.0.2:1000");
    left(&mut machine, State::TimeWait, peer, NoHolder::TimeWait);
    left(&mut machine, State::FinWait2, peer, NoHolder::Orphan);
    left(&mut machine, State::Established, peer, NoHolder::NotYetAccepted);
    left(&mut machine, State::SynRecv, peer, NoHolder::Handshake);
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![]));
    assert_eq!(answer.others.len(), 4);
}

#[test]
fn a_listener_on_udp_explains_nothing_on_tcp() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/server");
    machine.listen(Protocol::Udp, "0.0.0.0:8080", &[7]);
    left(&mut machine, State::TimeWait, Some("10.0.0.2:1000"), NoHolder::TimeWait);
    assert_eq!(kinds(&answer(&machine, |_| {})), [ReasonKind::TimeWait]);
}

#[test]
fn orphans_come_before_time_wait_and_reservation_last() {
    let mut machine = Machine::new();
    let peer = Some("10.0.0.2:1000");
    left(&mut machine, State::TimeWait, peer, NoHolder::TimeWait);
    left(&mut machine, State::FinWait1, peer, NoHolder::Orphan);
    tcp(&mut machine, &[9]).namespace = INSIDE;
    let answer = answer(&machine, |views| {
        views.reserved = Some(Reserved { ports: "8080".to_owned() });
    });
    assert_eq!(
        kinds(&answer),
        [ReasonKind::Orphans, ReasonKind::TimeWait, ReasonKind::OtherNamespace, ReasonKind::Reserved]
    );
    assert_eq!(answer.verdict, Verdict::Taken);
    assert!(answer.reasons[2].statement.contains("also open"));
}

#[test]
fn what_hides_comes_first_and_its_advice_too() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]).no_holder = Some(NoHolder::Permission);
    tcp(&mut machine, &[7]).state = State::Bound;
    let answer = answer(&machine, |views| {
        views.processes.hidden =
            vec![HiddenProcess { pid: 66, disguise: Disguise::Unlisted, holds: false, name: None }];
    });
    assert_eq!(kinds(&answer), [ReasonKind::HiddenProcess, ReasonKind::BoundOnly, ReasonKind::NoPermission]);
    assert!(answer.advice[0].contains("treat the machine as compromised"), "{:?}", answer.advice);
}

#[test]
fn a_certain_holder_ends_the_question_of_permission() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]).no_holder = Some(NoHolder::Permission);
    let answer = answer(&machine, |views| {
        views.processes.hidden =
            vec![HiddenProcess { pid: 66, disguise: Disguise::Descriptors, holds: true, name: None }];
    });
    assert_eq!(kinds(&answer), [ReasonKind::HiddenProcess]);
}

#[test]
fn a_descriptor_in_flight_is_a_guess_while_some_processes_stay_closed() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]).no_holder = Some(NoHolder::Permission);
    let answer = answer(&machine, |views| {
        let parking = Parking::InFlight(1);
        views.processes.parked = vec![ParkedDescriptor { pid: 7, name: "pool".into(), fd: 5, parking }];
    });
    assert_eq!(kinds(&answer), [ReasonKind::DescriptorInFlight, ReasonKind::NoPermission]);
}

#[test]
fn the_kernel_on_udp_and_a_hidden_process_on_tcp_are_told_apart() {
    let mut machine = Machine::new();
    machine.listen(Protocol::Udp, "0.0.0.0:8080", &[]);
    tcp(&mut machine, &[]);
    let answer = answer(&machine, |views| {
        views.kernel_users = vec![kernel_user(Protocol::Udp)];
        views.processes.hidden =
            vec![HiddenProcess { pid: 66, disguise: Disguise::Unlisted, holds: true, name: None }];
    });
    assert_eq!(kinds(&answer), [ReasonKind::KernelSocket, ReasonKind::HiddenProcess]);
    assert!(answer.reasons[1].statement.contains("8080/tcp"));
}

#[test]
fn held_here_and_open_elsewhere() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[9]).namespace = INSIDE;
    tcp(&mut machine, &[7]);
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![ReasonKind::OtherNamespace]));
    assert_eq!(answer.listeners[0].owner.holders[0].pid, 7, "those of the asked namespace come first");
    assert!(answer.advice[0].contains("server(7)"), "{:?}", answer.advice);
    assert!(!answer.advice.iter().any(|step| step.contains("server(9)")));
}

#[test]
fn what_is_left_in_other_namespaces_is_no_reason_here() {
    let mut machine = Machine::new();
    left(&mut machine, State::TimeWait, Some("10.0.0.2:1000"), NoHolder::TimeWait).namespace = INSIDE;
    let connection = tcp(&mut machine, &[9]);
    connection.namespace = INSIDE;
    connection.state = State::Established;
    connection.peer = Some(Endpoint::Inet { address: "192.0.2.1".parse().unwrap(), port: 443 });
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer), answer.others.len()), (Verdict::Free, vec![], 0));
}

#[test]
fn other_sockets_are_counted_by_state_and_holder_most_first() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    for pid in [7, 8, 8] {
        let socket = tcp(&mut machine, &[pid]);
        socket.state = State::Established;
        socket.peer = Some(Endpoint::Inet { address: "192.0.2.1".parse().unwrap(), port: 443 });
    }
    let counts: Vec<(u32, u32)> = answer(&machine, |_| {})
        .others
        .iter()
        .map(|count| (count.count, count.example.holders[0].pid))
        .collect();
    assert_eq!(counts, [(2, 8), (1, 7)]);
}
