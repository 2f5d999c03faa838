//! Groups, signature algorithms and application protocols.

use std::collections::BTreeSet;
use std::io::{self, Write};

use portreeve_model::tls::{KeyExchangeGroup, Negotiation, SignatureAlgorithm};

use super::lines::{line, pieces};
use super::suites::order;
use super::title;
use crate::render::style::Ink;
use crate::render::view::View;

/// Prints them, or nothing where none is known.
pub(super) fn print(out: &mut dyn Write, negotiation: &Negotiation, view: &View) -> io::Result<()> {
    let Negotiation { groups, signature_algorithms, application_protocols, .. } = negotiation;
    if groups.is_empty() && signature_algorithms.is_empty() && application_protocols.is_empty() {
        return Ok(());
    }
    title(out, "Key exchange and signatures", view)?;
    let shown: Vec<(Ink, String)> = groups.iter().map(group).collect();
    pieces(out, "groups", &shown, ", ", view)?;
    if groups.len() > 1
        && let Some(order) = negotiation.group_order.and_then(order)
    {
        line(out, "", &format!("in {order}"), Ink::Faint, view)?;
    }
    for group in groups {
        if let Some(prime) = group.prime.as_deref().and_then(known_prime) {
            line(out, &group.name, prime, Ink::Faint, view)?;
        }
    }
    signatures(out, signature_algorithms, view)?;
    let names: Vec<(Ink, String)> =
        application_protocols.iter().map(|name| (Ink::Normal, name.clone())).collect();
    pieces(out, "ALPN", &names, ", ", view)
}

/// One list where every version has the same, and one for each version where they differ.
fn signatures(out: &mut dyn Write, algorithms: &[SignatureAlgorithm], view: &View) -> io::Result<()> {
    let versions: BTreeSet<&String> = algorithms.iter().flat_map(|one| &one.versions).collect();
    let of = |version: &str| -> Vec<(Ink, String)> {
        let those = algorithms.iter().filter(|one| one.versions.iter().any(|spoken| spoken == version));
        those.map(|one| (Ink::Normal, one.name.clone())).collect()
    };
    let is_same = algorithms.iter().all(|one| one.versions.len() == versions.len());
    for (place, version) in versions.iter().rev().enumerate() {
        let mut names = of(version);
        if !is_same && let Some((_, first)) = names.first_mut() {
            first.insert_str(0, &format!("{version}: "));
        }
        pieces(out, if place == 0 { "signatures" } else { "" }, &names, ", ", view)?;
        if is_same {
            break;
        }
    }
    Ok(())
}

fn group(group: &KeyExchangeGroup) -> (Ink, String) {
    // Of Diffie and Hellman's, the size says what it is worth.
    let plain = group.number.is_none();
    let bits = if plain { format!(" {} bits", group.bits) } else { String::new() };
    let quantum = if group.post_quantum { " (post-quantum)" } else { "" };
    let ink = match (group.post_quantum, group.bits) {
        (true, _) => Ink::Good,
        (false, bits) if plain && bits < 2048 => Ink::Bad,
        _ => Ink::Normal,
    };
    (ink, format!("{}{bits}{quantum}", group.name))
}

/// What is known of a prime stands behind its digits.
fn known_prime(prime: &str) -> Option<&str> {
    prime.split_once(' ').map(|(_, known)| known).filter(|known| !known.is_empty())
}
