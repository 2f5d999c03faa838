//! BREACH: an answer over HTTP that is compressed tells by its length what secret is in it, if the page repeats what the request says.
//!
//! Seen from outside is only the compression, so that the verdict is never more than potential.

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Http};

use super::{Check, Judgement};
use crate::audit::{Known, Scene};
use crate::http::{NoAnswer, WORTH_COMPRESSING, is_page, unanswered};

/// BREACH.
pub(crate) static CHECK: Check = Check {
    id: "breach",
    title: "BREACH (compression in HTTP)",
    cves: &["CVE-2013-3587"],
    severity: Severity::Low,
    fix: &[
        "Do not compress pages that hold a secret (a CSRF token) and repeat what a request says: nginx: gzip off; there; Apache: SetEnvIfExpr with no-gzip",
        "Or mask the secret with fresh random bytes in every answer, as current web frameworks do, and set SameSite on session cookies.",
    ],
    reproduce: Some(
        "curl -sk -o /dev/null -D - -H 'Accept-Encoding: gzip, deflate, br, zstd' --connect-to ::{target} https://{authority}/ | grep -i content-encoding",
    ),
    look: |scene| Box::pin(async { judge(&scene.known, is_asked(scene)) }),
};

fn is_asked(scene: &Scene) -> bool {
    scene.options.http
}

fn judge(known: &Known, is_asked: bool) -> Judgement {
    if let Some(why) = unanswered(known, is_asked) {
        return Judgement::inconclusive(format!("Whether pages are compressed is not known: {why}."));
    }
    match (&known.http, &known.no_http) {
        (Some(http), _) => judge_answer(http),
        (None, Some(NoAnswer::NotHttp(why))) => Judgement::not_vulnerable(
            format!("Nothing here speaks HTTP: the answer to GET / is {why}."),
            Vec::new(),
        ),
        (None, _) => Judgement::inconclusive("HTTP was not to be spoken."),
    }
}

fn judge_answer(http: &Http) -> Judgement {
    let status = http.status;
    let encoding =
        http.content_encoding.as_deref().filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    match encoding {
        Some(encoding) => Judgement::potential(
            format!(
                "The answer {status} to GET / is compressed ({encoding}). That is open to the attack only where a page holds a secret and \
                 repeats what the request says, which can not be seen from outside."
            ),
            vec![Evidence::server(
                format!("Content-Encoding: {encoding}"),
                format!("Content-Encoding: {encoding}").as_bytes(),
            )],
        ),
        None => match worth_compressing(http) {
            Ok(length) => Judgement::not_vulnerable(
                format!(
                    "The answer {status} to GET /, a page of {length} bytes or more, is not compressed where compression is welcome; other \
                     pages were not asked for."
                ),
                Vec::new(),
            ),
            Err(why) => Judgement::inconclusive(format!(
                "Whether pages are compressed is not known: the answer {status} to GET / is not, and {why}."
            )),
        },
    }
}

/// The length of a page that a server that compresses would have compressed.
///
/// # Errors
/// Why such a server may leave the answer as it is.
fn worth_compressing(http: &Http) -> Result<u64, String> {
    match http.status {
        200..=299 => {}
        300..=399 => return Err("servers leave redirects as they are".to_owned()),
        _ => return Err("it is no page: servers leave errors as they are".to_owned()),
    }
    if !is_page(http) {
        let kind = http.content_type.as_deref().unwrap_or("of no type that it names");
        return Err(format!(
            "it is {kind}, where servers compress only text/html unless they are told otherwise"
        ));
    }
    match http.body_bytes {
        Some(length) if length >= WORTH_COMPRESSING => Ok(length),
        length => Err(format!(
            "it has {} bytes, where servers leave what is shorter than up to {WORTH_COMPRESSING} bytes as it is",
            length.unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::*;
    use crate::http::{Answer, read_answer};

    fn answered(head: &[u8]) -> Known {
        let Answer::Head(http) = read_answer(head) else { panic!("no head") };
        Known { http: Some(http), ..Known::default() }
    }

    #[test]
    fn a_compressed_page_is_potential_and_never_more() {
        let judged = judge(&answered(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), true);
        assert_eq!((judged.verdict, judged.evidence.len()), (Verdict::Potential, 1));
        assert!(judged.statement.contains("(gzip)"), "{}", judged.statement);
    }

    #[test]
    fn only_a_page_that_is_worth_it_shows_that_nothing_is_compressed() {
        const LONG: &str = "Content-Type: text/html; charset=utf-8\r\nContent-Length: 2700\r\n";
        let judged = |status: &str, headers: &str| {
            judge(&answered(format!("HTTP/1.1 {status}\r\n{headers}\r\n").as_bytes()), true)
        };
        for more in ["", "Content-Encoding: identity\r\n"] {
            assert_eq!(judged("200 OK", &[LONG, more].concat()).verdict, Verdict::NotVulnerable);
        }
        for (status, headers, why) in [
            ("404 Not Found", LONG, "servers leave errors as they are."),
            ("301 Moved", LONG, "servers leave redirects as they are."),
            ("200 OK", "Content-Type: text/html\r\nContent-Length: 612\r\n", "it has 612 bytes"),
            ("200 OK", "Content-Type: image/png\r\nContent-Length: 9000\r\n", "it is image/png"),
            ("200 OK", "Content-Length: 9000\r\n", "of no type that it names"),
        ] {
            let judged = judged(status, headers);
            assert_eq!(judged.verdict, Verdict::Inconclusive, "{status}");
            assert!(judged.statement.contains(why), "{}", judged.statement);
        }
    }

    #[test]
    fn what_is_no_http_is_not_vulnerable_and_silence_says_nothing() {
        let mail =
            Known { no_http: Some(NoAnswer::NotHttp("no answer of HTTP/1".to_owned())), ..Known::default() };
        assert_eq!(judge(&mail, true).verdict, Verdict::NotVulnerable);
        let silent = Known { no_http: Some(NoAnswer::Nothing("late".to_owned())), ..Known::default() };
        assert_eq!(judge(&silent, true).verdict, Verdict::Inconclusive);
        let other = Known { no_http: Some(NoAnswer::Http2("SETTINGS")), ..Known::default() };
        assert_eq!(judge(&other, true).verdict, Verdict::Inconclusive);
        let contrary = Known { protocols: vec!["h2".to_owned()], ..mail };
        assert_eq!(judge(&contrary, true).verdict, Verdict::Inconclusive);
        assert_eq!(judge(&Known::default(), false).verdict, Verdict::Inconclusive);
    }
}
