//! Views that contradict each other, and views that only seem to.

use portreeve_linux::probe::Occupancy;
use portreeve_model::who::{ReasonKind, Verdict};
use portreeve_model::{Endpoint, NoHolder, Protocol, Source, State, UnseenReason, UnseenSubject};

use super::scene::{answer, kinds, left, query, tcp, unseen, views};
use crate::findings::testing::{INSIDE, Machine};
use crate::who::Views;
use crate::who::reasons::views_agree;

fn refuse(views: &mut Views, protocol: Protocol) {
    for probe in views.probes.iter_mut().filter(|probe| probe.protocol == protocol) {
        probe.occupancy = Occupancy::InUse;
    }
}

/// A kernel whose lists are edited, asked about a listener that they leave out.
#[test]
fn bind_tells_what_every_list_hides() {
    let machine = Machine::new();
    let answer = answer(&machine, |views| refuse(views, Protocol::Tcp));
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::ViewsDisagree]));
    assert_eq!(
        answer.reasons[0].evidence[0],
        "bind(2) to 0.0.0.0, 8080/tcp is refused: address already in use, and no list shows a socket there"
    );
    assert_eq!(answer.reasons[0].evidence.len(), 2, "IPv4 and IPv6");
    assert!(answer.advice[0].contains("do not trust the tools"));
}

#[test]
fn proc_net_shows_what_sock_diag_does_not() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    let answer = answer(&machine, |views| {
        views.snapshot.sockets.clear();
        views.listeners.clear();
    });
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::ViewsDisagree]));
    assert_eq!(
        answer.reasons[0].evidence[0],
        "/proc/net/tcp shows 0.0.0.0:8080 LISTEN (inode 1), sock_diag does not"
    );
}

#[test]
fn a_connection_on_the_port_does_not_stand_for_a_hidden_listener() {
    let mut machine = Machine::new();
    let listener = tcp(&mut machine, &[7]).clone();
    machine.snapshot.sockets[0].state = State::Established;
    machine.snapshot.sockets[0].peer =
        Some(Endpoint::Inet { address: "192.0.2.1".parse().unwrap(), port: 443 });
    let answer = answer(&machine, |views| views.proc_net[0].sockets.push(listener));
    assert_eq!(kinds(&answer)[0], ReasonKind::ViewsDisagree);
}

#[test]
fn sock_diag_shows_what_proc_net_does_not() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    let answer = answer(&machine, |views| {
        for view in &mut views.proc_net {
            view.sockets.clear();
        }
    });
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![ReasonKind::ViewsDisagree]));
    assert_eq!(
        answer.reasons[0].evidence,
        ["sock_diag shows tcp 0.0.0.0:8080 (inode 1), /proc/net/tcp does not"]
    );
}

#[test]
fn ordinary_differences_raise_no_alarm() {
    type Lay = fn(&mut Machine);
    let cases: [(&str, Lay); 11] = [
        ("dual stack", |machine| {
            machine.listen(Protocol::Tcp, "[::]:8080", &[7]);
        }),
        ("IPv6 only", |machine| machine.listen(Protocol::Tcp, "[::]:8080", &[7]).v6only = Some(true)),
        ("both versions apart", |machine| {
            machine.listen(Protocol::Tcp, "[::]:8080", &[7]).v6only = Some(true);
            machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[7]);
        }),
        ("one address makes the wildcard fail", |machine| {
            machine.listen(Protocol::Tcp, "127.0.0.1:8080", &[7]);
        }),
        ("one IPv6 address", |machine| {
            machine.listen(Protocol::Tcp, "[::1]:8080", &[7]);
        }),
        ("an IPv4 address in IPv6 form", |machine| {
            machine.listen(Protocol::Tcp, "[::ffff:10.0.0.1]:8080", &[7]);
        }),
        ("MPTCP with its first subflow", |machine| {
            machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[7]);
            machine.listen(Protocol::Mptcp, "0.0.0.0:8080", &[7]).inode = 1;
        }),
        ("MPTCP alone", |machine| {
            machine.listen(Protocol::Mptcp, "0.0.0.0:8080", &[7]);
        }),
        ("a device", |machine| {
            let device = portreeve_model::Interface { index: 2, name: None };
            machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[7]).interface = Some(device);
        }),
        ("a list of last resort", |machine| {
            machine.listen(Protocol::Udp, "0.0.0.0:8080", &[7]).source = Source::ProcNet;
        }),
        ("another namespace", |machine| {
            machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[7]).namespace = INSIDE;
        }),
    ];
    for (name, lay) in cases {
        let mut machine = Machine::new();
        machine.process(7, "/usr/bin/server");
        lay(&mut machine);
        let answer = answer(&machine, |_| {});
        assert!(!kinds(&answer).contains(&ReasonKind::ViewsDisagree), "{name}: {:#?}", answer.reasons);
    }
}

