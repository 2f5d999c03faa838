//! The graph of our crates and the decision which of its edges break the table in [`rules`](super::rules).
//!
//! Pure: no file, no process. That is why it can be tested edge by edge.

use std::fmt;

use super::rules::{self, LAB};

/// The crates of a workspace and the dependencies they declare on each other.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Package names of all workspace members.
    pub(crate) packages: Vec<String>,
    /// Declared dependencies between members; optional and target-specific ones included.
    pub(crate) edges: Vec<Edge>,
}

/// One declared dependency between two crates of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The crate that declares the dependency.
    pub(crate) from: String,
    /// The crate that it depends on.
    pub(crate) to: String,
    /// In which table of the manifest it stands.
    pub(crate) kind: EdgeKind,
}

/// The manifest table of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// `[dependencies]`
    Normal,
    /// `[build-dependencies]`
    Build,
    /// `[dev-dependencies]`
    Dev,
}

impl fmt::Display for EdgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "a normal dependency",
            Self::Build => "a build dependency",
            Self::Dev => "a dev-dependency",
        })
    }
}

/// A broken rule. Its `Display` names the crates, the kind of the edge, the rule and the remedy.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Violation {
    /// A workspace member that the table does not place on a level.
    UnknownPackage(String),
    /// A dependency that the table forbids.
    ForbiddenEdge(Edge),
}

/// Every violation in `graph`: unplaced packages first, then edges, each in the graph's order.
pub(crate) fn violations(graph: &Graph) -> Vec<Violation> {
    let unknown = graph
        .packages
        .iter()
        .filter(|package| rules::rule_of(package).is_none())
        .map(|package| Violation::UnknownPackage(package.clone()));
    let forbidden = graph
        .edges
        .iter()
        .filter(|edge| !is_allowed(edge))
        .map(|edge| Violation::ForbiddenEdge(edge.clone()));
    unknown.chain(forbidden).collect()
}

fn is_allowed(edge: &Edge) -> bool {
    // A package without a level is reported once, as such, not once per edge.
    let Some(rule) = rules::rule_of(&edge.from) else { return true };
    if rules::rule_of(&edge.to).is_none() {
        return true;
    }
    rule.allows(&edge.to) || (edge.to == LAB && edge.kind == EdgeKind::Dev)
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPackage(package) => write!(
                f,
                "`{package}` is not in the table of layers\n  \
                 rule: every crate of ours has a level\n  \
                 remedy: add a line for it to RULES in xtask/src/layers/rules.rs (and to the design)"
            ),
            Self::ForbiddenEdge(Edge { from, to, kind }) => {
                let (says, level) = rules::rule_of(from).map_or(("", "?"), |rule| (rule.says, rule.level));
                write!(f, "`{from}` ({level}) has `{to}` as {kind}\n  rule: ")?;
                if to == LAB {
                    write!(
                        f,
                        "the lab is for tests; only dev-dependencies may name it\n  \
                         remedy: move `{to}` to [dev-dependencies] of `{from}`"
                    )
                } else {
                    write!(
                        f,
                        "{says}\n  \
                         remedy: move the shared type down to `portreeve-model` or `portreeve-wire`, or the code that \
                         joins both up to the crate that may see both; then remove `{to}` from `{from}`"
                    )
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, kind: EdgeKind) -> Edge {
        Edge { from: from.to_owned(), to: to.to_owned(), kind }
    }

    fn found(from: &str, to: &str, kind: EdgeKind) -> Vec<Violation> {
        let graph =
            Graph { packages: vec![from.to_owned(), to.to_owned()], edges: vec![edge(from, to, kind)] };
        violations(&graph)
    }

    #[test]
    fn the_designs_own_edges_are_allowed() {
        for (from, to) in [
            ("portreeve-linux", "portreeve-wire"),
            ("portreeve-linux", "portreeve-model"),
            ("portreeve-store", "portreeve-model"),
            ("portreeve-inventory", "portreeve-linux"),
            ("portreeve-diagnose", "portreeve-tls"),
            ("portreeve-diagnose", "portreeve-wire"),
            ("portreeve-fleet", "portreeve-store"),
            ("portreeve", "portreeve-diagnose"),
            ("portreeve", "portreeve-model"),
            ("portreeve-lab", "portreeve-linux"),
            ("portreeve-xtask", "portreeve-lab"),
        ] {
            assert_eq!(found(from, to, EdgeKind::Normal), vec![], "{from} -> {to}");
        }
    }

    #[test]
    fn upward_and_sideways_edges_are_forbidden_in_every_kind() {
        for (from, to) in [
            ("portreeve-model", "portreeve-wire"),
            ("portreeve-wire", "portreeve-model"),
            ("portreeve-wire", "portreeve-linux"),
            ("portreeve-linux", "portreeve-inventory"),
            ("portreeve-store", "portreeve-linux"),
            ("portreeve-inventory", "portreeve-firewall"),
            ("portreeve-firewall", "portreeve-inventory"),
            ("portreeve-tls", "portreeve-diagnose"),
            ("portreeve-compliance", "portreeve-inventory"),
            ("portreeve-dashboard", "portreeve-fleet"),
            ("portreeve-inventory", "portreeve"),
            ("portreeve", "portreeve-xtask"),
            ("portreeve-lab", "portreeve-inventory"),
            ("portreeve-xtask", "portreeve"),
        ] {
            for kind in [EdgeKind::Normal, EdgeKind::Build, EdgeKind::Dev] {
                assert_eq!(
                    found(from, to, kind),
                    vec![Violation::ForbiddenEdge(edge(from, to, kind))],
                    "{from} -> {to} {kind}"
                );
            }
        }
    }

    #[test]
    fn the_lab_is_a_dev_dependency_of_everyone_and_a_normal_one_of_xtask_only() {
        for rule in rules::RULES.iter().filter(|rule| rule.package != LAB) {
            assert_eq!(found(rule.package, LAB, EdgeKind::Dev), vec![], "{}", rule.package);
            let normal = found(rule.package, LAB, EdgeKind::Normal);
            assert_eq!(normal.is_empty(), rule.package == "portreeve-xtask", "{}", rule.package);
        }
    }

    #[test]
    fn a_package_without_a_level_is_reported_once() {
        let graph = Graph {
            packages: vec!["portreeve-model".to_owned(), "portreeve-toolbox".to_owned()],
            edges: vec![
                edge("portreeve-toolbox", "portreeve-model", EdgeKind::Normal),
                edge("portreeve-model", "portreeve-toolbox", EdgeKind::Normal),
            ],
        };
        assert_eq!(violations(&graph), vec![Violation::UnknownPackage("portreeve-toolbox".to_owned())]);
    }

    #[test]
    fn the_message_names_both_crates_the_kind_the_rule_and_the_remedy() {
        let text =
            Violation::ForbiddenEdge(edge("portreeve-wire", "portreeve-linux", EdgeKind::Build)).to_string();
        for part in [
            "`portreeve-wire`",
            "`portreeve-linux`",
            "a build dependency",
            "L0 depends on no crate of ours",
            "remedy:",
        ] {
            assert!(text.contains(part), "{part} missing in {text}");
        }
    }

    #[test]
    fn every_crate_named_in_a_permission_has_a_line_of_its_own() {
        for rule in rules::RULES {
            if let rules::May::Use(named) = rule.may {
                for package in named {
                    assert!(rules::rule_of(package).is_some(), "{package}, permitted to {}", rule.package);
                }
            }
        }
    }
}
