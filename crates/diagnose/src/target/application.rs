//! What is spoken: by the scheme of a URL where there is one, else by the port's usual use.

use portreeve_model::Protocol;
use portreeve_model::why::Application;

/// A scheme of a URL: its transport, its port, and what is spoken, where that is not to be told by the port.
pub(super) struct Scheme {
    name: &'static str,
    pub(super) protocol: Protocol,
    /// None where the URL has to say it (`tcp://`).
    pub(super) port: Option<u16>,
    /// None where the port tells it.
    pub(super) application: Option<Application>,
}

const fn tcp(name: &'static str, port: u16, application: Application) -> Scheme {
    Scheme { name, protocol: Protocol::Tcp, port: Some(port), application: Some(application) }
}

/// Schemes that IANA's list of services has under another name, or with something else inside.
const SCHEMES: &[Scheme] = &[
    tcp("https", 443, Application::Https),
    tcp("http", 80, Application::Http),
    tcp("wss", 443, Application::Https),
    tcp("ws", 80, Application::Http),
    tcp("tls", 443, Application::Tls),
    tcp("ssl", 443, Application::Tls),
    tcp("ldaps", 636, Application::Tls),
    tcp("imaps", 993, Application::Tls),
    tcp("pop3s", 995, Application::Tls),
    tcp("smtps", 465, Application::Tls),
    tcp("submissions", 465, Application::Tls),
    tcp("nntps", 563, Application::Tls),
    tcp("ftps", 990, Application::Tls),
    tcp("ircs", 6697, Application::Tls),
    tcp("sips", 5061, Application::Tls),
    tcp("amqps", 5671, Application::Tls),
    tcp("mqtts", 8883, Application::Tls),
    tcp("rediss", 6379, Application::Tls),
    tcp("redis", 6379, Application::Other),
    tcp("postgres", 5432, Application::Other),
    tcp("postgresql", 5432, Application::Other),
    tcp("mysql", 3306, Application::Other),
    tcp("mongodb", 27017, Application::Other),
    Scheme { name: "dns", protocol: Protocol::Udp, port: Some(53), application: Some(Application::Dns) },
    Scheme { name: "quic", protocol: Protocol::Udp, port: Some(443), application: Some(Application::Quic) },
    Scheme { name: "h3", protocol: Protocol::Udp, port: Some(443), application: Some(Application::Quic) },
    Scheme { name: "tcp", protocol: Protocol::Tcp, port: None, application: None },
    Scheme { name: "udp", protocol: Protocol::Udp, port: None, application: None },
];

/// The scheme of this name, in any case.
pub(super) fn scheme(name: &str) -> Option<&'static Scheme> {
    SCHEMES.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
}

/// What is usually spoken over a port. Only ports whose use is beyond doubt: a handshake that a server does not speak would be told as a
/// fault of it.
pub(super) fn usual(port: u16, protocol: Protocol) -> Application {
    match (protocol, port) {
        (_, 53) => Application::Dns,
        (Protocol::Udp, 443 | 8443) => Application::Quic,
        (Protocol::Udp, _) => Application::Other,
        (_, 443 | 6443 | 8443 | 9443) => Application::Https,
        (_, 80 | 8000 | 8008 | 8080) => Application::Http,
        // smtps, nntps, ldaps, DNS over TLS, ftps, imaps, pop3s, global catalogue, sips, amqps, syslog, ircs, mqtts.
        (_, 465 | 563 | 636 | 853 | 990 | 993 | 995 | 3269 | 5061 | 5671 | 6514 | 6697 | 8883) => {
            Application::Tls
        }
        _ => Application::Other,
    }
}
