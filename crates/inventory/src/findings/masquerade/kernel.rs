//! `process/mimics-kernel-thread`.

use portreeve_model::{Finding, Process, Severity};

use crate::findings::{Scene, wording};

/// Names of kernel threads that no known user program has.
const WHOLE: &[&str] = &[
    "kthreadd",
    "ksmd",
    "khugepaged",
    "kdevtmpfs",
    "kauditd",
    "khungtaskd",
    "oom_reaper",
    "kblockd",
    "kintegrityd",
    "kthrotld",
    "kcompactd0",
    "kswapd0",
    "watchdogd",
    "rcu_gp",
    "rcu_par_gp",
    "rcu_sched",
    "rcu_preempt",
    "rcu_bh",
    "rcu_tasks_kthread",
    "rcu_tasks_rude_kthread",
    "rcu_tasks_trace_kthread",
    "pool_workqueue_release",
    "ata_sff",
    "kpsmoused",
    "ipv6_addrconf",
    "mm_percpu_wq",
    "slub_flushwq",
    "inet_frag_wq",
    "edac-poller",
    "devfreq_wq",
    "scsi_eh",
    "kstrp",
    "ecryptfs-kthread",
    "dmcrypt_write",
];

/// The part before `/` of names that kernel threads carry a number behind.
const NUMBERED: &[&str] = &[
    "kworker",
    "ksoftirqd",
    "migration",
    "cpuhp",
    "idle_inject",
    "rcuc",
    "rcuop",
    "rcuos",
    "rcuog",
    "irq",
    "jbd2",
    "xfsaild",
    "kswapd",
    "kcompactd",
    "watchdog",
];

/// A user program that is called like a kernel thread, by `comm` or as `[name]` on its command line.
pub(in crate::findings) fn kernel_thread(scene: &Scene<'_>) -> Vec<Finding> {
    scene.snapshot.processes.iter().filter_map(|process| finding(scene, process)).collect()
}

fn finding(scene: &Scene<'_>, process: &Process) -> Option<Finding> {
    // A kernel thread has neither an executable nor a command line; nor has a zombie, which pretends nothing.
    if process.kernel_thread || (process.executable.is_none() && process.command_line.is_empty()) {
        return None;
    }
    let bracketed = process.command_line.first().and_then(|zeroth| bracketed(zeroth));
    let (severity, name) = match bracketed {
        Some(name) if is_kernel_name(name) => (Severity::Critical, format!("[{name}]")),
        _ if is_kernel_name(&process.name) => (Severity::Critical, process.name.to_string()),
        // Brackets are how ps shows what has no command line; a program has no cause to write them itself.
        Some(name) => (Severity::High, format!("[{name}]")),
        None => return None,
    };
    let pid = process.id.pid;
    let mut evidence = wording::process_evidence(scene, process);
    evidence.push("a kernel thread has no executable and no command line; this process has".to_owned());
    Some(Finding {
        id: "process/mimics-kernel-thread".to_owned(),
        severity,
        title: format!("Process {pid} calls itself {name} as a kernel thread would, and is none"),
        reason: "The name hides a program among the kernel threads of a process list. Miners and backdoors do \
                 this; honest programs do not."
            .to_owned(),
        evidence,
        fix: vec![
            format!("Keep the program as evidence first: cp /proc/{pid}/exe /root/evidence"),
            "Find out what starts it (parents above, cron, systemd timers, shell profiles) before it is stopped, \
             or it will come back; treat the machine as broken into."
                .to_owned(),
        ],
        reproduce: Some(format!("ls -l /proc/{pid}/exe; cat /proc/{pid}/comm; tr '\\0' ' ' < /proc/{pid}/cmdline")),
        subjects: vec![wording::process_subject(process)],
    })
}

/// The name in an argument of the form `[name]`. Titles such as `[lxc monitor] /var/lib/lxc one` or
/// `[celeryd: host] -active-` have spaces and are no such form.
fn bracketed(argument: &str) -> Option<&str> {
    let name = argument.trim_end().strip_prefix('[')?.strip_suffix(']')?;
    (!name.is_empty() && !name.contains(char::is_whitespace)).then_some(name)
}

fn is_kernel_name(name: &str) -> bool {
    let numbered = |(kind, rest): (&str, &str)| NUMBERED.contains(&kind) && !rest.is_empty();
    WHOLE.contains(&name) || name.split_once('/').is_some_and(numbered)
}

#[cfg(test)]
mod tests {
    use super::{bracketed, is_kernel_name};

    #[test]
    fn knows_kernel_names_from_user_programs() {
        for name in
            ["kworker/u8:1-events", "ksoftirqd/0", "kthreadd", "migration/1", "rcu_preempt", "jbd2/sda1-8"]
        {
            assert!(is_kernel_name(name), "{name}");
        }
        for name in
            ["watchdog", "migration", "kworker", "kwin_x11", "irqbalance", "ksmtuned", "loop0", "irq/"]
        {
            assert!(!is_kernel_name(name), "{name}");
        }
    }

    #[test]
    fn brackets_must_hold_the_whole_argument() {
        assert_eq!(bracketed("[kworker/0:0]"), Some("kworker/0:0"));
        assert_eq!(bracketed("[kswapd0]   "), Some("kswapd0"));
        for honest in
            ["[lxc monitor] /var/lib/lxc one", "[celeryd: a@b:MainProcess] -active-", "[]", "[x", "nginx"]
        {
            assert_eq!(bracketed(honest), None, "{honest}");
        }
    }
}
