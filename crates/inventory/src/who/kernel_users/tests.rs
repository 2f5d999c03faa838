//! Kernel services as their netlink families tell of them. The test machines' kernels lack these families: the answers
//! are built after the kernel's sources.

use std::collections::VecDeque;

use portreeve_wire::netlink::RequestBuilder;

use super::*;

const FAMILY: u16 = 30;
const HOST: NamespaceId = NamespaceId(1);

/// Gives one scripted buffer for each request, under the request's sequence number.
#[derive(Default)]
struct Script {
    replies: VecDeque<Vec<RequestBuilder>>,
    asked: Vec<u8>,
    buffer: Vec<u8>,
    sequence: u32,
}

impl Script {
    /// A kernel that has the family, and answers a dump with these messages.
    fn with_family(messages: Vec<RequestBuilder>) -> Self {
        let mut family = message(16, &[1, 2, 0, 0]);
        family.attribute(1, &FAMILY.to_ne_bytes()).attribute(2, b"family\0");
        let mut dump = messages;
        dump.push(message(3, &[0; 4]));
        Self { replies: [vec![family], dump].into(), ..Self::default() }
    }

    /// A kernel without the family: `NLMSG_ERROR` with `ENOENT`.
    fn without_family() -> Self {
        let mut body = (-2_i32).to_ne_bytes().to_vec();
        body.extend([0; 16]);
        Self { replies: [vec![message(2, &body)]].into(), ..Self::default() }
    }
}

impl Channel for Script {
    fn send(&mut self, request: &[u8]) -> Result<(), Errno> {
        self.asked = request.to_vec();
        Ok(())
    }

    fn receive(&mut self) -> Result<&[u8], Errno> {
        self.buffer.clear();
        for message in self.replies.pop_front().ok_or(Errno::AGAIN)? {
            let mut bytes = message.finish().unwrap();
            // `nlmsg_seq`, of the request that is answered.
            bytes[8..12].copy_from_slice(&self.asked[8..12]);
            self.buffer.extend(bytes);
        }
        Ok(&self.buffer)
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence += 1;
        self.sequence
    }
}

fn message(kind: u16, body: &[u8]) -> RequestBuilder {
    let mut builder = RequestBuilder::new(kind, 0, 0);
    builder.body(body);
    builder
}

fn device(index: u32, name: &str, kind: &str, udp_port: Option<u16>) -> Device {
    Device { index, name: name.to_owned(), kind: kind.to_owned(), udp_port }
}

/// `WG_CMD_GET_DEVICE`, with keys that must not be looked at.
fn wireguard_device(index: u32, name: &str, port: u16) -> RequestBuilder {
    let mut answer = message(FAMILY, &[0, 1, 0, 0]);
    answer.attribute(6, &port.to_ne_bytes()).attribute(7, &0_u32.to_ne_bytes());
    answer.attribute(1, &index.to_ne_bytes()).attribute(2, format!("{name}\0").as_bytes());
    answer.attribute(3, &[7; 32]);
    answer
}

#[test]
fn a_wireguard_device_is_named_by_its_listen_port() {
    let links = [device(2, "eth0", "", None), device(5, "wg0", "wireguard", None)];
    let mut script = Script::with_family(vec![wireguard_device(5, "wg0", 51820)]);
    let users = wireguard(&mut script, HOST, 51820, &links);
    assert_eq!(
        users,
        [KernelUser {
            namespace: HOST,
            protocol: Protocol::Udp,
            what: "WireGuard device wg0".to_owned(),
            evidence: "device wg0 listens on UDP port 51820: wg show wg0 listen-port".to_owned(),
            release: "take the tunnel down: wg-quick down wg0, or ip link set dev wg0 down".to_owned(),
        }]
    );
    let mut script = Script::with_family(vec![wireguard_device(5, "wg0", 51820)]);
    assert_eq!(wireguard(&mut script, HOST, 51821, &links), []);
}

#[test]
fn nothing_is_asked_without_a_wireguard_device() {
    let mut script = Script::default();
    assert_eq!(wireguard(&mut script, HOST, 51820, &[device(2, "eth0", "veth", None)]), []);
    assert!(script.asked.is_empty());
}

#[test]
fn a_fou_receiver_and_an_l2tp_tunnel_are_found() {
    let mut receiver = message(FAMILY, &[3, 1, 0, 0]);
    receiver.attribute(1, &5555_u16.to_be_bytes()).attribute(2, &[2]).attribute(3, &[4]);
    receiver.attribute(4, &[1]);
    let found = fou(&mut Script::with_family(vec![receiver]), HOST, 5555);
    assert_eq!(found[0].release, "remove the receiver: ip fou del port 5555");

    let mut tunnel = message(FAMILY, &[4, 1, 0, 0]);
    tunnel.attribute(7, &[3]).attribute(9, &42_u32.to_ne_bytes()).attribute(2, &0_u16.to_ne_bytes());
    tunnel.attribute(26, &1701_u16.to_ne_bytes());
    let found = l2tp(&mut Script::with_family(vec![tunnel]), HOST, 1701);
    assert_eq!(found[0].what, "L2TP tunnel 42");
}

#[test]
fn a_kernel_without_the_family_or_without_an_answer_has_no_user() {
    let links = [device(5, "wg0", "wireguard", None)];
    for mut script in [Script::without_family(), Script::default()] {
        assert_eq!(wireguard(&mut script, HOST, 51820, &links), []);
    }
    assert_eq!(fou(&mut Script::without_family(), HOST, 5555), []);
    assert_eq!(l2tp(&mut Script::without_family(), HOST, 1701), []);
}

#[test]
fn a_port_that_no_tunnel_uses_has_no_kernel_user() {
    let links = [device(7, "vx0", "vxlan", Some(4789)), device(2, "eth0", "", None)];
    assert_eq!(tunnels(HOST, 4790, &links), []);
    let users = tunnels(HOST, 4789, &links);
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].what, "VXLAN device vx0");
}

#[test]
fn the_nfs_servers_list_is_read() {
    let text = "rdma 20049\ntcp 2049\nudp6 2049\nnonsense\ntcp x\n";
    let ports: Vec<_> = nfs_ports(text).collect();
    assert_eq!(ports, [(Protocol::Tcp, 2049), (Protocol::Udp, 2049)]);
}
