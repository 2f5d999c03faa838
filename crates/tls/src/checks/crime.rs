//! CRIME: what is compressed before it is encrypted tells by its length what a cookie is.

use portreeve_model::Severity;
use portreeve_wire::tls::Version;

use super::presence::{OLD, Presence, hello_evidence};
use super::{Check, Judgement, reply};
use crate::audit::Scene;
use crate::exchange::Flight;

/// Compression methods: none, DEFLATE (RFC 3749), LZS (RFC 3943).
const NONE: u8 = 0;
const DEFLATE: u8 = 1;

/// CRIME.
pub(crate) static CHECK: Check = Check {
    id: "crime",
    title: "CRIME (compression in TLS)",
    cves: &["CVE-2012-4929"],
    severity: Severity::High,
    fix: &[
        "Turn compression in TLS off. Apache: SSLCompression off; nginx: built with OpenSSL 1.0.0 or newer it never compresses; Postfix: tls_ssl_options = NO_COMPRESSION; a program with OpenSSL: SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION)",
        "Or take an OpenSSL of 1.1.0 or newer, which does not compress unless told to.",
    ],
    reproduce: Some(
        "openssl s_client -connect {target}{servername} -tls1_2 -comp </dev/null | grep Compression",
    ),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    if let Some(flight) = scene.known.flights().find(|flight| is_compressed(flight)) {
        return judge(flight);
    }
    let presence = Presence::of(&scene.known, &OLD, |_| true);
    let Some((version, _)) = presence.found.first().copied() else {
        return presence.absent("The server speaks nothing older than TLS 1.3, which does not compress.");
    };
    let seen = scene.known.flights().find(|flight| flight.version().is_some_and(|one| OLD.contains(&one)));
    if let Some(flight) = seen.filter(|_| scene.known.compression_offered) {
        return judge(flight);
    }
    let suites: Vec<_> = presence.found.iter().filter(|one| one.0 == version).map(|one| one.1).collect();
    let mut hello = scene.greeting.hello(version, &suites);
    hello.compression = vec![DEFLATE, NONE];
    let heard = scene.ask(&hello).await;
    let flight = heard.flight();
    if flight.hello.is_none() {
        return Judgement::inconclusive(format!(
            "A hello that offers compression has no answer: {}.",
            reply::unanswered(&heard),
        ));
    }
    judge(&flight)
}

fn is_compressed(flight: &Flight) -> bool {
    let old = flight.version().is_some_and(|version| version != Version::Tls13);
    old && flight.hello.as_ref().is_some_and(|hello| hello.compression != NONE)
}

/// Of the answer to a hello that offers DEFLATE.
fn judge(flight: &Flight) -> Judgement {
    let method = flight.hello.as_ref().map_or(NONE, |hello| hello.compression);
    let evidence = vec![hello_evidence(flight)];
    match method {
        NONE => {
            Judgement::not_vulnerable("The server chooses no compression where DEFLATE is offered.", evidence)
        }
        DEFLATE => Judgement::confirmed(
            "The server chooses DEFLATE: what is compressed with a cookie tells by its length what the cookie is.",
            evidence,
        ),
        other => Judgement::inconclusive(format!(
            "The server chose compression method {other}, which was not offered."
        )),
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::super::canned::Canned;
    use super::*;

    #[test]
    fn the_method_that_was_chosen_decides() {
        let server = |compression| Canned { compression, ..Canned::new(Version::Tls12, 0x002f) }.flight();
        assert_eq!(judge(&server(DEFLATE)).verdict, Verdict::Confirmed);
        assert_eq!(judge(&server(NONE)).verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&server(64)).verdict, Verdict::Inconclusive);
    }
}
