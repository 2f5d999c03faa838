//! Hellos that are unusual in one way or in several.

use portreeve_wire::tls::{ClientHello, Extension, ExtensionType, NamedGroup, Suite, Version};

use crate::audit::{Greeting, Known};

/// As many suites as a hello has at the most: the length of it is one of the questions.
const SUITES: usize = 24;
/// Numbers that mean nothing (RFC 8701), one for each place.
const GREASE: [u16; 6] = [0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a];
/// An extension that nobody assigned.
const UNKNOWN: u16 = 0x4d5a;
/// The version after TLS 1.3, and the last that looks like TLS.
const NEXT: u16 = 0x0305;
const LAST: u16 = 0x03ff;
/// Bytes of a message that some load balancers took for SSL 2.0: 256 to 511.
pub(super) const TROUBLED: std::ops::RangeInclusive<usize> = 256..=511;

/// One way to be unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Oddity {
    /// Suites without meaning.
    Suites,
    /// Extensions without meaning, one of them empty.
    Extensions,
    /// Groups without meaning, and a key share in one.
    Groups,
    /// Versions without meaning in the extension.
    Versions,
    /// Signature algorithms without meaning.
    Signatures,
    /// An extension that is not assigned.
    UnknownExtension,
    /// A version of the future in the extension.
    FutureVersion,
    /// A version of the future in the field, without the extension.
    FutureField,
    /// A version of the future in the header of the record.
    RecordVersion,
    /// A message of 256 to 511 bytes.
    TroubledLength,
    /// A message in two records.
    TwoRecords,
}

/// What usual hellos to a server look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Usual {
    greeting: Greeting,
    /// Newest first, TLS 1.0 to 1.3.
    versions: Vec<Version>,
    suites: Vec<Suite>,
    /// Those of the newest version up to TLS 1.2.
    old_suites: Vec<Suite>,
}

impl Usual {
    /// None where the server speaks no version that has extensions.
    pub(super) fn of(greeting: &Greeting, known: &Known) -> Option<Self> {
        let with_extensions = known.spoken().filter(|one| one.version.value() >= Version::Tls10.value());
        let mut spoken: Vec<_> = with_extensions.collect();
        spoken.reverse();
        let versions: Vec<Version> = spoken.iter().map(|one| one.version).collect();
        let newest = *versions.first()?;
        let mut suites: Vec<Suite> = Vec::new();
        // The best of each version.
        for one in &spoken {
            let fresh: Vec<Suite> =
                one.suites.iter().copied().filter(|suite| !suites.contains(suite)).take(SUITES / 2).collect();
            suites.extend(fresh);
        }
        if suites.is_empty() {
            suites = Suite::of_version(newest);
        }
        suites.truncate(SUITES);
        let old = spoken.iter().find(|one| one.version != Version::Tls13);
        let old_suites = old.map(|one| match one.suites.as_slice() {
            [] => Suite::of_old_clients(),
            some => some.iter().copied().take(SUITES).collect(),
        });
        Some(Self {
            greeting: greeting.clone(),
            versions,
            suites,
            old_suites: old_suites.unwrap_or_default(),
        })
    }

    /// The versions that the server speaks, newest first.
    pub(super) fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Whether a question about the field of the version makes sense: TLS 1.3 does not read it.
    pub(super) fn has_old_versions(&self) -> bool {
        !self.old_suites.is_empty()
    }

    /// A hello that is unusual in these ways; none where it can not be made so.
    pub(super) fn hello(&self, odd: &[Oddity]) -> Option<ClientHello> {
        let mut hello = if odd.contains(&Oddity::FutureField) {
            let old = self.versions.iter().copied().find(|version| *version != Version::Tls13)?;
            self.greeting.hello(old, &self.old_suites)
        } else {
            let mut hello = self.greeting.hello(*self.versions.first()?, &self.suites);
            if self.versions.first() == Some(&Version::Tls13) {
                hello.set(Extension::supported_versions(&self.versions));
            }
            hello
        };
        for one in odd {
            one.add_to(&mut hello, &self.versions);
        }
        // Lengths come last: everything else changes them.
        if odd.contains(&Oddity::TroubledLength) {
            pad(&mut hello, *TROUBLED.start());
            if !TROUBLED.contains(&hello.message().len()) {
                return None;
            }
        }
        if odd.contains(&Oddity::TwoRecords) {
            // Not a message that is too long for one: some servers take none above 16 KiB, however many records it comes in.
            hello.fragment = hello.message().len().div_ceil(2);
        }
        Some(hello)
    }
}

impl Oddity {
    fn add_to(self, hello: &mut ClientHello, versions: &[Version]) {
        match self {
            Self::Suites => hello.suites.insert(0, Suite(GREASE[0])),
            Self::Extensions => {
                hello.extensions.insert(0, Extension::empty(GREASE[1].into()));
                hello.extensions.push(Extension::new(GREASE[2].into(), [0]));
            }
            Self::Groups => {
                put_first(hello, ExtensionType::SupportedGroups, 2, GREASE[3]);
                if hello.extension(ExtensionType::KeyShare).is_some() {
                    let share = (NamedGroup::from(GREASE[3]), &[0][..]);
                    hello.set(Extension::key_shares(&[share]));
                }
            }
            Self::Versions | Self::FutureVersion => {
                if hello.extension(ExtensionType::SupportedVersions).is_none() {
                    hello.set(Extension::supported_versions(versions));
                }
                let number = if self == Self::Versions { GREASE[4] } else { NEXT };
                put_first(hello, ExtensionType::SupportedVersions, 1, number);
            }
            Self::Signatures => put_first(hello, ExtensionType::SignatureAlgorithms, 2, GREASE[5]),
            Self::UnknownExtension => {
                hello.extensions.push(Extension::new(UNKNOWN.into(), *b"odd"));
            }
            Self::FutureField => hello.version = LAST.into(),
            Self::RecordVersion => hello.record_version = LAST.into(),
            Self::TroubledLength | Self::TwoRecords => {}
        }
    }
}

