//! Giving the host rules and settings, and taking them away again.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use super::host::Host;
use super::{program, topology};
use crate::ruleset::{HostSettings, Part, Restore, Ruleset, Scripts, XtablesBackend};

/// The table that turns tracing on. It is part of no comparison.
pub(crate) const OWN_TABLE: &str = "observation";

/// Stands before every ruleset. Only marked packets are traced at output: the host's own answers are not under test.
const PREFACE: &str = "\
flush ruleset
table netdev observation {
    chain wires {
        type filter hook ingress devices = { eth0, eth1, p1, p2 } priority -2000; policy accept;
        meta nftrace set 1
    }
}
table inet observation {
    chain output {
        type filter hook output priority -2000; policy accept;
        ip id & 0xf000 == 0x5000 meta nftrace set 1
        ip6 flowlabel & 0xf0000 == 0x50000 meta nftrace set 1
    }
}
";

/// Empties every legacy table that was in use.
const LEGACY_FLUSH: &str = "\
*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT
*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT
*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT
*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT
*security\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT
";

impl Host {
    /// Loads `ruleset` without those of its parts that the programs or the kernel refuse: random text is not always
    /// sensible. Answers with the refused rules and why.
    pub(crate) fn load_accepted(&mut self, ruleset: &mut Ruleset) -> Vec<(u32, String)> {
        let mut refused = Vec::new();
        loop {
            let Err(complaint) = self.load(ruleset) else { return refused };
            let mut parts = blamed(ruleset, &complaint);
            if parts.is_empty() {
                let first = self.first_refused(ruleset);
                parts.extend(first.map(Part::Rule));
            }
            assert!(
                !parts.is_empty(),
                "without any rule it cannot be loaded either: {complaint}\n{ruleset:#?}"
            );
            for part in parts {
                if let Part::Rule(id) = part {
                    let text = ruleset.rules().find(|rule| rule.id == id).map(|rule| rule.text.clone());
                    refused.push((id, format!("{}: {complaint}", text.unwrap_or_default())));
                }
                ruleset.remove(part);
            }
        }
    }

    /// The first rule with which, together with those before it, the ruleset cannot be loaded.
    fn first_refused(&mut self, ruleset: &Ruleset) -> Option<u32> {
        let ids: Vec<u32> = ruleset.rules().map(|rule| rule.id).collect();
        let (mut fine, mut refused) = (0, ids.len());
        while fine < refused {
            let middle = fine.midpoint(refused);
            let mut part = ruleset.clone();
            ids[middle..].iter().for_each(|id| part.remove(Part::Rule(*id)));
            if middle < ids.len() && self.load(&part).is_ok() {
                fine = middle + 1;
            } else {
                refused = middle;
            }
        }
        ids.get(refused.checked_sub(1)?).copied()
    }

    /// Replaces rules and settings by those of `ruleset`; what a program refused of them, otherwise.
    pub(crate) fn load(&mut self, ruleset: &Ruleset) -> Result<(), String> {
        self.load_scripts(&ruleset.scripts())
    }

    /// Replaces rules and settings by these.
    pub(crate) fn load_scripts(&mut self, scripts: &Scripts) -> Result<(), String> {
        self.unload()?;
        self.set_up(&scripts.host)?;
        if !scripts.ipset.is_empty() {
            self.ipsets = true;
            program::run(Command::new("ipset").arg("restore"), &scripts.ipset)?;
        }
        let script = format!("{PREFACE}{}", scripts.nft);
        program::run(Command::new("nft").args(["-f", "-"]), &script)?;
        for Restore { backend, v6, script } in &scripts.xtables {
            let program = restore_program(*backend, *v6);
            if *backend == XtablesBackend::Legacy {
                self.legacy[usize::from(*v6)] = true;
            }
            // Whoever else restores legacy rules meanwhile, in whatever namespace, holds the same lock file.
            let wait: &[&str] = if *backend == XtablesBackend::Legacy { &["-w", "60"] } else { &[] };
            program::run(Command::new(program).args(wait), script)?;
        }
        self.forget_flows();
        Ok(())
    }

