//! `process/mimics-daemon`.

use portreeve_model::{Finding, Process, Severity};

use crate::findings::trusted_path::{file_name, is_hidden, is_system, is_temporary};
use crate::findings::{Scene, wording};

/// Daemons that are found on most servers, and the other executables that honestly carry their name. A file
/// name that contains the daemon's as a word of its own (`nginx.old`, `httpd-prefork`, `inetutils-syslogd`) is
/// always taken for one of them.
const DAEMONS: &[(&str, &[&str])] = &[
    ("sshd", &[]),
    ("systemd", &["init"]),
    // On current systems these are one program each with another, and started through a link.
    ("systemd-udevd", &["udevadm"]),
    ("systemd-journald", &[]),
    ("systemd-logind", &["elogind"]),
    ("systemd-networkd", &[]),
    ("systemd-resolved", &[]),
    ("systemd-timesyncd", &[]),
    ("systemd-machined", &[]),
    ("dbus-daemon", &["dbus-broker", "dbus-broker-launch"]),
    ("polkitd", &[]),
    ("NetworkManager", &[]),
    ("cron", &["crond", "cronie"]),
    ("crond", &["cron", "dcron", "fcron", "systemd-cron"]),
    ("atd", &[]),
    ("rsyslogd", &[]),
    ("syslogd", &["rsyslogd", "syslog-ng", "busklogd"]),
    ("auditd", &[]),
    ("agetty", &["getty"]),
    ("irqbalance", &[]),
    ("chronyd", &[]),
    ("ntpd", &["ntpsec", "openntpd"]),
    ("nginx", &["openresty", "angie", "tengine", "freenginx"]),
    ("apache2", &["httpd"]),
    ("httpd", &["apache2"]),
    ("named", &[]),
    // k3s and rke2 are one program under many names.
    ("containerd", &["k3s", "rke2"]),
    ("dockerd", &["k3s"]),
    ("kubelet", &["k3s", "rke2", "hyperkube", "kubelite"]),
];

/// Programs that run others under the others' names: multi-call programs, loaders, emulators, TCP wrappers.
const CARRIERS: &[&str] = &[
    "busybox",
    "toybox",
    "coreutils",
    "ld-linux",
    "ld-musl",
    "ld.so",
    "ld-2.",
    "qemu-",
    "box64",
    "rosetta",
    "valgrind",
    "memcheck",
    "proot",
    "prooted",
    "tcpd",
    "runsc",
    "systemd-executor",
    "runc",
    "crun",
];

/// Programs that run scripts; a script has its own name while the executable is the interpreter's.
const INTERPRETERS: &[&str] = &[
    "perl", "python", "pypy", "ruby", "node", "nodejs", "php", "lua", "bash", "dash", "sh", "zsh", "ksh",
    "java", "tclsh", "guile", "beam.smp", "mono", "dotnet", "deno", "bun",
];

/// A program that is called like a system daemon, by `comm` or by argument zero, while its executable is another.
pub(in crate::findings) fn daemon(scene: &Scene<'_>) -> Vec<Finding> {
    scene.snapshot.processes.iter().filter_map(|process| finding(scene, process)).collect()
}

fn finding(scene: &Scene<'_>, process: &Process) -> Option<Finding> {
    // What runs from memory only is told as such.
    let executable = process.executable.as_ref().filter(|executable| !executable.memfd)?;
    let path = executable.path.as_str();
    let file = file_name(path);
    if process.kernel_thread || file.is_empty() || CARRIERS.iter().any(|carrier| file.starts_with(carrier)) {
        return None;
    }
    let claim = claimed(process, file)?;
    let interpreter = is_interpreter(file);
    if interpreter && runs_script(process, claim) {
        return None;
    }
    let severity = if is_temporary(path) || is_hidden(path) || executable.world_writable_directory.is_some() {
        Severity::High
    } else if interpreter {
        // A script that overwrites its own name on purpose: the executable's place says nothing about it.
        Severity::Medium
    } else if is_system(path) {
        Severity::Low
    } else {
        Severity::High
    };
    let pid = process.id.pid;
    let mut evidence = wording::process_evidence(scene, process);
    evidence.push(if interpreter {
        format!("{claim} is not a script of {file}, and no script of that name is on the command line")
    } else {
        format!("{claim} does not run from a file named {file}")
    });
    if severity == Severity::Low {
        evidence.push("the file lies in a directory for installed software, so a renamed program is likelier than an intruder".to_owned());
    }
    Some(Finding {
        id: "process/mimics-daemon".to_owned(),
        severity,
        title: format!("Process {pid} calls itself {claim} and runs {path}"),
        reason:
            "A process list shows the name a program gives itself. Backdoors take the name of a daemon that \
                 nobody looks at twice."
                .to_owned(),
        evidence,
        fix: vec![
            format!("See what the file is: sha256sum /proc/{pid}/exe, and dpkg -S {path} or rpm -qf {path}"),
            "If nobody knows it: keep a copy, find out what starts it, then stop that first.".to_owned(),
        ],
        reproduce: Some(format!(
            "ls -l /proc/{pid}/exe; cat /proc/{pid}/comm; tr '\\0' ' ' < /proc/{pid}/cmdline"
        )),
        subjects: vec![wording::process_subject(process)],
    })
}

