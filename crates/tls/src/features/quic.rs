//! HTTP/3: whether the answer over TCP advertises it (RFC 7838), and whether QUIC is spoken, by a packet of a version that nobody
//! speaks: a server names those that it does (RFC 9000, 6). No connection begins by that.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Http, Support};
use portreeve_wire::quic::{ConnectionIds, VersionNegotiation, version_probe};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::audit::{Scene, random};
use crate::http::{is_error, unanswered};

/// How long to wait where nothing says that QUIC is there: most servers have none, and many firewalls say nothing.
const DOUBTFUL: Duration = Duration::from_secs(1);
/// Datagrams are lost: so many are sent, each given its share of the time.
const TRIES: u32 = 2;
/// The longest datagram that is read.
const DATAGRAM: usize = 2048;

/// Looks at both.
pub(super) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let port = scene.address().port();
        let header =
            scene.known.http.as_ref().map(|http| http.alternative_services.as_deref().unwrap_or_default());
        let advertised = header.map(services).unwrap_or_default();
        let quic = if header.is_some() || port == 443 {
            let place = advertised.iter().find_map(Service::on_same_host);
            let mut address = scene.address();
            address.set_port(place.unwrap_or(port));
            let most = scene.line.patience().answer;
            let patience = if place.is_some() { most } else { most.min(DOUBTFUL) };
            probed(address, &ask(address, patience).await)
        } else {
            feature(
                Support::NotApplicable,
                "Not asked: nothing was answered over HTTP at this port.".to_owned(),
                Vec::new(),
                Vec::new(),
            )
        };
        let unknown = unanswered(&scene.known, scene.options.http);
        vec![advertisement(scene.known.http.as_ref(), unknown, &advertised), quic]
    })
}

/// A service of HTTP/3 that a header advertises.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Service {
    /// `h3`, `h3-29`.
    protocol: String,
    /// `:443`, `other.example:443`.
    authority: String,
}

impl Service {
    fn on_same_host(&self) -> Option<u16> {
        self.authority.strip_prefix(':')?.parse().ok()
    }
}

/// Those of HTTP/3 in the value of `Alt-Svc`, in their order.
fn services(header: &str) -> Vec<Service> {
    let all = header.split(',').filter_map(|one| {
        let (protocol, value) = one.split(';').next()?.split_once('=')?;
        let protocol = protocol.trim();
        let authority = value.trim().trim_matches('"').to_owned();
        (protocol == "h3" || protocol.starts_with("h3-"))
            .then(|| Service { protocol: protocol.to_owned(), authority })
    });
    all.collect()
}

/// Of the answer; `unknown` is why it is not known that there is one.
fn advertisement(http: Option<&Http>, unknown: Option<String>, advertised: &[Service]) -> Feature {
    let values: Vec<String> =
        advertised.iter().map(|one| format!("{} at {}", one.protocol, one.authority)).collect();
    let header = http.map(|http| (http, http.alternative_services.as_deref().unwrap_or_default()));
    let (support, statement) = match header {
        None => match unknown {
            Some(why) => (Support::Inconclusive, format!("What is answered over HTTP is not known: {why}.")),
            None => (Support::NotApplicable, "Nothing was answered over HTTP.".to_owned()),
        },
        Some(_) if !values.is_empty() => {
            (Support::Yes, format!("The answer advertises HTTP/3 in Alt-Svc: {}.", values.join(", ")))
        }
        Some((http, "")) if is_error(http) => (
            Support::Inconclusive,
            format!("The answer {} has no Alt-Svc, and servers leave headers out of errors.", http.status),
        ),
        Some((_, "")) => (Support::No, "The answer has no Alt-Svc.".to_owned()),
        Some((_, header)) => {
            (Support::No, format!("The answer's Alt-Svc does not name HTTP/3: {}.", shown(header)))
        }
    };
    Feature {
        id: "http3-advertised".to_owned(),
        title: "HTTP/3 advertised (Alt-Svc)".to_owned(),
        group: FeatureGroup::Application,
        support,
        statement,
        values,
        evidence: Vec::new(),
    }
}

/// As much of a header as a sentence holds, without what is not text.
fn shown(header: &str) -> String {
    header.chars().filter(|one| !one.is_control()).take(80).collect()
}

/// What a probe was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reply {
    /// Versions, and the datagram.
    Versions(Vec<String>, Vec<u8>),
    /// Something else: the datagram.
    Other(Vec<u8>),
    /// ICMP says that nobody listens.
    Refused,
    /// Nothing, for so long.
    Silent(Duration),
    /// It could not be asked.
    Failed(String),
}

async fn ask(address: SocketAddr, patience: Duration) -> Reply {
    let id = || random().first_chunk::<8>().copied().unwrap_or_default();
    match exchange(address, ConnectionIds { destination: id(), source: id() }, patience).await {
        Ok(reply) => reply,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Reply::Refused,
        Err(error) => Reply::Failed(error.to_string()),
    }
}

async fn exchange(address: SocketAddr, ids: ConnectionIds, patience: Duration) -> io::Result<Reply> {
    let local: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(local).await?;
    // Only then ICMP reaches the socket, and other senders do not.
    socket.connect(address).await?;
    let probe = version_probe(ids);
    let mut buffer = vec![0; DATAGRAM];
    for _ in 0..TRIES {
        socket.send(&probe).await?;
        if let Ok(received) = timeout(patience / TRIES, socket.recv(&mut buffer)).await {
            let datagram = buffer.get(..received?).unwrap_or_default();
            return Ok(match VersionNegotiation::decode(datagram) {
                Some(answer) if answer.answers(ids) => Reply::Versions(answer.names(), datagram.to_vec()),
                _ => Reply::Other(datagram.to_vec()),
            });
        }
    }
    Ok(Reply::Silent(patience))
}

