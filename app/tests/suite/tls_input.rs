//! What `portreeve tls` is given: targets, lists, certificate files, options. What is wrong with it is said with the exit code of the
//! contract, and nothing waits for ever. The program itself, run as its users do.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portreeve_lab::loopback::free_port;
use serde_json::Value;

use crate::tls_run::{Ran, certificates, program};

/// Ends a program that waits for something that never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs it with this on standard input.
fn fed(command: &mut Command, input: &[u8]) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What is not read is nobody's loss.
    let _ = child.stdin.take().unwrap().write_all(input);
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it waits for ever: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ran::of(child.wait_with_output().unwrap())
}

fn ran(words: &[&str]) -> Ran {
    fed(program(None).args(words), b"")
}

/// The program without a verb.
fn portreeve(words: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portreeve"));
    fed(command.args(words).env("PORTREEVE_CONFIG", ""), b"")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn certificates_come_through_standard_input() {
    let scratch = tempfile::tempdir().unwrap();
    certificates(scratch.path(), "90");
    let path = scratch.path().join("chain.pem");
    let pem = fs::read(&path).unwrap();
    for name in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let ran = fed(program(None).args(["--cert", name, "--json"]), &pem);
        let document: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.notes));
        let files = &document["files"];
        assert_eq!(files.as_array().unwrap().len(), 1, "{name}: {document:#}");
        assert_eq!(files[0]["path"], "/dev/stdin", "{name}");
        assert_eq!(files[0]["chain"]["certificates"][0]["common_name"], "localhost", "{name}");
        assert_eq!(ran.code, 1, "{name}: {}", ran.notes);
    }
    // A file as standard input, twice: it is read once.
    let mut command = program(None);
    command.args(["--cert", "-", "/dev/stdin"]).stdin(fs::File::open(&path).unwrap());
    let twice = Ran::of(command.output().unwrap());
    assert!(
        twice.out.contains("1 file with certificates") && !twice.out.contains("Not read"),
        "{}",
        twice.out
    );
    // As a shell gives the output of a command for a file.
    let script = format!("exec \"$0\" tls --cert <(cat '{}')", text(&path));
    let piped = fed(Command::new("bash").args(["-c", &script, env!("CARGO_BIN_EXE_portreeve")]), b"");
    assert!(
        piped.out.contains("localhost") && !piped.out.contains("Not read"),
        "{}{}",
        piped.out,
        piped.notes
    );
    let nothing = fed(program(None).args(["--cert", "-"]), b"");
    assert_eq!(nothing.code, 4, "{}", nothing.out);
    assert!(nothing.out.contains("/dev/stdin holds no certificate: it is empty"), "{}", nothing.out);
}

#[test]
fn a_pipe_that_nobody_writes_to_is_named_instead_of_waited_for() {
    let scratch = tempfile::tempdir().unwrap();
    certificates(scratch.path(), "90");
    let pipe = scratch.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let alone = ran(&["--cert", text(&pipe)]);
    assert_eq!(alone.code, 4, "{}{}", alone.out, alone.notes);
    assert!(alone.out.contains("is a named pipe, not a file"), "{}", alone.out);
    // What else was asked for is told.
    let chain = scratch.path().join("chain.pem");
    let beside = ran(&["--cert", text(&pipe), text(&chain), "/dev/null"]);
    assert!(beside.out.contains("1 file with certificates"), "{}", beside.out);
    assert!(beside.out.contains("/dev/null is a device, not a file"), "{}", beside.out);
    assert_eq!(beside.code, 1, "{}", beside.out);
}

#[test]
fn what_is_named_and_is_not_there_is_bad_input_to_every_command() {
    let says = |words: &[&str], what: &str| {
        let ran = portreeve(words);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{words:?}: {}", ran.notes);
        assert!(ran.notes.contains(what), "{words:?}: {}", ran.notes);
        assert!(ran.notes.starts_with("error: "), "{words:?}: {}", ran.notes);
        ran.notes
    };
    for words in [&["tls", "localhost:nosuch"][..], &["why", "localhost:nosuch"]] {
        let notes = says(words, "there is no service `nosuch`");
        assert!(notes.contains("  localhost:nosuch\n            ^^^^^^\n"), "{notes}");
        assert!(notes.contains("hint: write the number of the port"), "{notes}");
    }
    for words in [&["who", "nosuch"][..], &["reach", "nosuch"]] {
        says(words, "no service is called `nosuch`");
    }
    let nowhere = "/nothing/here";
    for words in [
        &["tls", "-f", nowhere][..],
        &["reach", "--snapshot", nowhere],
        &["reach", "diff", nowhere, nowhere],
        &["reach", "assert", "--file", nowhere],
    ] {
        says(words, "there is no file /nothing/here");
    }
    for words in
        [&["tls", "127.0.0.1:1"][..], &["why", "443"], &["who", "443"], &["reach", "443"], &["sockets"], &[]]
    {
        let notes = says(
            &[words, &["--netns", "no-such-one"]].concat(),
            "no network namespace is called `no-such-one`",
        );
        assert!(notes.contains("hint: Namespaces that were seen: "), "{notes}");
        says(&[words, &["--netns", "4194305"]].concat(), "there is no process 4194305");
    }
    says(&["sockets", "--user", "no-such-user"], "no user is called no-such-user");
}

