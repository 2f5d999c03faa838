use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::WireError;
use portreeve_wire::inet_diag::bytecode::{Atom, Condition, Program, Side};
use portreeve_wire::inet_diag::{ExtensionSet, Extensions, Request, SocketId, SocketMessage, TcpInfo, Timer};
use portreeve_wire::netlink::{Attributes, NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder};
use portreeve_wire::sock_diag::{AddressFamily, NO_COOKIE, Protocol, State, StateSet};
use proptest::prelude::*;

use crate::fixtures::{self, bytes, only};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn a_listener_is_read_with_all_its_parts() {
    let buffer = bytes(fixtures::TCP_LISTEN);
    let socket = SocketMessage::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.family, socket.state, socket.timer), (AddressFamily::Inet, State::Listen, Timer::Off));
    assert_eq!((socket.id.source, socket.id.source_port), (LOCALHOST, 36_991));
    assert_eq!((socket.id.destination, socket.id.destination_port), (Ipv4Addr::UNSPECIFIED.into(), 0));
    assert_eq!((socket.id.interface, socket.id.cookie), (0, 0x1004));
    assert_eq!((socket.receive_queue, socket.send_queue, socket.uid, socket.inode), (0, 5, 0, 280_241));

    let parts = socket.extensions();
    assert_eq!((parts.damaged, parts.unknown), (None, 0));
    assert_eq!(
        (parts.mark, parts.class_id, parts.cgroup_id, parts.tos),
        (Some(0), Some(0), Some(1), Some(0))
    );
    assert_eq!(parts.congestion, Some("bbr"));
    assert_eq!(parts.v6_only, None);
    let memory = parts.socket_memory.unwrap();
    assert_eq!((memory.receive_limit, memory.send_limit), (131_072, 16_384));
    assert_eq!((memory.backlog, memory.drops), (Some(0), Some(0)));
    let options = parts.options.unwrap();
    assert!(options.connection_oriented() && options.multicast_loop() && options.multicast_all());
    assert!(!options.receive_errors() && !options.transparent() && !options.free_bind());
    let info = parts.tcp_info().unwrap().unwrap();
    assert_eq!((info.state, info.unacked, info.sacked, info.snd_cwnd), (State::Listen, 0, 5, 10));
}

#[test]
fn a_connection_is_read_with_its_tcp_info() {
    let buffer = bytes(fixtures::TCP_ESTABLISHED);
    let socket = SocketMessage::from_message(&only(&buffer)).unwrap();
    assert_eq!(
        (socket.state, socket.id.source, socket.id.destination),
        (State::Established, LOCALHOST, LOCALHOST)
    );
    assert_eq!(socket.receive_queue, 3);
    let parts = socket.extensions();
    let info = parts.tcp_info().unwrap().unwrap();
    assert_eq!((info.state, info.snd_wscale, info.rcv_wscale), (State::Established, 10, 10));
    assert!(info.options.timestamps() && info.options.sack() && info.options.window_scaling());
    assert!(!info.options.ecn());
    assert!(info.delivery_rate_app_limited);
    assert_eq!(info.rto, 200_000);
    assert_eq!((info.pmtu, info.rtt, info.rttvar, info.min_rtt), (65_535, 23, 11, Some(23)));
    assert_eq!((info.bytes_received, info.segs_in, info.data_segs_in), (Some(3), Some(3), Some(1)));
    assert_eq!(info.max_pacing_rate, Some(u64::MAX));
    assert_eq!((info.snd_wnd, info.rcv_wnd), (Some(65_536), Some(65_536)));
    assert_eq!((info.total_rto, info.total_rto_time), (Some(0), Some(0)));
    assert!(info.accurate_ecn.is_some());
    assert_eq!(parts.bbr.unwrap().min_rtt, 23);
}

#[test]
fn a_bound_only_socket_is_closed_with_a_port() {
    let buffer = bytes(fixtures::TCP_BOUND);
    let socket = SocketMessage::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.state, socket.id.source_port), (State::Close, 60_129));
    assert!(socket.extensions().info.is_none());
}

#[test]
fn a_socket_in_time_wait_has_no_holder() {
    let buffer = bytes(fixtures::TCP_TIME_WAIT);
    let socket = SocketMessage::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.state, socket.timer, socket.inode), (State::TimeWait, Timer::TimeWait, 0));
    assert!(socket.expires > 0);
}

