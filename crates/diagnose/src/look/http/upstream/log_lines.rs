//! What lines of logs say of upstreams. The words are those of the software's own messages and of the C library's error texts, which most
//! programs quote.

use crate::facts::http::{Problem, UpstreamAddress};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// What is wrong.
    pub(super) problem: Problem,
    /// With which upstream, where the line names it.
    pub(super) upstream: Option<UpstreamAddress>,
}

/// A line that has none of these is not about an upstream.
const SUBJECTS: [&str; 14] = [
    "upstream",
    "backend",
    "proxy",
    "connect()",
    "connect to",
    "establishing connection",
    "dial tcp",
    "dial unix",
    "econn",
    "etimedout",
    "enotfound",
    "ehostunreach",
    "fastcgi",
    "fcgi",
];

/// Words of a problem; the first that is found is it, so that the more telling ones stand first.
const PROBLEMS: [(Problem, &[&str]); 13] = [
    (Problem::NoDescriptor, &["too many open files", "emfile"]),
    (
        Problem::NoPort,
        &["cannot assign requested address", "can't assign requested address", "eaddrnotavail"],
    ),
    (Problem::Forbidden, &["permission denied", "operation not permitted", "eacces"]),
    (Problem::NoSocket, &["no such file or directory", "enoent"]),
    (Problem::Refused, &["connection refused", "econnrefused"]),
    (Problem::QueueFull, &["resource temporarily unavailable", "eagain"]),
    (
        Problem::NoName,
        &[
            "could not be resolved",
            "host not found",
            "no such host",
            "dns lookup failure",
            "name or service not known",
            "no resolver defined",
            "enotfound",
        ],
    ),
    (
        Problem::Unreachable,
        &["no route to host", "network is unreachable", "host is unreachable", "ehostunreach", "enetunreach"],
    ),
    (
        Problem::NoneLeft,
        &[
            "no live upstreams",
            "no server available",
            "no server is available",
            "no upstreams available",
            "in error state",
            "no active member",
            "all backends down",
        ],
    ),
    (
        Problem::NoSession,
        &[
            "ssl_do_handshake",
            "certificate verify",
            "upstream ssl certificate",
            "tls: ",
            "x509: ",
            "ssl handshake",
        ],
    ),
    (
        Problem::BadAnswer,
        &[
            "invalid header",
            "too big header",
            "malformed",
            "no valid http",
            "invalid response",
            "bad header",
            "unsupported version",
        ],
    ),
    (Problem::TimedOut, &["timed out", "timeout", "etimedout", "deadline exceeded"]),
    (
        Problem::Closed,
        &[
            "prematurely closed",
            "reset by peer",
            "econnreset",
            "broken pipe",
            "error reading status line",
            "unexpected eof",
            ": eof",
            "eof\"",
        ],
    ),
];

/// Reads one line.
pub(super) fn notice(line: &str) -> Option<Notice> {
    let lower = line.to_lowercase();
    if !SUBJECTS.iter().any(|subject| lower.contains(subject)) {
        return None;
    }
    let found = PROBLEMS.iter().find(|(_, words)| words.iter().any(|word| lower.contains(word)));
    let (problem, _) = found?;
    let upstream = upstream(line);
    // A file that is missing or closed to the server is its own affair, unless it is a socket.
    let of_file = matches!(problem, Problem::NoSocket | Problem::Forbidden);
    if of_file && upstream.is_none() {
        return None;
    }
    Some(Notice { problem: *problem, upstream })
}

/// What stands before an upstream, in messages of nginx, Caddy, programs in Go, Apache, Node.js, lighttpd, `HAProxy`.
const ANCHORS: [&str; 15] = [
    "upstream: \"",
    "\"upstream\":\"",
    "in upstream \"",
    "attempt to connect to Unix domain socket ",
    "attempt to connect to ",
    "from remote server ",
    "dial tcp ",
    "dial unix ",
    "ECONNREFUSED ",
    "ECONNRESET ",
    "ETIMEDOUT ",
    "EHOSTUNREACH ",
    "ENOENT ",
    "socket: ",
    "connection to backend: ",
];

