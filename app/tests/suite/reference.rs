//! `docs/reference` is generated: this compares it, and writes it anew where `UPDATE_REFERENCE=1` is set.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::ran;
use clap::{Command, CommandFactory};
use portreeve_app::cli::Arguments;
use portreeve_app::commands::pages;
use portreeve_app::render::style::Palette;
use portreeve_diagnose::layers::LAYERS;
use portreeve_model::document::{
    self, Groups, Overview, Reach, ReachAssert, ReachDiff, ReachIdle, ReachPorts, Sockets, Tls, TlsAudit,
    TlsFiles, Who, Why,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// Columns of the help texts.
const WIDTH: usize = 100;

#[test]
fn the_command_line_is_documented() {
    let mut root = Arguments::command().term_width(WIDTH);
    root.build();
    let mut text = String::from(
        "# Command line\n\nGenerated from the program's own definition: `portreeve --help` says the same.\n",
    );
    section(&mut text, &mut root, "portreeve");
    let verbs: Vec<Command> = root.get_subcommands().cloned().collect();
    for mut verb in verbs {
        let name = format!("portreeve {}", verb.get_name());
        section(&mut text, &mut verb, &name);
        let questions: Vec<Command> = verb.get_subcommands().cloned().collect();
        for mut question in questions {
            let name = format!("{name} {}", question.get_name());
            section(&mut text, &mut question, &name);
        }
    }
    compare("cli.md", &text);
}

fn section(text: &mut String, command: &mut Command, name: &str) {
    let help = command.clone().term_width(WIDTH).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(text, "\n## `{name}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
}

#[test]
fn the_manual_pages_are_those_of_the_program() {
    for (name, page) in pages().unwrap() {
        compare(&name, &String::from_utf8(page).unwrap());
    }
}

#[test]
fn every_document_has_a_schema() {
    for (name, schema) in schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        compare(&format!("schemas/{}.json", name.replace('/', "-")), &text);
    }
}

#[test]
fn every_code_of_a_layer_is_documented() {
    let mut text = String::from(
        "# Codes of `portreeve why`\n\nGenerated from the layers themselves. A code stands in `primary.code`, `contributing[].code` and \
         `layers[].notes[].code` of\nthe document; it is never reused for something else. The layers stand in the order in which a connection \
         meets them.\n",
    );
    for rule in LAYERS {
        let _ = write!(text, "\n## {}\n\n| code | what is the case |\n|---|---|\n", rule.name);
        for code in rule.codes {
            let _ = writeln!(text, "| `{}` | {} |", code.slug, code.meaning);
        }
    }
    compare("why.md", &text);
}

#[test]
fn codes_are_slugs_and_each_is_there_once() {
    for rule in LAYERS {
        let mut slugs: Vec<&str> = rule.codes.iter().map(|code| code.slug).collect();
        for slug in &slugs {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(slug.bytes().all(plain) && !slug.is_empty(), "{}/{slug}", rule.name);
        }
        slugs.sort_unstable();
        let count = slugs.len();
        slugs.dedup();
        assert_eq!(slugs.len(), count, "{}: a code is there twice", rule.name);
    }
}

#[test]
fn documents_are_valid_by_their_schemas() {
    let schemas = schemas();
    for (file, line) in [
        ("overview", &["--json"][..]),
        ("overview-unprivileged", &["--json"]),
        ("overview-empty", &["--json"]),
        ("sockets", &["sockets", "-ap", "--json"]),
        ("sockets-own", &["sockets", "-tanp", "--json"]),
        ("groups", &["sockets", "--group-by", "state,process", "--json"]),
        ("who-held", &["who", "443", "--json"]),
        ("who-container", &["who", "6379", "--json"]),
        ("who-taken", &["who", "8000", "--json"]),
        ("who-free", &["who", "8081", "--json"]),
        ("who-inconclusive", &["who", "631", "--json"]),
        ("reach-deny", &["reach", "--packet", "out to 192.0.2.1 ping", "--json"]),
        ("reach-unknown", &["reach", "--packet", "out to 192.0.2.1 ping", "--json"]),
        ("reach-hostile", &["reach", "--packet", "out to 192.0.2.1 ping", "--json"]),
        ("reach-ports", &["reach", "--json"]),
        ("reach-ports-hostile", &["reach", "--json"]),
        ("reach-ports-complex", &["reach", "--json"]),
        ("reach-port-unknown", &["reach", "9100", "--json"]),
        ("reach-shadowed", &["reach", "shadowed", "--json"]),
        ("reach-redundant", &["reach", "redundant", "--json"]),
        ("reach-unused", &["reach", "unused", "--json"]),
        ("reach-diff", &["reach", "diff", "old", "live", "--json"]),
        ("reach-diff-complex", &["reach", "diff", "old", "new", "--json"]),
        ("why-healthy", &["why", "443", "--json"]),
        ("why-fault", &["why", "443", "--json"]),
        ("why-undetermined", &["why", "443", "--json"]),
        ("why-outside", &["why", "443", "--json"]),
        ("why-many", &["why", "443", "--json"]),
        ("why-hostile", &["why", "443", "--json"]),
        ("tls-healthy", &["tls", "example.com", "--json"]),
        ("tls-healthy", &["tls", "example.com", "--jsonl"]),
        ("tls-bad", &["tls", "example.com", "--json"]),
        ("tls-bad", &["tls", "example.com", "--jsonl"]),
        ("tls-many", &["tls", "example.com", "--json"]),
        ("tls-unknown", &["tls", "example.com", "--jsonl"]),
        ("tls-explained", &["tls", "example.com", "--json"]),
        ("tls-hostile", &["tls", "example.com", "--jsonl"]),
        ("tls-files", &["tls", "--cert", "/etc/ssl/site", "--json"]),
        ("reach-assert", &["reach", "assert", "internet cannot reach tcp/5432", "--json"]),
    ] {
        let printed = ran(file, line, None, Palette::Plain).out;
        assert_eq!(printed.lines().count(), 1, "{file}: a document is one line where nobody looks");
        let value: Value = serde_json::from_str(&printed).unwrap();
        let name = value.get("schema").and_then(Value::as_str).unwrap();
        let (_, schema) = schemas.iter().find(|(known, _)| *known == name).unwrap();
        let errors: Vec<String> = jsonschema::validator_for(schema)
            .unwrap()
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{file}");
    }
}

#[test]
fn a_document_of_another_version_is_not_valid() {
    let (_, schema) = schemas().into_iter().next().unwrap();
    let mut value: Value = crate::support::document("overview");
    value["schema"] = json!("portreeve.overview/2");
    assert!(!jsonschema::validator_for(&schema).unwrap().is_valid(&value));
}

fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        (document::OVERVIEW, schema::<Overview>(document::OVERVIEW)),
        (document::SOCKETS, schema::<Sockets>(document::SOCKETS)),
        (document::GROUPS, schema::<Groups>(document::GROUPS)),
        (document::WHO, schema::<Who>(document::WHO)),
        (document::REACH, schema::<Reach>(document::REACH)),
        (document::REACH_PORTS, schema::<ReachPorts>(document::REACH_PORTS)),
        (document::REACH_SHADOWED, schema::<ReachIdle>(document::REACH_SHADOWED)),
        (document::REACH_REDUNDANT, schema::<ReachIdle>(document::REACH_REDUNDANT)),
        (document::REACH_UNUSED, schema::<ReachIdle>(document::REACH_UNUSED)),
        (document::REACH_DIFF, schema::<ReachDiff>(document::REACH_DIFF)),
        (document::REACH_ASSERT, schema::<ReachAssert>(document::REACH_ASSERT)),
        (document::WHY, schema::<Why>(document::WHY)),
        (document::TLS, schema::<Tls>(document::TLS)),
        (document::TLS_AUDIT, schema::<TlsAudit>(document::TLS_AUDIT)),
        (document::TLS_FILES, schema::<TlsFiles>(document::TLS_FILES)),
    ]
}

/// The schema of what is written, with the document's name nailed down.
fn schema<T: JsonSchema>(name: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    schema["properties"]["schema"] =
        json!({ "const": name, "description": "Name and version of this schema." });
    schema
}

fn compare(file: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(file);
    let update = std::env::var("UPDATE_REFERENCE").is_ok_and(|value| value == "1");
    if update {
        write(&path, generated);
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == generated,
        "docs/reference/{file} is not what the program says; to write it anew:\n  \
         UPDATE_REFERENCE=1 cargo test -p portreeve --test suite reference"
    );
}

fn write(path: &PathBuf, text: &str) {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).unwrap();
    }
    fs::write(path, text).unwrap();
}