#[test]
fn a_udp_socket_on_ipv6_is_read() {
    let buffer = bytes(fixtures::UDP6);
    let socket = SocketMessage::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.state, socket.id.source), (State::Close, Ipv6Addr::LOCALHOST.into()));
    let parts = socket.extensions();
    assert_eq!((parts.v6_only, parts.traffic_class, parts.info), (Some(true), Some(0), None));
}

#[test]
fn an_mptcp_connection_is_read_with_its_info() {
    let buffer = bytes(fixtures::MPTCP_ESTABLISHED);
    let socket = SocketMessage::from_message(&only(&buffer)).unwrap();
    let info = socket.extensions().mptcp_info().unwrap().unwrap();
    assert_eq!((info.subflows, info.subflows_max, info.flags), (0, 2, 2));
    assert_ne!(info.token, 0);
    assert_eq!((info.bytes_sent, info.bytes_received, info.subflows_total), (Some(0), Some(0), Some(1)));
    assert!(info.last_ack_recv.is_some());
}

#[test]
fn an_older_kernels_tcp_info_leaves_the_rest_unknown() {
    let full = [1; 280];
    let info = TcpInfo::decode(&full[..104]).unwrap();
    assert_eq!((info.total_retrans, info.pacing_rate), (0x0101_0101, None));
    // Linux 4.6: up to tcpi_data_segs_out, and a torn u64 after it which must not be taken for later fields.
    let info = TcpInfo::decode(&full[..164]).unwrap();
    assert_eq!((info.data_segs_out, info.delivery_rate, info.delivered), (Some(0x0101_0101), None, None));
    assert_eq!((info.total_rto, info.accurate_ecn), (None, None));
    assert!(TcpInfo::decode(&full[..103]).is_err());
    assert!(TcpInfo::decode(&[1; 400]).unwrap().accurate_ecn.is_some());
}

#[test]
fn damaged_and_unknown_parts_are_counted_and_the_others_kept() {
    let mut builder = RequestBuilder::new(20, 0, 0);
    builder.attribute(8, &[3]);
    builder.attribute(15, &[1, 2]);
    builder.attribute(999, &[]);
    builder.attribute(5, &[]);
    builder.attribute(6, &[9]);
    let buffer = builder.finish().unwrap();
    let parts = Extensions::decode(Attributes::new(only(&buffer).payload));
    assert_eq!((parts.shutdown.unwrap().receive(), parts.shutdown.unwrap().send()), (true, true));
    assert_eq!((parts.traffic_class, parts.mark, parts.unknown), (Some(9), None, 1));
    assert_eq!(parts.damaged.unwrap().0, 2);
    assert_eq!(
        parts.damaged.unwrap().1,
        WireError::WrongSize { what: "nlattr value", expected: 4, actual: 2 }
    );
}

#[test]
fn an_upper_layer_is_read() {
    let mut builder = RequestBuilder::new(20, 0, 0);
    builder.nested(19, |ulp| {
        ulp.attribute(1, b"tls\0");
        ulp.nested(2, |tls| {
            tls.attribute(1, &0x0304_u16.to_ne_bytes()).attribute(2, &51_u16.to_ne_bytes());
        });
    });
    builder.nested(19, |ulp| {
        ulp.attribute(1, b"mptcp\0");
        ulp.nested(3, |mptcp| {
            mptcp.attribute(2, &77_u32.to_ne_bytes());
        });
    });
    let buffer = builder.finish().unwrap();
    let layers: Vec<_> = Attributes::new(only(&buffer).payload)
        .map(|one| portreeve_wire::inet_diag::UpperLayer::decode(one.unwrap().attributes()).unwrap())
        .collect();
    assert_eq!(
        (layers[0].name, layers[0].tls_version, layers[0].tls_cipher),
        (Some("tls"), Some(0x304), Some(51))
    );
    assert_eq!((layers[1].name, layers[1].mptcp_local_token), (Some("mptcp"), Some(77)));
}

#[test]
fn sctp_addresses_are_read_and_other_families_passed_over() {
    let mut locals = vec![0; 128 * 3];
    locals[..8].copy_from_slice(&[2, 0, 0x0b, 0x59, 192, 0, 2, 1]);
    locals[128] = 1;
    locals[256..260].copy_from_slice(&[10, 0, 0x0b, 0x59]);
    locals[256 + 8 + 15] = 1;
    let mut builder = RequestBuilder::new(20, 0, 0);
    builder.attribute(12, &locals);
    let buffer = builder.finish().unwrap();
    let parts = Extensions::decode(Attributes::new(only(&buffer).payload));
    assert_eq!(
        parts.locals.collect::<Vec<_>>(),
        [(Ipv4Addr::new(192, 0, 2, 1).into(), 2905), (Ipv6Addr::LOCALHOST.into(), 2905)]
    );
}

