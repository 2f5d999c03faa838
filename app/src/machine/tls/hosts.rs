//! The hosts that targets stand for, one after the other: a network is not written out before.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::engine::{TlsHost, TlsTarget};

/// One host to be audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OneHost {
    /// Its number in the run.
    pub(super) place: u64,
    /// Which target it is of.
    pub(super) target: usize,
    /// What the target says.
    pub(super) text: String,
    /// Who it is.
    pub(super) who: Who,
    /// Port.
    pub(super) port: u16,
}

/// A name or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Name(String),
    Address(IpAddr, Option<String>),
}

impl Who {
    /// As people write it.
    pub(super) fn host(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Address(address, None) => address.to_string(),
            Self::Address(address, Some(zone)) => format!("{address}%{zone}"),
        }
    }
}

impl OneHost {
    /// What tells it from the others: `example.com:443`, `[2001:db8::1]:443`.
    pub(super) fn key(&self) -> String {
        let host = self.who.host();
        if host.contains(':') { format!("[{host}]:{}", self.port) } else { format!("{host}:{}", self.port) }
    }
}

/// All hosts of a run.
#[derive(Clone, Debug)]
pub(super) struct Hosts<'a> {
    targets: &'a [TlsTarget],
    /// The number of the first host of each target.
    starts: Vec<u64>,
    total: u64,
}

impl<'a> Hosts<'a> {
    pub(super) fn of(targets: &'a [TlsTarget]) -> Self {
        let mut total = 0_u64;
        let starts = targets
            .iter()
            .map(|target| {
                let start = total;
                total = total.saturating_add(target.hosts());
                start
            })
            .collect();
        Self { targets, starts, total }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn target(&self, host: &OneHost) -> Option<&'a TlsTarget> {
        self.targets.get(host.target)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = OneHost> + use<'a> {
        let starts = self.starts.clone();
        let targets = self.targets.iter().enumerate().zip(starts);
        targets.flat_map(|((number, target), start)| {
            (0..target.hosts()).map(move |offset| OneHost {
                place: start + offset,
                target: number,
                text: target.text.clone(),
                who: who(&target.host, offset),
                port: target.port,
            })
        })
    }

    /// Every host by what tells it from the others.
    pub(super) fn by_key(&self) -> BTreeMap<String, OneHost> {
        self.iter().map(|host| (host.key(), host)).collect()
    }
}

fn who(host: &TlsHost, offset: u64) -> Who {
    match host {
        TlsHost::Name(name) => Who::Name(name.clone()),
        TlsHost::Address(address, zone) => Who::Address(*address, zone.clone()),
        TlsHost::Network(IpAddr::V4(first), _) => {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            Who::Address(IpAddr::V4(u32::from(*first).saturating_add(offset).into()), None)
        }
        TlsHost::Network(IpAddr::V6(first), _) => {
            Who::Address(IpAddr::V6(u128::from(*first).saturating_add(u128::from(offset)).into()), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;
    use crate::engine::{TlsHost, TlsTarget};

    #[test]
    fn a_network_is_its_addresses_in_order() {
        let target = |host, port| TlsTarget { text: "t".to_owned(), host, port };
        let targets = [
            target(TlsHost::Name("example.com".to_owned()), 443),
            target(TlsHost::Network("127.0.0.0".parse().unwrap(), 30), 8443),
            target(TlsHost::Network("2001:db8::ffff:fffe".parse().unwrap(), 127), 443),
            target(TlsHost::Address("fe80::1".parse().unwrap(), Some("eth0".to_owned())), 993),
        ];
        let hosts = Hosts::of(&targets);
        let keys: Vec<String> = hosts.iter().map(|host| format!("{} {}", host.place, host.key())).collect();
        assert_eq!(
            keys,
            [
                "0 example.com:443",
                "1 127.0.0.0:8443",
                "2 127.0.0.1:8443",
                "3 127.0.0.2:8443",
                "4 127.0.0.3:8443",
                "5 [2001:db8::ffff:fffe]:443",
                "6 [2001:db8::ffff:ffff]:443",
                "7 [fe80::1%eth0]:993",
            ]
        );
        assert_eq!(hosts.total(), 8);
        assert_eq!(hosts.by_key().len(), 8);
    }
}
