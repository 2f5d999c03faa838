//! `[networks]`: names for prefixes, which then are zones.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use portreeve_firewall::network::Prefix;
use toml::Spanned;

use crate::prefix::address_and_length;

/// A network with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its prefixes, of either version.
    pub prefixes: Vec<Prefix>,
}

/// Something in the table that cannot be meant.
pub(super) struct Mistake {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Names that mean something else already, wherever a zone can be named.
const TAKEN: [&str; 20] = [
    "internet",
    "private",
    "link-local",
    "containers",
    "this host",
    "this-host",
    "this",
    "host",
    "localhost",
    "machine",
    "anyone",
    "anybody",
    "everyone",
    "everybody",
    "any",
    "all",
    "can",
    "cannot",
    "via",
    "live",
];

/// More is no name but a sentence, and tables have little room.
const LONGEST_NAME: usize = 32;

pub(super) fn networks(
    written: BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>,
) -> Result<Vec<Network>, Mistake> {
    let mut networks: Vec<Network> = Vec::new();
    for (name, prefixes) in written {
        check(&name, &networks)?;
        if prefixes.get_ref().is_empty() {
            return Err(Mistake {
                message: format!("the network `{}` has no prefixes", name.get_ref()),
                span: prefixes.span(),
                remedy: format!(
                    "name its prefixes, such as {} = [\"198.51.100.0/24\"], or leave it out",
                    name.get_ref()
                ),
            });
        }
        let prefixes = prefixes.into_inner().iter().map(prefix).collect::<Result<_, _>>()?;
        networks.push(Network { name: name.into_inner(), prefixes });
    }
    Ok(networks)
}

fn check(name: &Spanned<String>, known: &[Network]) -> Result<(), Mistake> {
    let text = name.get_ref();
    let mistake =
        |message: String, remedy: &str| Mistake { span: name.span(), message, remedy: remedy.to_owned() };
    if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(text)) {
        return Err(mistake(
            format!("`{text}` is a zone that is always there, or a word with a meaning of its own"),
            "give the network another name",
        ));
    }
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !letters || !begins || text.len() > LONGEST_NAME {
        return Err(mistake(
            format!("`{text}` is no name for a network"),
            "a name begins with a letter, has letters, digits, `-`, `_` and `.`, and at most 32 of them: office, vpn-users",
        ));
    }
    if let Some(other) = known.iter().find(|other| other.name.eq_ignore_ascii_case(text)) {
        return Err(mistake(
            format!("two networks are called `{}` and `{text}`", other.name),
            "names differ by more than capital letters",
        ));
    }
    Ok(())
}

fn prefix(written: &Spanned<String>) -> Result<Prefix, Mistake> {
    let text = written.get_ref();
    let mistake = |message: String, remedy: String| Mistake { span: written.span(), message, remedy };
    let Some((address, length)) = address_and_length(text) else {
        return Err(mistake(
            format!("`{text}` is no network"),
            "write ADDRESS/LENGTH, such as 198.51.100.0/24 or 2001:db8:1::/48, or one ADDRESS".to_owned(),
        ));
    };
    let prefix = Prefix::new(address, length);
    if length == 0 {
        return Err(mistake(
            format!("`{text}` is every address"),
            "name the networks that are meant; what is in none of them is `internet`".to_owned(),
        ));
    }
    if let Some(mapped) = v4_mapped(address) {
        return Err(mistake(
            format!("`{text}` is IPv4 in the clothes of IPv6"),
            format!("write it as IPv4: {mapped}/…"),
        ));
    }
    if prefix != (Prefix { address, length }) {
        return Err(mistake(
            format!("`{text}` has bits beyond its first {length}"),
            format!("write {prefix} for the network, or {address} for this address"),
        ));
    }
    Ok(prefix)
}

fn v4_mapped(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map(IpAddr::V4),
        IpAddr::V4(_) => None,
    }
}