fn upstream(line: &str) -> Option<UpstreamAddress> {
    let anchored = ANCHORS.iter().find_map(|anchor| {
        let (_, rest) = line.split_once(anchor)?;
        let word = rest.split(['"', ' ', ',']).next()?;
        let word = word.strip_prefix("tcp:").unwrap_or(word);
        UpstreamAddress::read(word.trim_end_matches(':'), None)
    });
    anchored.or_else(|| looked_up(line)).or_else(|| only_address(line))
}

/// Go: `dial tcp: lookup app on 127.0.0.11:53: no such host`; nginx: `app could not be resolved`.
fn looked_up(line: &str) -> Option<UpstreamAddress> {
    let name = match line.split_once("dial tcp: lookup ") {
        Some((_, rest)) => rest.split([' ', ':']).next()?,
        None => line.split_once(" could not be resolved")?.0.rsplit(' ').next()?,
    };
    let host = name.to_owned();
    UpstreamAddress::read(&format!("{host}:80"), None).map(|_| UpstreamAddress::Tcp { host, port: 0 })
}

/// The only address with a port that is not said to be the client's.
fn only_address(line: &str) -> Option<UpstreamAddress> {
    let words = line.split([' ', '"', '(', ')', ',', '\'']).peekable();
    let mut found: Option<UpstreamAddress> = None;
    let mut before = "";
    for word in words {
        let of_client = before.trim_start_matches('[').starts_with("client");
        let text = word.trim_end_matches([':', '.', ']', ';']).trim_start_matches("tcp:");
        if !of_client
            && text.parse::<std::net::SocketAddr>().is_ok()
            && let Some(address) = UpstreamAddress::read(text, None)
        {
            if found.as_ref().is_some_and(|known| *known != address) {
                return None;
            }
            found = Some(address);
        }
        before = word;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::notice;
    use crate::facts::http::Problem;

    fn read(line: &str) -> (Problem, String) {
        let notice = notice(line).unwrap_or_else(|| panic!("not understood: {line}"));
        (notice.problem, notice.upstream.map(|address| address.to_string()).unwrap_or_default())
    }

    #[test]
    fn nginx() {
        let tail = "client: 192.0.2.9, server: example.com, request: \"GET / HTTP/1.1\", ";
        for (text, problem, upstream) in [
            (
                "connect() failed (111: Connection refused) while connecting to upstream",
                Problem::Refused,
                "http://127.0.0.1:8080/",
            ),
            (
                "upstream timed out (110: Connection timed out) while reading response header from upstream",
                Problem::TimedOut,
                "http://127.0.0.1:8080/",
            ),
            (
                "upstream prematurely closed connection while reading response header from upstream",
                Problem::Closed,
                "http://127.0.0.1:8080/",
            ),
            (
                "connect() failed (113: No route to host) while connecting to upstream",
                Problem::Unreachable,
                "http://127.0.0.1:8080/",
            ),
            (
                "upstream sent too big header while reading response header from upstream",
                Problem::BadAnswer,
                "http://127.0.0.1:8080/",
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
                Problem::NoSession,
                "http://127.0.0.1:8080/",
            ),
            (
                "socket() failed (24: Too many open files) while connecting to upstream",
                Problem::NoDescriptor,
                "http://127.0.0.1:8080/",
            ),
            (
                "connect() to 127.0.0.1:8080 failed (99: Cannot assign requested address) while connecting to upstream",
                Problem::NoPort,
                "http://127.0.0.1:8080/",
            ),
        ] {
            let line = format!(
                "2026/11/22 06:00:00 [error] 812#812: *1 {text}, {tail}upstream: \"{upstream}\", host: \"example.com\""
            );
            assert_eq!(read(&line), (problem, "127.0.0.1:8080".into()), "{text}");
        }
        let unix = format!(
            "2026/11/22 06:00:00 [crit] 8#8: *1 connect() to unix:/run/php/fpm.sock failed (2: No such file or directory) while connecting to upstream, {tail}upstream: \"fastcgi://unix:/run/php/fpm.sock:\", host: \"x\""
        );
        assert_eq!(read(&unix), (Problem::NoSocket, "unix:/run/php/fpm.sock".into()));
        let denied = unix.replace("2: No such file or directory", "13: Permission denied");
        assert_eq!(read(&denied).0, Problem::Forbidden);
        let full = unix.replace("2: No such file or directory", "11: Resource temporarily unavailable");
        assert_eq!(read(&full).0, Problem::QueueFull);
        let none =
            format!("no live upstreams while connecting to upstream, {tail}upstream: \"http://backend/\"");
        assert_eq!(read(&none), (Problem::NoneLeft, "backend:80".into()));
    }

    #[test]
    fn apache() {
        let refused = "[proxy:error] [pid 9:tid 1] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:8080 (127.0.0.1:8080) failed";
        assert_eq!(read(refused), (Problem::Refused, "127.0.0.1:8080".into()));
        let unix = "[proxy:error] [pid 9] (2)No such file or directory: AH02454: FCGI: attempt to connect to Unix domain socket /run/php.sock (localhost) failed";
        assert_eq!(read(unix), (Problem::NoSocket, "unix:/run/php.sock".into()));
        let silent = "[proxy_http:error] [pid 9] (70007)The timeout specified has expired: [client 192.0.2.9:40000] AH01102: error reading status line from remote server 127.0.0.1:8080";
        assert_eq!(read(silent), (Problem::TimedOut, "127.0.0.1:8080".into()));
    }

    #[test]
    fn caddy_and_others_in_go() {
        let caddy = r#"{"level":"error","logger":"http.log.error","msg":"dial tcp 127.0.0.1:8080: connect: connection refused","request":{"remote_ip":"192.0.2.9"}}"#;
        assert_eq!(read(caddy), (Problem::Refused, "127.0.0.1:8080".into()));
        let unix = r#"msg="dial unix /run/app.sock: connect: no such file or directory""#;
        assert_eq!(read(unix), (Problem::NoSocket, "unix:/run/app.sock".into()));
        let name = "dial tcp: lookup app on 127.0.0.11:53: no such host";
        assert_eq!(read(name), (Problem::NoName, "app:0".into()));
    }

    #[test]
    fn node_lighttpd_haproxy() {
        assert_eq!(
            read("Error: connect ECONNREFUSED 127.0.0.1:3000"),
            (Problem::Refused, "127.0.0.1:3000".into())
        );
        let lighttpd = "(gw_backend.c.238) establishing connection failed: socket: tcp:127.0.0.1:8080: Connection refused";
        assert_eq!(read(lighttpd), (Problem::Refused, "127.0.0.1:8080".into()));
        let haproxy = "[ALERT] (7) : backend 'app' has no server available!";
        assert_eq!(read(haproxy), (Problem::NoneLeft, String::new()));
    }

    #[test]
    fn other_lines_say_nothing_of_upstreams() {
        for line in [
            "192.0.2.9 - - [22/Nov/2026:06:00:00 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"portreeve/0.1.0\"",
            "2026/11/22 [error] 8#8: *1 open() \"/srv/x\" failed (2: No such file or directory), client: 192.0.2.9, server: a",
            "2026/11/22 [error] 8#8: *1 open() \"/srv/proxy/x\" failed (13: Permission denied), client: 192.0.2.9, server: a",
            "started",
        ] {
            assert_eq!(notice(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC*", anchor in 0_usize..super::ANCHORS.len()) {
            let _ = notice(&line);
            let _ = notice(&format!("upstream timed out {}{line}", super::ANCHORS[anchor]));
        }
    }
}
