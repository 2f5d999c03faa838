//! The ten hellos of JARM (published by Salesforce in 2020), byte for byte but for what is random.
//!
//! Their content is what makes values comparable: nothing here may be improved.

use portreeve_wire::tls::{
    ClientHello, Extension, ExtensionType, NamedGroup, SignatureScheme, Suite, Version,
};

/// Suites that JARM offers, in its order.
const SUITES: [u16; 69] = [
    0x0016, 0x0033, 0x0067, 0xc09e, 0xc0a2, 0x009e, 0x0039, 0x006b, 0xc09f, 0xc0a3, 0x009f, 0x0045, 0x00be,
    0x0088, 0x00c4, 0x009a, 0xc008, 0xc009, 0xc023, 0xc0ac, 0xc0ae, 0xc02b, 0xc00a, 0xc024, 0xc0ad, 0xc0af,
    0xc02c, 0xc072, 0xc073, 0xcca9, 0x1302, 0x1301, 0xcc14, 0xc007, 0xc012, 0xc013, 0xc027, 0xc02f, 0xc014,
    0xc028, 0xc030, 0xc060, 0xc061, 0xc076, 0xc077, 0xcca8, 0x1305, 0x1304, 0x1303, 0xcc13, 0xc011, 0x000a,
    0x002f, 0x003c, 0xc09c, 0xc0a0, 0x009c, 0x0035, 0x003d, 0xc09d, 0xc0a1, 0x009d, 0x0041, 0x00ba, 0x0084,
    0x00c0, 0x0007, 0x0004, 0x0005,
];

/// Application protocols, from the weakest to the strongest. `spdy/3` and `h2` are one item: where the order is turned around, they
/// stay as they are.
const PROTOCOLS: [&[&[u8]]; 8] = [
    &[b"http/0.9"],
    &[b"http/1.0"],
    &[b"http/1.1"],
    &[b"spdy/1"],
    &[b"spdy/2"],
    &[b"spdy/3", b"h2"],
    &[b"h2c"],
    &[b"hq"],
];
/// The same without those that servers speak.
const RARE_PROTOCOLS: [&[&[u8]]; 7] =
    [&[b"http/0.9"], &[b"http/1.0"], &[b"spdy/1"], &[b"spdy/2"], &[b"spdy/3"], &[b"h2c"], &[b"hq"]];

/// Up to this version, and with these numbers in the extension.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// TLS 1.1, without the extension.
    Tls11,
    /// TLS 1.2, without the extension.
    Tls12,
    /// TLS 1.2, said in the extension, too.
    Tls12Listed,
    /// TLS 1.3.
    Tls13,
}

/// Orders of lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Forward,
    Reverse,
    TopHalf,
    BottomHalf,
    MiddleOut,
}

/// One of the ten.
struct Probe {
    versions: Versions,
    with_tls13_suites: bool,
    suites: Order,
    with_grease: bool,
    rare_protocols: bool,
    lists: Order,
}

const fn probe(versions: Versions, suites: Order, lists: Order) -> Probe {
    Probe { versions, with_tls13_suites: true, suites, with_grease: false, rare_protocols: false, lists }
}

const PROBES: [Probe; 10] = [
    probe(Versions::Tls12Listed, Order::Forward, Order::Reverse),
    probe(Versions::Tls12Listed, Order::Reverse, Order::Forward),
    probe(Versions::Tls12, Order::TopHalf, Order::Forward),
    Probe { rare_protocols: true, ..probe(Versions::Tls12, Order::BottomHalf, Order::Forward) },
    Probe {
        with_grease: true,
        rare_protocols: true,
        ..probe(Versions::Tls12, Order::MiddleOut, Order::Reverse)
    },
    probe(Versions::Tls11, Order::Forward, Order::Forward),
    probe(Versions::Tls13, Order::Forward, Order::Reverse),
    probe(Versions::Tls13, Order::Reverse, Order::Forward),
    Probe { with_tls13_suites: false, ..probe(Versions::Tls13, Order::Forward, Order::Forward) },
    Probe { with_grease: true, ..probe(Versions::Tls13, Order::MiddleOut, Order::Reverse) },
];

/// The hellos, in their order. `random` is asked for everything that is random; `name` is the host as it was written, an address, too.
pub(super) fn hellos(name: &str, random: &mut dyn FnMut() -> [u8; 32]) -> Vec<ClientHello> {
    PROBES.iter().map(|probe| probe.hello(name, random)).collect()
}

/// The suites in the order of the digits that stand for them.
pub(super) fn numbered() -> Vec<u16> {
    let mut all = SUITES;
    all.sort_unstable_by_key(|number| (number >> 8 == 0x13, *number));
    all.to_vec()
}

impl Probe {
    fn hello(&self, name: &str, random: &mut dyn FnMut() -> [u8; 32]) -> ClientHello {
        let (record_version, version) = match self.versions {
            Versions::Tls11 => (Version::Tls11, Version::Tls11),
            Versions::Tls12 | Versions::Tls12Listed => (Version::Tls12, Version::Tls12),
            Versions::Tls13 => (Version::Tls10, Version::Tls12),
        };
        let mut hello = ClientHello::new(version, Vec::new(), random());
        hello.record_version = record_version;
        hello.session_id = random().to_vec();
        let listed: Vec<u16> =
            SUITES.into_iter().filter(|number| self.with_tls13_suites || number >> 8 != 0x13).collect();
        let suites = self.grease(random).into_iter().chain(self.suites.of(&listed));
        hello.suites = suites.map(Suite).collect();
        hello.extensions = self.extensions(name, random);
        hello
    }