#[test]
fn a_message_of_another_type_is_refused() {
    let buffer = bytes(fixtures::DONE);
    assert_eq!(
        SocketMessage::from_message(&only(&buffer)),
        Err(WireError::WrongKind { what: "inet_diag_msg", kind: 3 })
    );
}

#[test]
fn an_unknown_family_and_state_survive() {
    let mut payload = bytes(fixtures::TCP_BOUND)[16..].to_vec();
    payload[0] = 99;
    payload[1] = 77;
    let socket = SocketMessage::decode(&payload).unwrap();
    assert_eq!((socket.family, socket.state), (AddressFamily::Unknown(99), State::Unknown(77)));
    assert!(socket.id.source.is_ipv6());
}

#[test]
fn a_dump_request_has_the_kernels_layout() {
    let mut request = Request::dump(AddressFamily::Inet, Protocol::Tcp);
    request.states = StateSet::LISTENING.with(State::BoundInactive);
    request.extensions = ExtensionSet::INFO.and(ExtensionSet::SOCKET_MEMORY);
    request.filter = Some(Program::assemble(&Condition::Atom(Atom::PortEq(Side::Source, 443))).unwrap());
    let buffer = request.encode(9).unwrap();
    let message = only(&buffer);
    assert_eq!((message.header.kind, message.header.seq), (20, 9));
    assert!(message.header.has(NLM_F_REQUEST | NLM_F_DUMP));
    // Family, protocol, extensions, padding, states.
    assert_eq!(message.payload[..8], [2, 6, 0x42, 0, 0, 0x24, 0, 0]);
    let attribute = Attributes::new(&message.payload[56..]).next().unwrap().unwrap();
    assert_eq!((attribute.kind, attribute.payload), (1, request.filter.unwrap().as_bytes()));
}

#[test]
fn a_protocol_beyond_a_byte_goes_into_an_attribute() {
    let buffer = Request::dump(AddressFamily::Inet, Protocol::Mptcp).encode(1).unwrap();
    let payload = only(&buffer).payload;
    assert_eq!(payload[..2], [2, 0]);
    let attribute = Attributes::new(&payload[56..]).next().unwrap().unwrap();
    assert_eq!((attribute.kind, attribute.u32()), (3, Ok(262)));
}

#[test]
fn a_lookup_names_both_ends() {
    let id = SocketId {
        source: Ipv6Addr::LOCALHOST.into(),
        source_port: 0x1234,
        cookie: NO_COOKIE,
        ..SocketId::ANY
    };
    let buffer = Request::exact(Protocol::Tcp, id).encode(1).unwrap();
    let message = only(&buffer);
    assert_eq!((message.header.flags, message.payload[0]), (NLM_F_REQUEST, 10));
    assert_eq!(message.payload[8..12], [0x12, 0x34, 0, 0]);
    assert_eq!(message.payload[27], 1);
    assert_eq!(message.payload[48..56], [0xff; 8]);
}

#[test]
fn state_sets_hold_what_was_put_in() {
    let set: StateSet = [State::Listen, State::BoundInactive].into_iter().collect();
    assert_eq!(set.0, 1 << 10 | 1 << 13);
    assert!(set.contains(State::Listen) && !set.contains(State::Established));
    assert_eq!(set.without(State::Listen), StateSet::BOUND_INACTIVE);
    assert!(!StateSet::ALL.contains(State::Unknown(200)));
}

proptest! {
    #[test]
    fn socket_ids_survive_request_and_answer(
        v6: bool, source: u128, destination: u128, source_port: u16, destination_port: u16, interface: u32, cookie: u64,
    ) {
        let address = |bits: u128| if v6 {
            IpAddr::V6(Ipv6Addr::from(bits))
        } else {
            IpAddr::V4(Ipv4Addr::from((bits >> 96) as u32))
        };
        let id = SocketId {
            source: address(source), source_port, destination: address(destination), destination_port, interface, cookie,
        };
        let request = Request::exact(Protocol::Tcp, id).encode(1).unwrap();
        // An answer has four bytes before the id, a request eight.
        let mut answer = vec![if v6 { 10 } else { 2 }, 1, 0, 0];
        answer.extend_from_slice(&request[24..]);
        answer.extend_from_slice(&[0; 20]);
        prop_assert_eq!(SocketMessage::decode(&answer).unwrap().id, id);
    }
}