#[test]
fn what_is_no_target_is_bad_input() {
    let scratch = tempfile::tempdir().unwrap();
    let list = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join(name);
        fs::write(&path, bytes).unwrap();
        text(&path).to_owned()
    };
    let (empty, wide) = (list("empty", b"\n# nothing\n"), list("wide", b"\xff\xfeh\0o\0s\0t\0"));
    for (words, says) in [
        (&[""][..], "there is nothing in it"),
        (&[" "], "there is nothing in it"),
        (&["localhost:"], "the port is missing"),
        (&["0.0.0.0/0"], "has more than 65536 addresses"),
        (&["-f", &empty], "the lists name no target"),
        (&["-f", &wide], "there is no text in"),
        (&["-f", text(scratch.path())], "cannot read"),
        (&["-"], "the lists name no target"),
        (&["127.0.0.1:1", "--resume", "/dev/full"], "/dev/full is no file"),
        (&["127.0.0.1:1", "--resume", "/nothing/here"], "cannot open the journal /nothing/here"),
        (&["127.0.0.1:1", "--resume", "/etc/passwd"], "/etc/passwd is no journal of this command"),
    ] {
        let ran = ran(words);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{words:?}: {}", ran.notes);
        assert!(ran.notes.contains(says), "{words:?}: {}", ran.notes);
    }
}

#[test]
fn targets_are_read_as_people_write_them() {
    let one = free_port().unwrap().to_string();
    for (target, told) in [
        (&*format!("https://user:secret@{one}/path?query#part"), &*one),
        // Nobody listens at the first port.
        ("LOCALHOST:1", "localhost:1"),
        ("[::1]:1", "[::1]:1"),
    ] {
        let ran = ran(&[target]);
        assert_eq!(ran.code, 4, "{target}: {}{}", ran.out, ran.notes);
        assert!(ran.out.starts_with(told), "{target}: {}", ran.out);
        assert!(!ran.out.contains("secret") && !ran.notes.contains("secret"), "{}{}", ran.out, ran.notes);
    }
    // A list as Windows writes it, with the same host three times.
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("hosts.txt");
    fs::write(&path, format!("\u{feff}{one}\r\n\r\n{one}\r\ntcp://{one}\r\n")).unwrap();
    let ran = ran(&["-f", text(&path), "--jsonl"]);
    assert_eq!((ran.lines().len(), ran.code), (1, 4), "{}{}", ran.out, ran.notes);
}

#[test]
fn a_budget_that_ends_with_the_first_connection_hides_nothing() {
    let ran = ran(&[&free_port().unwrap().to_string(), "--connections", "1"]);
    assert_eq!(ran.code, 4, "{}", ran.notes);
    assert!(ran.out.contains("connection refused"), "{}", ran.out);
    assert!(!ran.out.contains("second tries"), "{}", ran.out);
}

#[test]
fn a_result_that_cannot_be_written_is_no_result() {
    let target = free_port().unwrap().to_string();
    for format in [&[][..], &["--json"], &["--jsonl"]] {
        let mut command = program(None);
        command.arg(&target).args(format);
        command.stdout(fs::File::create("/dev/full").unwrap()).stderr(Stdio::piped());
        let ran = Ran::of(command.spawn().unwrap().wait_with_output().unwrap());
        assert_eq!(ran.code, 5, "{format:?}: {}", ran.notes);
        assert!(ran.notes.contains("cannot write the result: No space left on device"), "{}", ran.notes);
    }
}

#[test]
fn whoever_ends_a_run_is_told_how_far_it_came() {
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap().to_string();
    let mut command = program(None);
    command.args([&target, "--timeout", "60", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // It listens to signals before it asks anybody.
    let _connection = silent.accept().unwrap();
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.notes);
    assert!(ran.notes.contains("interrupted: 0 of 1 host done"), "{}", ran.notes);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["unseen"][0]["subject"], "targets", "{document:#}");
}