/// Puts a number before the others of a list, which has a length of so many bytes before it.
fn put_first(hello: &mut ClientHello, kind: ExtensionType, prefix: usize, number: u16) {
    let Some(extension) = hello.extensions.iter_mut().find(|one| one.kind == kind) else { return };
    let numbers = extension.content.get(prefix..).unwrap_or_default();
    let length = u16::try_from(numbers.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    let length = length.get(2 - prefix..).unwrap_or_default();
    extension.content = [length, &number.to_be_bytes(), numbers].concat();
}

/// Makes a message as long as this, where it is shorter (RFC 7685).
fn pad(hello: &mut ClientHello, length: usize) {
    let missing = length.saturating_sub(hello.message().len());
    if missing > 0 {
        // An extension of four bytes at least; an empty one was a problem of its own for some servers.
        hello
            .extensions
            .push(Extension::new(ExtensionType::Padding, vec![0; missing.saturating_sub(4).max(1)]));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use portreeve_model::tls::{Order, Support};
    use portreeve_wire::tls::{Record, Records};

    use super::*;
    use crate::audit::KnownVersion;

    /// A server that speaks these, with one suite each.
    pub(in crate::features::tolerance) fn usual(versions: &[Version]) -> Option<Usual> {
        let known = |version: &Version| KnownVersion {
            version: *version,
            support: Support::Yes,
            statement: String::new(),
            suites: vec![Suite(if *version == Version::Tls13 { 0x1301 } else { 0x002f })],
            order: Order::Server,
            incomplete: None,
            flights: Vec::new(),
        };
        let known = Known { versions: versions.iter().map(known).collect(), ..Known::default() };
        Usual::of(&Greeting { server_name: Some("example.test".to_owned()), ..Greeting::default() }, &known)
    }

    #[test]
    fn a_usual_hello_offers_what_the_server_speaks() {
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[Version::Ssl3]), None);
        let both = usual(&[Version::Tls12, Version::Tls13]).unwrap();
        let hello = both.hello(&[]).unwrap();
        assert_eq!(hello.suites, [Suite(0x1301), Suite(0x002f)]);
        assert_eq!(hello.extension(ExtensionType::SupportedVersions).unwrap().content, [4, 3, 4, 3, 3]);
        assert!(both.has_old_versions() && !usual(&[Version::Tls13]).unwrap().has_old_versions());
        assert_eq!(usual(&[Version::Tls13]).unwrap().hello(&[Oddity::FutureField]), None);
    }

    #[test]
    fn numbers_stand_before_the_others_of_their_list() {
        let usual = usual(&[Version::Tls12, Version::Tls13]).unwrap();
        let all = [Oddity::Suites, Oddity::Extensions, Oddity::Groups, Oddity::Versions, Oddity::Signatures];
        let hello = usual.hello(&all).unwrap();
        assert_eq!(hello.suites[0], Suite(0x0a0a));
        assert_eq!(hello.extensions[0], Extension::empty(0x1a1a.into()));
        let content = |kind| hello.extension(kind).unwrap().content.clone();
        let groups = content(ExtensionType::SupportedGroups);
        assert_eq!(usize::from(groups[1]), groups.len() - 2);
        assert_eq!(groups[2..6], [0x3a, 0x3a, 0, 29]);
        assert_eq!(content(ExtensionType::KeyShare), [0, 5, 0x3a, 0x3a, 0, 1, 0]);
        assert_eq!(content(ExtensionType::SupportedVersions), [6, 0x4a, 0x4a, 3, 4, 3, 3]);
        assert_eq!(content(ExtensionType::SignatureAlgorithms)[2..4], [0x5a, 0x5a]);
        let future = usual.hello(&[Oddity::FutureVersion]).unwrap();
        assert_eq!(
            future.extension(ExtensionType::SupportedVersions).unwrap().content,
            [6, 3, 5, 3, 4, 3, 3]
        );
    }

    #[test]
    fn lengths_are_what_they_are_to_be() {
        let usual = usual(&[Version::Tls12]).unwrap();
        let troubled = usual.hello(&[Oddity::TroubledLength]).unwrap().message();
        assert_eq!(troubled.len(), 256);
        let long = usual.hello(&[Oddity::FutureField, Oddity::TwoRecords]).unwrap();
        assert_eq!(long.version, Version::Unknown(0x03ff));
        let bytes = long.encode();
        let records: Vec<Record<'_>> = Records::new(&bytes).collect();
        let [first, second] = records.as_slice() else { panic!("{records:?}") };
        assert_eq!([first.fragment, second.fragment].concat(), long.message());
        let record = usual.hello(&[Oddity::RecordVersion]).unwrap().encode();
        assert_eq!(record[..3], [22, 3, 0xff]);
    }
}
