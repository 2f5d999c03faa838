//! Rows from sockets.

use portreeve_model::listener::{Activation, Forward};
use portreeve_model::{AcceptQueue, IpCoverage, Listener, NamespaceName, NoHolder, Protocol, Reach, State};

use super::{EphemeralRanges, listeners};
use crate::findings::testing::{HOST, INSIDE, Machine, unit};

fn rows(machine: &Machine) -> Vec<Listener> {
    let ranges: EphemeralRanges = [(HOST, (32768, 60999))].into_iter().collect();
    listeners(&machine.snapshot, &ranges, machine)
}

fn only(machine: &Machine) -> Listener {
    let mut rows = rows(machine);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.remove(0)
}

#[test]
fn two_addresses_of_one_owner_and_reach_are_one_row() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/nginx").unit = Some(unit("nginx.service"));
    machine.process(8, "/usr/sbin/nginx");
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[7, 8]);
    machine.listen(Protocol::Tcp, "[::]:80", &[7, 8]).v6only = Some(true);
    let row = only(&machine);
    let covers: Vec<IpCoverage> = row.addresses.iter().map(|bound| bound.covers).collect();
    assert_eq!(covers, [IpCoverage::Ipv4, IpCoverage::Ipv6]);
    assert_eq!((row.sockets, row.reach, row.usual_service.as_deref()), (2, Reach::All, Some("http")));
    assert_eq!(row.owner.holders.len(), 2);
    assert_eq!(row.owner.unit, Some(unit("nginx.service")));
    assert_eq!(row.owner.users, ["root".into()]);
}

#[test]
fn reach_or_owner_or_port_split_rows() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/a");
    machine.process(8, "/usr/sbin/b");
    machine.listen(Protocol::Tcp, "127.0.0.1:53", &[7]);
    machine.listen(Protocol::Tcp, "10.0.0.1:53", &[7]);
    machine.listen(Protocol::Tcp, "10.0.0.2:53", &[8]);
    machine.listen(Protocol::Udp, "10.0.0.1:53", &[7]);
    machine.listen(Protocol::Tcp, "203.0.113.1:54", &[7]);
    machine.listen(Protocol::Tcp, "0.0.0.0:99", &[7]);
    let order: Vec<(Reach, u16, Protocol)> =
        rows(&machine).iter().map(|row| (row.reach, row.port, row.protocol)).collect();
    assert_eq!(
        order,
        [
            (Reach::All, 99, Protocol::Tcp),
            (Reach::Public, 54, Protocol::Tcp),
            (Reach::Private, 53, Protocol::Tcp),
            (Reach::Private, 53, Protocol::Tcp),
            (Reach::Private, 53, Protocol::Udp),
            (Reach::Loopback, 53, Protocol::Tcp),
        ]
    );
}

#[test]
fn dual_stack_is_told_from_perhaps() {
    for (v6only, covers) in [
        (Some(false), IpCoverage::DualStack),
        (Some(true), IpCoverage::Ipv6),
        (None, IpCoverage::Ipv6PerhapsDualStack),
    ] {
        let mut machine = Machine::new();
        machine.process(7, "/usr/sbin/a");
        machine.listen(Protocol::Tcp, "[::]:80", &[7]).v6only = v6only;
        assert_eq!(only(&machine).addresses[0].covers, covers);
    }
    let mut machine = Machine::new();
    machine.listen(Protocol::Tcp, "[::ffff:10.0.0.1]:80", &[]);
    let row = only(&machine);
    assert_eq!((row.addresses[0].covers, row.reach), (IpCoverage::Ipv4, Reach::Private));
}

#[test]
fn other_namespaces_are_inside_whatever_the_address() {
    let mut machine = Machine::new();
    for address in ["0.0.0.0:80", "127.0.0.1:80", "10.0.0.1:80"] {
        machine.listen(Protocol::Tcp, address, &[]).namespace = INSIDE;
    }
    let row = only(&machine);
    assert_eq!((row.reach, row.addresses.len()), (Reach::ContainerInternal, 3));
}

