//! What `SSLyze` says, from the JSON that it writes.

use data_encoding::HEXLOWER;
use portreeve_lab::scenario::Server;
use portreeve_lab::{Command, peers};
use serde_json::Value;
use std::time::Duration;

use crate::claims::Claims;
use crate::text::{self, from_base64, sorted, yes};

/// `SSLyze` waits for five seconds wherever a server says nothing.
const LONGEST: Duration = Duration::from_secs(120);

/// What it is asked, beside the suites of every version.
const QUESTIONS: &[&str] = &[
    "--sslv2",
    "--sslv3",
    "--tlsv1",
    "--tlsv1_1",
    "--tlsv1_2",
    "--tlsv1_3",
    "--certinfo",
    "--elliptic_curves",
    "--heartbleed",
    "--openssl_ccs",
    "--robot",
    "--compression",
    "--fallback",
    "--ems",
    "--reneg",
];

const VERSIONS: &[(&str, &str)] = &[
    ("ssl_2_0", "SSL 2.0"),
    ("ssl_3_0", "SSL 3.0"),
    ("tls_1_0", "TLS 1.0"),
    ("tls_1_1", "TLS 1.1"),
    ("tls_1_2", "TLS 1.2"),
    ("tls_1_3", "TLS 1.3"),
];

/// Its name of a yes or no, where that is, and ours.
const ANSWERS: &[(&str, &str, &str)] = &[
    ("tls_compression", "supports_compression", "weakness/crime"),
    ("tls_fallback_scsv", "supports_fallback_scsv", "feature/fallback-scsv"),
    ("tls_extended_master_secret", "supports_ems_extension", "feature/extended-master-secret"),
    ("session_renegotiation", "supports_secure_renegotiation", "feature/secure-renegotiation"),
    ("heartbleed", "is_vulnerable_to_heartbleed", "weakness/heartbleed"),
    ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection", "weakness/ccs-injection"),
];

/// Runs it against a server.
pub(crate) fn audit(server: &Server<'_>) -> Result<Claims, String> {
    let file = server.scratch.join("sslyze.json");
    let command = Command::new(peers::python().map_err(|error| error.to_string())?)
        .args(["-W", "ignore", "-m", "sslyze", "--quiet", "--mozilla_config", "disable"])
        // Several servers take one connection at a time; hurried, its results change from run to run.
        .arg("--slow_connection")
        .args(["--sni", &server.server_name])
        .args(["--certinfo_ca_file".as_ref(), server.trust.as_os_str()])
        .args(["--json_out".as_ref(), file.as_os_str()])
        .args(QUESTIONS)
        .arg(format!("127.0.0.1:{}", server.port))
        .timeout(LONGEST);
    let text = text::report(server, command, &file)?;
    let report: Value =
        serde_json::from_str(&without_moduli(&text)).map_err(|error| format!("its report: {error}"))?;
    let scan = &report["server_scan_results"][0];
    let results = &scan["scan_result"];
    if results.is_null() {
        return Err(format!(
            "it did not scan: {} {}",
            scan["connectivity_status"], scan["connectivity_error_trace"]
        ));
    }
    Ok(claims(results))
}

