//! Every code on facts made by hand.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use portreeve_model::why::{Impact, Layer, LayerState, Nature};
use portreeve_model::{Family, NamespaceId, Protocol, Socket, Source, State};

use crate::case::Case;
use crate::facts::service::{Holder, RunState};
use crate::facts::{
    Connected, DatagramQueue, HalfOpen, ListenQueue, Outcome, QueueLook, Sent, Silence, Trial, Waiting,
};
use crate::layers::LAYERS;
use crate::samples;

const PORT: &str = "192.0.2.10:443";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn look() -> QueueLook {
    QueueLook::at(Instant::now())
}

fn queue(inode: u32, length: u32, limit: u32) -> ListenQueue {
    ListenQueue {
        bound: address("0.0.0.0:443"),
        dual_stack: false,
        interface: 0,
        inode,
        cookie: u64::from(inode),
        length,
        limit,
        drops: Some(0),
    }
}

fn datagrams(length: u32, drops: u32) -> DatagramQueue {
    DatagramQueue {
        bound: address("0.0.0.0:443"),
        dual_stack: false,
        inode: 1,
        cookie: 1,
        length,
        limit: 212_992,
        drops,
    }
}

fn holder(pid: u32, state: RunState) -> Holder {
    Holder { state: Some(state), ..samples::holder("nginx", pid) }
}

/// Has processes hold sockets: pid and inode.
fn hold(case: &mut Case, holders: &[(u32, u32, RunState)]) {
    for (pid, inode, state) in holders {
        case.service.holders.push(holder(*pid, *state));
        let local = portreeve_model::Endpoint::Inet { address: address(PORT).ip(), port: 443 };
        let mut socket =
            Socket::new(Protocol::Tcp, Family::Ipv4, NamespaceId(1), State::Listen, local, Source::SockDiag);
        socket.inode = u64::from(*inode);
        socket.holders = vec![portreeve_model::Holder { pid: *pid, fd: 3, name: "nginx".into() }];
        case.service.sockets.push(socket);
    }
}

/// Two looks four seconds apart, the later one changed.
fn looks(case: &mut Case, before: QueueLook, change: impl FnOnce(&mut QueueLook)) {
    let mut after = before.clone();
    after.at = before.at + Duration::from_secs(4);
    change(&mut after);
    case.queues.before = Some(before);
    case.queues.after = Some(after);
}

fn tried(case: &mut Case, outcome: Outcome) {
    let (protocol, sent) = match case.question.target.protocol {
        Protocol::Udp => (Protocol::Udp, Sent::DnsQuestion),
        _ => (Protocol::Tcp, Sent::Syn),
    };
    case.trials.trials = vec![Trial {
        endpoint: address(PORT),
        protocol,
        sent,
        outcome,
        took: Duration::from_millis(1),
        local: Some(address(PORT).ip()),
        over_loopback: true,
        surroundings: None,
    }];
}

const SILENT: Outcome = Outcome::Silent(Silence { sent: 3 });

fn connected() -> Outcome {
    Outcome::Connected(Connected::default())
}

fn waiting(peer: &str, milliseconds: u64) -> Waiting {
    Waiting {
        local: address(PORT),
        peer: address(peer),
        at_least: Duration::from_millis(milliseconds),
        unread: 0,
    }
}

fn half_open(peer: &str, retransmissions: u8) -> HalfOpen {
    HalfOpen { local: address(PORT), peer: address(peer), retransmissions }
}

fn judge(case: &Case) -> Layer {
    let rule = LAYERS.iter().find(|rule| rule.codes == super::CODES).unwrap();
    (rule.judge)(case).into_layer(rule)
}

/// Code, impact and nature of every fault.
fn faults(case: &Case) -> Vec<(String, Impact, Nature)> {
    judge(case).faults.into_iter().map(|fault| (fault.code, fault.impact, fault.nature)).collect()
}

fn one(code: &str, impact: Impact, nature: Nature) -> Vec<(String, Impact, Nature)> {
    vec![(code.to_owned(), impact, nature)]
}

fn notes(case: &Case) -> Vec<String> {
    judge(case).notes.into_iter().map(|note| note.code).collect()
}

fn tcp() -> Case {
    Case::sample(address(PORT), Protocol::Tcp)
}

fn udp() -> Case {
    Case::sample(address(PORT), Protocol::Udp)
}

/// A listener that is served.
fn served(length: u32, limit: u32) -> (Case, QueueLook) {
    let mut case = tcp();
    hold(&mut case, &[(812, 1, RunState::Sleeping)]);
    (case, QueueLook { listeners: vec![queue(1, length, limit)], ..look() })
}

#[test]
fn an_empty_queue_is_as_it_should_be() {
    let (mut case, before) = served(0, 511);
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    let layer = judge(&case);
    assert_eq!((layer.state, layer.tried), (LayerState::Ok, true));
    assert_eq!(layer.statement, "0 connections of 511 wait to be taken");
    assert!(layer.notes.is_empty());
}

