//! Processes in hosts: pids, users, namespaces, output, time limits, numbers.

#![expect(clippy::expect_used, reason = "a fixture that fails ends the test, and says where")]

use portreeve_lab::{Command, Error, Lab, Transport, actor_path};
use std::time::{Duration, Instant};
use std::{env, fs};

const PATIENCE: Duration = Duration::from_secs(30);

fn comm(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).expect("it lives").trim().to_owned()
}

#[test]
fn the_pid_is_that_of_the_program_itself() {
    let lab = Lab::new("pid").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let plain = host.spawn(["sleep", "1000"]).expect("it starts");
    let mounts = host.spawn(Command::new("sleep").arg("1000").setup("true")).expect("it starts");
    let nested = host.spawn(Command::new("sleep").arg("1000").pid_namespace()).expect("it starts");
    for process in [&plain, &mounts, &nested] {
        assert_eq!(comm(process.pid()), "sleep");
        let namespace = fs::read_link(format!("/proc/{}/ns/net", process.pid())).expect("it lives");
        assert_eq!(namespace.to_string_lossy(), format!("net:[{}]", host.netns_inode()));
    }
    let status = fs::read_to_string(format!("/proc/{}/status", nested.pid())).expect("it lives");
    let inner = status.lines().find(|line| line.starts_with("NSpid:")).expect("the kernel says it");
    assert!(inner.ends_with("\t1"), "{inner}");
}

#[test]
fn a_killed_process_is_gone_when_the_guard_is() {
    let lab = Lab::new("kill").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    for command in [Command::new("sleep"), Command::new("sleep").pid_namespace()] {
        let process = host.spawn(command.arg("1000")).expect("it starts");
        let pid = process.pid();
        drop(process);
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
}

#[test]
fn a_user_has_no_capabilities_and_no_groups() {
    let lab = Lab::new("user").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let report = "id -u; id -G; grep CapEff /proc/self/status";
    let output =
        host.run(Command::shell(report).user("nobody")).expect("it runs").success().expect("it works");
    assert_eq!(output.stdout, "65534\n65534\nCapEff:\t0000000000000000\n");
    assert!(matches!(host.run(Command::shell("true").user("no-such-user")), Err(Error::NoUser(_))));
}

#[test]
fn an_unprivileged_user_can_run_a_program_from_a_closed_directory() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new("closed").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let closed = lab.scratch().join("closed");
    fs::create_dir(&closed).expect("a directory");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("its mode");
    let program = closed.join("portreeve-actor");
    host.run(Command::new("cp").arg(actor_path().expect("the actor is built")).arg(&program))
        .expect("it runs")
        .success()
        .expect("it copies");
    let listener = host
        .spawn(Command::new(&program).args(["tcp-listen", "127.0.0.1:7000"]).user("nobody"))
        .expect("it starts");
    listener.ready(PATIENCE).expect("it is set up");
    assert_eq!(comm(listener.pid()), "portreeve-actor");
}

#[test]
fn a_setup_changes_only_what_its_process_sees() {
    let lab = Lab::new("setup").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let hidden = host.spawn(["sleep", "1000"]).expect("it starts");
    let look = Command::shell(&format!("cat /proc/{}/comm", hidden.pid()));
    let hide = format!("mount -t tmpfs tmpfs /proc/{}", hidden.pid());
    assert!(!host.run(look.clone().setup(&hide)).expect("it runs").status.success());
    assert_eq!(host.run(look.clone()).expect("it runs").stdout, "sleep\n");
    let hidepid = "mount -t proc -o hidepid=invisible proc /proc";
    assert!(!host.run(look.setup(hidepid).user("nobody")).expect("it runs").status.success());
    let failing = host.run(Command::new("true").setup("false")).expect("it runs");
    assert!(!failing.status.success(), "a setup that fails ends it");
}

#[test]
fn input_directory_environment_and_output() {
    let lab = Lab::new("surroundings").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let script = "cat; pwd; echo $COLOUR >&2; exit 7";
    let command = Command::shell(script).input("in\n").cwd("/usr").env("COLOUR", "red");
    let output = host.run(command).expect("it runs");
    assert_eq!(
        (output.code(), output.stdout.as_str(), output.stderr.as_str()),
        (Some(7), "in\n/usr\n", "red\n")
    );
    assert!(matches!(output.success(), Err(Error::Failed { .. })));
    assert!(matches!(host.run(["no-such-program-here"]), Err(Error::NoProgram { .. })));
}

#[test]
fn waiting_ends_at_the_limit_and_at_the_end_of_the_process() {
    let lab = Lab::new("limits").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let begun = Instant::now();
    let endless = host.run(Command::shell("echo begun; sleep 1000").timeout(Duration::from_millis(300)));
    let error = endless.expect_err("it does not end");
    assert!(error.to_string().contains("begun"), "{error}");
    assert!(begun.elapsed() < PATIENCE);
    let ended = host.spawn(Command::shell("echo last words")).expect("it starts");
    assert!(ended.wait_line("last", PATIENCE).is_ok());
    assert!(matches!(ended.wait_line("more", PATIENCE), Err(Error::Ended { .. })));
    assert!(begun.elapsed() < PATIENCE, "it does not wait for what cannot come");
    let closed = host.wait_listening(Transport::Udp, 7000, Duration::from_millis(50));
    assert!(matches!(closed, Err(Error::Timeout { .. })));
}

#[test]
fn many_processes_at_once() {
    let lab = Lab::new("many").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let commands = (0..200u16).map(|number| {
        Command::actor(&format!("many-listeners --count 5 --port-base {}", 10_000 + 5 * number))
            .expect("the actor is built")
    });
    let processes = host.spawn_many(commands).expect("they start");
    for process in &processes {
        process.ready(PATIENCE).expect("it is set up");
    }
    let listed = host.run(["ss", "-Htln"]).expect("it runs").stdout;
    assert_eq!(listed.lines().count(), 1000);
    drop(processes);
    let listed = host.run(["ss", "-Htln"]).expect("it runs").stdout;
    assert_eq!(listed, "");
}

#[test]
fn a_process_outlives_the_thread_that_started_it() {
    let lab = Lab::new("thread").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let process = std::thread::scope(|scope| {
        let host = &host;
        scope.spawn(move || host.spawn(["cat"]).expect("it starts")).join().expect("no panic")
    });
    process.write("alive\n").expect("it reads");
    process.wait_line("alive", PATIENCE).expect("it lives");
}

/// Not a test of its own: what the next test runs without root.
#[test]
#[ignore = "started by without_root_a_lab_fails"]
fn lab_without_root() {
    if let Err(error) = Lab::new("unprivileged") {
        println!("{error}");
    }
}

#[test]
fn without_root_a_lab_fails() {
    let lab = Lab::new("root").expect("a lab");
    let host = lab.host("a").start().expect("a host");
    let test = Command::new(env::current_exe().expect("it runs"));
    let test = test.args(["--exact", "lab_without_root", "--ignored", "--nocapture"]).user("nobody");
    let output = host.run(test).expect("it runs").success().expect("the error is printed");
    assert!(output.stdout.contains("a lab needs root"), "{}", output.stdout);
}
