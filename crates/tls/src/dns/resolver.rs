//! The questions that an audit has.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::ProtocolConfig;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use thiserror::Error;

use super::exchange;
use super::record::{self, Caa, Https, Tlsa};

/// As many name servers are asked as a system's own resolver asks.
const SERVERS: usize = 3;
/// CAA climbs at most so many labels; no name that is used has more.
const LABELS: usize = 16;

/// Asks name servers, one after the other until one answers.
#[derive(Clone, Debug)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    patience: Duration,
}

/// What name servers answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The records; none where the name has none of this sort.
    pub records: Vec<T>,
    /// The name server says that it validated the answer (the AD bit).
    pub authenticated: bool,
    /// The name that was asked for; CAA climbs.
    pub name: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The name is none.
    #[error("{0} is no name that can be asked for")]
    NoName(String),
    /// There is no name server to ask.
    #[error("this system names no name server: {0}")]
    NoServer(String),
    /// No name server answered in time.
    #[error("no name server answered about {0} in time")]
    TimedOut(String),
    /// A name server refused, or failed: `SERVFAIL` is what a validating one says of a forged answer.
    #[error("the name server {server} answered {response} about {name}")]
    Refused {
        /// Which one.
        server: SocketAddr,
        /// About which name.
        name: String,
        /// Its code, in words.
        response: String,
    },
    /// Something else.
    #[error("asking {server} about {name} failed: {why}")]
    Failed {
        /// Whom.
        server: SocketAddr,
        /// About which name.
        name: String,
        /// What went wrong.
        why: String,
    },
}

impl Resolver {
    /// With the name servers of this system, waiting so long for each.
    ///
    /// # Errors
    /// There are none.
    pub fn of_system(patience: Duration) -> Result<Self, Failure> {
        let (config, _) = read_system_conf().map_err(|error| Failure::NoServer(error.to_string()))?;
        let mut servers: Vec<SocketAddr> = Vec::new();
        for server in config.name_servers() {
            let udp = server.connections.iter().find(|one| matches!(one.protocol, ProtocolConfig::Udp));
            let address = SocketAddr::new(server.ip, udp.map_or(53, |connection| connection.port));
            if !servers.contains(&address) {
                servers.push(address);
            }
        }
        servers.truncate(SERVERS);
        if servers.is_empty() {
            return Err(Failure::NoServer("/etc/resolv.conf has none".to_owned()));
        }
        Ok(Self { servers, patience })
    }

    /// With this one name server.
    pub fn with(server: SocketAddr, patience: Duration) -> Self {
        Self { servers: vec![server], patience }
    }

    /// The CAA records that hold for a name: its own, or those of the closest name above that has some (RFC 8659, 3).
    ///
    /// # Errors
    /// No answer.
    pub async fn caa(&self, name: &str) -> Result<Answer<Caa>, Failure> {
        let name = name.trim_end_matches('.').trim_start_matches("*.");
        let labels: Vec<&str> = name.split('.').collect();
        let mut own = None;
        for first in 0..labels.len().min(LABELS) {
            let above = labels.get(first..).unwrap_or_default().join(".");
            let answer = self.ask(&above, RecordType::CAA, record::caa).await?;
            if !answer.records.is_empty() {
                return Ok(answer);
            }
            own.get_or_insert(answer);
        }
        own.ok_or_else(|| Failure::NoName(name.to_owned()))
    }

    /// The TLSA records of a TCP port of a name (RFC 6698, 3).
    ///
    /// # Errors
    /// No answer.
    pub async fn tlsa(&self, port: u16, name: &str) -> Result<Answer<Tlsa>, Failure> {
        let name = format!("_{port}._tcp.{}", name.trim_end_matches('.'));
        self.ask(&name, RecordType::TLSA, record::tlsa).await
    }

    /// The HTTPS records of a name, best first. A port other than 443 stands in front of the name (RFC 9460, 9.1).
    ///
    /// # Errors
    /// No answer.
    pub async fn https(&self, name: &str, port: u16) -> Result<Answer<Https>, Failure> {
        let name = name.trim_end_matches('.');
        let name = if port == 443 { name.to_owned() } else { format!("_{port}._https.{name}") };
        let mut answer = self.ask(&name, RecordType::HTTPS, record::https).await?;
        answer.records.sort_by_key(|record| record.priority);
        Ok(answer)
    }

    /// Asks one server after the other; what the last says of why it has no answer counts.
    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: fn(&RData) -> Option<T>,
    ) -> Result<Answer<T>, Failure> {
        let question = exchange::question(name, kind).ok_or_else(|| Failure::NoName(name.to_owned()))?;
        let mut why = Failure::NoServer("there is none".to_owned());
        for server in &self.servers {
            let answer = match exchange::ask(*server, &question, self.patience).await {
                Ok(answer) => answer,
                Err(exchange::Trouble::Late) => {
                    why = Failure::TimedOut(name.to_owned());
                    continue;
                }
                Err(exchange::Trouble::Other(said)) => {
                    why = Failure::Failed { server: *server, name: name.to_owned(), why: said };
                    continue;
                }
            };
            match answer.metadata.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => {
                    return Ok(Answer {
                        records: answer.answers.iter().filter_map(|record| read(&record.data)).collect(),
                        authenticated: answer.metadata.authentic_data,
                        name: name.to_owned(),
                    });
                }
                code => {
                    let response = code.to_str().to_owned();
                    why = Failure::Refused { server: *server, name: name.to_owned(), response };
                }
            }
        }
        Err(why)
    }
}
