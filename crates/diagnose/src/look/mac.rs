//! Gathering for `facts::mac`.

use std::fs;

use portreeve_wire::audit::denial;

use super::kernel_log::{KernelLog, Said};
use super::tree::Tree;
use crate::facts::{MacFacts, Refusal, SeLinux, ServiceFacts};

/// The last refusals are told.
const MOST: usize = 200;

/// Reads what mandatory access control says of the port and its holders.
pub(crate) fn look(service: &ServiceFacts, kernel: &KernelLog) -> MacFacts {
    read(&Tree::default(), service, kernel)
}

fn read(tree: &Tree, service: &ServiceFacts, kernel: &KernelLog) -> MacFacts {
    let selinux = tree
        .read("/sys/fs/selinux/enforce")
        .map(|text| if text.trim() == "1" { SeLinux::Enforcing } else { SeLinux::Permissive });
    let apparmor = tree
        .read("/sys/module/apparmor/parameters/enabled")
        .is_some_and(|text| text.trim() == "Y" && has_profiles(tree));
    if selinux.is_none() && !apparmor {
        return MacFacts::default();
    }
    let mut denials: Vec<Refusal> = kernel.lines.iter().filter_map(refusal).collect();
    denials.sort_by_key(|refusal| refusal.at);
    let surplus = denials.len().saturating_sub(MOST);
    denials.drain(..surplus);
    MacFacts {
        selinux,
        apparmor,
        labels: service
            .holders
            .iter()
            .filter_map(|holder| Some((holder.pid(), label(holder.pid())?)))
            .collect(),
        denials,
        unread: kernel.unread.clone(),
    }
}

/// Where the list may not be read, the module that is on is taken to have some.
fn has_profiles(tree: &Tree) -> bool {
    match fs::read_to_string(tree.at("/sys/kernel/security/apparmor/profiles")) {
        Ok(text) => !text.trim().is_empty(),
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

fn label(pid: u32) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/attr/current")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let text = text.trim_end_matches(['\0', '\n']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn refusal(said: &Said) -> Option<Refusal> {
    let text = &said.line.text;
    let denial = denial(text)?;
    Some(Refusal {
        module: denial.module,
        at: said.line.at,
        operation: denial.operation.to_owned(),
        pid: denial.pid,
        command: denial.command.into_owned(),
        subject: denial.subject.into_owned(),
        object: denial.object.into_owned(),
        class: denial.class.into_owned(),
        port: denial.port,
        enforced: denial.enforced,
        line: text.clone(),
        command_line: said.command.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::service::lines_of;

    const AUDIT: &str = r#"type=AVC msg=audit(1795327378.123:456): avc:  denied  { name_bind } for  pid=1234 comm="nginx" src=8443 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:unreserved_port_t:s0 tclass=tcp_socket permissive=0
type=SYSCALL msg=audit(1795327378.123:456): arch=c000003e syscall=49 success=no exit=-13 comm="nginx" exe="/usr/sbin/nginx"
"#;

    #[test]
    fn refusals_count_only_where_something_is_in_force() {
        let root = tempfile::tempdir().unwrap();
        let tree = Tree::below(root.path());
        let lines = lines_of(AUDIT.as_bytes());
        let kernel = KernelLog {
            lines: lines.into_iter().map(|line| Said { line, command: "ausearch" }).collect(),
            unread: Vec::new(),
        };
        let service = ServiceFacts::default();
        assert!(!read(&tree, &service, &kernel).is_on());
        fs::create_dir_all(root.path().join("sys/fs/selinux")).unwrap();
        fs::write(root.path().join("sys/fs/selinux/enforce"), "1").unwrap();
        let facts = read(&tree, &service, &kernel);
        assert_eq!(
            (facts.selinux, facts.apparmor, facts.denials.len()),
            (Some(SeLinux::Enforcing), false, 1)
        );
        assert_eq!(
            (facts.denials[0].port, facts.denials[0].at.unwrap().as_second()),
            (Some(8443), 1_795_327_378)
        );
    }

    #[test]
    fn apparmor_without_profiles_is_not_in_force() {
        let root = tempfile::tempdir().unwrap();
        let tree = Tree::below(root.path());
        for (folder, file, text) in [
            ("sys/module/apparmor/parameters", "enabled", "Y\n"),
            ("sys/kernel/security/apparmor", "profiles", ""),
        ] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(file), text).unwrap();
        }
        let service = ServiceFacts::default();
        assert!(!read(&tree, &service, &KernelLog::default()).is_on());
        fs::write(root.path().join("sys/kernel/security/apparmor/profiles"), "/usr/sbin/nginx (enforce)\n")
            .unwrap();
        assert!(read(&tree, &service, &KernelLog::default()).apparmor);
    }
}