#[test]
fn without_a_listener_nothing_queues() {
    let mut case = tcp();
    looks(&mut case, look(), |_| {});
    assert_eq!(judge(&case).state, LayerState::NotApplicable);
    // Nor with one on another address.
    let elsewhere = ListenQueue { bound: address("127.0.0.1:443"), ..queue(1, 9, 5) };
    looks(&mut case, QueueLook { listeners: vec![elsewhere], ..look() }, |_| {});
    assert_eq!(judge(&case).state, LayerState::NotApplicable);
}

#[test]
fn the_queues_of_another_host_are_not_seen() {
    let mut case = tcp();
    case.sight = portreeve_model::why::Sight::Outside;
    let layer = judge(&case);
    assert!(layer.state == LayerState::Unknown && !layer.unknown[0].matters);
}

#[test]
fn a_stopped_process_is_named() {
    let (mut case, before) = served(6, 5);
    case.service.holders[0].state = Some(RunState::Stopped);
    looks(&mut case, before, |_| {});
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("process-stopped", Impact::All, Nature::Cause));
    let fault = &judge(&case).faults[0];
    assert_eq!(
        fault.statement,
        "nginx (pid 812) is stopped (state T): its queue holds 6 connections of 5 and drops further SYNs"
    );
    assert_eq!(fault.fix[0], "kill -CONT 812");
}

#[test]
fn one_stopped_worker_of_two_keeps_some_out() {
    let (mut case, before) = served(0, 511);
    hold(&mut case, &[(813, 2, RunState::Stopped)]);
    // Both hold the one socket.
    let second = case.service.sockets[1].holders[0].clone();
    case.service.sockets.truncate(1);
    case.service.sockets[0].holders.push(second);
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("process-stopped", Impact::Some, Nature::Cause));
}

#[test]
fn a_stopped_worker_with_a_socket_of_its_own_is_uneven() {
    let mut case = tcp();
    hold(&mut case, &[(812, 1, RunState::Sleeping), (813, 2, RunState::Stopped)]);
    let before = QueueLook { listeners: vec![queue(1, 0, 511), queue(2, 3, 511)], ..look() };
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("reuseport-uneven", Impact::Some, Nature::Cause));
    assert!(judge(&case).statement.contains("nginx (pid 813) is stopped (state T)"));
}

#[test]
fn a_stopped_parent_of_workers_is_no_fault() {
    let (mut case, before) = served(0, 511);
    hold(&mut case, &[(811, 1, RunState::Stopped)]);
    case.service.sockets.truncate(1);
    case.service.sockets[0].holders.push(portreeve_model::Holder { pid: 811, fd: 3, name: "nginx".into() });
    let parents = serde_json::json!([{ "pid": 811, "name": "nginx" }]);
    case.service.holders[0].process.parents = serde_json::from_value(parents).unwrap();
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    assert_eq!(faults(&case), []);
}

#[test]
fn a_frozen_process_is_named() {
    let (mut case, before) = served(1, 511);
    case.service.holders[0].frozen = true;
    looks(&mut case, before, |_| {});
    assert_eq!(faults(&case), one("process-frozen", Impact::All, Nature::Cause));
}

#[test]
fn a_debugger_matters_where_something_waits() {
    let (mut case, before) = served(0, 511);
    case.service.holders[0].state = Some(RunState::Traced);
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    assert_eq!((faults(&case), notes(&case)), (Vec::new(), vec!["debugger".to_owned()]));
    case.queues.after.as_mut().unwrap().waiting = vec![waiting("192.0.2.10:40000", 3_000)];
    assert_eq!(faults(&case), one("process-stopped", Impact::All, Nature::Cause));
}

#[test]
fn a_full_queue_that_is_emptied_too_slowly_is_a_cause() {
    let (mut case, before) = served(6, 5);
    looks(&mut case, before, |after| {
        after.waiting = vec![waiting("203.0.113.7:40000", 200)];
        after.listeners[0].drops = Some(9);
    });
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("accept-overflow", Impact::All, Nature::Cause));
    let fault = &judge(&case).faults[0];
    assert!(fault.statement.contains("nginx (pid 812) on 0.0.0.0:443 is full: it holds 6 connections of 5"));
    assert_eq!(fault.fix[0], "nginx: `listen 443 backlog=4096;`, then restart it");
}

#[test]
fn a_full_queue_that_nobody_empties_is_a_symptom() {
    let (mut case, before) = served(6, 5);
    looks(&mut case, before, |after| after.waiting = vec![waiting("203.0.113.7:40000", 9_000)]);
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("accept-overflow", Impact::All, Nature::Symptom));
}

