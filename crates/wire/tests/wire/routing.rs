//! Routes, policy rules, nexthop objects, neighbours, traffic control, and what bridges and XDP say of an interface.

use std::net::IpAddr;

use portreeve_wire::WireError;
use portreeve_wire::netlink::RequestBuilder;
use portreeve_wire::route::{
    FIB_RULE_INVERT, Link, LinkBridge, LinkXdp, NUD_FAILED, Neighbour, NexthopObject, RTM_NEWLINK,
    RTM_NEWROUTE, RTM_NEWRULE, Route, RouteQuery, RouteType, Rule, TC_INGRESS, TrafficObject, dump_filters,
    dump_neighbours, dump_nexthops, dump_qdiscs, dump_routes, dump_rules,
};
use portreeve_wire::sock_diag::AddressFamily;

use crate::fixtures::{bytes, only};

pub(crate) const RECORDED: &[&str] = &[
    include_str!("fixtures/link_bridge.hex"),
    include_str!("fixtures/route_v4.hex"),
    include_str!("fixtures/route_multipath.hex"),
    include_str!("fixtures/route_v6.hex"),
    include_str!("fixtures/rule_all.hex"),
    include_str!("fixtures/rule_suppress.hex"),
    include_str!("fixtures/nexthop_group.hex"),
    include_str!("fixtures/neighbour_failed.hex"),
    include_str!("fixtures/qdisc_clsact.hex"),
    include_str!("fixtures/filter.hex"),
];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn route(fixture: &str) -> Route {
    Route::from_message(&only(&bytes(fixture))).unwrap()
}

#[test]
fn a_route_by_a_gateway_is_read() {
    let route = route(include_str!("fixtures/route_v4.hex"));
    assert_eq!((route.destination, route.destination_len), (Some(ip("198.51.100.0")), 24));
    assert_eq!((route.table, route.metric, route.kind), (300, 20, RouteType::Unicast));
    assert_eq!((route.single.gateway, route.single.interface), (Some(ip("192.0.2.9")), Some(3)));
    assert_eq!((route.preferred_source, route.mtu), (Some(ip("192.0.2.1")), Some(1400)));
    assert!(route.multipath.is_empty());
}

#[test]
fn every_way_of_a_multipath_route_is_read() {
    let route = route(include_str!("fixtures/route_multipath.hex"));
    let ways: Vec<_> = route.multipath.iter().map(|way| (way.gateway, way.interface, way.hops)).collect();
    assert_eq!(ways, [(Some(ip("192.0.2.9")), Some(3), 2), (Some(ip("fe80::9")), Some(3), 0)]);
    assert_eq!((route.single.interface, route.table), (None, 254));
}

#[test]
fn a_route_for_some_sources_is_read() {
    let route = route(include_str!("fixtures/route_v6.hex"));
    assert_eq!((route.source, route.source_len), (Some(ip("2001:db8:1::")), 48));
    assert_eq!((route.preference, route.metric), (1, 1024));
}

