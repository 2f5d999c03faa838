//! What sslscan says, from the XML that it writes.

use portreeve_lab::Command;
use portreeve_lab::scenario::Server;
use portreeve_wire::tls::{NamedGroup, SignatureScheme, Suite};
use roxmltree::{Document, Node};
use std::time::Duration;

use crate::claims::Claims;
use crate::text::{digest_of_base64, report, sorted, yes};

const LONGEST: Duration = Duration::from_secs(60);

/// The groups that it asks for: all that it has a name for.
const ASKED: &[u16] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 0x100, 0x101, 0x102, 0x103, 0x104,
];

/// The signature algorithms that it asks for.
const SIGNATURES: std::ops::RangeInclusive<u16> = 0x0101..=0x080b;

/// Runs it against a server.
pub(crate) fn audit(server: &Server<'_>) -> Result<Claims, String> {
    let file = server.scratch.join("sslscan.xml");
    let command = Command::new("sslscan")
        // What it tells of renegotiation fits neither question that can be asked of it.
        .args(["--no-colour", "--show-certificate", "--show-sigs", "--no-renegotiation"])
        // Without it a group that takes long to calculate with counts as refused.
        .arg("--timeout=10")
        .arg(format!("--sni-name={}", server.server_name))
        .args(server.peers.get("sslscan").into_iter().flatten())
        .arg(format!("--xml={}", file.display()))
        .arg(format!("127.0.0.1:{}", server.port))
        .timeout(LONGEST);
    let text = report(server, command, &file)?;
    let asked = !server
        .peers
        .get("sslscan")
        .is_some_and(|arguments| arguments.iter().any(|one| one == "--no-groups"));
    claims(&text, if asked { Groups::Asked } else { Groups::LeftOut })
}

/// Whether it asks for groups.
#[derive(Clone, Copy, PartialEq)]
enum Groups {
    Asked,
    LeftOut,
}

/// What its report says.
fn claims(report: &str, groups: Groups) -> Result<Claims, String> {
    let document = Document::parse(report).map_err(|error| format!("its report: {error}"))?;
    let found = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
    let mut claims = Claims::default();
    for protocol in found("protocol") {
        let version =
            format!("{} {}", attribute(protocol, "type").to_uppercase(), attribute(protocol, "version"));
        let version = version.replace("SSL 2", "SSL 2.0").replace("SSL 3", "SSL 3.0");
        let enabled = attribute(protocol, "enabled") == "1";
        claims.whether(format!("protocol/{version}"), enabled);
        // It tells no suites of SSL 2.0.
        if version != "SSL 2.0" {
            claims.suites(&version, suites(&document, &version));
        }
        // It tells groups of versions, and asks in these two only.
        if ["TLS 1.2", "TLS 1.3"].contains(&version.as_str()) && enabled && groups == Groups::Asked {
            for group in NamedGroup::NAMED.iter().filter(|group| ASKED.contains(&group.value())) {
                claims.whether(format!("group/{group}"), false);
            }
        }
    }
    for version in ["TLS 1.2", "TLS 1.3"] {
        if claims.says(&format!("protocol/{version}"), "yes") {
            for scheme in SignatureScheme::NAMED.iter().filter(|scheme| SIGNATURES.contains(&scheme.value()))
            {
                claims.whether(format!("signature/{version}/{scheme}"), false);
            }
        }
    }
    for signature in found("connection-signature-algorithm") {
        let (version, number) =
            (name_of(attribute(signature, "sslversion")), number(attribute(signature, "id"))?);
        claims.whether(format!("signature/{version}/{}", SignatureScheme::from(number)), true);
    }
    for group in found("group") {
        let number = number(attribute(group, "id"))?;
        claims.whether(format!("group/{}", NamedGroup::from(number)), true);
    }
    if found("heartbleed").next().is_some() {
        let vulnerable = found("heartbleed").any(|node| attribute(node, "vulnerable") == "1");
        claims.whether("weakness/heartbleed", vulnerable);
    }
    for fallback in found("fallback") {
        claims.whether("feature/fallback-scsv", attribute(fallback, "supported") == "1");
    }
    for certificate in found("certificate").filter(|node| attribute(*node, "type") == "full") {
        read_certificate(certificate, &mut claims);
    }
    Ok(claims)
}

/// Its own suites come in the server's order, and after them, in that order again, those that its OpenSSL does not have, which it calls by
/// IANA's names.
fn suites(document: &Document<'_>, version: &str) -> Vec<Vec<String>> {
    let ciphers = document.descendants().filter(|node| node.has_tag_name("cipher"));
    let ciphers = ciphers.filter(|node| name_of(attribute(*node, "sslversion")) == version);
    let (rest, own): (Vec<Node<'_, '_>>, Vec<_>) =
        ciphers.partition(|node| version != "TLS 1.3" && attribute(*node, "cipher").starts_with("TLS_"));
    let names = |nodes: Vec<Node<'_, '_>>| {
        nodes
            .iter()
            .filter_map(|node| Some(Suite(number(attribute(*node, "id")).ok()?).to_string()))
            .collect()
    };
    vec![names(own), names(rest)]
}

fn read_certificate(certificate: Node<'_, '_>, claims: &mut Claims) {
    let child = |name: &str| certificate.descendants().find(|node| node.has_tag_name(name));
    let content = |name: &str| child(name).and_then(|node| node.text()).unwrap_or_default().trim().to_owned();
    let Some(key) = child("pk") else { return };
    let kind = attribute(key, "type");
    let mut say = |what: &str, value: String| claims.say(format!("certificate/{kind}/{what}"), value);
    let pem: String = content("certificate-blob").lines().filter(|line| !line.starts_with("---")).collect();
    say("sha256", digest_of_base64(&pem));
    // Of a curve it tells the strength, not the size.
    if kind == "RSA" {
        say("bits", attribute(key, "bits").into());
    }
    say("signature", content("signature-algorithm").trim_start_matches("Signature Algorithm:").trim().into());
    say("not-before", date(&content("not-valid-before")));
    say("not-after", date(&content("not-valid-after")));
    let extensions = certificate.descendants().filter(|node| node.has_tag_name("extension"));
    let names = extensions
        .filter(|node| attribute(*node, "name") == "X509v3 Subject Alternative Name")
        .flat_map(|node| node.text().unwrap_or_default().split(','))
        .filter_map(|name| name.trim().strip_prefix("DNS:").map(str::to_owned));
    say("names", sorted(names.collect()));
    say("must-staple", yes(certificate.descendants().any(|node| attribute(node, "name") == "TLS Feature")));
}

/// As OpenSSL writes it.
fn date(text: &str) -> String {
    let parsed = jiff::fmt::strtime::parse("%b %d %H:%M:%S %Y GMT", text);
    let timestamp =
        parsed.and_then(|time| time.to_datetime()).and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
    timestamp.map_or_else(|_| text.to_owned(), |time| time.timestamp().to_string())
}

fn name_of(version: &str) -> String {
    match version {
        "SSLv3" => "SSL 3.0".into(),
        other => other.replace("TLSv", "TLS "),
    }
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_default()
}

fn number(text: &str) -> Result<u16, String> {
    let digits = text.trim_start_matches("0x");
    u16::from_str_radix(digits, 16).map_err(|error| format!("its number {text:?}: {error}"))
}