#[test]
fn somaxconn_is_named_where_it_bounds() {
    let (mut case, before) = served(6, 5);
    case.queues.parameters.somaxconn = Some(5);
    looks(&mut case, before, |_| {});
    assert_eq!(judge(&case).faults[0].fix[0], "sysctl -w net.core.somaxconn=4096");
}

#[test]
fn one_full_socket_of_two_is_uneven() {
    let mut case = tcp();
    hold(&mut case, &[(812, 1, RunState::Sleeping), (813, 2, RunState::Sleeping)]);
    let before = QueueLook { listeners: vec![queue(1, 0, 5), queue(2, 6, 5)], ..look() };
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("reuseport-uneven", Impact::Some, Nature::Cause));
}

/// What moved between the looks: drops at the listener, overflows in the namespace.
fn moved(case: &mut Case, before: QueueLook, drops: u32, overflows: i128) {
    let mut before = before;
    before.counters.insert("TcpExtListenOverflows".into(), 100);
    looks(case, before, |after| {
        after.listeners[0].drops = Some(drops);
        after.counters.insert("TcpExtListenOverflows".into(), 100 + overflows);
    });
}

#[test]
fn an_overflow_between_the_looks_keeps_some_out_or_all() {
    let (mut case, before) = served(0, 5);
    moved(&mut case, before, 4, 4);
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("accept-overflow", Impact::Some, Nature::Cause));
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("accept-overflow", Impact::All, Nature::Cause));
}

#[test]
fn an_overflow_elsewhere_is_none_here() {
    let (mut case, before) = served(0, 511);
    moved(&mut case, before, 0, 9);
    tried(&mut case, connected());
    assert_eq!((faults(&case), notes(&case)), (Vec::new(), Vec::new()));
}

#[test]
fn what_was_dropped_for_another_reason_is_a_note() {
    let (mut case, before) = served(0, 511);
    moved(&mut case, before, 3, 0);
    tried(&mut case, connected());
    assert_eq!((faults(&case), notes(&case)), (Vec::new(), vec!["dropped".to_owned()]));
}

#[test]
fn clients_are_reset_where_the_parameter_says_so() {
    let (mut case, before) = served(0, 5);
    case.queues.parameters.abort_on_overflow = Some(1);
    moved(&mut case, before, 4, 4);
    tried(&mut case, Outcome::Refused);
    assert_eq!(faults(&case), one("abort-on-overflow", Impact::Some, Nature::Cause));
}

#[test]
fn an_old_overflow_and_a_short_backlog_are_notes() {
    let (mut case, mut before) = served(0, 5);
    before.listeners[0].drops = Some(77);
    looks(&mut case, before, |_| {});
    tried(&mut case, connected());
    assert_eq!(faults(&case), []);
    assert_eq!(notes(&case), ["backlog-small", "overflowed-before"]);
}

#[test]
fn what_waits_too_long_is_not_taken() {
    let (mut case, before) = served(1, 511);
    looks(&mut case, before, |after| after.waiting = vec![waiting("192.0.2.10:40000", 3_600)]);
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("not-accepting", Impact::All, Nature::Symptom));
    case.service.holders[0].state = Some(RunState::Uninterruptible);
    assert!(judge(&case).statement.contains("state D"), "{}", judge(&case).statement);
    // What has just come is about to be taken.
    case.queues.after.as_mut().unwrap().waiting = vec![waiting("192.0.2.10:40000", 300)];
    assert_eq!(faults(&case), []);
}

#[test]
fn a_full_syn_queue_without_cookies_keeps_all_out() {
    let (mut case, before) = served(0, 4);
    case.queues.parameters.syncookies = Some(0);
    case.queues.parameters.max_syn_backlog = Some(4096);
    looks(&mut case, before, |after| {
        after.half_open = (1..=4).map(|n| half_open(&format!("198.51.100.{n}:1024"), 1)).collect();
    });
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("syn-queue-full", Impact::All, Nature::Cause));
    // Three quarters of the system's limit are enough.
    case.queues.parameters.max_syn_backlog = Some(4);
    case.queues.after.as_mut().unwrap().half_open.pop();
    assert_eq!(faults(&case), one("syn-queue-full", Impact::All, Nature::Cause));
}

#[test]
fn a_flood_is_answered_with_cookies() {
    let (mut case, before) = served(0, 4);
    case.queues.parameters.syncookies = Some(1);
    looks(&mut case, before, |after| {
        after.half_open = (1..=4).map(|n| half_open(&format!("198.51.100.{n}:1024"), 1)).collect();
    });
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("syn-flood", Impact::Some, Nature::Cause));
}

