//! What can be wrong.

use crate::layers::Code;

const fn code(slug: &'static str, meaning: &'static str) -> Code {
    Code { slug, meaning }
}

/// Faults, then notes.
pub(in crate::layers) const CODES: &[Code] = &[
    code("not-tls", "The server speaks something that is not TLS where TLS is expected."),
    code("name-mismatch", "The certificate is not for the name that is asked for."),
    code(
        "wrong-certificate",
        "Another site's or a default certificate is sent, though one for the name exists or this one was never meant for users.",
    ),
    code("expired", "The certificate of the server has expired."),
    code(
        "intermediate-expired",
        "A certificate between the server's and the authority, or the authority's, has expired.",
    ),
    code("not-yet-valid", "The certificate begins to be valid later than now."),
    code("clock", "This machine's clock is wrong, so that certificates seem not yet valid or expired."),
    code("self-signed", "The certificate is signed by itself, and nobody trusts it."),
    code("untrusted-issuer", "The certificate leads to an authority that is not in the trust store."),
    code("incomplete-chain", "The server does not send an intermediate certificate that clients need."),
    code("weak-key", "The key of a certificate is too short for today's clients."),
    code("weak-signature", "A certificate is signed with a digest that is broken (MD5, SHA-1)."),
    code("key-mismatch", "The server can not prove that it has the key of its certificate."),
    code(
        "invalid-certificate",
        "The certificate is refused for what it says of itself: its purpose, constraints, encoding.",
    ),
    code(
        "must-staple-without-staple",
        "The certificate demands a stapled OCSP response, and the server sends none.",
    ),
    code("legacy-server", "The server speaks only versions that were withdrawn: SSL 3.0, TLS 1.0, TLS 1.1."),
    code("protocol-version", "The server refuses every version that clients of today offer."),
    code(
        "suite-mismatch",
        "Server and clients of today have no cipher suite, group or signature algorithm in common.",
    ),
    code("sni-required", "The server refuses those who do not name a site (SNI)."),
    code("unrecognized-name", "The server has no site of the name that is asked for."),
    code("client-certificate-required", "The server demands a client certificate."),
    code("alpn-refused", "The server refuses the application protocols that are offered (ALPN)."),
    code("proxy-protocol-expected", "The server expects a line of the PROXY protocol before the handshake."),
    code(
        "internal-error",
        "The server has a fault of its own that ends every handshake, such as no certificate configured.",
    ),
    code("handshake-refused", "The server refuses the handshake with an alert that says nothing more exact."),
    code("protocol-error", "The server breaks the rules of TLS."),
    code("closed-in-handshake", "The server closes the connection in the handshake without saying why."),
    code("reset-in-handshake", "The connection is reset in the handshake."),
    code("handshake-timeout", "The handshake does not come to an end in time."),
    code("expires-soon", "The certificate is in the last part of its life and has not been renewed."),
    code("bad-chain-order", "The certificates are not sent in the order in which they are signed."),
    code("surplus-certificates", "The server sends certificates that lead nowhere."),
    code(
        "private-authority",
        "The certificate is signed by itself or by an authority that is not in the trust store.",
    ),
    code("no-name-asked", "No name was asked for, so the certificate's names were not compared with one."),
    code("http2-only", "The server speaks HTTP/2 only."),
    code("no-trust-store", "This system has no trust store of its own; Mozilla's list was used."),
    code("not-reloaded", "A newer certificate is on disk than the server sends."),
];