#[test]
fn damaged_ways_are_errors_and_end() {
    for (value, name) in [
        // A length that would never advance.
        (&[0, 0, 0, 0, 1, 0, 0, 0][..], "rtnexthop"),
        (&[7, 0, 0, 0, 1, 0, 0, 0][..], "rtnexthop"),
        (&[16, 0, 0, 0, 1, 0, 0, 0][..], "rtnexthop"),
        (&[8, 0, 0][..], "rtnexthop"),
    ] {
        let mut builder = RequestBuilder::new(RTM_NEWROUTE, 0, 0);
        builder.body(&[2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        builder.attribute(9, value);
        let buffer = builder.finish().unwrap();
        match Route::from_message(&only(&buffer)) {
            Err(WireError::Truncated { what, .. }) => assert_eq!(what, name),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_condition_of_a_rule_is_read() {
    let buffer = bytes(include_str!("fixtures/rule_all.hex"));
    let rule = Rule::from_message(&only(&buffer)).unwrap();
    assert_eq!((rule.priority, rule.action, rule.target), (77, 2, Some(32_766)));
    assert_eq!((rule.source, rule.source_len), (Some(ip("10.0.0.0")), 8));
    assert_eq!((rule.destination, rule.destination_len), (Some(ip("192.0.2.0")), 24));
    assert_eq!((rule.iif.as_deref(), rule.oif.as_deref()), (Some("a0"), Some("gone")));
    assert_eq!((rule.mark, rule.mark_mask, rule.protocol), (Some(1), Some(3), Some(6)));
    assert_eq!((rule.source_ports, rule.source_port_mask), (Some((1000, 2000)), None));
    assert_eq!((rule.destination_ports, rule.destination_port_mask), (Some((22, 22)), Some(0xffff)));
    assert_eq!((rule.users, rule.suppress_prefix_len), (Some((5, 9)), Some(u32::MAX)));
    assert!(rule.flags & FIB_RULE_INVERT != 0);
    assert!(rule.unknown.is_empty());

    let buffer = bytes(include_str!("fixtures/rule_suppress.hex"));
    let rule = Rule::from_message(&only(&buffer)).unwrap();
    assert_eq!((rule.table, rule.tos, rule.tunnel), (300, 0x10, Some(7)));
    assert_eq!((rule.suppress_prefix_len, rule.suppress_group), (Some(0), Some(4)));
}

#[test]
fn conditions_of_newer_kernels_are_kept_by_number() {
    let mut builder = RequestBuilder::new(RTM_NEWRULE, 0, 0);
    builder.body(&[10, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0]);
    builder.attribute(25, &[10]).attribute(30, &[0x3f]).attribute(26, &[0, 0, 1, 2]).attribute(99, &[1]);
    let buffer = builder.finish().unwrap();
    let rule = Rule::from_message(&only(&buffer)).unwrap();
    assert_eq!((rule.dscp, rule.dscp_mask, rule.flow_label), (Some(10), Some(0x3f), Some(0x102)));
    assert_eq!(rule.unknown, [99]);
}

#[test]
fn a_group_of_nexthop_objects_is_read() {
    let buffer = bytes(include_str!("fixtures/nexthop_group.hex"));
    let object = NexthopObject::from_message(&only(&buffer)).unwrap();
    assert_eq!((object.id, object.blackhole, &object.group[..]), (7, false, &[(5, 3), (6, 1)][..]));
}

#[test]
fn a_neighbour_that_does_not_answer_is_read() {
    let buffer = bytes(include_str!("fixtures/neighbour_failed.hex"));
    let neighbour = Neighbour::from_message(&only(&buffer)).unwrap();
    assert_eq!((neighbour.address, neighbour.state), (Some(ip("2001:db8::5")), NUD_FAILED));
}

#[test]
fn disciplines_and_filters_are_read() {
    let buffer = bytes(include_str!("fixtures/qdisc_clsact.hex"));
    let discipline = TrafficObject::from_message(&only(&buffer)).unwrap();
    assert_eq!((discipline.interface, discipline.kind), (3, Some("clsact")));
    let buffer = bytes(include_str!("fixtures/filter.hex"));
    let filter = TrafficObject::from_message(&only(&buffer)).unwrap();
    assert_eq!((filter.parent, filter.kind, filter.info >> 16), (TC_INGRESS, Some("u32"), 10));
}

#[test]
fn what_a_bridge_passes_to_iptables_is_read() {
    let buffer = bytes(include_str!("fixtures/link_bridge.hex"));
    let link = Link::from_message(&only(&buffer)).unwrap();
    assert_eq!(link.bridge, Some(LinkBridge { call_iptables: true, ..LinkBridge::default() }));
    assert_eq!((link.group, link.mtu, link.address.len(), link.xdp), (7, Some(1500), 6, None));
    assert_eq!(link.damaged, None);
}

#[test]
fn an_xdp_program_is_read() {
    let mut builder = RequestBuilder::new(RTM_NEWLINK, 0, 0);
    builder.body(&[0; 16]);
    builder.nested(43, |xdp| {
        xdp.attribute(2, &[2]).attribute(4, &77_u32.to_ne_bytes());
    });
    let buffer = builder.finish().unwrap();
    let link = Link::from_message(&only(&buffer)).unwrap();
    assert_eq!(link.xdp, Some(LinkXdp { attached: 2, program: Some(77) }));
}

#[test]
fn requests_have_the_kernels_layout() {
    let family = AddressFamily::Inet6;
    for (request, kind, length) in [
        (dump_routes(family, 1), 26, 12),
        (dump_rules(family, 1), 34, 12),
        (dump_neighbours(family, 1), 30, 12),
        (dump_nexthops(1), 106, 8),
        (dump_qdiscs(1).unwrap(), 38, 24),
        (dump_filters(5, TC_INGRESS, 1), 46, 20),
    ] {
        let message = only(&request);
        assert_eq!((message.header.kind, message.payload.len()), (kind, length));
    }
    assert_eq!(
        only(&dump_filters(5, TC_INGRESS, 1)).payload[4..16],
        [5, 0, 0, 0, 0, 0, 0, 0, 0xf2, 0xff, 0xff, 0xff]
    );
}

#[test]
fn a_question_says_only_what_is_asked() {
    let query = RouteQuery {
        destination: ip("192.0.2.9"),
        source: Some(ip("10.0.0.1")),
        iif: Some(3),
        oif: None,
        mark: 0,
        tos: 0x10,
        protocol: Some(6),
        source_port: None,
        destination_port: Some(443),
        uid: None,
    };
    let buffer = query.encode(1).unwrap();
    let payload = only(&buffer).payload;
    assert_eq!(payload[..12], [2, 32, 32, 0x10, 0, 0, 0, 0, 0, 0, 0, 0]);
    let expected: &[u8] = &[
        8, 0, 1, 0, 192, 0, 2, 9, // RTA_DST
        8, 0, 2, 0, 10, 0, 0, 1, // RTA_SRC
        8, 0, 3, 0, 3, 0, 0, 0, // RTA_IIF
        5, 0, 27, 0, 6, 0, 0, 0, // RTA_IP_PROTO, padded
        6, 0, 29, 0, 1, 187, 0, 0, // RTA_DPORT, padded
    ];
    assert_eq!(payload[12..], *expected);
}
