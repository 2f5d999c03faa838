//! What can be agreed on, as documents tell it.

use data_encoding::HEXLOWER;
use portreeve_model::tls::{
    Evidence, KeyExchangeGroup, Negotiation, Order, Protocol, SignatureAlgorithm, Suite, Support,
};
use portreeve_wire::magnitude;
use portreeve_wire::tls::messages::ExchangeKey;
use portreeve_wire::tls::{self, Cipher, KeyExchange, Mac, Mode, NamedGroup, Version, ssl2};

use super::{Known, KnownVersion};
use crate::exchange::Flight;
use crate::primes;

/// Everything that is known, told.
pub(super) fn told(known: &Known) -> Negotiation {
    let mut protocols = vec![oldest(known)];
    protocols.extend(known.versions.iter().map(|one| protocol(known, one)));
    Negotiation {
        protocols,
        groups: groups(known),
        group_order: known.group_order,
        signature_algorithms: signature_algorithms(known),
        application_protocols: known.protocols.clone(),
    }
}

fn oldest(known: &Known) -> Protocol {
    let (support, suites) = known.ssl2.clone().unwrap_or((Support::Inconclusive, Vec::new()));
    Protocol {
        version: Version::Ssl2.to_string(),
        number: Version::Ssl2.value(),
        support,
        statement: known.ssl2_statement.clone(),
        // The client picks one of those that the server sends back.
        order: (support == Support::Yes).then_some(Order::Client),
        suites: suites.into_iter().map(|number| ssl2_suite(ssl2::Suite(number))).collect(),
        incomplete: None,
        evidence: evidence(known, Version::Ssl2),
    }
}

fn ssl2_suite(suite: ssl2::Suite) -> Suite {
    let mut weak = vec!["SSL 2.0".to_owned()];
    if suite.is_export() {
        weak.push("export".to_owned());
    }
    Suite {
        number: suite.0,
        name: suite.to_string(),
        openssl_name: suite.openssl_name().map(str::to_owned),
        bits: suite.bits(),
        key_exchange: Some("RSA".to_owned()),
        forward_secret: false,
        weak,
    }
}

fn protocol(known: &Known, one: &KnownVersion) -> Protocol {
    let is_spoken = one.support == Support::Yes;
    // How a version is refused that is spoken says what else is not, and not whether it is.
    let evidence = match one.flights.first().filter(|_| is_spoken) {
        Some(flight) => {
            let what = flight.hello.as_ref().map(|hello| format!("ServerHello chose {}", hello.suite));
            vec![Evidence::server(what.unwrap_or_default(), &flight.hello_body)]
        }
        None => evidence(known, one.version),
    };
    Protocol {
        version: one.version.to_string(),
        number: one.version.value(),
        support: one.support,
        statement: one.statement.clone(),
        order: is_spoken.then_some(one.order),
        suites: one.suites.iter().map(|number| suite(*number, &one.flights)).collect(),
        incomplete: one.incomplete.clone(),
        evidence,
    }
}

fn evidence(known: &Known, version: Version) -> Vec<Evidence> {
    let of = known.refusals.iter().filter(|(one, _)| *one == version);
    of.map(|(_, evidence)| evidence.clone()).take(1).collect()
}

fn suite(number: tls::Suite, flights: &[Flight]) -> Suite {
    let is_of = |flight: &&Flight| flight.hello.as_ref().is_some_and(|hello| hello.suite == number);
    let seen = flights.iter().find(is_of).and_then(exchange_seen);
    let only_named = || match number.key_exchange()? {
        KeyExchange::Rsa => Some("RSA".to_owned()),
        KeyExchange::Dh => Some("static DH".to_owned()),
        KeyExchange::Ecdh => Some("static ECDH".to_owned()),
        _ => None,
    };
    Suite {
        number: number.0.into(),
        name: number.name().map_or_else(|| format!("{:#06x}", number.0), str::to_owned),
        openssl_name: number.openssl_name(),
        bits: number.encryption().map(|encryption| encryption.bits),
        key_exchange: seen.or_else(only_named),
        forward_secret: number.is_forward_secret(),
        weak: weak(number).into_iter().map(str::to_owned).collect(),
    }
}