#[test]
fn multicast_receivers_that_share_a_port_raise_no_alarm() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/avahi-daemon");
    for address in ["0.0.0.0:8080", "0.0.0.0:8080", "224.0.0.251:8080"] {
        machine.listen(Protocol::Udp, address, &[7]);
    }
    assert_eq!(kinds(&answer(&machine, |_| {})), [ReasonKind::ReusePortGroup]);
}

#[test]
fn time_wait_of_ipv6_makes_binds_of_both_versions_fail() {
    let mut machine = Machine::new();
    let socket = left(&mut machine, State::TimeWait, Some("[::1]:1000"), NoHolder::TimeWait);
    socket.local = Endpoint::Inet { address: "::1".parse().unwrap(), port: 8080 };
    (socket.family, socket.v6only) = (portreeve_model::Family::Ipv6, None);
    assert_eq!(kinds(&answer(&machine, |views| refuse(views, Protocol::Tcp))), [ReasonKind::TimeWait]);
}

#[test]
fn a_dual_stack_connection_may_be_written_in_either_form() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/server");
    machine.listen(Protocol::Tcp, "[::]:8080", &[7]);
    let connection = machine.listen(Protocol::Tcp, "[::ffff:10.0.0.1]:8080", &[7]);
    connection.state = State::Established;
    let answer = answer(&machine, |views| {
        let local = Endpoint::Inet { address: "10.0.0.1".parse().unwrap(), port: 8080 };
        for row in views.proc_net.iter_mut().flat_map(|view| &mut view.sockets) {
            if row.state == State::Established {
                row.local = local.clone();
            }
        }
    });
    assert_eq!(kinds(&answer), []);
}

#[test]
fn a_list_with_known_gaps_accuses_nobody() {
    let machine = Machine::new();
    let answer = answer(&machine, |views| {
        refuse(views, Protocol::Tcp);
        views.snapshot.unseen = vec![unseen(UnseenSubject::Sockets, UnseenReason::Permission)];
    });
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::NoPermission]));
    assert!(answer.reasons[0].statement.contains("could not be listed"));

    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    let by_text_alone = super::scene::answer(&machine, |views| {
        views.snapshot.sockets.clear();
        views.probes.clear();
        views.snapshot.unseen = vec![unseen(UnseenSubject::Sockets, UnseenReason::Permission)];
    });
    assert_eq!(
        (by_text_alone.verdict, kinds(&by_text_alone)),
        (Verdict::Taken, vec![ReasonKind::NoPermission])
    );
    assert!(by_text_alone.reasons[0].evidence[0].contains("/proc/net/tcp shows 0.0.0.0:8080"));
}

#[test]
fn sctp_ports_are_listed_only_once_something_listens() {
    let machine = Machine::new();
    let answer = answer(&machine, |views| {
        views.probes[0].protocol = Protocol::Sctp;
        views.probes[0].occupancy = Occupancy::InUse;
    });
    assert_eq!(kinds(&answer), [ReasonKind::BoundOnly]);
}

#[test]
fn only_a_contradiction_is_worth_a_second_look() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    let mut views = views(&machine);
    assert!(views_agree(&query(), &views));
    views.proc_net[0].sockets.clear();
    assert!(!views_agree(&query(), &views));
}
