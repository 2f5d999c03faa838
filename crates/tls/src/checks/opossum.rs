//! Opossum: where port 80 changes to TLS in the middle of HTTP (RFC 2817), somebody on the way can put a request of their own before those
//! of a visitor of port 443, and shift every answer by one.

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Http};

use super::{Check, Judgement};
use crate::audit::Scene;
use crate::http::{Plain, Reply};

/// Opossum.
pub(crate) static CHECK: Check = Check {
    id: "opossum",
    title: "Opossum (change from HTTP to TLS on port 80)",
    cves: &["CVE-2025-49812"],
    severity: Severity::Medium,
    fix: &[
        "Apache: replace SSLEngine optional by SSLEngine on at port 443, and by a plain redirect at port 80; Apache 2.4.64 and newer has no SSLEngine optional any more",
        "Other servers: turn off TLS by the Upgrade header (RFC 2817), on every port.",
    ],
    reproduce: Some("curl -si -H 'Connection: Upgrade' -H 'Upgrade: TLS/1.0' http://{authority}/ | head -5"),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    match scene.port80.of(scene).await {
        Some(plain) => judge(plain),
        None if !scene.options.http => Judgement::inconclusive("HTTP was not to be spoken."),
        None => Judgement::not_vulnerable(
            "The attack is on HTTPS at port 443 with HTTP beside it; this is another port.",
            Vec::new(),
        ),
    }
}

/// Of what the unencrypted port answers to a request that asks for TLS.
pub(crate) fn judge(plain: &Plain) -> Judgement {
    let port = plain.port;
    let evidence = || {
        vec![
            Evidence::client("GET / with Upgrade: TLS/1.0", &plain.sent),
            Evidence::server(format!("the answer of port {port}"), &plain.received),
        ]
    };
    match &plain.reply {
        Reply::Http(http) if offers_tls(http) && http.status == 101 => Judgement::confirmed(
            format!(
                "Port {port} changes to TLS in the middle of HTTP: it answers Upgrade: TLS/1.0 with 101."
            ),
            evidence(),
        ),
        Reply::Http(http) if offers_tls(http) => Judgement::potential(
            format!(
                "Port {port} offers to change to TLS in the middle of HTTP ({} with Upgrade: {}), and did not when it was asked to.",
                http.status,
                http.upgrade.as_deref().unwrap_or_default()
            ),
            evidence(),
        ),
        Reply::Http(http) => Judgement::not_vulnerable(
            format!("Port {port} answers {} and passes over the wish for TLS.", http.status),
            evidence(),
        ),
        Reply::Refused => Judgement::not_vulnerable(format!("Port {port} is closed."), Vec::new()),
        Reply::NotHttp(why) => {
            Judgement::not_vulnerable(format!("Port {port} does not speak HTTP: {why}."), evidence())
        }
        Reply::None(why) => Judgement::inconclusive(format!("Port {port} did not answer: {why}.")),
    }
}

/// Whether TLS is among the protocols that the server would change to.
fn offers_tls(http: &Http) -> bool {
    let names = http.upgrade.as_deref().unwrap_or_default().split(',').map(str::trim);
    names.map(|name| name.get(..4).unwrap_or_default()).any(|name| name.eq_ignore_ascii_case("TLS/"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portreeve_model::tls::Verdict;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::http::{Answer, ask_plain, read_answer};

    fn verdict(head: &[u8]) -> Verdict {
        let Answer::Head(http) = read_answer(head) else { panic!("no head") };
        judge(&Plain { port: 80, sent: b"GET".to_vec(), received: head.to_vec(), reply: Reply::Http(http) })
            .verdict
    }

    #[test]
    fn only_a_change_to_tls_is_confirmed() {
        let changed =
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n";
        assert_eq!(verdict(changed), Verdict::Confirmed);
        assert_eq!(verdict(b"HTTP/1.1 200 OK\r\nUpgrade: TLS/1.0\r\n\r\n"), Verdict::Potential);
        assert_eq!(verdict(b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: tls/1.2\r\n\r\n"), Verdict::Potential);
        assert_eq!(verdict(b"HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\n\r\n"), Verdict::NotVulnerable);
        assert_eq!(
            verdict(b"HTTP/1.1 301 Moved\r\nLocation: https://a.test/\r\n\r\n"),
            Verdict::NotVulnerable
        );
        assert_eq!(
            verdict(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
            Verdict::NotVulnerable
        );
    }

    /// What Apache before 2.4.64 does with `SSLEngine optional`, over a connection of its own.
    #[tokio::test]
    async fn a_server_that_changes_to_tls_is_confirmed_over_the_network() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let count = stream.read(&mut request).await.unwrap();
            let asks = request[..count].windows(18).any(|part| part == b"\r\nUpgrade: TLS/1.0");
            let answer: &[u8] = if asks {
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n"
            } else {
                b"HTTP/1.1 200 OK\r\n\r\n"
            };
            stream.write_all(answer).await.unwrap();
        });
        let plain = ask_plain(address, "a.test", Duration::from_secs(5)).await;
        let judged = judge(&plain);
        assert_eq!((judged.verdict, judged.evidence.len()), (Verdict::Confirmed, 2));
    }

    #[test]
    fn a_closed_port_is_no_way_in_and_a_silent_one_is_not_known() {
        let of = |reply| judge(&Plain { port: 80, sent: Vec::new(), received: Vec::new(), reply }).verdict;
        assert_eq!(of(Reply::Refused), Verdict::NotVulnerable);
        assert_eq!(of(Reply::NotHttp("x".to_owned())), Verdict::NotVulnerable);
        assert_eq!(of(Reply::None("no answer within 4.0 s".to_owned())), Verdict::Inconclusive);
    }
}