    fn extensions(&self, name: &str, random: &mut dyn FnMut() -> [u8; 32]) -> Vec<Extension> {
        let mut all = Vec::new();
        all.extend(self.grease(random).map(|number| Extension::empty(ExtensionType::from(number))));
        all.push(Extension::server_name(name));
        all.push(Extension::empty(ExtensionType::ExtendedMasterSecret));
        all.push(Extension::new(ExtensionType::MaxFragmentLength, [1]));
        all.push(Extension::renegotiation_info());
        all.push(Extension::groups(&[
            NamedGroup::X25519,
            NamedGroup::Secp256r1,
            NamedGroup::Secp384r1,
            NamedGroup::Secp521r1,
        ]));
        all.push(Extension::point_formats());
        all.push(Extension::empty(ExtensionType::SessionTicket));
        let protocols: &[&[&[u8]]] = if self.rare_protocols { &RARE_PROTOCOLS } else { &PROTOCOLS };
        all.push(Extension::alpn(&self.lists.of(protocols).concat()));
        all.push(Extension::signature_algorithms(&[
            SignatureScheme::EcdsaSha256,
            SignatureScheme::RsaPssRsaeSha256,
            SignatureScheme::RsaPkcs1Sha256,
            SignatureScheme::EcdsaSha384,
            SignatureScheme::RsaPssRsaeSha384,
            SignatureScheme::RsaPkcs1Sha384,
            SignatureScheme::RsaPssRsaeSha512,
            SignatureScheme::RsaPkcs1Sha512,
            SignatureScheme::RsaPkcs1Sha1,
        ]));
        let grease = self.grease(random).map(NamedGroup::from);
        let key = random();
        let mut shares: Vec<(NamedGroup, &[u8])> =
            grease.map(|group| (group, &[0][..])).into_iter().collect();
        shares.push((NamedGroup::X25519, &key));
        all.push(Extension::key_shares(&shares));
        all.push(Extension::psk_key_exchange_modes());
        let versions: &[u16] = match self.versions {
            Versions::Tls11 | Versions::Tls12 => return all,
            Versions::Tls12Listed => &[0x0301, 0x0302, 0x0303],
            Versions::Tls13 => &[0x0301, 0x0302, 0x0303, 0x0304],
        };
        let versions = self.grease(random).into_iter().chain(self.lists.of(versions));
        all.push(Extension::supported_versions(&versions.map(Version::from).collect::<Vec<_>>()));
        all
    }

    /// A number that means nothing, where the probe sends such.
    fn grease(&self, random: &mut dyn FnMut() -> [u8; 32]) -> Option<u16> {
        self.with_grease.then(|| {
            let [first, ..] = random();
            u16::from_be_bytes([first & 0xf0 | 0x0a; 2])
        })
    }
}

impl Order {
    fn of<T: Copy>(self, list: &[T]) -> Vec<T> {
        let (middle, is_odd) = (list.len() / 2, list.len() % 2 == 1);
        let (before, after) = list.split_at(middle);
        let (centre, after) = after.split_at(usize::from(is_odd));
        match self {
            Self::Forward => list.to_vec(),
            Self::Reverse => list.iter().rev().copied().collect(),
            // The half that comes first, from its end to its beginning.
            Self::TopHalf => centre.iter().chain(before.iter().rev()).copied().collect(),
            Self::BottomHalf => after.to_vec(),
            Self::MiddleOut => {
                let pairs =
                    after.iter().zip(before.iter().rev()).flat_map(|(later, earlier)| [*later, *earlier]);
                centre.iter().copied().chain(pairs).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn orders_are_those_of_the_publication() {
        let (odd, even) = ([1, 2, 3, 4, 5], [1, 2, 3, 4]);
        for (order, of_odd, of_even) in [
            (Order::Forward, vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4]),
            (Order::Reverse, vec![5, 4, 3, 2, 1], vec![4, 3, 2, 1]),
            (Order::TopHalf, vec![3, 2, 1], vec![2, 1]),
            (Order::BottomHalf, vec![4, 5], vec![3, 4]),
            (Order::MiddleOut, vec![3, 4, 2, 5, 1], vec![3, 2, 4, 1]),
        ] {
            assert_eq!((order.of(&odd), order.of(&even)), (of_odd, of_even));
        }
    }

    /// What an independent implementation of JARM sends to `portreeve.test`, where everything random is the byte 0x5a.
    const RECORDED: &str = include_str!("jarm_hellos.txt");

    #[test]
    fn hellos_are_those_that_others_send() {
        let hellos = hellos("portreeve.test", &mut || [0x5a; 32]);
        let recorded: Vec<&str> = RECORDED.lines().collect();
        assert_eq!(recorded.len(), 10);
        for (place, (hello, recorded)) in hellos.iter().zip(recorded).enumerate() {
            assert_eq!(HEXLOWER.encode(&hello.encode()), recorded, "hello {place}");
        }
    }
}
