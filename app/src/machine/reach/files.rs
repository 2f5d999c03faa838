//! Files with rules, recognised by their content, for a host that the user describes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portreeve_firewall::ir::Backend;
use portreeve_firewall::network::Network;
use portreeve_firewall::read::nft_text::{self, Loading};
use portreeve_firewall::read::source::{Format, recognise};
use portreeve_firewall::read::{Firewall, NftListing, Programs, XtablesSave};
use portreeve_inventory::host::this_host;
use portreeve_model::Host;
use portreeve_model::reach::{Limit, RulesSource};

use super::source::{Read, text_of};
use crate::engine::{HostAddress, HostRoute};
use crate::error::CommandError;

pub(super) fn read(
    files: &[PathBuf],
    addresses: &[HostAddress],
    routes: &[HostRoute],
) -> Result<Read, CommandError> {
    let mut firewall = empty(addresses, routes);
    for file in files {
        add(&mut firewall, file)?;
    }
    let from = RulesSource::Files { files: files.iter().map(|file| file.display().to_string()).collect() };
    let text = "the host is the one described by --address and --route: it forwards, filters no source addresses, tracks \
                connections, and has no other interfaces";
    let described = Some(Limit { kind: "described_host".to_owned(), text: text.to_owned() });
    Ok(Read { firewall, from, described })
}

fn empty(addresses: &[HostAddress], routes: &[HostRoute]) -> Firewall {
    let network = Network::described(
        addresses.iter().map(|own| (own.interface.as_str(), own.address, own.length)),
        routes.iter().map(|route| (route.destination, route.gateway, route.interface.as_str())),
    );
    Firewall {
        host: Host { privileged: false, ..this_host() },
        nft: None,
        outlines: Vec::new(),
        xtables: Vec::new(),
        ipsets: None,
        names: BTreeMap::new(),
        network,
        doors: None,
        limits: Vec::new(),
        unseen: Vec::new(),
    }
}

fn add(firewall: &mut Firewall, file: &Path) -> Result<(), CommandError> {
    let text = text_of(file)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let twice = |what: &str| {
        CommandError::usage(format!("{}: more than one file holds {what}", file.display()))
            .hint("put them into one file, or ask about them one after the other")
    };
    match recognise(&text, &name) {
        Some(Format::NftJson | Format::NftText) if firewall.nft.is_some() => Err(twice("rules of nft")),
        Some(Format::NftJson) => {
            firewall.nft = Some(NftListing { json: text, supplement: String::new() });
            Ok(())
        }
        Some(Format::NftText) => {
            firewall.nft = Some(loaded(&text, file)?);
            Ok(())
        }
        Some(Format::XtablesSave(version)) => {
            // What saved it does not matter, but for how a user calls the table.
            let backend = if text.contains("(nf_tables)") { Backend::IptablesNft } else { Backend::IptablesLegacy };
            firewall.xtables.push(XtablesSave { backend, version, text });
            Ok(())
        }
        Some(Format::IpSets) if firewall.ipsets.is_some() => Err(twice("ipsets")),
        Some(Format::IpSets) => {
            firewall.ipsets = Some(text);
            Ok(())
        }
        Some(Format::Snapshot) => Err(CommandError::usage(format!("{} is a snapshot", file.display()))
            .hint(format_args!("ask it with --snapshot {}", file.display()))),
        None => Err(CommandError::usage(format!("{} holds no rules", file.display()))
            .hint("known are the outputs of nft list ruleset (with -j or without), iptables-save, ip6tables-save, ipset save")),
    }
}

/// Text of `nft`, as `nft` itself understands it: loaded into a network namespace that is made for it.
fn loaded(text: &str, file: &Path) -> Result<NftListing, CommandError> {
    let programs = Programs::default();
    let nft = programs.find("nft").map_err(|error| {
        CommandError::usage(format!("{} is in nft's own language, which nft has to read", file.display()))
            .caused_by(error)
            .hint("where nft is: nft -j list ruleset > rules.json, and give that file")
    })?;
    let loading = Loading {
        nft,
        directory: file.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_path_buf),
        limit: programs.patience,
    };
    let listing = nft_text::list(text, &loading).map_err(|error| {
        CommandError::usage(format!("{} cannot be used", file.display())).caused_by(error).hint(
            "without root: nft -j list ruleset > rules.json where the rules are loaded, and give that file",
        )
    })?;
    Ok(NftListing {
        json: String::from_utf8_lossy(&listing.json).into_owned(),
        supplement: listing.supplement,
    })
}
