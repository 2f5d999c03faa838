use std::net::Ipv4Addr;

use portreeve_wire::WireError;
use portreeve_wire::genetlink::{
    Family, FouPort, L2tpEncapsulation, L2tpTunnel, WireguardDevice, dump_fou_ports, dump_l2tp_tunnels,
    family_request, wireguard_device_request,
};
use portreeve_wire::netlink::{NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder};
use portreeve_wire::sock_diag::AddressFamily;

use crate::fixtures::{self, bytes, only};

#[test]
fn a_familys_number_is_read() {
    let buffer = bytes(fixtures::FAMILY_NLCTRL);
    let family = Family::decode(only(&buffer).payload).unwrap();
    assert_eq!((family.id, family.name, family.version), (16, "nlctrl", Some(2)));
}

#[test]
fn the_familys_name_is_asked_for_with_a_nul() {
    let buffer = family_request("wireguard", 3).unwrap();
    let message = only(&buffer);
    assert_eq!((message.header.kind, message.header.flags), (16, NLM_F_REQUEST));
    assert_eq!(message.payload[..8], [3, 1, 0, 0, 14, 0, 2, 0]);
    assert_eq!(&message.payload[8..18], b"wireguard\0");
}

// The kernels of the test machines have no WireGuard, FOU or L2TP: these answers are built after the kernel's sources.

#[test]
fn a_wireguard_device_is_read_without_its_keys() {
    let mut builder = RequestBuilder::new(30, 0, 0);
    builder.body(&[0, 1, 0, 0]);
    builder.attribute(6, &51_820_u16.to_ne_bytes());
    builder.attribute(7, &0_u32.to_ne_bytes());
    builder.attribute(1, &5_u32.to_ne_bytes());
    builder.attribute(2, b"wg0\0");
    builder.attribute(3, &[7; 32]);
    builder.nested(8, |peers| {
        peers.nested(0, |_| {}).nested(0, |_| {});
    });
    let buffer = builder.finish().unwrap();
    let device = WireguardDevice::decode(only(&buffer).payload).unwrap();
    assert_eq!((device.interface, device.name), (Some(5), Some("wg0")));
    assert_eq!((device.listen_port, device.mark, device.peers), (Some(51_820), Some(0), 2));
}

#[test]
fn a_fou_port_is_read() {
    let mut builder = RequestBuilder::new(30, 0, 0);
    builder.body(&[3, 1, 0, 0]);
    builder.attribute(1, &5555_u16.to_be_bytes()).attribute(2, &[2]).attribute(3, &[4]).attribute(4, &[1]);
    builder.attribute(6, &[0; 4]).attribute(11, &0_i32.to_ne_bytes());
    let buffer = builder.finish().unwrap();
    let fou = FouPort::decode(only(&buffer).payload).unwrap();
    assert_eq!((fou.port, fou.family, fou.protocol), (5555, AddressFamily::Inet, 4));
    assert_eq!((fou.encapsulation, fou.local, fou.interface), (1, None, None));
}

#[test]
fn an_l2tp_tunnel_is_read() {
    let mut builder = RequestBuilder::new(30, 0, 0);
    builder.body(&[4, 1, 0, 0]);
    builder.attribute(7, &[3]).attribute(9, &42_u32.to_ne_bytes()).attribute(2, &0_u16.to_ne_bytes());
    builder.attribute(24, &[192, 0, 2, 1]).attribute(26, &1701_u16.to_ne_bytes());
    let buffer = builder.finish().unwrap();
    let tunnel = L2tpTunnel::decode(only(&buffer).payload).unwrap();
    assert_eq!((tunnel.id, tunnel.version, tunnel.encapsulation), (42, 3, L2tpEncapsulation::Udp));
    assert_eq!(tunnel.local, Some(Ipv4Addr::new(192, 0, 2, 1).into()));
    assert_eq!((tunnel.source_port, tunnel.destination_port), (Some(1701), None));
}

#[test]
fn an_answer_to_something_else_is_refused() {
    let buffer = bytes(fixtures::FAMILY_NLCTRL);
    let payload = only(&buffer).payload;
    assert_eq!(FouPort::decode(payload), Err(WireError::WrongKind { what: "FOU_CMD_GET", kind: 1 }));
    assert!(Family::decode(&[1, 2]).is_err());
    assert_eq!(Family::decode(&[1, 2, 0, 0]), Err(WireError::Missing { what: "CTRL_ATTR_FAMILY_ID" }));
}

#[test]
fn requests_have_the_kernels_layout() {
    let buffer = wireguard_device_request(33, 5, 1);
    let message = only(&buffer);
    assert_eq!((message.header.kind, message.header.has(NLM_F_DUMP)), (33, true));
    assert_eq!(message.payload, [0, 1, 0, 0, 8, 0, 1, 0, 5, 0, 0, 0]);
    assert_eq!(only(&dump_fou_ports(34, 1)).payload, [3, 1, 0, 0]);
    assert_eq!(only(&dump_l2tp_tunnels(35, 1)).payload, [4, 1, 0, 0]);
}
