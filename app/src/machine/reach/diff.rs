//! What a change of the rules opens and closes.

use std::path::{Path, PathBuf};

use portreeve_firewall::reach::questions::{self, Difference};
use portreeve_firewall::read::source::{Format, recognise};
use portreeve_firewall::space::Budget;
use portreeve_model::document::{self, DiffSide, ReachDiff};

use super::host::Host;
use super::source::{self, Read};
use crate::config::{Config, Location};
use crate::engine::{DiffQuery, RulesFrom, Side};
use crate::error::CommandError;

pub(in crate::machine) fn diff(query: &DiffQuery, config: &Location) -> Result<ReachDiff, CommandError> {
    let config = Config::load(config)?;
    let [old, new] = read(query)?;
    let (old, mut new) = (Host::of(old)?, Host::of(new)?);
    let zones = new.zones(config);
    let sides = [&old, &new].map(|host| questions::Side { ruleset: &host.ruleset, network: &host.network });
    let [before, after] = sides;
    let Difference { changes, notes, too_complex } =
        questions::diff(before, after, &zones, Budget::default());
    Ok(ReachDiff {
        schema: document::REACH_DIFF.to_owned(),
        old: told(old),
        new: told(new),
        changes,
        notes,
        too_complex,
    })
}

fn told(host: Host) -> DiffSide {
    DiffSide { host: host.machine, source: host.from, limits: host.limits, unseen: host.unseen }
}

/// A side before it is known what host its rules are for.
enum Half {
    Whole(Box<Read>),
    Rules(Vec<PathBuf>),
}

/// Both sides; rules in files get the host that is described, or that of the other side.
fn read(query: &DiffQuery) -> Result<[Read; 2], CommandError> {
    let described = |rules: Vec<PathBuf>| {
        let (addresses, routes) = (query.addresses.clone(), query.routes.clone());
        source::read(&RulesFrom::Files { rules, addresses, routes })
    };
    match [half(&query.old, query)?, half(&query.new, query)?] {
        [Half::Whole(old), Half::Whole(new)] => {
            if !query.addresses.is_empty() {
                return Err(CommandError::usage(
                    "--address describes a host for rules in files, and both sides have their own",
                )
                .hint("leave it out"));
            }
            Ok([*old, *new])
        }
        [Half::Rules(_), Half::Rules(_)] if query.addresses.is_empty() => Err(CommandError::usage(
            "both sides are rules in files, and no host is described",
        )
        .hint("name its interfaces: --address eth0=192.0.2.10/24 --route 'default via 192.0.2.1 dev eth0'")
        .hint("or compare with a host that is known: live, or a snapshot")),
        [Half::Rules(old), Half::Rules(new)] => Ok([described(old)?, described(new)?]),
        [Half::Whole(old), Half::Rules(new)] => {
            let mut new = described(new)?;
            borrow(&mut new, &old, query);
            Ok([*old, new])
        }
        [Half::Rules(old), Half::Whole(new)] => {
            let mut old = described(old)?;
            borrow(&mut old, &new, query);
            Ok([old, *new])
        }
    }
}

/// The rules of files on the host of the other side, unless one is described.
fn borrow(rules: &mut Read, host: &Read, query: &DiffQuery) {
    if query.addresses.is_empty() {
        rules.firewall.network = host.firewall.network.clone();
        rules.firewall.names = host.firewall.names.clone();
        rules.firewall.limits.clone_from(&host.firewall.limits);
        rules.described = None;
    }
}

fn half(side: &Side, query: &DiffQuery) -> Result<Half, CommandError> {
    match side {
        Side::Live => {
            source::read(&RulesFrom::Kernel(query.scope.clone())).map(|read| Half::Whole(Box::new(read)))
        }
        Side::Files(files) => match files.as_slice() {
            [file] if is_snapshot(file)? => {
                source::read(&RulesFrom::Snapshot(file.clone())).map(|read| Half::Whole(Box::new(read)))
            }
            _ => Ok(Half::Rules(files.clone())),
        },
    }
}

fn is_snapshot(file: &Path) -> Result<bool, CommandError> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(recognise(&source::text_of(file)?, &name) == Some(Format::Snapshot))
}
