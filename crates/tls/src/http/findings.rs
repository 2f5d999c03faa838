//! What is to be mended about HTTP: HSTS, and ways back to HTTP without encryption.

use portreeve_model::tls::{Feature, Http, Support};
use portreeve_model::{Finding, Severity};

use super::hsts::{LONG_ENOUGH, YEAR};
use super::{Hsts, NoAnswer, REDIRECT};
use crate::audit::{Known, Scene};
use crate::name::{address_of, bracketed};

/// What the header should be: a year, with every name below.
const HEADER: &str = "Strict-Transport-Security: max-age=31536000";
/// Where it is set.
const SET: &str = "nginx: add_header Strict-Transport-Security \"max-age=31536000\" always;  \
                   Apache: Header always set Strict-Transport-Security \"max-age=31536000\"";

/// Judges what was answered over HTTP; nothing where nothing was.
pub fn findings(scene: &Scene, features: &[Feature]) -> Vec<Finding> {
    let Some(http) = &scene.known.http else { return Vec::new() };
    let target = Target { host: scene.name().to_owned(), address: scene.address().to_string() };
    let mut found: Vec<Finding> = target.hsts(http).into_iter().chain(target.downgrade(http)).collect();
    let redirect = features.iter().find(|one| one.id == REDIRECT);
    found.extend(redirect.filter(|one| one.support == Support::No).map(|one| target.unencrypted(one)));
    found
}

/// What of HTTP is not known: everything where there was no answer, and whether a server has the header that leaves it out of an error.
pub fn open_question(scene: &Scene) -> Option<String> {
    if let Some(why) = unanswered(&scene.known, scene.options.http) {
        let what = if is_address(scene.name()) {
            "HTTP: where pages send visitors is not known"
        } else {
            "HSTS: whether pages have the header, and where they send visitors, is not known"
        };
        return Some(format!("{what}: {why}."));
    }
    let http = scene.known.http.as_ref().filter(|http| is_error(http))?;
    (http.strict_transport_security.is_none() && !is_address(scene.name())).then(|| {
        format!(
            "HSTS: whether pages have the header is not known, since the answer to GET / is {}, and nginx and Apache leave it out of errors \
             unless they are told otherwise.",
            http.status
        )
    })
}

/// Why it is not known what is answered over HTTP; none where it is, where nobody is to ask, and where something else is spoken.
pub(crate) fn unanswered(known: &Known, is_asked: bool) -> Option<String> {
    if !is_asked || known.http.is_some() {
        return None;
    }
    match &known.no_http {
        Some(NoAnswer::NotHttp(why)) => {
            let mut protocols =
                known.protocols.iter().chain(known.modern.iter().flat_map(|met| &met.established.alpn));
            let chosen = protocols.find(|name| ["h2", "http/1.1"].contains(&name.as_str()))?;
            Some(format!("the server chooses {chosen} by ALPN, and the answer to GET / is {why}"))
        }
        Some(why) => Some(why.to_string()),
        None => Some(known.no_modern().unwrap_or_else(|| "GET / was not asked for".to_owned())),
    }
}

/// nginx's `add_header` and Apache's `Header set` without `always` pass over errors, so that one without a header says nothing of pages.
pub(crate) fn is_error(http: &Http) -> bool {
    http.status >= 400
}

/// Browsers keep no policy for an address (RFC 6797, 8.1.1).
fn is_address(host: &str) -> bool {
    address_of(host).is_some()
}

/// Whose answer it is.
struct Target {
    host: String,
    address: String,
}

impl Target {
    fn hsts(&self, http: &Http) -> Option<Finding> {
        if is_address(&self.host) {
            return None;
        }
        let Some(value) = &http.strict_transport_security else {
            if is_error(http) {
                return None;
            }
            return Some(self.finding(
                "hsts-missing",
                Severity::Low,
                "sends no Strict-Transport-Security (HSTS)",
                "A browser that is given an address without https:// asks unencrypted first, and somebody on the way can keep it there.",
                format!("the answer {} to GET / has no such header", http.status),
            ));
        };
        let seen = format!("Strict-Transport-Security: {value}");
        match Hsts::read(value) {
            Err(why) => Some(self.finding(
                "hsts-void",
                Severity::Low,
                "sends a Strict-Transport-Security that browsers ignore",
                &format!("{why}, so that browsers take it for no header at all"),
                seen,
            )),
            Ok(Hsts { max_age: 0, .. }) => Some(self.finding(
                "hsts-off",
                Severity::Low,
                "switches HSTS off",
                "max-age=0 makes browsers forget that this name is encrypted only.",
                seen,
            )),
            Ok(hsts) if hsts.max_age < LONG_ENOUGH => Some(self.finding(
                "hsts-short",
                Severity::Low,
                "sends a Strict-Transport-Security that lapses soon",
                &format!(
                    "Its max-age is {} seconds, {} days: who comes more rarely is not protected.",
                    hsts.max_age,
                    hsts.max_age / 86_400
                ),
                seen,
            )),
            Ok(hsts) if hsts.preload && (hsts.max_age < YEAR || !hsts.include_subdomains) => {
                Some(self.finding(
                    "hsts-preload",
                    Severity::Info,
                    "asks to be in the preload list, and does not qualify",
                    "The list takes a name only with includeSubDomains and a max-age of a year or more.",
                    seen,
                ))
            }
            Ok(_) => None,
        }
    }

