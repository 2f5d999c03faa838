//! Caddy: `reverse_proxy` and `php_fastcgi` of a Caddyfile, `dial` of its JSON.

use serde_json::Value;

use super::files::Files;
use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;

/// The upstreams that the file names.
pub(super) fn upstreams(files: &Files, path: &str, asked: &Asked) -> Vec<Configured> {
    let Some(text) = files.text(path) else { return Vec::new() };
    match serde_json::from_str::<Value>(&text) {
        Ok(json) => {
            let mut found = Vec::new();
            dials(&json, path, &text, &mut found, 0);
            found
        }
        Err(_) => of_caddyfile(&text, path, asked),
    }
}

/// Every `{"dial": "..."}`, whichever route it is of.
fn dials(json: &Value, path: &str, text: &str, found: &mut Vec<Configured>, depth: usize) {
    if depth > 64 {
        return;
    }
    match json {
        Value::Object(fields) => {
            let dial = fields.get("dial").and_then(Value::as_str);
            if let Some((written, address)) =
                dial.and_then(|dial| Some((dial, UpstreamAddress::read(dial, None)?)))
            {
                let line = text.lines().position(|line| line.contains(written)).map_or(1, |at| at + 1);
                found.push(Configured {
                    address,
                    file: path.to_owned(),
                    line,
                    text: format!("\"dial\": \"{written}\""),
                    group: None,
                    asked: false,
                });
            }
            fields.values().for_each(|value| dials(value, path, text, found, depth + 1));
        }
        Value::Array(values) => values.iter().for_each(|value| dials(value, path, text, found, depth + 1)),
        _ => {}
    }
}

fn of_caddyfile(text: &str, path: &str, asked: &Asked) -> Vec<Configured> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut is_site = false;
    // The depth of a block of `reverse_proxy`, in which `to` names more.
    let mut within: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        let Some(first) = words.first() else { continue };
        let opens = words.last() == Some(&"{");
        if *first == "}" {
            depth = depth.saturating_sub(1);
            within = within.filter(|at| *at <= depth);
            continue;
        }
        // A file with one site may leave out its braces: its first line is its address.
        let is_head = depth == 0 && (opens || number == 0) && !is_directive(first);
        if is_head {
            is_site = words.iter().any(|address| serves(address.trim_end_matches(','), asked));
        }
        let names = match *first {
            "reverse_proxy" | "php_fastcgi" => words.get(1..),
            "to" if within.is_some() => words.get(1..),
            _ => None,
        };
        for name in names.unwrap_or_default() {
            // A matcher begins with a slash, an at-sign or a star; a Unix socket with its network.
            if let Some(address) =
                UpstreamAddress::read(name, Some(80)).filter(|_| !name.starts_with(['/', '@', '*', '{']))
            {
                found.push(Configured {
                    address,
                    file: path.to_owned(),
                    line: number + 1,
                    text: words.join(" "),
                    group: None,
                    asked: is_site,
                });
            }
        }
        if opens {
            depth += 1;
            if *first == "reverse_proxy" {
                within = Some(depth);
            }
        }
    }
    found
}

fn is_directive(word: &str) -> bool {
    matches!(word, "reverse_proxy" | "php_fastcgi" | "handle" | "route" | "import" | "{")
}

/// Whether a site's address is for what was asked: `example.com`, `https://example.com:8443`, `:443`, `*.example.com`.
fn serves(address: &str, asked: &Asked) -> bool {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (rest, None),
    };
    let usual = if scheme == "http" { 80 } else { 443 };
    // A site without a port is served on 443, and on 80 to send clients on.
    let fits = port.map_or(asked.endpoint.port() == usual || asked.endpoint.port() == 80, |port: u16| {
        port == asked.endpoint.port()
    });
    let named = match host.strip_prefix("*.") {
        Some(parent) => asked.host.ends_with(parent),
        None => host.is_empty() || host.eq_ignore_ascii_case(&asked.host),
    };
    fits && named
}

#[cfg(test)]
mod tests {
    use super::upstreams;
    use crate::look::http::upstream::configuration::{Asked, Files};

    fn found(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Caddyfile"), text).unwrap();
        let asked = Asked {
            endpoint: "192.0.2.1:443".parse().unwrap(),
            host: "example.com".into(),
            path: "/".into(),
        };
        let found = upstreams(&Files::below(folder.path()), "/Caddyfile", &asked);
        found
            .iter()
            .map(|one| format!("{}{} {}", if one.asked { "*" } else { "" }, one.address, one.line))
            .collect()
    }

    #[test]
    fn a_caddyfile() {
        let text = "{\n\tadmin off\n}\nexample.com, www.example.com {\n\treverse_proxy /api/* 127.0.0.1:9000\n\treverse_proxy localhost:8080 {\n\t\tto localhost:8081\n\t}\n\tphp_fastcgi unix//run/php.sock\n}\n\
            :8443 {\n\treverse_proxy app:80 # other\n}\n";
        assert_eq!(
            found(text),
            [
                "*127.0.0.1:9000 5",
                "*localhost:8080 6",
                "*localhost:8081 7",
                "*unix:/run/php.sock 9",
                "app:80 12"
            ]
        );
        assert_eq!(found("example.com\n\nreverse_proxy 127.0.0.1:1\n"), ["*127.0.0.1:1 3"]);
    }

    #[test]
    fn json() {
        assert_eq!(
            found("{\"apps\":{\"x\":[{\"upstreams\":[{\"dial\":\"127.0.0.1:7\"}]}]}}"),
            ["127.0.0.1:7 1"]
        );
    }
}
