use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::inet_diag::Timer;
use portreeve_wire::proc::{
    InetFamily, LineError, Problem, inet_rows, packet_rows, port_range, port_ranges, sctp_associations,
    sctp_endpoints, unix_rows,
};
use portreeve_wire::sock_diag::{SocketType, State};

const TCP: &[u8] = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n   0: 0100007F:07E8 00000000:0000 0A 00000005:00000003 00:00000000 00000000  1000        0 1215 1 000000006b6b2c39 100 0 0 10 0                      \n   1: 0100007F:A7D4 0100007F:907F 06 00000000:00000000 03:0000173A 00000000     0        0 0 3 000000004dcad641                                      \n";
const UDP6: &[u8] = b"  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  77: 00000000000000000000000001000000:D98D 0000000000000000FFFF00000200000A:0035 01 00000000:00000900 00:00000000 00000000   101        0 280245 2 00000000ef4a04e1 17\n";

#[test]
fn tcp_rows_are_read() {
    let rows: Vec<_> = inet_rows(TCP, InetFamily::V4).map(Result::unwrap).collect();
    assert_eq!((rows[0].source, rows[0].source_port), (Ipv4Addr::LOCALHOST.into(), 2024));
    assert_eq!((rows[0].state, rows[0].send_queue, rows[0].receive_queue), (State::Listen, 5, 3));
    assert_eq!((rows[0].uid, rows[0].inode, rows[0].drops), (1000, 1215, None));
    assert_eq!(
        (rows[1].state, rows[1].timer, rows[1].timer_expires),
        (State::TimeWait, Timer::TimeWait, 0x173a)
    );
    assert_eq!((rows[1].destination_port, rows[1].inode), (0x907f, 0));
    assert_eq!(rows.len(), 2);
}

#[test]
fn udp6_rows_are_read_with_drops() {
    let row = inet_rows(UDP6, InetFamily::V6).next().unwrap().unwrap();
    assert_eq!((row.source, row.source_port), (Ipv6Addr::LOCALHOST.into(), 0xd98d));
    assert_eq!(row.destination, "::ffff:10.0.0.2".parse::<IpAddr>().unwrap());
    assert_eq!(
        (row.destination_port, row.receive_queue, row.inode, row.drops),
        (53, 0x900, 280_245, Some(17))
    );
}

#[test]
fn a_malformed_row_is_reported_by_line_and_the_others_kept() {
    let mut table = TCP.to_vec();
    table.extend_from_slice(b"   2: 0100007F:ZZ 00000000:0000 0A\n\n   3: 0100007F\n");
    table.extend_from_slice(
        b"   4: 0200007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 9 1 0\n",
    );
    let rows: Vec<_> = inet_rows(&table, InetFamily::V4).collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[2], Err(LineError { line: 4, problem: Problem::Malformed("port") }));
    assert_eq!(rows[3], Err(LineError { line: 6, problem: Problem::Malformed("address") }));
    assert_eq!(rows[4].unwrap().source_port, 22);
    assert!(inet_rows(TCP, InetFamily::V6).all(|row| row.is_err()));
    assert_eq!(inet_rows(b"", InetFamily::V4).count(), 0);
}

#[test]
fn packet_rows_are_read() {
    let table = b"sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n0000000012345678 3      3    0003   2     1 1280   1000   4711\n";
    let row = packet_rows(table).next().unwrap().unwrap();
    assert_eq!((row.socket_type, row.protocol, row.interface, row.running), (SocketType::Raw, 3, 2, true));
    assert_eq!((row.receive_memory, row.uid, row.inode), (1280, 1000, 4711));
}

#[test]
fn unix_rows_are_read_with_odd_paths() {
    let table = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
        00000000ef4a04e1: 00000003 00000000 00000000 0001 03  1211\n\
        00000000cddbc4d3: 00000002 00000000 00010000 0001 01  1212 /run/a b  c\n\
        00000000cddbc4d4: 00000002 00000000 00010000 0005 01 12345678 @/abstract@name\n\
        torn\n";
    let rows: Vec<_> = unix_rows(table).collect();
    assert_eq!(rows[0].unwrap().path, None);
    let listener = rows[1].unwrap();
    assert_eq!((listener.listening, listener.inode, listener.path), (true, 1212, Some(&b"/run/a b  c"[..])));
    let packets = rows[2].unwrap();
    assert_eq!(packets.socket_type, SocketType::SequencedPacket);
    assert_eq!((packets.inode, packets.path), (12_345_678, Some(&b"@/abstract@name"[..])));
    assert_eq!(rows[3], Err(LineError { line: 5, problem: Problem::Missing("Protocol") }));
}

// SCTP is not in the kernels of the test machines: these tables follow net/sctp/proc.c.

#[test]
fn sctp_endpoints_are_read() {
    let table = b" ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n\
        0000000012345678 0000000087654321 2   10  29   2905  1000 4711 192.0.2.1 2001:db8::1 \n";
    let endpoint = sctp_endpoints(table).next().unwrap().unwrap();
    assert_eq!((endpoint.socket_state, endpoint.port, endpoint.uid, endpoint.inode), (10, 2905, 1000, 4711));
    assert_eq!(
        endpoint.addresses.collect::<Vec<_>>(),
        [Ipv4Addr::new(192, 0, 2, 1).into(), "2001:db8::1".parse::<IpAddr>().unwrap()]
    );
}

#[test]
fn sctp_associations_are_read() {
    let table = b" ASSOC     SOCK   STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT RPORT LADDRS <-> RADDRS HBINT INS OUTS MAXRT T1X T2X RTXC wmema wmemq sndbuf rcvbuf\n\
        0000000012345678 0000000087654321 2   1   3  0       5        7       9    1000 4712 2905  36412  *192.0.2.1 <-> *192.0.2.9 192.0.2.10 \t    7500    10    10   10    0    0        0        1        0   212992   212992\n\
        0000000012345678 0000000087654321 2   1   3  0 5 7 9 1000 4712 2905 36412 192.0.2.1\n";
    let rows: Vec<_> = sctp_associations(table).collect();
    let association = rows[0].as_ref().unwrap();
    assert_eq!((association.socket_state, association.state), (1, 3));
    assert_eq!((association.send_queue, association.receive_queue), (7, 9));
    assert_eq!((association.source_port, association.destination_port), (2905, 36_412));
    assert_eq!(association.sources.clone().count(), 1);
    assert_eq!(
        association.destinations.clone().collect::<Vec<_>>(),
        [Ipv4Addr::new(192, 0, 2, 9), Ipv4Addr::new(192, 0, 2, 10)]
    );
    assert!(rows[1].is_err());
}

#[test]
fn port_lists_are_read() {
    assert_eq!(port_range(b"32768\t60999\n"), Ok(32_768..=60_999));
    assert!(port_range(b"5 4").is_err());
    assert!(port_range(b"").is_err());
    let ranges: Vec<_> = port_ranges(b"1-3,5,x,65536,7-10\n").collect();
    assert_eq!(ranges[0], Ok(1..=3));
    assert_eq!(ranges[1], Ok(5..=5));
    assert!(ranges[2].is_err() && ranges[3].is_err());
    assert_eq!(ranges[4], Ok(7..=10));
    assert_eq!(port_ranges(b"\n").count(), 0);
}