/// The daemon that a process claims to be and whose executable it does not run.
fn claimed(process: &Process, file: &str) -> Option<&'static str> {
    let zeroth = process.command_line.first().map_or("", |argument| title_name(argument));
    let (name, _) = DAEMONS.iter().find(|(daemon, aliases)| {
        let claims = *process.name == **daemon || is_cut(&process.name, daemon) || zeroth == *daemon;
        claims && !aliases.contains(&file) && !has_word(file, daemon) && !is_cut(&process.name, file)
    })?;
    Some(name)
}

/// The name in argument zero: `nginx` of `nginx: worker process`, `sshd` of `/usr/sbin/sshd -D`.
fn title_name(argument: &str) -> &str {
    let word = argument.split([' ', ':']).next().unwrap_or_default();
    file_name(word)
}

/// Whether `comm` is a longer name cut to the 15 bytes it can hold.
fn is_cut(comm: &str, name: &str) -> bool {
    comm.len() == 15 && name.len() > 15 && name.starts_with(comm)
}

/// Whether a name occurs with nothing but the ends or punctuation around it, a version number behind it.
fn has_word(file: &str, word: &str) -> bool {
    file.match_indices(word).any(|(at, _)| {
        let before = file.get(..at).and_then(|text| text.chars().next_back());
        let after = file.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphabetic)
    })
}

/// `python3.11`, `perl`, `php-fpm8.2`: the name with a version or a part behind it.
fn is_interpreter(file: &str) -> bool {
    INTERPRETERS.iter().any(|name| {
        file.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphabetic()))
    })
}

/// Whether the command line is that of an interpreter with a script of this name.
fn runs_script(process: &Process, name: &str) -> bool {
    process.command_line.iter().skip(1).any(|argument| {
        let script = file_name(argument);
        script.split('.').next() == Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::{has_word, is_interpreter, title_name};

    #[test]
    fn words_in_file_names() {
        for (file, word) in [
            ("nginx.old", "nginx"),
            ("httpd-prefork", "httpd"),
            ("inetutils-syslogd", "syslogd"),
            ("sshd-session", "sshd"),
            ("nginx-debug", "nginx"),
            ("sshd", "sshd"),
            ("cron2", "cron"),
        ] {
            assert!(has_word(file, word), "{file} {word}");
        }
        for (file, word) in [("thttpd", "httpd"), ("xmrig", "sshd"), ("cronolog", "cron"), ("", "sshd")] {
            assert!(!has_word(file, word), "{file} {word}");
        }
    }

    #[test]
    fn interpreters_with_and_without_versions() {
        for file in ["perl", "python3.11", "php-fpm8.2", "node", "perl5.36.0"] {
            assert!(is_interpreter(file), "{file}");
        }
        for file in ["nodemon-miner", "shadow", "luarocks", "xperl"] {
            assert!(!is_interpreter(file), "{file}");
        }
    }

    #[test]
    fn names_in_titles() {
        assert_eq!(title_name("nginx: master process /usr/sbin/nginx"), "nginx");
        assert_eq!(title_name("/usr/sbin/sshd -D [listener]"), "sshd");
        assert_eq!(title_name("sshd: root@pts/0"), "sshd");
    }
}
