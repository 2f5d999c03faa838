//! Everything that was gathered about one target: what the layers judge.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::why::{Endpoint, Sight};
use portreeve_model::{Host, Protocol};

use crate::facts::{
    ConntrackFacts, HttpFacts, LimitFacts, MacFacts, NameFacts, PathFacts, PortFacts, QueueFacts,
    ServiceFacts, TlsFacts, TrialFacts,
};
use crate::target::Question;

/// The facts of one target. What was not gathered is `None` or empty, and the facts say why.
#[derive(Debug)]
pub struct Case {
    /// What was asked.
    pub question: Question,
    /// From where it was looked at.
    pub sight: Sight,
    /// The machine that looked.
    pub host: Host,
    /// The addresses of the target that are judged.
    pub endpoints: Vec<Endpoint>,
    /// The name and its records; none where the target has no name.
    pub names: Option<NameFacts>,
    /// Addresses, routes and rules of this host, and what they do to packets there and back.
    pub path: PathFacts,
    /// Connection tracking.
    pub conntrack: ConntrackFacts,
    /// What holds the port, here.
    pub service: ServiceFacts,
    /// Its queues.
    pub queues: QueueFacts,
    /// Its limits.
    pub limits: LimitFacts,
    /// Ephemeral ports of this host.
    pub ports: PortFacts,
    /// Mandatory access control of this host.
    pub mac: MacFacts,
    /// Connections that were tried, by endpoint.
    pub trials: TrialFacts,
    /// Handshakes that were tried, by endpoint.
    pub tls: TlsFacts,
    /// Requests that were made, by endpoint.
    pub http: HttpFacts,
}

impl Case {
    /// The endpoints that this host itself has.
    pub fn here(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|endpoint| endpoint.interface.is_some())
    }

    /// The addresses of the endpoints.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.endpoints.iter().map(|endpoint| endpoint.address.ip())
    }

    /// Whether the target is looked at from where its sockets and rules are.
    pub fn is_inside(&self) -> bool {
        self.sight == Sight::Inside
    }

    /// Whether the target speaks TCP.
    pub fn is_tcp(&self) -> bool {
        self.question.target.protocol == Protocol::Tcp
    }

    /// How many endpoints there are besides those named: an impact is on all where none is left.
    pub fn others(&self, concerned: &[SocketAddr]) -> usize {
        self.endpoints.iter().filter(|endpoint| !concerned.contains(&endpoint.address)).count()
    }
}

#[cfg(test)]
impl Case {
    /// A case of one endpoint of this host, of which nothing was gathered yet: what tests of layers begin with.
    pub(crate) fn sample(endpoint: SocketAddr, protocol: Protocol) -> Self {
        use portreeve_model::why::{Application, Target};
        let target = Target {
            text: endpoint.to_string(),
            name: None,
            address: Some(endpoint.ip()),
            zone: None,
            port: endpoint.port(),
            protocol,
            application: Application::Other,
            path: "/".to_owned(),
        };
        Self {
            question: Question { target, from: None, probe: crate::target::Probe::Allowed },
            sight: Sight::Inside,
            host: Host {
                name: "host".into(),
                kernel: "6.18".into(),
                taken_at: jiff::Timestamp::UNIX_EPOCH,
                privileged: true,
                preloaded: Vec::new(),
            },
            endpoints: vec![Endpoint {
                address: endpoint,
                origin: "written".to_owned(),
                interface: Some("eth0".to_owned()),
            }],
            names: None,
            path: PathFacts::default(),
            conntrack: ConntrackFacts::default(),
            service: ServiceFacts::default(),
            queues: QueueFacts::default(),
            limits: LimitFacts::default(),
            ports: PortFacts::default(),
            mac: MacFacts::default(),
            trials: TrialFacts::default(),
            tls: TlsFacts::default(),
            http: HttpFacts::default(),
        }
    }
}
