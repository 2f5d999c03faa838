//! A chain, judged: against both stores, for a name, with what came beside it.

use jiff::Timestamp;
use portreeve_model::tls::{
    Certificate as Facts, ChainVerdict, NameMatch, ServedChain, StoreTrust, Support, TimestampVia, TrustStore,
};

use super::{facts, lifetime, staple};
use crate::chain::{self, Missing, Trust, Verdict};
use crate::store::Origin;
use crate::{Certificate, Store, name};

/// The authorities to judge by.
#[derive(Clone, Copy, Debug)]
pub struct Stores<'a> {
    /// Mozilla's list.
    pub mozilla: &'a Store,
    /// That of this host.
    pub host: &'a Store,
}

/// What is judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Offered {
    /// When it is sent, or where it is from.
    pub(super) sent_for: Vec<String>,
    /// The certificates, in the order in which they came.
    pub(super) chain: Vec<Certificate>,
    /// Certificates beyond the longest chain that is looked at.
    pub(super) omitted: usize,
    /// The stapled response, in DER.
    pub(super) staple: Option<Vec<u8>>,
    /// A response was asked for.
    pub(super) staple_asked: bool,
    /// Signed timestamps of the handshake, as a list.
    pub(super) timestamps: Option<Vec<u8>>,
    /// The handshake shows such timestamps where there are some.
    pub(super) timestamps_shown: bool,
    /// The host to compare with.
    pub(super) host: Option<String>,
}

/// A chain with what the document says of it, and what findings need beside.
#[derive(Clone, Debug)]
pub struct Judged {
    /// For the document.
    pub served: ServedChain,
    pub(super) chain: Vec<Certificate>,
    pub(super) mozilla: Verdict,
    pub(super) host: Verdict,
    /// A response was asked for.
    pub(super) staple_asked: bool,
    /// Every way was seen in which timestamps come.
    pub(super) timestamps_shown: bool,
    /// The authorities of this host that it may lead to, by their name.
    pub(super) anchors: Vec<Certificate>,
}

/// Judges a chain; none of an empty one.
pub(super) fn judge(offered: Offered, stores: Stores<'_>, now: Timestamp) -> Option<Judged> {
    let Offered { sent_for, chain, omitted, staple, staple_asked, timestamps, timestamps_shown, host } =
        offered;
    let leaf = chain.first()?;
    let mozilla = chain::judge(&chain, stores.mozilla, now)?;
    let by_host = chain::judge(&chain, stores.host, now)?;
    let mut certificates: Vec<Facts> = chain.iter().map(|one| facts::certificate(one, now)).collect();
    let limited = mozilla.trust == Trust::Trusted;
    for one in certificates.iter_mut().filter(|one| limited && !one.is_authority) {
        if let Some(validity) = &mut one.validity {
            validity.limit_days = Some(lifetime::limit(validity.not_before.as_second()));
        }
    }
    let issuer = by_host.path.get(1).and_then(|place| chain.get(*place)).map(|one| one.der.as_slice());
    let status = staple.map(|response| staple::judge(&response, &leaf.der, issuer, now));
    let leaf_facts = certificates.first()?;
    let mut all = leaf_facts.timestamps.clone();
    all.extend(timestamps.iter().flat_map(|list| facts::signed(list, TimestampVia::Handshake)));
    all.extend(status.iter().flat_map(|status| facts::signed(&status.timestamps, TimestampVia::Staple)));
    let stapling = match (&status, leaf_facts.ocsp_urls.is_empty()) {
        (Some(_), _) => Support::Yes,
        (None, true) if !leaf_facts.must_staple => Support::NotApplicable,
        (None, _) if staple_asked => Support::No,
        (None, _) => Support::Inconclusive,
    };
    let root_sent = (1..chain.len()).find(|place| {
        by_host.path.contains(place) && chain.get(*place).is_some_and(Certificate::is_self_issued)
    });
    let trust = [(TrustStore::Mozilla, stores.mozilla, &mozilla), (TrustStore::Host, stores.host, &by_host)];
    let served = ServedChain {
        sent_for,
        omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
        path: by_host.path.clone(),
        in_order: by_host.in_order,
        surplus: by_host.surplus.clone(),
        root_sent,
        missing: [&mozilla, &by_host].into_iter().find_map(|verdict| missing(&chain, verdict)),
        trust: trust
            .into_iter()
            // A host without a store is judged by Mozilla's list: the same twice says nothing.
            .filter(|(which, store, _)| *which == TrustStore::Mozilla || store.origin != Origin::Mozilla)
            .map(|(which, store, verdict)| told(which, store, verdict, &chain))
            .collect(),
        name: host.and_then(|host| named(leaf, &host)),
        stapling,
        staple: status.map(|status| status.status),
        timestamps: all,
        certificates,
    };
    let last = by_host.path.last().and_then(|place| chain.get(*place));
    let anchors = last.map_or(Vec::new(), |last| stores.host.of_name(&last.raw_issuer).cloned().collect());
    Some(Judged { served, mozilla, host: by_host, chain, staple_asked, timestamps_shown, anchors })
}

impl Judged {
    /// The certificate of the server.
    pub(super) fn leaf(&self) -> Option<&Facts> {
        self.served.certificates.first()
    }

    /// Whether a public authority vouches for it, dates apart.
    pub(super) fn is_public(&self) -> bool {
        self.mozilla.trust == Trust::Trusted
    }