fn claims(results: &Value) -> Claims {
    let mut claims = Claims::default();
    for (key, version) in VERSIONS {
        let Some(suites) = done(results, &format!("{key}_cipher_suites")) else { continue };
        let accepted = suites["accepted_cipher_suites"].as_array().into_iter().flatten();
        let accepted: Vec<String> = accepted.map(|suite| text(&suite["cipher_suite"]["name"])).collect();
        claims.whether(format!("protocol/{version}"), suites["is_tls_version_supported"] == true);
        // It tells them by their names, whatever the server prefers.
        claims.suites(version, accepted.into_iter().map(|suite| vec![suite]).collect());
    }
    if let Some(curves) = done(results, "elliptic_curves") {
        for (key, yes) in [("supported_curves", true), ("rejected_curves", false)] {
            for curve in curves[key].as_array().into_iter().flatten() {
                claims.whether(format!("group/{}", group(&text(&curve["name"]))), yes);
            }
        }
    }
    for (command, key, question) in ANSWERS {
        if let Some(yes) = done(results, command).and_then(|result| result[key].as_bool()) {
            claims.whether(*question, yes);
        }
    }
    match done(results, "robot").map(|robot| text(&robot["robot_result"])).as_deref() {
        Some("VULNERABLE_WEAK_ORACLE" | "VULNERABLE_STRONG_ORACLE") => claims.whether("weakness/robot", true),
        Some("NOT_VULNERABLE_NO_ORACLE" | "NOT_VULNERABLE_RSA_NOT_SUPPORTED") => {
            claims.whether("weakness/robot", false);
        }
        _ => {}
    }
    if let Some(tried) = done(results, "session_renegotiation") {
        let succeeded = tried["client_renegotiations_success_count"].as_u64();
        claims.whether("feature/client-renegotiation", succeeded.is_some_and(|times| times > 0));
    }
    let info = done(results, "certificate_info");
    for deployment in
        info.iter().flat_map(|info| info["certificate_deployments"].as_array().into_iter().flatten())
    {
        certificates(deployment, &mut claims);
    }
    claims
}

/// The modulus of an RSA key is a number there, of more digits than any number of ours.
fn without_moduli(report: &str) -> String {
    report.lines().filter(|line| !line.trim_start().starts_with("\"rsa_n\"")).collect::<Vec<_>>().join("\n")
}

/// The result of a question, where there is one.
fn done<'a>(results: &'a Value, question: &str) -> Option<&'a Value> {
    let answer = &results[question];
    (answer["status"] == "COMPLETED").then_some(&answer["result"])
}

/// IANA's names are ours but for the curves of NIST, which people call by another.
fn group(name: &str) -> String {
    match name {
        "secp256r1" => "P-256".into(),
        "secp384r1" => "P-384".into(),
        "secp521r1" => "P-521".into(),
        other => other.into(),
    }
}

fn certificates(deployment: &Value, claims: &mut Claims) {
    let chain: Vec<&Value> =
        deployment["received_certificate_chain"].as_array().into_iter().flatten().collect();
    let Some(leaf) = chain.first() else { return };
    let key = &leaf["public_key"];
    let kind = match text(&key["algorithm"]).as_str() {
        "RSAPublicKey" => "RSA",
        "ECPublicKey" => "EC",
        _ => "other",
    };
    let mut say = |what: &str, value: String| claims.say(format!("certificate/{kind}/{what}"), value);
    let names = leaf["subject_alternative_name"]["dns_names"].as_array().into_iter().flatten();
    say("sha256", fingerprint(leaf));
    say("names", sorted(names.map(text).collect()));
    say("bits", key["key_size"].to_string());
    say("curve", openssl_curve(&text(&key["ec_curve_name"])));
    say("signature", text(&leaf["signature_algorithm_oid"]["name"]));
    say("chain", chain.iter().map(|one| fingerprint(one)).collect::<Vec<_>>().join(" "));
    say("must-staple", yes(deployment["leaf_certificate_has_must_staple_extension"] == true));
    say("stapled", yes(!deployment["ocsp_response"].is_null()));
    say("in-order", yes(deployment["received_chain_has_valid_order"] == true));
    say("not-before", text(&leaf["not_valid_before"]));
    say("not-after", text(&leaf["not_valid_after"]));
    let stores = deployment["path_validation_results"].as_array().into_iter().flatten();
    for store in stores.filter(|store| store["trust_store"]["name"] == "Supplied CA file") {
        say("trusted", yes(store["was_validation_successful"] == true));
    }
}

fn fingerprint(certificate: &Value) -> String {
    HEXLOWER.encode(&from_base64(&text(&certificate["fingerprint_sha256"])))
}

fn openssl_curve(name: &str) -> String {
    if name == "secp256r1" { "prime256v1".into() } else { name.into() }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}