#[test]
fn the_observers_own_namespace_and_the_hosts_both_count_as_the_machine() {
    let mut machine = Machine::new();
    machine.snapshot.namespaces[0].own = false;
    machine.snapshot.namespaces[1].own = true;
    machine.snapshot.namespaces[1].name = NamespaceName::Named("lab".into());
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[]).namespace = INSIDE;
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[]);
    assert!(rows(&machine).iter().all(|row| row.reach == Reach::All));
}

#[test]
fn a_reuseport_pool_is_one_row_with_summed_queues() {
    let mut machine = Machine::new();
    for pid in 10..14 {
        machine.process(pid, "/usr/sbin/app");
        let socket = machine.listen(Protocol::Tcp, "0.0.0.0:80", &[pid]);
        (socket.receive_queue, socket.drops) = (2, Some(1));
    }
    machine.process(20, "/usr/sbin/thief");
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[20]);
    let rows = rows(&machine);
    assert_eq!(rows.len(), 2, "another program in the group stays visible");
    assert_eq!(rows[0].accept_queue, Some(AcceptQueue { length: 8, limit: 512 }));
    assert_eq!((rows[0].sockets, rows[0].addresses.len(), rows[0].drops), (4, 1, Some(4)));
    assert_eq!(rows[0].owner.holders.len(), 4);
}

#[test]
fn only_listeners_with_ports_make_rows() {
    let mut machine = Machine::new();
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[]).state = State::Established;
    machine.listen(Protocol::Raw, "0.0.0.0:1", &[]);
    machine.listen(Protocol::Udp, "0.0.0.0:0", &[]);
    machine.sniff(3, &[]);
    assert!(rows(&machine).is_empty());
}

#[test]
fn a_datagram_port_of_the_ephemeral_range_is_marked() {
    for (protocol, port, ephemeral) in
        [(Protocol::Udp, 40000, true), (Protocol::Udp, 53, false), (Protocol::Tcp, 40000, false)]
    {
        let mut machine = Machine::new();
        machine.listen(protocol, &format!("0.0.0.0:{port}"), &[]);
        assert_eq!(only(&machine).ephemeral, ephemeral, "{protocol} {port}");
    }
}

#[test]
fn without_a_holder_the_reason_and_the_sockets_user_remain() {
    let mut machine = Machine::new();
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[]).no_holder = Some(NoHolder::Permission);
    let owner = only(&machine).owner;
    assert_eq!((owner.no_holder, owner.users), (Some(NoHolder::Permission), vec!["0".into()]));
}

#[test]
fn a_service_outweighs_pid_1_as_unit() {
    let mut machine = Machine::new();
    machine.process(1, "/usr/lib/systemd/systemd").unit = Some(unit("init.scope"));
    machine.process(7, "/usr/sbin/sshd").unit = Some(unit("ssh.service"));
    machine.activation =
        Some(Activation { socket_unit: "ssh.socket".into(), starts: Some("ssh.service".into()) });
    machine.listen(Protocol::Tcp, "0.0.0.0:22", &[1, 7]);
    let owner = only(&machine).owner;
    assert_eq!(owner.unit, Some(unit("ssh.service")));
    assert_eq!(owner.activates, machine.activation);
}

#[test]
fn the_two_forwarders_of_a_published_port_are_one_row_that_names_the_container() {
    let mut machine = Machine::new();
    machine.forward = Some(Forward { address: "172.17.0.2".parse().unwrap(), port: 80, container: None });
    machine.process(7, "/usr/bin/docker-proxy");
    machine.process(8, "/usr/bin/docker-proxy");
    machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[7]);
    machine.listen(Protocol::Tcp, "[::]:8080", &[8]).v6only = Some(true);
    let row = only(&machine);
    assert_eq!(row.owner.forwards_to.unwrap().container.as_deref(), Some("c0ffee"));
    assert_eq!(row.addresses.len(), 2);
}
