//! Caddy: `reverse_proxy` and `php_fastcgi` of a Caddyfile, `dial` of its JSON.

use serde_json::Value;

use super::{Asked, Configured};
use crate::facts::http::UpstreamAddress;
use crate::look::configuration::{Directive, Site};
use crate::look::tree::Tree;

/// The upstreams that the directives name, or a file that is JSON.
pub(super) fn upstreams(
    directives: &[Directive],
    files: &[String],
    tree: &Tree,
    asked: &Asked,
) -> Vec<Configured> {
    let mut found = Vec::new();
    for head in directives {
        let is_site = Site::all_of(head).any(|site| serves(site, asked));
        of_block(std::slice::from_ref(head), is_site, &mut found);
    }
    for path in files {
        let Some(text) = tree.read(path) else { continue };
        if let Ok(json) = serde_json::from_str::<Value>(&text) {
            dials(&json, path, &text, &mut found, 0);
        }
    }
    found
}

fn of_block(directives: &[Directive], asked: bool, found: &mut Vec<Configured>) {
    for directive in directives {
        if matches!(directive.name(), "reverse_proxy" | "php_fastcgi") {
            found.extend(named(directive, asked));
            found.extend(directive.named("to").flat_map(|more| named(more, asked)));
        }
        of_block(&directive.block, asked, found);
    }
}

/// The upstreams among the words of a directive.
fn named(directive: &Directive, asked: bool) -> Vec<Configured> {
    // A matcher begins with a slash, an at-sign or a star; a Unix socket with its network.
    let names = directive.values().iter().filter(|name| !name.starts_with(['/', '@', '*', '{']));
    let addresses = names.filter_map(|name| UpstreamAddress::read(name, Some(80)));
    addresses.map(|address| Configured::at(directive, address, asked)).collect()
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

/// Whether a site is for what was asked.
fn serves(site: Site<'_>, asked: &Asked) -> bool {
    let usual = if site.scheme == "http" { 80 } else { 443 };
    // A site without a port is served on 443, and on 80 to send clients on.
    let fits =
        site.port.map_or(asked.endpoint.port() == usual || asked.endpoint.port() == 80, |port: u16| {
            port == asked.endpoint.port()
        });
    let named = match site.host.strip_prefix("*.") {
        Some(parent) => asked.host.ends_with(parent),
        None => site.host.is_empty() || site.host.eq_ignore_ascii_case(&asked.host),
    };
    fits && named
}
