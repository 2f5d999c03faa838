//! Cases kept as files: rules, a host, a packet, and what the kernel did with it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::campaign::{try_once, within_new_host};
use crate::compare::{Handles, path, summary};
use crate::kernel::Observed;
use crate::packet::{Injection, Link, Origin, State};
use crate::ruleset::Scripts;

/// A file under `scenarios/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// Where it comes from and what it is about.
    pub(crate) about: String,
    pub(crate) packet: PacketText,
    pub(crate) kernel: KernelText,
    pub(crate) rules: Scripts,
}

/// The packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PacketText {
    /// From the IP header on, hexadecimal.
    pub(crate) bytes: String,
    /// Number of the wire it comes in by; missing for a packet of the host's own.
    pub(crate) wire: Option<usize>,
    /// To whom its frame is addressed.
    pub(crate) link: Option<Link>,
    /// Owner of the socket it is sent from.
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
    #[serde(default)]
    pub(crate) state: StateText,
    #[serde(default)]
    pub(crate) connection_mark: u32,
}

/// What the host knows of the packet's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StateText {
    #[default]
    New,
    Established,
    Reply,
}

/// What the kernel did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KernelText {
    pub(crate) outcome: String,
    pub(crate) path: Vec<String>,
}

impl Scenario {
    pub(crate) fn new(
        about: String,
        rules: Scripts,
        packet: &Injection,
        observed: &Observed,
        handles: &Handles,
    ) -> Self {
        Self { about, packet: packet.into(), kernel: KernelText::new(observed, handles), rules }
    }

    /// The file's text.
    pub(crate) fn text(&self) -> String {
        toml::to_string_pretty(self).expect("a scenario can be written as TOML")
    }
}

impl KernelText {
    pub(crate) fn new(observed: &Observed, handles: &Handles) -> Self {
        let path = path(observed, handles).iter().map(ToString::to_string).collect();
        Self { outcome: summary(observed), path }
    }
}

/// Where scenarios are kept.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/scenarios");

/// Every kept case: the kernel still does what it did, and the simulator says so. With
/// `PORTREEVE_DIFFERENTIAL_RECORD` set, what the kernel does now is written into the files instead.
#[test]
fn kept_cases_hold() {
    let mut paths: Vec<_> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    assert!(!paths.is_empty(), "there are scenarios in {FOLDER}");
    for path in paths {
        let mut scenario: Scenario = toml::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let packet = Injection::from(&scenario.packet);
        let ((handles, observed), outcome) = within_new_host(|host| {
            host.load_scripts(&scenario.rules).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            try_once(host, &packet)
        });
        let kernel = KernelText::new(&observed, &handles);
        if std::env::var_os("PORTREEVE_DIFFERENTIAL_RECORD").is_some() {
            scenario.kernel = kernel;
            std::fs::write(&path, scenario.text()).unwrap();
        } else {
            assert_eq!(kernel, scenario.kernel, "{}: the kernel does something else now", path.display());
        }
        if let Err(disagreement) = outcome {
            panic!("{}: {}\n{disagreement}", path.display(), scenario.about);
        }
    }
}

impl From<&Injection> for PacketText {
    fn from(packet: &Injection) -> Self {
        let (state, connection_mark) = match packet.state {
            State::New => (StateText::New, 0),
            State::Established { mark } => (StateText::Established, mark),
            State::Reply { mark } => (StateText::Reply, mark),
        };
        let bytes = packet.bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let mut text =
            Self { bytes, wire: None, link: None, user: None, group: None, state, connection_mark };
        match packet.origin {
            Origin::Wire { wire, link } => (text.wire, text.link) = (Some(wire), Some(link)),
            Origin::Socket { user, group } => (text.user, text.group) = (Some(user), Some(group)),
        }
        text
    }
}

impl From<&PacketText> for Injection {
    fn from(text: &PacketText) -> Self {
        let origin = match text.wire {
            Some(wire) => Origin::Wire { wire, link: text.link.unwrap_or(Link::Host) },
            None => Origin::Socket { user: text.user.unwrap_or(0), group: text.group.unwrap_or(0) },
        };
        let mark = text.connection_mark;
        let state = match text.state {
            StateText::New => State::New,
            StateText::Established => State::Established { mark },
            StateText::Reply => State::Reply { mark },
        };
        let digits: Vec<u8> = text.bytes.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        Self { origin, bytes: digits.chunks(2).map(byte).collect(), state }
    }
}
