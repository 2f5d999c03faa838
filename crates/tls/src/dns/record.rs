//! The records that are asked for.

use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};

/// A CAA record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caa {
    /// An authority that does not know the tag must not issue.
    pub critical: bool,
    /// `issue`, `issuewild`, `iodef`.
    pub tag: String,
    /// Its value: `letsencrypt.org`.
    pub value: String,
}

/// A TLSA record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlsa {
    /// 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE.
    pub usage: u8,
    /// 0 the whole certificate, 1 its public key.
    pub selector: u8,
    /// 0 as it is, 1 SHA-256, 2 SHA-512.
    pub matching: u8,
    /// What is compared.
    pub data: Vec<u8>,
}

/// An HTTPS record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Https {
    /// 0 is an alias.
    pub priority: u16,
    /// Where to go instead; none is the name itself.
    pub target: Option<String>,
    /// Application protocols.
    pub alpn: Vec<String>,
    /// Another port.
    pub port: Option<u16>,
    /// Keys for Encrypted Client Hello (an `ECHConfigList`).
    pub ech: Option<Vec<u8>>,
}

pub(super) fn caa(data: &RData) -> Option<Caa> {
    let RData::CAA(caa) = data else { return None };
    let value = String::from_utf8_lossy(&caa.value).into_owned();
    Some(Caa { critical: caa.issuer_critical, tag: caa.tag.to_ascii_lowercase(), value })
}

pub(super) fn tlsa(data: &RData) -> Option<Tlsa> {
    let RData::TLSA(tlsa) = data else { return None };
    Some(Tlsa {
        usage: tlsa.cert_usage.into(),
        selector: tlsa.selector.into(),
        matching: tlsa.matching.into(),
        data: tlsa.cert_data.clone(),
    })
}

pub(super) fn https(data: &RData) -> Option<Https> {
    let RData::HTTPS(https) = data else { return None };
    let service = &https.0;
    let mut read = Https { priority: service.svc_priority, ..Https::default() };
    read.target = (!service.target_name.is_root())
        .then(|| service.target_name.to_ascii().trim_end_matches('.').to_owned());
    for (key, value) in &service.svc_params {
        match (key, value) {
            (SvcParamKey::Alpn, SvcParamValue::Alpn(names)) => read.alpn.clone_from(&names.0),
            (SvcParamKey::Port, SvcParamValue::Port(port)) => read.port = Some(*port),
            (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(list)) => {
                read.ech = Some(list.0.clone());
            }
            _ => {}
        }
    }
    Some(read)
}