fn probed(address: SocketAddr, reply: &Reply) -> Feature {
    let port = address.port();
    match reply {
        Reply::Versions(versions, datagram) => {
            let statement = format!("UDP port {port} speaks QUIC: {}.", versions.join(", "));
            let evidence = Evidence::server("Version Negotiation packet", datagram);
            feature(Support::Yes, statement, versions.clone(), vec![evidence])
        }
        Reply::Other(datagram) => {
            let statement = format!(
                "UDP port {port} answered a QUIC packet with {} bytes that are no list of versions.",
                datagram.len()
            );
            let evidence = vec![Evidence::server("Datagram", datagram)];
            feature(Support::Inconclusive, statement, Vec::new(), evidence)
        }
        Reply::Refused => {
            let statement = format!("Nobody listens on UDP port {port}: ICMP port unreachable.");
            feature(Support::No, statement, Vec::new(), Vec::new())
        }
        Reply::Silent(time) => {
            let statement = format!(
                "UDP port {port} said nothing for {:.1} s: QUIC may be absent, or a firewall between.",
                time.as_secs_f64()
            );
            feature(Support::Inconclusive, statement, Vec::new(), Vec::new())
        }
        Reply::Failed(why) => {
            let statement = format!("UDP port {port} could not be asked: {why}.");
            feature(Support::Inconclusive, statement, Vec::new(), Vec::new())
        }
    }
}

fn feature(support: Support, statement: String, values: Vec<String>, evidence: Vec<Evidence>) -> Feature {
    Feature {
        id: "quic".to_owned(),
        title: "QUIC".to_owned(),
        group: FeatureGroup::Application,
        support,
        statement,
        values,
        evidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Answer, read_answer};

    #[test]
    fn headers_name_services() {
        let header = r#"h2="alt.example:8000", h3=":443"; ma=86400, h3-29=":8443"; ma=86400; persist=1"#;
        let read = services(header);
        assert_eq!(read.iter().map(|one| one.protocol.as_str()).collect::<Vec<_>>(), ["h3", "h3-29"]);
        assert_eq!(read.iter().filter_map(Service::on_same_host).collect::<Vec<_>>(), [443, 8443]);
        assert_eq!(services("clear"), []);
        let answered = |head: &str| {
            let Answer::Head(http) = read_answer(head.as_bytes()) else { panic!("no head") };
            http
        };
        let told = advertisement(
            Some(&answered(&format!("HTTP/1.1 200 OK\r\nAlt-Svc: {header}\r\n\r\n"))),
            None,
            &read,
        );
        assert_eq!(
            (told.support, told.values),
            (Support::Yes, vec!["h3 at :443".to_owned(), "h3-29 at :8443".to_owned()])
        );
        let clear = answered("HTTP/1.1 404 Not Found\r\nAlt-Svc: clear\r\n\r\n");
        assert_eq!(advertisement(Some(&clear), None, &[]).support, Support::No);
        let plain = |status| advertisement(Some(&answered(&format!("HTTP/1.1 {status}\r\n\r\n"))), None, &[]);
        assert_eq!(plain("200 OK").support, Support::No);
        assert_eq!(plain("404 Not Found").support, Support::Inconclusive);
        assert_eq!(advertisement(None, None, &[]).support, Support::NotApplicable);
        assert_eq!(advertisement(None, Some("late".to_owned()), &[]).support, Support::Inconclusive);
    }

    /// A socket that answers one probe with what `answer` makes of it.
    async fn asked(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> Reply {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut buffer = vec![0; 2048];
            while let Ok((length, from)) = server.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&buffer[..length]) {
                    server.send_to(&answer, from).await.ok();
                }
            }
        });
        let reply = ask(address, Duration::from_millis(200)).await;
        serving.abort();
        reply
    }

    /// The versions of a probe, with its connection ids the other way round.
    fn negotiation(probe: &[u8]) -> Vec<u8> {
        let (destination, source) = (&probe[6..14], &probe[15..23]);
        [&[0x80, 0, 0, 0, 0, 8], source, &[8], destination, &[0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf]].concat()
    }

    #[tokio::test]
    async fn a_server_that_speaks_quic_names_its_versions() {
        let reply = asked(|probe| (probe.len() >= 1200).then(|| negotiation(probe))).await;
        let told = probed("127.0.0.1:443".parse().unwrap(), &reply);
        assert_eq!((told.support, told.values), (Support::Yes, vec!["v1".to_owned(), "v2".to_owned()]));
        assert_eq!(told.statement, "UDP port 443 speaks QUIC: v1, v2.");
    }

    #[tokio::test]
    async fn silence_and_other_answers_say_nothing() {
        let silent = probed("127.0.0.1:443".parse().unwrap(), &asked(|_| None).await);
        assert_eq!(silent.support, Support::Inconclusive);
        let other = probed("127.0.0.1:443".parse().unwrap(), &asked(|_| Some(b"hello".to_vec())).await);
        assert_eq!(other.support, Support::Inconclusive);
        // Connection ids of somebody else.
        let forged = asked(|probe| Some(negotiation(&[probe, &[0; 30]].concat()[8..]))).await;
        assert!(matches!(forged, Reply::Other(_)), "{forged:?}");
    }

    #[tokio::test]
    async fn a_closed_port_is_no() {
        let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let told = probed(closed, &ask(closed, Duration::from_secs(2)).await);
        assert_eq!(told.support, Support::No, "{}", told.statement);
    }
}
