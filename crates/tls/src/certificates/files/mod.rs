//! Certificates of files and folders: what `portreeve tls --cert` reads.
//!
//! Private keys are counted and compared, never shown. Nothing is written, and nothing is fetched.

mod contents;
mod walk;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use portreeve_model::finding::put_in_order;
use portreeve_model::tls::{CertificateFile, FileFormat, FileHolds, Files};
use portreeve_model::{Finding, Severity, Unseen, UnseenReason, UnseenSubject};

use super::findings::{self, Place, finding};
use super::served::{self, Judged, Offered, Stores};
use crate::Certificate;
use contents::Contents;
use walk::Found;

/// Unreadable files are told one by one up to so many.
const TOLD: usize = 40;

/// Reads files and folders, and judges what is in them as if a server sent it. `host` is compared with the names of server certificates
/// where it is given.
pub fn read_files(asked: &[PathBuf], host: Option<&str>, stores: Stores<'_>, now: Timestamp) -> Files {
    let mut found = Found::default();
    for path in asked {
        found.look(path);
    }
    found.end();
    let all: Vec<(PathBuf, Contents)> = found.files;
    let mut files = Files {
        asked: asked.iter().map(|path| shown(path)).collect(),
        at: now,
        files: Vec::new(),
        without_certificate: found.without_certificate,
        unseen: shortened(found.unseen),
        findings: Vec::new(),
    };
    // Where the same certificates are already told.
    let mut seen: HashMap<Vec<Vec<u8>>, usize> = HashMap::new();
    for (path, contents) in all.iter().filter(|(_, contents)| !contents.certificates.is_empty()) {
        let ders: Vec<Vec<u8>> = contents.certificates.iter().map(|one| one.der.clone()).collect();
        if let Some(first) = seen.get(&ders).and_then(|place| files.files.get_mut(*place)) {
            first.same.push(shown(path));
            continue;
        }
        if let Some((file, findings)) = told(path, contents, &all, host, stores, now) {
            seen.insert(ders, files.files.len());
            files.files.push(file);
            files.findings.extend(findings);
        }
    }
    findings::once(&mut files.findings);
    put_in_order(&mut files.findings);
    files
}

fn told(
    path: &Path,
    contents: &Contents,
    all: &[(PathBuf, Contents)],
    host: Option<&str>,
    stores: Stores<'_>,
    now: Timestamp,
) -> Option<(CertificateFile, Vec<Finding>)> {
    let leaf = contents.certificates.first()?;
    let key_file = key_file(path, contents, all, leaf);
    let holds = if is_server(leaf) || !contents.certificates.iter().all(|one| one.is_authority) {
        FileHolds::Chain
    } else {
        FileHolds::Authorities
    };
    let offered = Offered {
        sent_for: vec![shown(path)],
        chain: contents.certificates.clone(),
        host: host.filter(|_| holds == FileHolds::Chain).map(str::to_owned),
        ..Offered::default()
    };
    let mut judged = served::judge(offered, stores, now)?;
    let findings = match holds {
        FileHolds::Chain => of_chain(path, contents, all, &mut judged, now),
        FileHolds::Authorities => of_authorities(path, &mut judged, now),
    };
    let target = std::fs::canonicalize(path).ok().filter(|_| path.is_symlink()).map(|target| shown(&target));
    let file = CertificateFile {
        path: shown(path),
        target,
        same: Vec::new(),
        format: contents.format,
        holds,
        private_keys: u32::try_from(contents.keys.len()).unwrap_or(u32::MAX) + contents.locked_keys,
        key_file: key_file.map(shown),
        chain: judged.served,
    };
    Some((file, findings))
}

/// Whether a certificate is a server's: it may sign nothing, or has names, or is called like a host; `openssl req -x509` makes certificates
/// of servers that may sign others.
fn is_server(leaf: &Certificate) -> bool {
    let is_host = |name: &String| name.contains('.') && !name.contains(' ');
    !leaf.is_authority
        || !leaf.names.is_empty()
        || !leaf.addresses.is_empty()
        || (leaf.is_self_issued() && leaf.common_name.as_ref().is_some_and(is_host))
}

