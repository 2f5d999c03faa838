//! `certificates`: an authority, and server certificates with one fault each.

use super::hold;
use clap::Args;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SanType, date_time_ymd,
};
use serde_json::json;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writes an authority (`ca.pem`), its intermediate (`intermediate.pem`), and certificates with one fault each: NAME.pem has the chain
/// as a server sends it, NAME.key the key. Prints their names, and ends.
///
/// good rsa wildcard expires-soon expired not-yet-valid other-name no-names snake-oil self-signed self-signed-expired no-intermediate
/// no-intermediate-url wrong-order surplus expired-intermediate other-authority other-authority-leaf weak-key weak-signature
/// must-staple client
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder, which is made.
    directory: PathBuf,
    /// The names of the server.
    #[arg(long, default_values = ["example.test", "www.example.test"])]
    name: Vec<String>,
    /// Addresses of the server.
    #[arg(long)]
    address: Vec<IpAddr>,
}

/// From when to when, in days from now.
#[derive(Clone, Copy)]
struct Days(i64, i64);

type Issuer = CertifiedIssuer<'static, KeyPair>;

const USUAL: Days = Days(-10, 80);

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let names = self.write().map_err(io::Error::other)?;
        let legacy = self.write_with_openssl()?;
        hold::say(&json!({ "made": names.iter().chain(&legacy).collect::<Vec<_>>() }))
    }

    fn write(&self) -> Result<Vec<&'static str>, Box<dyn std::error::Error + Send + Sync>> {
        let root =
            CertifiedIssuer::self_signed(authority("Lab Root CA", Days(-900, 2700)), KeyPair::generate()?)?;
        let intermediate = signed_authority("Lab Intermediate CA", Days(-300, 900), &root)?;
        let expired_intermediate = signed_authority("Lab Former Intermediate CA", Days(-800, -3), &root)?;
        let other_root = CertifiedIssuer::self_signed(
            authority("Elsewhere Root", Days(-900, 2700)),
            KeyPair::generate()?,
        )?;
        let other = signed_authority("Elsewhere Issuing", Days(-300, 900), &other_root)?;
        self.file("ca.pem", &root.pem())?;
        self.file("ca.key", &root.key().serialize_pem())?;
        self.file("intermediate.pem", &intermediate.pem())?;
        self.file("intermediate.key", &intermediate.key().serialize_pem())?;
        self.file("other-ca.pem", &other_root.pem())?;

        let mut made = Vec::new();
        let mut leaf =
            |name: &'static str, params: &CertificateParams, chain: &[&Issuer], sent: &[&Issuer]| {
                let key = KeyPair::generate()?;
                self.leaf(name, params, &key, chain.first().copied(), sent)?;
                made.push(name);
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            };
        let usual = self.server(USUAL)?;
        let by_intermediate: &[&Issuer] = &[&intermediate];
        leaf("good", &usual, by_intermediate, by_intermediate)?;
        leaf("wildcard", &self.wildcard()?, by_intermediate, by_intermediate)?;
        leaf("expires-soon", &self.server(Days(-85, 5))?, by_intermediate, by_intermediate)?;
        leaf("expired", &self.server(Days(-93, -3))?, by_intermediate, by_intermediate)?;
        leaf("not-yet-valid", &self.server(Days(2, 92))?, by_intermediate, by_intermediate)?;
        leaf("other-name", &named(&["other.test".into()], USUAL)?, by_intermediate, by_intermediate)?;
        leaf("no-names", &named_in_subject_only(&self.name, USUAL)?, by_intermediate, by_intermediate)?;
        leaf("no-intermediate", &usual, by_intermediate, &[])?;
        leaf("no-intermediate-url", &with_issuer_url(usual.clone()), by_intermediate, &[])?;
        leaf("wrong-order", &usual, by_intermediate, &[&root, &intermediate])?;
        leaf("surplus", &usual, by_intermediate, &[&intermediate, &other])?;
        leaf("expired-intermediate", &usual, &[&expired_intermediate], &[&expired_intermediate])?;
        leaf("other-authority", &usual, &[&other], &[&other])?;
        leaf("other-authority-leaf", &usual, &[&other_root], &[])?;
        leaf("must-staple", &must_staple(usual.clone()), by_intermediate, by_intermediate)?;
        leaf("client", &client(USUAL)?, by_intermediate, by_intermediate)?;
        leaf("self-signed", &usual, &[], &[])?;
        leaf("self-signed-expired", &self.server(Days(-93, -3))?, &[], &[])?;
        leaf("snake-oil", &named(&["localhost".into()], Days(-300, 3350))?, &[], &[])?;
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        self.leaf("rsa", &usual, &key, Some(&intermediate), by_intermediate)?;
        made.push("rsa");
        Ok(made)
    }

    /// What today's libraries refuse to make: a short key, a signature with SHA-1.
    fn write_with_openssl(&self) -> io::Result<Vec<&'static str>> {
        let names: Vec<String> = self.name.iter().map(|name| format!("DNS:{name}")).collect();
        let intermediate = fs::read_to_string(self.directory.join("intermediate.pem"))?;
        for (name, key, digest) in
            [("weak-key", "rsa:1024", "-sha256"), ("weak-signature", "rsa:2048", "-sha1")]
        {
            let extension = format!("subjectAltName={}", names.join(","));
            let first = self.name.first().map_or("localhost", String::as_str);
            let (key_file, request, leaf) =
                (format!("{name}.key"), format!("{name}.csr"), format!("{name}.leaf"));
            openssl(
                &self.directory,
                &[
                    "req",
                    "-new",
                    "-newkey",
                    key,
                    "-nodes",
                    "-keyout",
                    &key_file,
                    "-out",
                    &request,
                    "-subj",
                    &format!("/CN={first}"),
                    "-addext",
                    &extension,
                ],
            )?;
            openssl(
                &self.directory,
                &[
                    "x509",
                    "-req",
                    "-in",
                    &request,
                    "-CA",
                    "intermediate.pem",
                    "-CAkey",
                    "intermediate.key",
                    "-CAcreateserial",
                    digest,
                    "-days",
                    "80",
                    "-copy_extensions",
                    "copyall",
                    "-out",
                    &leaf,
                ],
            )?;
            let chain = fs::read_to_string(self.directory.join(&leaf))? + &intermediate;
            self.file(&format!("{name}.pem"), &chain)?;
            for rest in [&request, &leaf, &"intermediate.srl".to_owned()] {
                // A serial number's file is made by some versions only.
                fs::remove_file(self.directory.join(rest)).ok();
            }
        }
        Ok(vec!["weak-key", "weak-signature"])
    }

    fn leaf(
        &self,
        name: &str,
        params: &CertificateParams,
        key: &KeyPair,
        issuer: Option<&Issuer>,
        sent: &[&Issuer],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let certificate = match issuer {
            Some(issuer) => params.signed_by(key, issuer)?,
            None => params.self_signed(key)?,
        };
        let chain: String = [certificate.pem()].into_iter().chain(sent.iter().map(|one| one.pem())).collect();
        self.file(&format!("{name}.pem"), &chain)?;
        self.file(&format!("{name}.key"), &key.serialize_pem())?;
        Ok(())
    }

    fn file(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.directory.join(name), text)
    }

    fn server(&self, days: Days) -> Result<CertificateParams, rcgen::Error> {
        let mut params = named(&self.name, days)?;
        params.subject_alt_names.extend(self.address.iter().copied().map(SanType::IpAddress));
        Ok(params)
    }

    fn wildcard(&self) -> Result<CertificateParams, rcgen::Error> {
        let first = self.name.first().map_or("localhost", String::as_str);
        let parent = first.split_once('.').map_or(first, |(_, parent)| parent);
        named(&[format!("*.{parent}"), format!("*.{first}")], USUAL)
    }
}