    /// Whether this host trusts it, dates apart.
    pub(super) fn is_trusted_here(&self) -> bool {
        self.host.trust == Trust::Trusted
    }
}

/// Whether a certificate is for a host, and by which of its names. None where the host is empty.
fn named(leaf: &Certificate, host: &str) -> Option<NameMatch> {
    let host = compared(host);
    if host.is_empty() {
        return None;
    }
    let covering = |exact: bool| {
        leaf.names.iter().find(|name| {
            let name = compared(name);
            name.starts_with("*.") != exact && name::covers(&name, &host)
        })
    };
    let by = match name::address_of(&host) {
        Some(address) => leaf.addresses.contains(&address).then(|| address.to_string()),
        None => covering(true).or_else(|| covering(false)).cloned(),
    };
    let wildcard = by.as_ref().is_some_and(|by| by.starts_with("*."));
    Some(NameMatch { matches: by.is_some(), by, wildcard, host })
}

/// A host as it is compared: without a dot at its end, brackets or a zone, and in ASCII (RFC 5890) where it is an internationalised name.
pub(super) fn compared(host: &str) -> String {
    let plain = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if let Some(address) = name::address_of(plain) {
        return address.to_string();
    }
    if plain.is_ascii() {
        return plain.to_ascii_lowercase();
    }
    let (star, rest) = plain.strip_prefix("*.").map_or(("", plain), |rest| ("*.", rest));
    let name = hickory_resolver::proto::rr::Name::from_utf8(rest);
    let ascii = name.map_or_else(|_| rest.to_lowercase(), |name| name.to_ascii().to_ascii_lowercase());
    format!("{star}{}", ascii.trim_end_matches('.'))
}

fn told(which: TrustStore, store: &Store, verdict: &Verdict, chain: &[Certificate]) -> StoreTrust {
    let whose = match which {
        TrustStore::Mozilla => "Mozilla's list".to_owned(),
        TrustStore::Host => store.to_string(),
    };
    let subject = |place: &usize| chain.get(*place).map_or("", |one| one.subject.as_str());
    let issuer = |place: &usize| chain.get(*place).map_or("", |one| one.issuer.as_str());
    let last = verdict.path.last().and_then(|place| chain.get(*place));
    let anchor =
        last.and_then(|last| store.anchor(&last.raw_issuer).or_else(|| store.anchor(&last.raw_subject)));
    let (verdict, statement) = match &verdict.trust {
        Trust::Trusted => (
            ChainVerdict::Trusted,
            match &anchor {
                Some(anchor) => format!("It leads to {anchor}, which is in {whose}."),
                None => format!("It is itself in {whose}."),
            },
        ),
        Trust::SelfSigned => {
            (ChainVerdict::SelfSigned, format!("It is signed by itself, and not in {whose}."))
        }
        Trust::UntrustedRoot(place) => {
            (ChainVerdict::UntrustedRoot, format!("It leads to {}, which is not in {whose}.", subject(place)))
        }
        Trust::UnknownIssuer { place, missing: None } => (
            ChainVerdict::UnknownIssuer,
            format!("{}, which issued {}, is neither sent nor in {whose}.", issuer(place), subject(place)),
        ),
        Trust::UnknownIssuer { place, missing: Some(_) } => (
            ChainVerdict::MissingIntermediate,
            format!("The intermediate {}, which issued {}, is not sent.", issuer(place), subject(place)),
        ),
        Trust::WeakSignature(place) => (
            ChainVerdict::WeakSignature,
            format!("{} is signed with a broken digest, which clients refuse.", subject(place)),
        ),
        Trust::Malformed(place, why) => {
            (ChainVerdict::Malformed, format!("Certificate {} can not be read: {why}.", place + 1))
        }
        Trust::Refused(why) => (ChainVerdict::Refused, format!("It is refused: {why}.")),
    };
    StoreTrust {
        store: which,
        anchor: anchor.filter(|_| verdict == ChainVerdict::Trusted),
        verdict,
        statement,
    }
}

/// Which intermediate is missing, and how that is known.
fn missing(chain: &[Certificate], verdict: &Verdict) -> Option<String> {
    let Trust::UnknownIssuer { place, missing: Some(why) } = &verdict.trust else { return None };
    let issuer = &chain.get(*place)?.issuer;
    Some(match why {
        Missing::Url(url) => format!("{issuer} is missing; the certificate says that it is at {url}."),
        Missing::IssuerOfIssuer(above) => {
            format!("{issuer} is missing; the certificate says that {above} issued it.")
        }
        Missing::Gap(other) => format!("{issuer} is missing between the certificate and {other}."),
        Missing::Kin(kin) => {
            format!("{issuer} is missing; by its name it belongs to {kin}, which is trusted here.")
        }
        Missing::Name => format!("{issuer} is missing; by its name it is an intermediate."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_its_zone() {
        let leaf = Certificate {
            addresses: vec!["fe80::1".parse().unwrap()],
            names: vec!["a.test".to_owned()],
            ..Certificate::read(b"")
        };
        for host in ["fe80::1%eth0", "[fe80::1%eth0]", "FE80::1"] {
            let name = named(&leaf, host).unwrap();
            assert_eq!((name.matches, &*name.host), (true, "fe80::1"), "{host}");
        }
        assert!(!named(&leaf, "fe80::2%eth0").unwrap().matches);
        assert_eq!(named(&leaf, "A.test.").unwrap().by.as_deref(), Some("a.test"));
    }
}
