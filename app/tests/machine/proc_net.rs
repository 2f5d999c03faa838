//! `/proc/net` as an oracle: the kernel's text tables of a host (`net/ipv4/tcp_ipv4.c`, `get_tcp4_sock`).

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_lab::Host;

/// A row of `tcp`, `tcp6`, `udp`, `udp6` and the like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableRow {
    pub(crate) table: &'static str,
    pub(crate) local: (IpAddr, u16),
    pub(crate) peer: (IpAddr, u16),
    /// The kernel's number.
    pub(crate) state: u8,
    pub(crate) send_queue: u32,
    pub(crate) receive_queue: u32,
    pub(crate) uid: u32,
    pub(crate) inode: u64,
}

/// The rows of one table.
pub(crate) fn rows(host: &Host, table: &'static str) -> Vec<TableRow> {
    let text = fs::read_to_string(format!("/proc/{}/net/{table}", host.holder_pid())).unwrap();
    text.lines().skip(1).map(|line| row(table, line)).collect()
}

fn row(table: &'static str, line: &str) -> TableRow {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (send_queue, receive_queue) = words[4].split_once(':').unwrap();
    TableRow {
        table,
        local: end(words[1]),
        peer: end(words[2]),
        state: u8::from_str_radix(words[3], 16).unwrap(),
        send_queue: u32::from_str_radix(send_queue, 16).unwrap(),
        receive_queue: u32::from_str_radix(receive_queue, 16).unwrap(),
        uid: words[7].parse().unwrap(),
        inode: words[9].parse().unwrap(),
    }
}

/// `0100007F:1B58`: 32-bit words as the machine stores them, and a port.
fn end(text: &str) -> (IpAddr, u16) {
    let (address, port) = text.split_once(':').unwrap();
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).unwrap(), 16).unwrap();
        word.to_ne_bytes()
    });
    let bytes: Vec<u8> = words.flatten().collect();
    let address = match bytes.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).unwrap()).into(),
        _ => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap()).into(),
    };
    (address, u16::from_str_radix(port, 16).unwrap())
}