fn openssl(directory: &Path, arguments: &[&str]) -> io::Result<()> {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "openssl {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    )))
}

fn authority(name: &str, days: Days) -> CertificateParams {
    let mut params = valid(CertificateParams::default(), days);
    let house = if name.starts_with("Elsewhere") { "Elsewhere" } else { "Portreeve Lab" };
    params.distinguished_name.push(DnType::OrganizationName, house);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params
}

fn signed_authority(name: &str, days: Days, issuer: &Issuer) -> Result<Issuer, rcgen::Error> {
    let mut params = authority(name, days);
    params.use_authority_key_identifier_extension = true;
    CertifiedIssuer::signed_by(params, KeyPair::generate()?, issuer)
}

fn named(names: &[String], days: Days) -> Result<CertificateParams, rcgen::Error> {
    let mut params = valid(CertificateParams::new(names)?, days);
    let first = names.first().map_or("localhost", String::as_str);
    params.distinguished_name.push(DnType::CommonName, first);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn named_in_subject_only(names: &[String], days: Days) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(names, days)?;
    params.subject_alt_names.clear();
    Ok(params)
}

fn client(days: Days) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(&["client.test".into()], days)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

/// RFC 7633: the certificate is only good with an OCSP response.
fn must_staple(mut params: CertificateParams) -> CertificateParams {
    let content = vec![0x30, 0x03, 0x02, 0x01, 0x05];
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], content));
    params
}

/// RFC 5280, 4.2.2.1: where the issuer's certificate can be fetched.
fn with_issuer_url(mut params: CertificateParams) -> CertificateParams {
    const URL: &[u8] = b"http://ca.example.test/intermediate.crt";
    const CA_ISSUERS: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let tagged =
        |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap_or(0)], content].concat();
    let description = tagged(0x30, &[CA_ISSUERS, &tagged(0x86, URL)].concat());
    let content = tagged(0x30, &description);
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content));
    params
}

fn valid(mut params: CertificateParams, Days(from, to): Days) -> CertificateParams {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let day = |days: i64| {
        let seconds = now.saturating_add_signed(days * 86_400);
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = day(from);
    params.not_after = day(to);
    params
}
