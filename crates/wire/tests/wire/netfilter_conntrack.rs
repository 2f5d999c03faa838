use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::WireError;
use portreeve_wire::netfilter::conntrack::{
    Entry, IPS_ASSURED, IPS_CONFIRMED, IPS_DST_NAT_DONE, IPS_SEEN_REPLY, IPS_SRC_NAT, IPS_SRC_NAT_DONE,
    Transport, Tuple, delete_request, dump_request, flush_request,
};

use crate::fixtures::{self, bytes, only};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn a_connection_with_a_rewritten_source_is_read() {
    let buffer = bytes(fixtures::CONNTRACK_SNAT);
    let entry = Entry::from_message(&only(&buffer)).unwrap();
    let tuple = |source, destination, ports: (u16, u16)| Tuple {
        source,
        destination,
        protocol: 17,
        transport: Transport::Ports { source: ports.0, destination: ports.1 },
    };
    assert_eq!(entry.original, tuple(HERE, HERE, (0x1234, 9)));
    assert_eq!(entry.reply, tuple(HERE, Ipv4Addr::new(127, 0, 0, 5).into(), (9, 0x1234)));
    assert_eq!(entry.status, IPS_CONFIRMED | IPS_SRC_NAT | IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE);
    assert_eq!((entry.timeout, entry.mark, entry.tcp_state, entry.zone), (Some(29), 0, None, 0));
    assert_eq!(entry.id, Some(0x5192_b791));
}

#[test]
fn what_is_asked_for_is_what_is_read() {
    let source = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let tuples = [
        Tuple {
            source,
            destination: "2001:db8::1".parse().unwrap(),
            protocol: 6,
            transport: Transport::Ports { source: 1, destination: 65535 },
        },
        Tuple {
            source: HERE,
            destination: HERE,
            protocol: 1,
            transport: Transport::Icmp { id: 7, kind: 8, code: 0 },
        },
        Tuple {
            source,
            destination: source,
            protocol: 58,
            transport: Transport::Icmp { id: 7, kind: 128, code: 1 },
        },
        Tuple { source: HERE, destination: HERE, protocol: 50, transport: Transport::None },
    ];
    for tuple in tuples {
        let entry = Entry {
            original: tuple,
            reply: tuple,
            status: IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED,
            timeout: Some(300),
            mark: 0xfeed,
            tcp_state: (tuple.protocol == 6).then_some(3),
            id: None,
            zone: 5,
        };
        let request = entry.create_request(9).unwrap();
        let message = only(&request);
        assert_eq!((message.header.kind, message.header.flags, message.header.seq), (0x0100, 0x605, 9));
        assert_eq!(Entry::from_message(&message).unwrap(), entry);
        let request = delete_request(&tuple, 3).unwrap();
        assert_eq!((only(&request).header.kind, only(&request).header.flags), (0x0102, 5));
        assert_eq!(only(&request).payload[0], tuple.family());
    }
}

#[test]
fn requests_for_all_name_no_family() {
    assert_eq!(dump_request(1)[4..8], [1, 1, 1, 3]);
    assert_eq!(flush_request(1)[4..8], [2, 1, 5, 0]);
    assert_eq!((&dump_request(1)[16..], &flush_request(1)[16..]), (&[0; 4][..], &[0; 4][..]));
}

#[test]
fn entries_without_a_direction_are_refused() {
    assert_eq!(Entry::decode(&[2, 0, 0, 0]).unwrap_err(), WireError::Missing { what: "CTA_TUPLE_ORIG" });
    let buffer = bytes(fixtures::TRACE_POLICY);
    assert_eq!(
        Entry::from_message(&only(&buffer)).unwrap_err(),
        WireError::WrongKind { what: "IPCTNL_MSG_CT_NEW", kind: 0x0a11 }
    );
}
