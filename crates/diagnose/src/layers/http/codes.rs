//! The codes of the layer.

use crate::layers::Code;

/// What can be wrong.
pub(in crate::layers) const CODES: &[Code] = &[
    Code {
        slug: "bad-gateway",
        meaning: "The answer is 502 (or one of the CDNs' 520 to 530): the upstream of a proxy refuses, fails or cannot be understood.",
    },
    Code {
        slug: "gateway-timeout",
        meaning: "The answer is 504: the upstream of a proxy did not answer in time.",
    },
    Code {
        slug: "upstream-silent",
        meaning: "No answer came while the proxy waits for an upstream that is silent.",
    },
    Code {
        slug: "unavailable",
        meaning: "The answer is 503: the service, or every upstream of a proxy, is not there to answer.",
    },
    Code {
        slug: "maintenance",
        meaning: "The answer is 503 with the time when to try again: the service was taken down on purpose, or is overloaded.",
    },
    Code { slug: "server-error", meaning: "The answer is another 5xx: the application itself failed." },
    Code {
        slug: "not-found",
        meaning: "The answer is 404 or 410: the path that was asked for does not exist there. For `/`, which many services do not have, a note.",
    },
    Code { slug: "forbidden", meaning: "The answer is 403 or 451: the server refuses the request." },
    Code {
        slug: "unauthorized",
        meaning: "The answer is 401 or 407, which asks for credentials: the service works. A note.",
    },
    Code { slug: "bad-request", meaning: "The answer is 400 to a plain request." },
    Code {
        slug: "method-not-allowed",
        meaning: "The answer is 405, 426 or the like: the service works and expects another sort of request than GET. A note.",
    },
    Code { slug: "request-refused", meaning: "The answer is another 4xx." },
    Code {
        slug: "request-timeout",
        meaning: "The answer is 408: the server did not read the request in time.",
    },
    Code {
        slug: "plain-http-to-tls",
        meaning: "The port expects TLS and was asked in plain HTTP; the server says so.",
    },
    Code {
        slug: "tls-on-http-port",
        meaning: "What came back on a port that is asked in plain HTTP is TLS, or a TLS handshake stands there.",
    },
    Code {
        slug: "client-certificate-wanted",
        meaning: "The server answers that it wants a certificate of the client.",
    },
    Code {
        slug: "misdirected",
        meaning: "The answer is 421: the server does not serve this name on this connection.",
    },
    Code { slug: "wrong-host", meaning: "The server refuses the name that it was asked by." },
    Code {
        slug: "default-site",
        meaning: "The answer is the page that the software shows where nothing was configured. A note.",
    },
    Code {
        slug: "rate-limited",
        meaning: "The answer is 429, or the server's log says that it limits requests or connections.",
    },
    Code {
        slug: "header-too-large",
        meaning: "The answer is 431, or its own head is larger than clients take.",
    },
    Code {
        slug: "redirect-loop",
        meaning: "Redirects come back to where they began, with their cookies sent along.",
    },
    Code { slug: "too-many-redirects", meaning: "More than ten redirects follow one another." },
    Code { slug: "redirect-to-http", meaning: "A client that came over HTTPS is sent to plain HTTP." },
    Code { slug: "redirect-elsewhere-dead", meaning: "A redirect leads to a place where nobody answers." },
    Code {
        slug: "redirect-without-location",
        meaning: "A redirect names no place, or none that can be understood.",
    },
    Code {
        slug: "redirects-elsewhere",
        meaning: "A redirect leads to another host, which takes connections. A note.",
    },
    Code {
        slug: "no-https-redirect",
        meaning: "Plain HTTP serves pages although HTTPS is there. Where HTTPS was asked about, a note.",
    },
    Code { slug: "no-response", meaning: "The request was sent and nothing came back." },
    Code { slug: "closed-without-response", meaning: "The connection was ended before a byte of an answer." },
    Code {
        slug: "slow-first-byte",
        meaning: "The first byte of the answer came more than 3 s after the request; from 1 s on, a note.",
    },
    Code { slug: "not-http", meaning: "What came back is not HTTP." },
    Code { slug: "incomplete-head", meaning: "The head of the answer began and did not end." },
    Code {
        slug: "incomplete-body",
        meaning: "The connection was ended before the body that was announced had come.",
    },
    Code { slug: "body-stalled", meaning: "The body that was announced stopped coming." },
];
