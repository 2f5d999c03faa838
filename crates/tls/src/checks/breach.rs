//! BREACH: an answer over HTTP that is compressed tells by its length what secret is in it, if the page repeats what the request says.
//!
//! Seen from outside is only the compression, so that the verdict is never more than potential.

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Http};

use super::{Check, Judgement};
use crate::audit::{Known, Scene};
use crate::http::NoAnswer;

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
        "curl -sk -o /dev/null -D - -H 'Accept-Encoding: gzip, deflate, br, zstd' https://{target}/ | grep -i content-encoding",
    ),
    look: |scene| Box::pin(async { judge(&scene.known, is_asked(scene)) }),
};

fn is_asked(scene: &Scene) -> bool {
    scene.options.http
}

fn judge(known: &Known, is_asked: bool) -> Judgement {
    match (&known.http, &known.no_http) {
        (Some(http), _) => judge_answer(http),
        (None, Some(NoAnswer::NotHttp(why))) => Judgement::not_vulnerable(
            format!("Nothing here speaks HTTP: the answer to GET / is {why}."),
            Vec::new(),
        ),
        (None, Some(why)) => {
            Judgement::inconclusive(format!("Whether pages are compressed is not known: {why}."))
        }
        (None, None) if !is_asked => Judgement::inconclusive("HTTP was not to be spoken."),
        (None, None) => Judgement::inconclusive("No handshake went through that HTTP could be spoken over."),
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
        None => Judgement::not_vulnerable(
            format!(
                "The answer {status} to GET / is not compressed where compression is welcome; other pages were not asked for."
            ),
            Vec::new(),
        ),
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
    fn a_plain_page_and_what_is_no_http_are_not_vulnerable() {
        for head in
            [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n"]
        {
            assert_eq!(judge(&answered(head), true).verdict, Verdict::NotVulnerable);
        }
        let mail =
            Known { no_http: Some(NoAnswer::NotHttp("no answer of HTTP/1".to_owned())), ..Known::default() };
        assert_eq!(judge(&mail, true).verdict, Verdict::NotVulnerable);
        let silent = Known { no_http: Some(NoAnswer::Nothing("late".to_owned())), ..Known::default() };
        assert_eq!(judge(&silent, true).verdict, Verdict::Inconclusive);
        assert_eq!(judge(&Known::default(), false).verdict, Verdict::Inconclusive);
    }
}
