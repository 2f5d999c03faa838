//! The table of layers: which crate of ours may depend on which. The only place to change when a crate is added.
//!
//! Refuses exceptions for single edges: a crate that needs one belongs on another level.

/// The only crate in which the word `unsafe` may stand.
pub(crate) const UNSAFE_HOME: &str = "portreeve-linux";

/// The package that holds the one binary.
pub(crate) const BINARY: &str = "portreeve";

/// Most lines that the binary's `main.rs` may have.
pub(crate) const MAIN_LINES: usize = 10;

/// Builds hosts for tests; nothing that ships may contain it.
pub(crate) const LAB: &str = "portreeve-lab";

/// What a crate may depend on, among the crates of this workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) enum May {
    /// Only the crates named.
    Use(&'static [&'static str]),
    /// Every crate except the binary, the lab and the development commands.
    UseEveryLibrary,
    /// Like `UseEveryLibrary`, and the lab too.
    UseEveryLibraryAndLab,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The package's name.
    pub(crate) package: &'static str,
    /// The level's name in the design: `L0` to `L4`, or `dev`.
    pub(crate) level: &'static str,
    /// What it may depend on.
    pub(crate) may: May,
    /// The sentence an error quotes.
    pub(crate) says: &'static str,
}

const BELOW_L2: May = May::Use(&["portreeve-model", "portreeve-wire", "portreeve-linux"]);
const L2_SAYS: &str = "L2 depends on model, wire and linux only, never sideways on another L2 crate";

/// Levels and permissions of every crate of ours, from the bottom up.
pub(crate) const RULES: &[Rule] = &[
    rule("portreeve-model", "L0", May::Use(&[]), "L0 depends on no crate of ours"),
    rule("portreeve-wire", "L0", May::Use(&[]), "L0 depends on no crate of ours"),
    rule(
        "portreeve-linux",
        "L1",
        May::Use(&["portreeve-model", "portreeve-wire"]),
        "linux depends on L0 (model, wire) only",
    ),
    rule("portreeve-store", "L1", May::Use(&["portreeve-model"]), "store depends on model only"),
    rule("portreeve-inventory", "L2", BELOW_L2, L2_SAYS),
    rule("portreeve-firewall", "L2", BELOW_L2, L2_SAYS),
    rule("portreeve-scan", "L2", BELOW_L2, L2_SAYS),
    rule("portreeve-tls", "L2", BELOW_L2, L2_SAYS),
    rule("portreeve-headroom", "L2", BELOW_L2, L2_SAYS),
    rule(
        "portreeve-diagnose",
        "L3",
        May::Use(&[
            "portreeve-model",
            "portreeve-wire",
            "portreeve-linux",
            "portreeve-inventory",
            "portreeve-firewall",
            "portreeve-scan",
            "portreeve-tls",
            "portreeve-headroom",
        ]),
        "diagnose depends on L2 and what lies below it",
    ),
    rule("portreeve-compliance", "L3", May::Use(&["portreeve-model"]), "compliance depends on model only"),
    rule(
        "portreeve-dashboard",
        "L3",
        May::Use(&["portreeve-model", "portreeve-store"]),
        "dashboard depends on model and store only",
    ),
    rule(
        "portreeve-fleet",
        "L3",
        May::Use(&["portreeve-model", "portreeve-store"]),
        "fleet depends on model and store only",
    ),
    rule("portreeve", "L4", May::UseEveryLibrary, "the binary depends on any library crate"),
    rule("portreeve-lab", "dev", BELOW_L2, "the lab depends on model, wire and linux only"),
    rule(
        "portreeve-xtask",
        "dev",
        May::UseEveryLibraryAndLab,
        "xtask depends on any library crate and the lab",
    ),
];

const fn rule(package: &'static str, level: &'static str, may: May, says: &'static str) -> Rule {
    Rule { package, level, may, says }
}

/// The rule of `package`, if the table knows it.
pub(crate) fn rule_of(package: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.package == package)
}

impl Rule {
    /// Whether this crate may depend on `target` in its shipped form (normal and build dependencies).
    pub(crate) fn allows(&self, target: &str) -> bool {
        let library = !["portreeve", "portreeve-xtask", LAB].contains(&target);
        match self.may {
            May::Use(named) => named.contains(&target),
            May::UseEveryLibrary => library,
            May::UseEveryLibraryAndLab => library || target == LAB,
        }
    }
}