    /// Takes away rules and settings.
    pub(crate) fn unload(&mut self) -> Result<(), String> {
        for (v6, used) in self.legacy.into_iter().enumerate() {
            if used {
                let program = ["iptables-legacy-restore", "ip6tables-legacy-restore"][v6];
                program::run(Command::new(program).args(["-w", "60"]), LEGACY_FLUSH)?;
            }
        }
        self.legacy = [false; 2];
        if self.ipsets {
            // Rules of nf_tables may still refer to sets.
            program::run(Command::new("nft").args(["-f", "-"]), "flush ruleset\n")?;
            destroy_ipsets()?;
            self.ipsets = false;
        }
        for (version, commands) in std::mem::take(&mut self.undo) {
            program::run(Command::new("ip").args([version, "-batch", "-"]), &commands)?;
        }
        for (name, value) in std::mem::take(&mut self.parameters) {
            topology::set(&name, &value);
        }
        Ok(())
    }

    fn set_up(&mut self, host: &HostSettings) -> Result<(), String> {
        for (name, value) in &host.parameters {
            let Ok(before) = portreeve_linux::sysctl::read(name) else { continue };
            if before != *value {
                self.parameters.insert(0, (name.clone(), before));
                topology::set(name, value);
            }
        }
        for version in ["-4", "-6"] {
            let (mut add, mut delete) = (String::new(), String::new());
            for object in host.objects.iter().filter_map(|object| object.strip_prefix(version)) {
                // "route", "rule", ...
                let (kind, arguments) =
                    object.split_once('|').ok_or("an object is VERSION KIND|ARGUMENTS")?;
                let _ = writeln!(add, "{kind} add {arguments}");
                delete.insert_str(0, &format!("{kind} del {arguments}\n"));
            }
            if !add.is_empty() {
                self.undo.push((version, delete));
                program::run(Command::new("ip").args([version, "-batch", "-"]), &add)?;
                topology::await_addresses(&add);
            }
        }
        Ok(())
    }
}

/// Rules that are gone let go of their sets a little later (`nf_tables_trans_destroy_work`).
fn destroy_ipsets() -> Result<(), String> {
    // Sets of sets hold on to their members.
    program::run(Command::new("ipset").arg("flush"), "")?;
    let mut outcome = Ok(String::new());
    for _ in 0..100 {
        outcome = program::run(Command::new("ipset").arg("destroy"), "");
        if outcome.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    outcome.map(drop)
}

/// The parts that a complaint of `nft` or of a restore program names by their lines.
fn blamed(ruleset: &Ruleset, complaint: &str) -> HashSet<Part> {
    let numbers = |before: &str, after: char| -> Vec<usize> {
        let places = complaint.split(before).skip(1);
        places.filter_map(|text| text.split(after).next()?.trim().parse().ok()).collect()
    };
    if complaint.starts_with("nft:") {
        let lines = ruleset.nft_lines();
        let preface = PREFACE.lines().count();
        let named = numbers("/dev/stdin:", ':');
        let parts = named.into_iter().filter_map(|line| lines.get(line.checked_sub(preface + 1)?)?.1);
        // Where the kernel refuses, what follows may be refused for the first one's sake only.
        let kernel = complaint.contains("Could not process rule");
        return parts.take(if kernel { 1 } else { usize::MAX }).collect();
    }
    let scripts = ruleset.xtables_scripts();
    let script =
        scripts.iter().find(|script| complaint.starts_with(restore_program(script.backend, script.v6)));
    let Some(Restore { script, .. }) = script else { return HashSet::new() };
    let lines: Vec<&str> = script.lines().collect();
    let mut named = numbers("line ", ':');
    named.extend(numbers("line ", ' '));
    named.extend(numbers("line: ", '\n'));
    named.extend(numbers("line ", '\n'));
    let rule = |line: &&str| line.split("--comment r").nth(1)?.split(' ').next()?.parse().ok();
    let rules = named.into_iter().filter_map(|line| lines.get(line.checked_sub(1)?)).filter_map(rule);
    // What follows the first one may be refused for its sake only.
    rules.map(Part::Rule).take(1).collect()
}

fn restore_program(backend: XtablesBackend, v6: bool) -> &'static str {
    match (backend, v6) {
        (XtablesBackend::Nft, false) => "iptables-nft-restore",
        (XtablesBackend::Nft, true) => "ip6tables-nft-restore",
        (XtablesBackend::Legacy, false) => "iptables-legacy-restore",
        (XtablesBackend::Legacy, true) => "ip6tables-legacy-restore",
    }
}
