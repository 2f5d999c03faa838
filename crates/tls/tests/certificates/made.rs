//! Authorities, certificates and files for the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use portreeve_model::tls::Files;
use portreeve_tls::certificates::{Stores, read_files};
use portreeve_tls::store::{Origin, Store};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType, IsCa,
    KeyPair, date_time_ymd,
};
use tempfile::TempDir;

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

const DAY: i64 = 86_400;

/// A folder with a root and an intermediate, and files that a test adds.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) root: Issuer,
    pub(crate) intermediate: Issuer,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let root =
            CertifiedIssuer::self_signed(authority("Acme Root CA", -900, 2700), KeyPair::generate().unwrap())
                .unwrap();
        let intermediate = below(&root, "Acme Intermediate CA", -300, 900);
        Self { folder: TempDir::new().unwrap(), root, intermediate }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A certificate by the intermediate, and its key.
    pub(crate) fn leaf(&self, params: &CertificateParams) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.intermediate).unwrap(), key)
    }

    /// The chain of a certificate by the intermediate, in a file.
    pub(crate) fn chain(&self, name: &str, params: &CertificateParams) -> PathBuf {
        let (leaf, _) = self.leaf(params);
        self.write(name, leaf.pem() + &self.intermediate.pem())
    }

    /// Where the root is one of a public list and of this host.
    pub(crate) fn trusting(&self) -> Trusting {
        Trusting { mozilla: store(&[&self.root]), host: store(&[&self.root]) }
    }
}

/// Two stores.
pub(crate) struct Trusting {
    pub(crate) mozilla: Store,
    pub(crate) host: Store,
}

impl Trusting {
    pub(crate) fn stores(&self) -> Stores<'_> {
        Stores { mozilla: &self.mozilla, host: &self.host }
    }

    pub(crate) fn read(&self, path: &Path, host: Option<&str>) -> Files {
        read_files(&[path.to_owned()], host, self.stores(), Timestamp::now())
    }
}

pub(crate) fn store(roots: &[&Issuer]) -> Store {
    Store::of(Origin::Environment("test".into()), roots.iter().map(|root| root.der().as_ref()))
}

pub(crate) fn ids(files: &Files) -> Vec<&str> {
    files.findings.iter().map(|finding| finding.id.as_str()).collect()
}

/// Valid between days from now.
pub(crate) fn valid(mut params: CertificateParams, from: i64, to: i64) -> CertificateParams {
    let now = Timestamp::now().as_second();
    let at =
        |days: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(now + days * DAY).unwrap());
    // The last second counts, too.
    (params.not_before, params.not_after) = (at(from), at(to) - Duration::from_secs(1));
    params
}

pub(crate) fn authority(name: &str, from: i64, to: i64) -> CertificateParams {
    let mut params = valid(CertificateParams::default(), from, to);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub(crate) fn below(issuer: &Issuer, name: &str, from: i64, to: i64) -> Issuer {
    CertifiedIssuer::signed_by(authority(name, from, to), KeyPair::generate().unwrap(), issuer).unwrap()
}

/// For names, between days from now; with timestamps of so many logs.
pub(crate) fn server(names: &[&str], from: i64, to: i64, logs: u8) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = valid(CertificateParams::new(names.clone()).unwrap(), from, to);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, names.first().cloned().unwrap_or_default());
    if logs > 0 {
        let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
        params.custom_extensions.push(CustomExtension::from_oid_content(&oid, octets(&timestamps(logs))));
    }
    params
}

/// The usual one: 90 days, 80 of them left, in two logs.
pub(crate) fn usual() -> CertificateParams {
    server(&["example.test", "www.example.test"], -10, 80, 2)
}

/// A list of timestamps, one of each log.
pub(crate) fn timestamps(logs: u8) -> Vec<u8> {
    let entry = |log: u8| {
        let one =
            [&[0][..], &[log; 32], &1_790_000_000_000_u64.to_be_bytes(), &[0, 0, 4, 3, 0, 1, 9]].concat();
        [&u16::try_from(one.len()).unwrap().to_be_bytes()[..], &one].concat()
    };
    let all: Vec<u8> = (1..=logs).flat_map(entry).collect();
    [&u16::try_from(all.len()).unwrap().to_be_bytes()[..], &all].concat()
}

/// A DER octet string.
pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[0x04, 0x82][..], &length, content].concat()
}

/// Runs openssl in a folder; what it prints.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "openssl {}: {err}", arguments.join(" "));
    out.into_owned()
}

/// Bytes of hexadecimal digits.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}