/// How keys were agreed on in a flight.
fn exchange_seen(flight: &Flight) -> Option<String> {
    if let Some(group) = flight.hello.as_ref().and_then(tls::ServerHello::group) {
        return Some(group.to_string());
    }
    Some(match &flight.key_exchange.as_ref()?.key {
        ExchangeKey::Curve { group, .. } => group.to_string(),
        ExchangeKey::FiniteField { prime, .. } => format!("DH {} bits", magnitude::bits(prime)),
        ExchangeKey::ExplicitCurve(_) => "a curve without a name".to_owned(),
        ExchangeKey::Rsa { modulus, .. } => format!("RSA {} bits", magnitude::bits(modulus)),
    })
}

/// What is wrong with a suite, in a word or two each. Suites that are merely old are none of them.
pub(super) fn weak(suite: tls::Suite) -> Vec<&'static str> {
    let mut weak = Vec::new();
    if suite.is_export() {
        weak.push("export");
    }
    if suite.is_anonymous() {
        weak.push("no authentication");
    }
    if suite.is_null() {
        weak.push("no encryption");
    }
    if let Some(encryption) = suite.encryption() {
        match encryption.cipher {
            Cipher::Rc2 => weak.push("RC2"),
            Cipher::Rc4 => weak.push("RC4"),
            Cipher::Des => weak.push("DES"),
            _ => {}
        }
        if encryption.block == 64 && encryption.mode == Mode::Cbc && encryption.cipher != Cipher::Des {
            weak.push("64-bit blocks");
        }
    }
    if suite.mac() == Some(Mac::Md5) {
        weak.push("MD5");
    }
    weak
}

fn groups(known: &Known) -> Vec<KeyExchangeGroup> {
    let mut all: Vec<KeyExchangeGroup> = Vec::new();
    let mut add = |group: KeyExchangeGroup, version: Version| {
        let version = version.to_string();
        let same = |one: &&mut KeyExchangeGroup| (one.number, &one.prime) == (group.number, &group.prime);
        match all.iter_mut().find(same) {
            Some(one) if one.versions.contains(&version) => {}
            Some(one) => one.versions.push(version),
            None => all.push(KeyExchangeGroup { versions: vec![version], ..group }),
        }
    };
    for group in &known.groups13 {
        add(named_group(*group), Version::Tls13);
    }
    let has_curves =
        |one: &&KnownVersion| one.suites.iter().any(|suite| suite.key_exchange() == Some(KeyExchange::Ecdhe));
    let newest = known.spoken().filter(|one| one.version != Version::Tls13).filter(has_curves).last();
    if let Some(newest) = newest {
        for group in &known.groups12 {
            add(named_group(*group), newest.version);
        }
    }
    for one in known.versions.iter().rev() {
        for flight in &one.flights {
            match flight.key_exchange.as_ref().map(|exchange| &exchange.key) {
                Some(ExchangeKey::Curve { group, .. }) => add(named_group(*group), one.version),
                Some(ExchangeKey::FiniteField { prime, .. }) => add(prime_group(prime), one.version),
                _ => {}
            }
        }
    }
    for group in &mut all {
        group.versions.sort();
    }
    all
}

fn named_group(group: NamedGroup) -> KeyExchangeGroup {
    KeyExchangeGroup {
        number: Some(group.value()),
        name: group.to_string(),
        bits: group.bits().unwrap_or(0),
        versions: Vec::new(),
        prime: None,
        post_quantum: group.is_post_quantum(),
    }
}

fn prime_group(prime: &[u8]) -> KeyExchangeGroup {
    let hexadecimal = HEXLOWER.encode(prime);
    KeyExchangeGroup {
        number: None,
        name: "DH".to_owned(),
        bits: u16::try_from(magnitude::bits(prime)).unwrap_or(u16::MAX),
        versions: Vec::new(),
        prime: Some(match primes::known(prime) {
            Some(known) => format!("{hexadecimal} {known}"),
            None => hexadecimal,
        }),
        post_quantum: false,
    }
}

/// Those of TLS 1.3 first.
fn signature_algorithms(known: &Known) -> Vec<SignatureAlgorithm> {
    let mut all: Vec<SignatureAlgorithm> = Vec::new();
    for (version, schemes) in [(Version::Tls13, &known.signatures13), (Version::Tls12, &known.signatures12)] {
        for scheme in schemes {
            match all.iter_mut().find(|one| one.number == scheme.value()) {
                Some(one) => one.versions.insert(0, version.to_string()),
                None => all.push(SignatureAlgorithm {
                    number: scheme.value(),
                    name: scheme.to_string(),
                    versions: vec![version.to_string()],
                }),
            }
        }
    }
    all
}
