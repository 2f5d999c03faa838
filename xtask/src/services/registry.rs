//! The shapes in which IANA's registry of service names comes, read into one list of rows.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A transport protocol that has ports, in the order in which the table lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Sctp,
    Dccp,
}

impl Protocol {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "tcp" => Some(Self::Tcp),
            "udp" => Some(Self::Udp),
            "sctp" => Some(Self::Sctp),
            "dccp" => Some(Self::Dccp),
            _ => None,
        }
    }

    /// As the table writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
            Self::Dccp => "dccp",
        }
    }
}

/// One port or a range of them; `first == last` for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ports {
    pub(crate) first: u16,
    pub(crate) last: u16,
}

impl Ports {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let ports = Self { first: first.parse().ok()?, last: last.parse().ok()? };
        (ports.first <= ports.last).then_some(ports)
    }

    pub(crate) fn is_single(self) -> bool {
        self.first == self.last
    }
}

/// A row that names a service on a port. Rows without a name or a port (reserved, unassigned, DNS-SD only) are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) ports: Ports,
    pub(crate) protocol: Protocol,
}

impl Entry {
    fn new(name: &str, ports: &str, protocol: &str) -> Option<Self> {
        let name = name.trim();
        // A tab or space would break the table; such names are descriptions in the wrong column.
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            ports: Ports::parse(ports.trim())?,
            protocol: Protocol::from_name(protocol.trim())?,
        })
    }
}

/// The columns that are used, under IANA's own headings and under those of the JSON list.
#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "Service Name", alias = "ServiceName", default)]
    name: String,
    #[serde(rename = "Port Number", alias = "PortNumber", default)]
    ports: String,
    #[serde(rename = "Transport Protocol", alias = "TransportProtocol", default)]
    protocol: String,
}

fn entries(rows: impl IntoIterator<Item = Row>) -> Vec<Entry> {
    rows.into_iter().filter_map(|row| Entry::new(&row.name, &row.ports, &row.protocol)).collect()
}

/// IANA's `service-names-port-numbers.csv`, in its order.
pub(crate) fn csv(text: &str) -> Result<Vec<Entry>> {
    let rows: Result<Vec<Row>, _> = csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
    Ok(entries(rows.context("not IANA's service-names-port-numbers.csv")?))
}

/// A JSON list of the same rows.
pub(crate) fn json(text: &str) -> Result<Vec<Entry>> {
    let rows: Vec<Row> = serde_json::from_str(text).context("not a list of the registry's rows")?;
    Ok(entries(rows))
}

/// A JSON object from `port/protocol` to `[name, description]`; ports without a name are left out.
pub(crate) fn single_ports(text: &str) -> Result<Vec<Entry>> {
    let object: BTreeMap<String, Vec<String>> =
        serde_json::from_str(text).context("not an object of names by `port/protocol`")?;
    let entry = |(key, value): (&String, &Vec<String>)| {
        let (ports, protocol) = key.split_once('/')?;
        Entry::new(value.first()?, ports, protocol)
    };
    Ok(object.iter().filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(entries: &[Entry]) -> Vec<String> {
        let show = |e: &Entry| format!("{} {}-{} {}", e.name, e.ports.first, e.ports.last, e.protocol.name());
        entries.iter().map(show).collect()
    }

    #[test]
    fn csv_rows_with_quotes_and_gaps() {
        let text = "Service Name,Port Number,Transport Protocol,Description\n\
                    http,80,tcp,\"Web, \"\"hyper\"\"\ntext\"\nx11,6000-6063,udp,X\n,81,tcp,Reserved\ndns-sd,,,\nodd,7,foo,\n";
        assert_eq!(shown(&csv(text).unwrap()), ["http 80-80 tcp", "x11 6000-6063 udp"]);
    }

    #[test]
    fn both_json_shapes() {
        let rows =
            r#"[{"ServiceName":"ssh","PortNumber":"22","TransportProtocol":"sctp"},{"PortNumber":"1"}]"#;
        assert_eq!(shown(&json(rows).unwrap()), ["ssh 22-22 sctp"]);
        let object = r#"{"22/tcp":["ssh","x"],"4/tcp":["","Unassigned"],"70000/tcp":["far","x"]}"#;
        assert_eq!(shown(&single_ports(object).unwrap()), ["ssh 22-22 tcp"]);
    }
}
