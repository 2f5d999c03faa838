//! Caddy: the addresses of its sites, which stand before a brace at the outer level of a `Caddyfile`.

use super::{Configuration, Tree};
use crate::facts::service::{Named, Transport};

/// Reads one file.
pub(super) fn read(file: &str, tree: &Tree, into: &mut Configuration) {
    let Some(text) = tree.read(file) else { return };
    let mut depth = 0_i32;
    for (number, line) in text.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        if depth == 0
            && !line.starts_with(['{', '}', '('])
            && line != "import"
            && !line.starts_with("import ")
        {
            let sites = line.trim_end_matches('{').split([',', ' ']).filter(|site| !site.is_empty());
            for port in sites.flat_map(ports) {
                into.named.push(Named {
                    address: None,
                    port,
                    transport: Transport::Both,
                    file: file.to_owned(),
                    line: number + 1,
                    text: line.to_owned(),
                    changed: text.changed,
                });
            }
        }
        // Placeholders such as {$DOMAIN} stand in one word and close themselves.
        depth += i32::from(line.ends_with('{')) - i32::from(line.starts_with('}'));
    }
}

/// The ports of a site: its own, or those of its scheme; a name alone is served on both.
fn ports(site: &str) -> Vec<u16> {
    let (scheme, rest) = site.split_once("://").unwrap_or(("", site));
    let host = rest.split('/').next().unwrap_or_default();
    if let Some(port) = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()) {
        return vec![port];
    }
    match scheme {
        "http" => vec![80],
        "https" => vec![443],
        _ if host.contains('.') || host == "localhost" || host.contains("{$") => vec![443, 80],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_have_ports() {
        let root = tempfile::tempdir().unwrap();
        let text = "{\n  email a@example.org\n}\n\nexample.com, http://old.example.com {\n  reverse_proxy 127.0.0.1:9000\n  handle /x {\n    respond ok\n  }\n}\n:8443 {\n}\n";
        std::fs::write(root.path().join("Caddyfile"), text).unwrap();
        let mut found = Configuration::default();
        read("/Caddyfile", &Tree::below(root.path()), &mut found);
        let told: Vec<_> = found.named.iter().map(|one| (one.port, one.line)).collect();
        assert_eq!(told, [(443, 5), (80, 5), (80, 5), (8443, 11)]);
    }
}