    fn downgrade(&self, http: &Http) -> Option<Finding> {
        let location = http.location.as_ref().filter(|_| (300..400).contains(&http.status))?;
        location.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"))?;
        let mut finding = self.finding(
            "redirect-to-http",
            Severity::Medium,
            "sends visitors from HTTPS to HTTP",
            "What follows is unencrypted: everybody on the way reads and changes it.",
            format!("{} with Location: {location}", http.status),
        );
        finding.fix = vec!["Redirect to an address with https:// or to a path.".to_owned()];
        Some(finding)
    }

    fn unencrypted(&self, redirect: &Feature) -> Finding {
        let mut finding = self.finding(
            "no-redirect",
            Severity::Low,
            "answers HTTP on port 80 without sending visitors to HTTPS",
            "Who types the name alone stays unencrypted.",
            redirect.statement.clone(),
        );
        finding.fix = vec![
            "nginx: return 301 https://$host$request_uri;  Apache: Redirect permanent / https://NAME/"
                .to_owned(),
        ];
        finding.reproduce = Some(format!("curl -sI http://{}/", bracketed(&self.host)));
        finding
    }

    fn finding(&self, id: &str, severity: Severity, what: &str, reason: &str, seen: String) -> Finding {
        Finding {
            id: format!("tls/{id}"),
            severity,
            title: format!("{} {what}", self.host),
            reason: reason.to_owned(),
            evidence: vec![seen],
            fix: vec![format!("Send {HEADER}"), SET.to_owned()],
            reproduce: Some(format!(
                "curl -skI --connect-to ::{} https://{}/",
                self.address,
                bracketed(&self.host)
            )),
            subjects: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str) -> Target {
        Target { host: host.to_owned(), address: "192.0.2.1:443".to_owned() }
    }

    fn http(hsts: Option<&str>) -> Http {
        Http {
            version: "HTTP/1.1".to_owned(),
            status: 302,
            strict_transport_security: hsts.map(str::to_owned),
            alternative_services: None,
            location: None,
            content_encoding: None,
            content_type: None,
            body_bytes: None,
            server: None,
            upgrade: None,
        }
    }

    #[test]
    fn each_fault_of_the_header_has_its_finding() {
        let id = |value| target("a.test").hsts(&http(value)).map(|found| found.id);
        assert_eq!(id(Some("max-age=31536000")), None);
        assert_eq!(id(Some("max-age=31536000; includeSubDomains; preload")), None);
        for (value, expected) in [
            (None, "tls/hsts-missing"),
            (Some("max-age=abc"), "tls/hsts-void"),
            (Some("max-age=0"), "tls/hsts-off"),
            (Some("max-age=300"), "tls/hsts-short"),
            (Some("max-age=31536000; preload"), "tls/hsts-preload"),
        ] {
            assert_eq!(id(value).as_deref(), Some(expected));
        }
        for address in ["[2001:db8::1]", "fe80::1%eth0"] {
            assert_eq!(target(address).hsts(&http(None)), None, "{address}");
        }
    }

    #[test]
    fn an_error_without_the_header_says_nothing_of_pages() {
        let id = |status, value| target("a.test").hsts(&Http { status, ..http(value) }).map(|found| found.id);
        assert_eq!(id(404, None), None);
        assert_eq!(id(502, None), None);
        assert_eq!(id(404, Some("max-age=0")).as_deref(), Some("tls/hsts-off"));
        assert_eq!(id(301, None).as_deref(), Some("tls/hsts-missing"));
    }

    #[test]
    fn a_way_back_to_http_is_found() {
        let to = |location: &str| {
            let answer = Http { location: Some(location.to_owned()), ..http(None) };
            target("a.test").downgrade(&answer).map(|found| found.severity)
        };
        assert_eq!(to("HTTP://a.test/"), Some(Severity::Medium));
        assert_eq!(to("https://a.test/"), None);
        assert_eq!(to("/x"), None);
        assert_eq!(to("//a.test/ä"), None);
    }
}
