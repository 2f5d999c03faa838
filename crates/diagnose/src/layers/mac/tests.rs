//! Each code on facts made by hand.

use jiff::Timestamp;
use portreeve_model::Protocol;
use portreeve_model::why::{Layer, LayerName, LayerState};
use portreeve_wire::audit::Module;

use crate::case::Case;
use crate::facts::service::{Candidate, Ground, Software};
use crate::facts::{Refusal, SeLinux};

fn case() -> Case {
    let mut case = Case::sample("192.0.2.10:8443".parse().unwrap(), Protocol::Tcp);
    case.mac.selinux = Some(SeLinux::Enforcing);
    let usual = Ground::Usual("/etc/nginx/nginx.conf".into());
    case.service.candidates = vec![Candidate::new("nginx", Software::of_program("nginx"), usual)];
    case
}

fn bind() -> Refusal {
    Refusal {
        module: Module::SeLinux,
        at: Some(Timestamp::UNIX_EPOCH),
        operation: "name_bind".into(),
        pid: Some(1234),
        command: "nginx".into(),
        subject: "system_u:system_r:httpd_t:s0".into(),
        object: "system_u:object_r:unreserved_port_t:s0".into(),
        class: "tcp_socket".into(),
        port: Some(8443),
        enforced: true,
        line: "avc:  denied  { name_bind } for  pid=1234 comm=\"nginx\" src=8443".into(),
        command_line: "ausearch --message AVC".into(),
    }
}

fn judged(case: &Case) -> Layer {
    crate::layers::judge(case).into_iter().find(|layer| layer.layer == LayerName::Mac).unwrap()
}

#[test]
fn without_either_module_there_is_no_such_layer() {
    let mut case = case();
    case.mac.selinux = None;
    case.mac.denials = vec![bind()];
    assert_eq!(judged(&case).state, LayerState::NotApplicable);
}

#[test]
fn a_port_that_the_domain_may_not_bind() {
    let mut case = case();
    assert_eq!(judged(&case).state, LayerState::Ok);
    case.mac.denials = vec![bind()];
    let layer = judged(&case);
    assert_eq!(layer.faults[0].code, "selinux-port-type");
    assert_eq!(
        layer.statement,
        "SELinux does not let nginx (pid 1234) bind port 8443: the port is of type unreserved_port_t, which the domain httpd_t may not bind"
    );
    assert_eq!(layer.faults[0].fix[0], "semanage port --add --type http_port_t --proto tcp 8443");
    // Then nothing listens because of it.
    let listener =
        crate::layers::judge(&case).into_iter().find(|layer| layer.layer == LayerName::Listener).unwrap();
    assert!(listener.faults.iter().all(|fault| fault.nature == portreeve_model::why::Nature::Symptom));
}

#[test]
fn what_is_only_written_down_or_of_another_port_does_not_count() {
    let mut case = case();
    case.mac.denials = vec![Refusal { enforced: false, ..bind() }];
    assert!(judged(&case).faults.is_empty());
    case.mac.denials = vec![Refusal { port: Some(9443), command: "other".into(), ..bind() }];
    assert!(judged(&case).faults.is_empty());
    case.mac.denials = vec![bind()];
    case.mac.selinux = Some(SeLinux::Permissive);
    assert!(judged(&case).faults.is_empty());
    case.mac.selinux = Some(SeLinux::Enforcing);
    case.host.taken_at += jiff::SignedDuration::from_hours(24 * 30);
    assert!(judged(&case).faults.is_empty());
}

#[test]
fn files_that_are_refused_at_the_start() {
    let mut case = case();
    case.mac.denials = vec![Refusal { operation: "read".into(), class: "file".into(), port: None, ..bind() }];
    assert_eq!(judged(&case).faults[0].code, "selinux-denied");
    case.mac.selinux = None;
    case.mac.apparmor = true;
    case.mac.denials = vec![Refusal {
        module: Module::AppArmor,
        operation: "open".into(),
        object: "/srv/tls/site.key".into(),
        subject: "/usr/sbin/nginx".into(),
        port: None,
        ..bind()
    }];
    let layer = judged(&case);
    assert_eq!(layer.faults[0].code, "apparmor-denied");
    assert_eq!(
        layer.statement,
        "AppArmor does not let nginx (pid 1234) open /srv/tls/site.key (as profile /usr/sbin/nginx)"
    );
}

#[test]
fn logs_that_cannot_be_read_are_said() {
    let mut case = case();
    case.mac.unread = vec!["the kernel's log: /dev/kmsg: Permission denied".into()];
    let layer = judged(&case);
    assert_eq!((layer.state, layer.unknown[0].matters), (LayerState::Unknown, false));
}
