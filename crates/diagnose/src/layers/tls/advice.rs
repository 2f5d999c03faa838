//! What to do, in the words of the server that listens.

use crate::case::Case;

/// A server program that is known by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Nginx,
    Apache,
    Haproxy,
    Caddy,
    Lighttpd,
    Other,
}

/// The program that listens.
pub(super) fn program(case: &Case) -> Program {
    let name = case.service.roots().first().map(|holder| holder.process.name.to_string()).unwrap_or_default();
    match name.as_str() {
        "nginx" => Program::Nginx,
        "apache2" | "httpd" => Program::Apache,
        "haproxy" => Program::Haproxy,
        "caddy" => Program::Caddy,
        "lighttpd" => Program::Lighttpd,
        _ => Program::Other,
    }
}

/// The command that makes it read its configuration and certificates again.
pub(super) fn reload(case: &Case) -> String {
    match program(case) {
        Program::Nginx => "nginx -t && nginx -s reload".to_owned(),
        Program::Apache => "apachectl configtest && apachectl graceful".to_owned(),
        Program::Haproxy => "haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy".to_owned(),
        Program::Caddy => "caddy reload --config /etc/caddy/Caddyfile".to_owned(),
        Program::Lighttpd => "systemctl restart lighttpd".to_owned(),
        Program::Other => match case.service.roots().first() {
            Some(holder) => format!("restart {}", holder.label()),
            None => "reload the server".to_owned(),
        },
    }
}

/// Where the chain of certificates is configured.
pub(super) fn chain(case: &Case) -> &'static str {
    match program(case) {
        Program::Nginx => "in the file of `ssl_certificate`",
        Program::Apache => "in the file of `SSLCertificateFile`",
        Program::Haproxy => "in the file of `crt`",
        Program::Lighttpd => "in the file of `ssl.pemfile`",
        Program::Caddy | Program::Other => "in the server's certificate file",
    }
}

/// How TLS 1.2 and 1.3 are allowed.
pub(super) fn versions(case: &Case) -> String {
    let setting = match program(case) {
        Program::Nginx => "`ssl_protocols TLSv1.2 TLSv1.3;`",
        Program::Apache => "`SSLProtocol -all +TLSv1.2 +TLSv1.3`",
        Program::Haproxy => "`ssl-default-bind-options ssl-min-ver TLSv1.2`",
        Program::Lighttpd => "`ssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLSv1.2\")`",
        Program::Caddy | Program::Other => {
            return "Allow TLS 1.2 and TLS 1.3 in the server's configuration".to_owned();
        }
    };
    format!("Allow TLS 1.2 and 1.3: {setting}, then {}", reload(case))
}

/// How suites of today are allowed.
pub(super) fn suites(case: &Case) -> String {
    const SUITES: &str = "ECDHE+AESGCM:ECDHE+CHACHA20";
    let setting = match program(case) {
        Program::Nginx => format!("`ssl_ciphers {SUITES};`"),
        Program::Apache => format!("`SSLCipherSuite {SUITES}`"),
        Program::Haproxy => format!("`ssl-default-bind-ciphers {SUITES}`"),
        _ => format!("suites with forward secrecy and authenticated encryption ({SUITES})"),
    };
    format!("Allow today's suites: {setting}, then {}", reload(case))
}

/// How the port is made to speak TLS.
pub(super) fn encryption(case: &Case) -> String {
    let port = case.question.target.port;
    match program(case) {
        Program::Nginx => format!(
            "Make nginx speak TLS there: `listen {port} ssl;` with `ssl_certificate` and `ssl_certificate_key`, then {}",
            reload(case)
        ),
        Program::Apache => format!(
            "Make Apache speak TLS there: `SSLEngine on` in the <VirtualHost *:{port}>, with SSLCertificateFile, then {}",
            reload(case)
        ),
        Program::Haproxy => {
            format!(
                "Make HAProxy speak TLS there: `bind :{port} ssl crt /etc/haproxy/certs/`, then {}",
                reload(case)
            )
        }
        _ => format!(
            "Configure TLS with a certificate on port {port}, or use the protocol that is spoken there"
        ),
    }
}