#[test]
fn a_client_that_never_completes_its_handshakes_is_named() {
    let (mut case, before) = served(0, 511);
    looks(&mut case, before, |after| {
        after.half_open = vec![half_open("8.8.4.4:1024", 2), half_open("8.8.4.4:1025", 2)];
    });
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("half-open", Impact::Some, Nature::Symptom));
    // Who has a connection gets through.
    case.queues.after.as_mut().unwrap().peers = vec![address("8.8.4.4:1").ip()];
    assert_eq!(faults(&case), []);
}

#[test]
fn what_scanners_leave_is_a_note() {
    let (mut case, before) = served(0, 511);
    looks(&mut case, before, |after| {
        after.half_open = vec![half_open("8.8.4.4:1024", 4), half_open("9.9.9.9:1024", 3)];
    });
    tried(&mut case, connected());
    assert_eq!((faults(&case), notes(&case)), (Vec::new(), vec!["half-open".to_owned()]));
    // One that was asked about is no scanner.
    case.question.from = Some(address("8.8.4.4:1").ip());
    assert_eq!(faults(&case), one("half-open", Impact::All, Nature::Symptom));
}

#[test]
fn cookies_are_a_note() {
    let (mut case, mut before) = served(0, 511);
    before.counters.insert("TcpExtSyncookiesSent".into(), 5);
    looks(&mut case, before, |after| {
        after.counters.insert("TcpExtSyncookiesSent".into(), 7);
    });
    assert_eq!((faults(&case), notes(&case)), (Vec::new(), vec!["cookies".to_owned()]));
}

#[test]
fn a_container_that_publishes_the_port_is_paused_or_stopped() {
    let mut case = tcp();
    looks(&mut case, look(), |_| {});
    case.queues.behind = vec![crate::facts::Behind {
        container: "shop".into(),
        port: 80,
        pid: 9,
        name: "httpd".into(),
        stopped: false,
        frozen: true,
        queues: vec![queue(1, 2, 9)],
    }];
    assert_eq!(faults(&case), one("process-frozen", Impact::All, Nature::Cause));
    assert_eq!(judge(&case).faults[0].fix, ["docker unpause shop"]);
    (case.queues.behind[0].frozen, case.queues.behind[0].stopped) = (false, true);
    assert_eq!(faults(&case), one("process-stopped", Impact::All, Nature::Cause));
}

fn udp_served(length: u32, drops: u32) -> (Case, QueueLook) {
    let mut case = udp();
    hold(&mut case, &[(53, 1, RunState::Sleeping)]);
    (case, QueueLook { datagrams: vec![datagrams(length, drops)], ..look() })
}

#[test]
fn a_full_receive_buffer_drops_datagrams() {
    let (mut case, before) = udp_served(212_992, 0);
    looks(&mut case, before, |after| after.datagrams[0].drops = 3);
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("udp-buffer-full", Impact::All, Nature::Symptom));
    // Somebody reads, but not fast enough.
    case.queues.before.as_mut().unwrap().counters.insert("UdpInDatagrams".into(), 1);
    case.queues.after.as_mut().unwrap().counters.insert("UdpInDatagrams".into(), 9);
    case.trials.trials[0].sent = Sent::EmptyDatagram;
    assert_eq!(faults(&case), one("udp-buffer-full", Impact::All, Nature::Cause));
    let (mut case, before) = udp_served(0, 0);
    looks(&mut case, before, |after| after.datagrams[0].drops = 3);
    tried(&mut case, connected());
    assert_eq!(faults(&case), one("udp-buffer-full", Impact::Some, Nature::Cause));
}

#[test]
fn unread_datagrams_of_a_process_that_runs_or_is_stopped() {
    let (mut case, before) = udp_served(0, 0);
    looks(&mut case, before, |after| after.datagrams[0].length = 1_536);
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("not-accepting", Impact::All, Nature::Symptom));
    case.service.holders[0].state = Some(RunState::Stopped);
    assert_eq!(faults(&case), one("process-stopped", Impact::All, Nature::Cause));
}

#[test]
fn a_question_that_was_taken_is_to_be_answered() {
    let (mut case, before) = udp_served(0, 0);
    looks(&mut case, before, |_| {});
    tried(&mut case, SILENT);
    assert_eq!(faults(&case), one("unanswered", Impact::All, Nature::Symptom));
    // Not so an empty datagram.
    case.trials.trials[0].sent = Sent::EmptyDatagram;
    assert_eq!(judge(&case).state, LayerState::Ok);
    // Whoever has the port may speak something else than QUIC.
    case.question.target.application = portreeve_model::why::Application::Quic;
    case.trials.trials[0].sent = Sent::QuicProbe;
    assert_eq!((faults(&case), judge(&case).state), (Vec::new(), LayerState::Unknown));
}

#[test]
fn old_losses_of_datagrams_are_a_note() {
    let (mut case, before) = udp_served(0, 12);
    looks(&mut case, before, |_| {});
    assert_eq!((faults(&case), notes(&case)), (Vec::new(), vec!["overflowed-before".to_owned()]));
}
