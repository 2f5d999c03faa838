//! Runs `cargo xtask layers` on whole workspaces: it has to be able to fail on a real one.

#![expect(clippy::unwrap_used, reason = "the functions that tests share may panic like the tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A workspace on disk; each package is (name, lines of its manifest below `[package]`, its source).
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new(packages: &[(&str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n")
            .unwrap();
        for (name, manifest, source) in packages {
            let package = root.join("crates").join(name);
            fs::create_dir_all(package.join("src")).unwrap();
            let head = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
            fs::write(package.join("Cargo.toml"), head + manifest).unwrap();
            let main = if *name == "portreeve" { "src/main.rs" } else { "src/lib.rs" };
            fs::write(package.join(main), source).unwrap();
        }
        Self(folder)
    }

    fn layers(&self) -> Output {
        layers(&self.0.path().join("Cargo.toml"))
    }
}

fn layers(manifest: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portreeve-xtask"))
        .arg("layers")
        .arg("--manifest-path")
        .arg(manifest)
        .output()
        .unwrap()
}

fn assert_fails_naming(output: &Output, parts: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` missing in:\n{text}");
    }
}

#[test]
fn this_workspace_keeps_its_own_rules() {
    let output = layers(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn allowed_edges_pass() {
    let fixture = Fixture::new(&[
        ("portreeve-model", "", ""),
        ("portreeve-lab", "", ""),
        (
            "portreeve-linux",
            "[dependencies]\nportreeve-model = { path = \"../portreeve-model\" }\n\
             [dev-dependencies]\nportreeve-lab = { path = \"../portreeve-lab\" }\n",
            "pub fn f() { unsafe { std::hint::unreachable_unchecked() } }\n",
        ),
    ]);
    let output = fixture.layers();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("3 crates, 2 edges"));
}

#[test]
fn a_forbidden_edge_fails() {
    let fixture = Fixture::new(&[
        ("portreeve-firewall", "", ""),
        (
            "portreeve-inventory",
            "[dependencies]\nportreeve-firewall = { path = \"../portreeve-firewall\" }\n",
            "",
        ),
    ]);
    assert_fails_naming(
        &fixture.layers(),
        &[
            "`portreeve-inventory` (L2) has `portreeve-firewall` as a normal dependency",
            "never sideways",
            "remedy:",
        ],
    );
}

#[test]
fn an_optional_target_specific_renamed_edge_fails_too() {
    let fixture = Fixture::new(&[
        ("portreeve-linux", "", ""),
        (
            "portreeve-wire",
            "[target.'cfg(windows)'.build-dependencies]\n\
             os = { package = \"portreeve-linux\", path = \"../portreeve-linux\", optional = true }\n",
            "",
        ),
    ]);
    assert_fails_naming(
        &fixture.layers(),
        &[
            "`portreeve-wire` (L0) has `portreeve-linux` as a build dependency",
            "L0 depends on no crate of ours",
        ],
    );
}

#[test]
fn the_lab_in_a_shipped_crate_fails() {
    let fixture = Fixture::new(&[
        ("portreeve-lab", "", ""),
        ("portreeve", "[dependencies]\nportreeve-lab = { path = \"../portreeve-lab\" }\n", "fn main() {}\n"),
    ]);
    assert_fails_naming(
        &fixture.layers(),
        &["`portreeve` (L4) has `portreeve-lab`", "move `portreeve-lab` to [dev-dependencies]"],
    );
}

#[test]
fn a_crate_without_a_level_fails() {
    let fixture = Fixture::new(&[("portreeve-toolbox", "", "")]);
    assert_fails_naming(&fixture.layers(), &["`portreeve-toolbox` is not in the table of layers", "RULES"]);
}

#[test]
fn unsafe_outside_its_home_fails() {
    let fixture = Fixture::new(&[(
        "portreeve-model",
        "",
        "//! No unsafe here.\n\npub fn f() { unsafe { std::hint::unreachable_unchecked() } }\n",
    )]);
    assert_fails_naming(
        &fixture.layers(),
        &["crates/portreeve-model/src/lib.rs:3", "`portreeve-linux` only"],
    );
}

#[test]
fn a_long_main_fails() {
    let fixture = Fixture::new(&[("portreeve", "", "fn main() {\n\n\n\n\n\n\n\n\n\n\n}\n")]);
    assert_fails_naming(
        &fixture.layers(),
        &["crates/portreeve/src/main.rs has 12 lines", "at most 10 lines"],
    );
}
