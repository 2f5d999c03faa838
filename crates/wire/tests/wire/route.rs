use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::WireError;
use portreeve_wire::netlink::RequestBuilder;
use portreeve_wire::route::{
    Address, IFF_LOOPBACK, IFF_UP, Link, RTM_NEWLINK, Scope, dump_addresses, dump_links,
};

use crate::fixtures::{self, bytes, only};

#[test]
fn a_vxlan_interface_in_a_bridge_is_read() {
    let buffer = bytes(fixtures::LINK_VXLAN);
    let link = Link::from_message(&only(&buffer)).unwrap();
    assert_eq!((link.index, &*link.name, link.kind), (2, "vx0", Some("vxlan")));
    assert_eq!((link.master, link.master_kind), (Some(3), Some("bridge")));
    assert_eq!((link.udp_port, link.vrf_table, link.link_netns), (Some(4789), None, None));
    assert_eq!((link.flags & (IFF_UP | IFF_LOOPBACK), link.damaged), (0, None));
}

fn link_of_kind(kind: &[u8], data: impl FnOnce(&mut RequestBuilder)) -> Vec<u8> {
    let mut builder = RequestBuilder::new(RTM_NEWLINK, 0, 0);
    builder.body(&[0, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    builder.attribute(3, b"odd\xff\0").attribute(37, &(-1_i32).to_ne_bytes());
    builder.nested(18, |info| {
        info.attribute(1, kind);
        info.nested(2, data);
    });
    builder.finish().unwrap()
}

#[test]
fn ports_and_tables_of_other_kinds_are_read() {
    let buffer = link_of_kind(b"geneve\0", |data| {
        data.attribute(5, &6081_u16.to_be_bytes());
    });
    let link = Link::from_message(&only(&buffer)).unwrap();
    assert_eq!((link.udp_port, link.link_netns, &*link.name), (Some(6081), Some(-1), "odd\u{fffd}"));

    let buffer = link_of_kind(b"vrf\0", |data| {
        data.attribute(1, &10_u32.to_ne_bytes());
    });
    assert_eq!(Link::from_message(&only(&buffer)).unwrap().vrf_table, Some(10));

    let buffer = link_of_kind(b"bareudp\0", |data| {
        data.attribute(1, &6635_u16.to_be_bytes());
    });
    assert_eq!(Link::from_message(&only(&buffer)).unwrap().udp_port, Some(6635));

    // The same numbers mean other things in other kinds.
    let buffer = link_of_kind(b"bridge\0", |data| {
        data.attribute(1, &10_u32.to_ne_bytes()).attribute(15, &[1, 2]);
    });
    let link = Link::from_message(&only(&buffer)).unwrap();
    assert_eq!((link.udp_port, link.vrf_table), (None, None));
}

#[test]
fn a_member_of_a_vrf_knows_the_table() {
    let mut builder = RequestBuilder::new(RTM_NEWLINK, 0, 0);
    builder.body(&[0; 16]);
    builder.nested(18, |info| {
        info.attribute(4, b"vrf\0");
        info.nested(5, |data| {
            data.attribute(1, &1001_u32.to_ne_bytes());
        });
    });
    let buffer = builder.finish().unwrap();
    let link = Link::from_message(&only(&buffer)).unwrap();
    assert_eq!((link.master_kind, link.vrf_table, link.kind), (Some("vrf"), Some(1001), None));
}

#[test]
fn addresses_are_read() {
    let buffer = bytes(fixtures::ADDRESS_V4);
    let address = Address::from_message(&only(&buffer)).unwrap();
    assert_eq!((address.interface, address.address, address.prefix_len), (1, Ipv4Addr::LOCALHOST.into(), 8));
    assert_eq!((address.scope, address.flags, address.peer), (Scope::Host, 0x80, None));

    let buffer = bytes(fixtures::ADDRESS_V6);
    let address = Address::from_message(&only(&buffer)).unwrap();
    assert_eq!((address.address, address.prefix_len), (Ipv6Addr::LOCALHOST.into(), 128));
}

#[test]
fn the_other_end_of_a_tunnel_is_not_taken_for_ours() {
    let mut builder = RequestBuilder::new(20, 0, 0);
    builder.body(&[2, 32, 0, 0, 5, 0, 0, 0]);
    builder.attribute(1, &[10, 0, 0, 2]).attribute(2, &[10, 0, 0, 1]);
    let buffer = builder.finish().unwrap();
    let address = Address::from_message(&only(&buffer)).unwrap();
    assert_eq!(address.address, IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    assert_eq!(address.peer, Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))));
}

#[test]
fn addresses_of_the_wrong_size_or_none_are_errors() {
    for (attribute, expected) in [
        (Some(&[1; 16][..]), WireError::WrongSize { what: "IFA_ADDRESS", expected: 4, actual: 16 }),
        (Some(&[1; 5][..]), WireError::WrongSize { what: "IFA_ADDRESS", expected: 16, actual: 5 }),
        (None, WireError::Missing { what: "IFA_ADDRESS" }),
    ] {
        let mut builder = RequestBuilder::new(20, 0, 0);
        builder.body(&[2, 32, 0, 0, 5, 0, 0, 0]);
        if let Some(value) = attribute {
            builder.attribute(1, value);
        }
        let buffer = builder.finish().unwrap();
        assert_eq!(Address::from_message(&only(&buffer)), Err(expected));
    }
}

#[test]
fn requests_have_the_kernels_layout() {
    let buffer = dump_links(3);
    assert_eq!(only(&buffer).header.kind, 18);
    assert_eq!(only(&buffer).payload[16..], [8, 0, 29, 0, 8, 0, 0, 0]);
    let buffer = dump_addresses(3);
    assert_eq!((only(&buffer).header.kind, only(&buffer).payload.len()), (22, 8));
}