/// The file with the key of a certificate: the same, or one in the same folder.
fn key_file<'a>(
    path: &'a Path,
    contents: &Contents,
    all: &'a [(PathBuf, Contents)],
    leaf: &Certificate,
) -> Option<&'a Path> {
    let beside = all.iter().filter(|(other, _)| other.parent() == path.parent());
    contents.has_key_of(leaf).then_some(path).or_else(|| {
        beside.into_iter().find(|(_, other)| other.has_key_of(leaf)).map(|(other, _)| other.as_path())
    })
}

fn of_chain(
    path: &Path,
    contents: &Contents,
    all: &[(PathBuf, Contents)],
    judged: &mut Judged,
    now: Timestamp,
) -> Vec<Finding> {
    let mut found = findings::of(judged, &place(path, contents.format), now);
    // certbot writes cert.pem and chain.pem beside fullchain.pem: what is missing in the one is in the other.
    let last = judged.served.path.last().and_then(|place| judged.chain.get(*place));
    if let Some(last) = last.filter(|_| judged.served.missing.is_some()) {
        let has_issuer = |contents: &Contents| {
            contents.certificates.iter().any(|one| one.raw_subject == last.raw_issuer && one.is_authority)
        };
        let beside = all.iter().find(|(other, contents)| {
            other != path && other.parent() == path.parent() && has_issuer(contents)
        });
        if let Some((other, _)) = beside {
            found.retain(|one| one.id != "tls/missing-intermediate");
            let issuer = &last.issuer;
            judged.served.missing =
                Some(format!("{issuer} is not in the file; it is in {} beside it.", name_of(other)));
        }
    }
    found
}

/// Authorities are told where they are at their end; a bundle has neither an order nor anything surplus.
fn of_authorities(path: &Path, judged: &mut Judged, now: Timestamp) -> Vec<Finding> {
    let count = judged.served.certificates.len();
    if count > 1 {
        judged.served.surplus.clear();
        judged.served.in_order = true;
        judged.served.root_sent = None;
        judged.served.missing = None;
        judged.served.trust.clear();
    }
    let told = |(at, one): (usize, &portreeve_model::tls::Certificate)| {
        let until = one.validity.as_ref()?.not_after;
        (until < now).then(|| Finding {
            evidence: vec![format!("certificate {} of {count}: {}, SHA-256 {}", at + 1, one.subject, one.sha256)],
            fix: vec!["Take it out, unless something is to be verified with it that was signed when it was valid.".to_owned()],
            reproduce: Some(format!("openssl storeutl -noout -text -certs {}", shown(path))),
            ..finding(
                "tls/authority-expired",
                Severity::Low,
                format!("The authority {} in {} expired on {}.", one.subject, shown(path), until.strftime("%Y-%m-%d")),
                "Nothing that it issued is accepted any more, and a chain that goes through it is refused by some clients.",
            )
        })
    };
    judged.served.certificates.iter().enumerate().filter_map(told).collect()
}

fn place(path: &Path, format: FileFormat) -> Place {
    let format = match format {
        FileFormat::Pem => "PEM",
        FileFormat::Der => "DER",
        FileFormat::Pkcs7 => "PKCS #7",
    };
    Place::File { path: shown(path), format }
}

/// The first ones by themselves, the rest by their number.
fn shortened(mut unseen: Vec<Unseen>) -> Vec<Unseen> {
    let more = unseen.len().saturating_sub(TOLD);
    unseen.truncate(TOLD);
    if more > 0 {
        unseen.push(Unseen {
            subject: UnseenSubject::Files,
            reason: UnseenReason::Failed,
            count: u32::try_from(more).unwrap_or(u32::MAX),
            detail: format!("{more} more files or folders can not be read."),
            remedy: None,
        });
    }
    unseen
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
