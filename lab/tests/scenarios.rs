//! Scenario files: the self-tests pass, what is wrong with a file is found and placed, failures say enough.

#![expect(clippy::expect_used, reason = "a fixture that fails ends the test, and says where")]

use portreeve_lab::scenario::{Programs, Scenario, ScenarioError, all};
use std::path::{Path, PathBuf};

const FILE: &str = "some/file.toml";

fn selftests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/selftest")
}

/// The self-tests run no portreeve.
fn programs() -> Programs {
    Programs { portreeve: PathBuf::from("/nonexistent/portreeve") }
}

#[test]
fn the_selftest_scenarios_pass() {
    for path in all(selftests()).expect("there are some") {
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{error}"));
        scenario.run(&programs()).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_scenario_of_the_repository_is_valid() {
    for path in all(selftests().parent().expect("a directory")).expect("there are some") {
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!scenario.description().is_empty(), "{}", path.display());
    }
}

#[test]
fn a_directory_without_scenarios_is_an_error() {
    assert!(matches!(all(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")), Err(ScenarioError::Empty(_))));
    assert!(matches!(all("/nonexistent"), Err(ScenarioError::Unreadable { .. })));
}

/// A whole scenario with one more line in a place of choice.
fn with(line: &str, place: &str) -> String {
    let template = "description = 'd'\n@top\n[hosts.a]\nnamed = true\n@host\n[[hosts.a.processes]]\nid = 'web'\n\
        actor = 'tcp-listen 0.0.0.0:8080'\n@process\n[[links]]\n\
        a = { host = 'a', device = 'x' }\nb = { host = 'a', device = 'y' }\n@link\n\
        [[steps]]\nhost = 'a'\nrun = ['true']\nexpect.exit = 0\n@step\n";
    ["@top", "@host", "@process", "@link", "@step"]
        .iter()
        .fold(template.to_owned(), |text, mark| text.replace(mark, if *mark == place { line } else { "" }))
}

#[track_caller]
fn assert_invalid(text: &str, line: &str, message: &str) {
    let error = Scenario::parse(FILE, text).expect_err("it is wrong").to_string();
    let number = text.lines().position(|one| one == line).expect("the line is in the text") + 1;
    assert!(error.starts_with(&format!("{FILE}:{number}:")), "line {number}: {error}");
    assert!(error.contains(message), "{message}: {error}");
}

#[test]
fn the_template_itself_is_valid() {
    Scenario::parse(FILE, &with("", "")).expect("it is valid");
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    for place in ["@top", "@host", "@process", "@link", "@step"] {
        let line = "colour = 'red'";
        assert_invalid(&with(line, place), line, "unknown field `colour`");
    }
    for line in ["expect.colour = 1", "expect.json = [{ at = '/a', colour = 1 }]"] {
        assert_invalid(&with(line, "@step"), line, "unknown field `colour`");
    }
    let line = "wait = { colour = 'red' }";
    assert_invalid(&with(line, "@process"), line, "unknown field `colour`");
}

#[test]
fn unknown_names_are_errors() {
    let line = "expect.stdout_contains = ['${pid:wed}']";
    assert_invalid(&with(line, "@step"), line, "unknown substitution `pid:wed`");
    let text = with("", "").replace("host = 'a'\n", "host = 'b'\n");
    assert_invalid(&text, "host = 'b'", "unknown host `b`");
    let text = with("", "").replace("a = { host = 'a'", "a = { host = 'c'");
    assert_invalid(&text, "a = { host = 'c', device = 'x' }", "unknown host `c`");
}

#[test]
fn contradictions_are_errors() {
    let line = "command = ['sleep', '1']";
    assert!(Scenario::parse(FILE, &with(line, "@process")).is_err(), "actor and command");
    let line = "shell = 'true'";
    assert!(Scenario::parse(FILE, &with(line, "@process")).is_err(), "actor and shell");
    for line in [
        "wait = {}",
        "wait = { listening = 'sctp/1' }",
        "wait = { listening = 'tcp/1', line = 'x' }",
        "wait = { exit = 0, success = 'true' }",
    ] {
        assert!(Scenario::parse(FILE, &with(line, "@process")).is_err(), "{line}");
    }
    let line = "expect.json = [{ at = '/a', equals = 1, length = 1 }]";
    assert_invalid(&with(line, "@step"), line, "exactly one of");
    let without_exit = with("", "").replace("expect.exit = 0", "expect.stdout_lacks = []");
    assert!(Scenario::parse(FILE, &without_exit).is_err(), "the exit code must be told");
}

/// A question, and its answer.
fn asked(host: &str, expect: &str) -> String {
    format!("[why]\nhost = '{host}'\ntarget = '443'\nexpect = {expect}")
}

#[test]
fn a_question_has_a_host_and_an_answer() {
    let fault = "{ layer = 'tls', code = 'expired' }";
    let scenario = Scenario::parse(FILE, &with(&asked("a", fault), "@step")).expect("it is valid");
    assert_eq!(scenario.expected().map(|expected| expected.exit), Some(1));
    assert_invalid(&with(&asked("b", fault), "@step"), "host = 'b'", "unknown host `b`");
    for expect in ["{}", "{ healthy = true, undetermined = true }", "{ layer = 'tls' }", "{ colour = 'red' }"]
    {
        assert!(Scenario::parse(FILE, &with(&asked("a", expect), "@step")).is_err(), "{expect}");
    }
    let without_steps = format!("description = 'd'\n[hosts.a]\n{}", asked("a", fault));
    assert!(Scenario::parse(FILE, &without_steps).is_ok(), "the question is what it shows");
}

#[test]
fn files_stay_in_their_places() {
    let file = |rest: &str| with(&format!("[[files]]\n{rest}\ntext = ''"), "@step");
    assert!(Scenario::parse(FILE, &file("path = 'web/index.html'")).is_ok());
    for rest in ["path = '/etc/hosts'", "path = '../hosts'", "path = ''"] {
        assert!(Scenario::parse(FILE, &file(rest)).is_err(), "{rest}");
    }
    let own = file("host = \"a\"\npath = '/etc/hosts'");
    assert_invalid(&own, "host = \"a\"", "no `own` files");
    let own = own.replace("named = true", "own = 'files'");
    assert!(Scenario::parse(FILE, &own).is_ok());
    assert!(Scenario::parse(FILE, &own.replace("/etc/hosts", "/usr/hosts")).is_err(), "only what is its own");
}

#[test]
fn a_script_with_another_exit_code_is_an_error() {
    let text = with("wait = { exit = 3 }", "@process")
        .replace("actor = 'tcp-listen 0.0.0.0:8080'", "shell = 'echo why; exit 4'");
    let scenario = Scenario::parse(FILE, &text).expect("it is valid");
    let error = scenario.run(&programs()).expect_err("it ends otherwise").to_string();
    assert!(error.contains("exit status: 4") && error.contains("why"), "{error}");
}

#[test]
fn an_unmet_expectation_prints_itself_and_the_whole_output() {
    let text = "description = 'd'\n[[steps]]\nrun = ['sh', '-c', 'echo out; echo err >&2; exit 3']\n\
        expect.exit = [0, 1]\nexpect.stdout_contains = ['out', 'in']\nexpect.stderr_lacks = ['err']\n\
        expect.json = [{ at = '/a', exists = true }]\n";
    let scenario = Scenario::parse(FILE, text).expect("it is valid");
    let error = scenario.run(&programs()).expect_err("nothing is as expected").to_string();
    for part in [
        "some/file.toml:2: ",
        "not met: exit is one of [0, 1]",
        "not met: stdout contains \"in\"",
        "not met: stderr lacks \"err\"",
        "not met: stdout is one JSON document",
        "--- stdout\nout\n",
        "--- stderr\nerr\n",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(!error.contains("stdout contains \"out\""), "what is met is not told: {error}");
}

#[test]
fn a_process_that_does_not_start_is_placed() {
    let text = with("", "").replace("tcp-listen 0.0.0.0:8080", "no-such-verb");
    let scenario = Scenario::parse(FILE, &text).expect("verbs are the actor's to know");
    let error = scenario.run(&programs()).expect_err("it cannot start").to_string();
    assert!(error.contains("process of host `a` in line 6") && error.contains("no-such-verb"), "{error}");
}
