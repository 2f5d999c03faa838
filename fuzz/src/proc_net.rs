//! Socket tables of `/proc/net` and lists of ports.

use portreeve_wire::proc::{
    InetFamily, LineError, inet_rows, packet_rows, port_range, port_ranges, sctp_associations,
    sctp_endpoints, unix_rows,
};

/// Reads `data` as each of the tables.
pub fn run(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').count();
    check(lines, inet_rows(data, InetFamily::V4));
    check(lines, inet_rows(data, InetFamily::V6));
    check(lines, packet_rows(data));
    check(lines, unix_rows(data));
    check(lines, sctp_endpoints(data));
    check(lines, sctp_associations(data));
    for row in inet_rows(data, InetFamily::V4).flatten() {
        assert!(row.source.is_ipv4() && row.destination.is_ipv4());
    }
    for association in sctp_associations(data).flatten() {
        let _addresses = (association.sources.count(), association.destinations.count());
    }
    for range in port_ranges(data).flatten().chain(port_range(data)) {
        assert!(!range.is_empty());
    }
}

/// Errors name lines of the text, in order.
fn check<T>(lines: usize, rows: impl Iterator<Item = Result<T, LineError>>) {
    let mut last = 0;
    let mut count = 0;
    for row in rows {
        count += 1;
        if let Err(error) = row {
            assert!(error.line > last && error.line <= lines, "{error} of {lines} lines");
            last = error.line;
        }
    }
    assert!(count <= lines, "a line is one row at most");
}
