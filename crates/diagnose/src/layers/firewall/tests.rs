//! Each code, on rules written by hand.

use portreeve_model::Severity;
use portreeve_model::why::{Impact, LayerName, LayerState, Nature};

use super::CODES;
use crate::facts::path::OnwardState;
use crate::facts::{Outcome, Rejection};
use crate::layers::scene::{Host, silence};

const FIREWALL: LayerName = LayerName::Firewall;

fn filter(input: &str, rules: &str) -> String {
    format!("*filter\n:INPUT {input} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n")
}

fn nat(rules: &str) -> String {
    format!(
        "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n{rules}COMMIT\n"
    )
}

#[test]
fn no_rules_are_fine() {
    let layer = Host::new().judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Ok, "{layer:#?}");
}

#[test]
fn a_policy_that_drops() {
    let (code, text) = Host::new().iptables(&filter("DROP", "-A INPUT -i lo -j ACCEPT\n")).only(FIREWALL);
    assert_eq!(code, "input-dropped");
    assert!(text.contains("the policy of legacy chain ip filter INPUT"), "{text}");
    assert!(text.contains("iptables-legacy -I INPUT -p tcp --dport 443 -j ACCEPT"), "{text}");
}

#[test]
fn ufw_is_spoken_to_in_its_language() {
    let rules =
        ":ufw-before-input - [0:0]\n-A INPUT -j ufw-before-input\n-A ufw-before-input -i lo -j ACCEPT\n";
    let (_, text) = Host::new().iptables(&filter("DROP", rules)).only(FIREWALL);
    assert!(text.contains("ufw allow 443/tcp"), "{text}");
}

#[test]
fn a_rule_that_refuses_is_taken_out() {
    let rules = "-A INPUT -i eth0 -p tcp -m tcp --dport 443 -j REJECT --reject-with tcp-reset\n";
    let (code, text) = Host::new().iptables(&filter("ACCEPT", rules)).only(FIREWALL);
    assert_eq!(code, "input-rejected");
    assert!(text.contains("iptables-legacy -D INPUT 1"), "{text}");
}

#[test]
fn one_ip_version_only() {
    let host = Host::new().ip6tables(&filter("DROP", "-A INPUT -i lo -j ACCEPT\n"));
    let layer = host.at(&["192.0.2.10:443", "[2001:db8::10]:443"]).judged(FIREWALL);
    let fault = &layer.faults[0];
    assert_eq!((&*fault.code, fault.impact), ("family-blocked", Impact::Some));
    assert!(fault.statement.starts_with("IPv6 is closed and IPv4 is open"), "{}", fault.statement);
}

#[test]
fn both_ip_versions_closed_by_different_rules_keep_everybody_out() {
    let closed = filter("DROP", "-A INPUT -i lo -j ACCEPT\n");
    let host = Host::new().iptables(&closed).ip6tables(&closed);
    let layer = host.at(&["192.0.2.10:443", "[2001:db8::10]:443"]).judged(FIREWALL);
    assert_eq!(layer.faults.len(), 2);
    assert!(layer.faults.iter().all(|fault| fault.code == "input-dropped" && fault.impact == Impact::All));
}

#[test]
fn sources_are_told_apart() {
    let rules = "-A INPUT -i lo -j ACCEPT\n-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 443 -j ACCEPT\n";
    let layer = Host::new().iptables(&filter("DROP", rules)).judged(FIREWALL);
    let fault = &layer.faults[0];
    assert_eq!((&*fault.code, fault.impact), ("sources-restricted", Impact::Some));
    assert!(fault.statement.contains("a neighbour on eth0 gets in"), "{}", fault.statement);
    let layer = Host::new().iptables(&filter("DROP", rules)).from("198.51.100.7").judged(FIREWALL);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].impact), ("sources-restricted", Impact::All));
    let layer = Host::new().iptables(&filter("DROP", rules)).from("192.0.2.77").judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Ok);
}

#[test]
fn a_private_address_that_the_internet_does_not_get_to_is_no_great_matter() {
    let rules = "-A INPUT -i lo -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j ACCEPT\n";
    let host = Host::with(&[("eth0", "10.0.0.10", 24)], &[("0.0.0.0", 0, "10.0.0.1", "eth0")]);
    let layer = host.iptables(&filter("DROP", rules)).at(&["10.0.0.10:443"]).judged(FIREWALL);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].severity), ("sources-restricted", Severity::Low));
}

#[test]
fn a_ban_of_fail2ban() {
    let rules = ":f2b-nginx - [0:0]\n-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx\n\
                 -A f2b-nginx -s 203.0.113.9/32 -j REJECT --reject-with icmp-port-unreachable\n-A f2b-nginx -j RETURN\n";
    let (code, text) = Host::new().iptables(&filter("ACCEPT", rules)).from("203.0.113.9").only(FIREWALL);
    assert_eq!(code, "banned");
    assert!(text.contains("fail2ban-client set nginx unbanip 203.0.113.9"), "{text}");
    let layer = Host::new().iptables(&filter("ACCEPT", rules)).judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Ok, "somebody else's ban is no fault");
}

#[test]
fn answers_that_do_not_leave() {
    let rules = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\nCOMMIT\n";
    let (code, text) = Host::new().iptables(rules).only(FIREWALL);
    assert_eq!(code, "reply-dropped");
    assert!(text.contains("ESTABLISHED,RELATED"), "{text}");
}

#[test]
fn forwarded_connections() {
    let to = nat("-A PREROUTING -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.2:8443\n");
    for (rule, wanted) in [("DROP", "forward-dropped"), ("REJECT", "forward-rejected")] {
        let forward = format!(
            "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 8443 -j {rule}\nCOMMIT\n"
        );
        let host = Host::with(
            &[("eth0", "192.0.2.10", 24), ("docker0", "172.17.0.1", 16)],
            &[("0.0.0.0", 0, "192.0.2.1", "eth0")],
        );
        let host = host.iptables(&to).iptables(&forward).onward("172.17.0.2:8443", OnwardState::Answers);
        let (code, text) = host.only(FIREWALL);
        assert_eq!(code, wanted);
        assert!(text.contains("172.17.0.2:8443"), "{text}");
    }
}

#[test]
fn translated_to_nothing() {
    let to = nat("-A PREROUTING -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.2:8443\n");
    let host = || {
        let addresses = [("eth0", "192.0.2.10", 24), ("docker0", "172.17.0.1", 16)];
        Host::with(&addresses, &[("0.0.0.0", 0, "192.0.2.1", "eth0")]).iptables(&to)
    };
    let (code, text) = host().onward("172.17.0.2:8443", OnwardState::Refuses).only(FIREWALL);
    assert_eq!(code, "nat-dead-target");
    assert!(text.contains("iptables-legacy -t nat -D PREROUTING 1"), "{text}");
    let layer = host().onward("172.17.0.2:8443", OnwardState::Silent(1500)).judged(FIREWALL);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].nature), ("nat-dead-target", Nature::Symptom));
    let layer = host().onward("172.17.0.2:8443", OnwardState::Answers).judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Ok);
}

#[test]
fn a_limit_is_a_note_until_it_bites() {
    let rules = "-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 1/hour -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 443 -j DROP\n";
    let layer = Host::new().iptables(&filter("ACCEPT", rules)).judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Ok, "{layer:#?}");
    assert_eq!(layer.notes[0].code, "rate-limited");
    let counted = [("ip filter INPUT 2".to_owned(), 7)];
    let host = Host::new().iptables(&filter("ACCEPT", rules)).and(|case| case.path.counted = counted.into());
    let (code, text) = host.only(FIREWALL);
    assert_eq!(code, "rate-limited");
    assert!(text.contains("grew by 7"), "{text}");
}

#[test]
fn a_limit_that_the_trial_met() {
    let rules = "-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 1/hour -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 443 -j DROP\n";
    let host = Host::new().iptables(&filter("ACCEPT", rules)).tried("192.0.2.10:443", silence());
    let layer = host.judged(FIREWALL);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].impact), ("rate-limited", Impact::All), "{layer:#?}");
}

#[test]
fn chance_is_a_fault() {
    let rules = "-A INPUT -i eth0 -m statistic --mode random --probability 0.2 -j DROP\n";
    let (code, _) = Host::new().iptables(&filter("ACCEPT", rules)).only(FIREWALL);
    assert_eq!(code, "random-drop");
}

#[test]
fn routers_that_are_not_heard() {
    let rules = "-A INPUT -p icmp -j DROP\n";
    let layer = Host::new().iptables(&filter("ACCEPT", rules)).judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Ok);
    assert_eq!(layer.notes[0].code, "icmp-blocked");
}

#[test]
fn own_rules_towards_another_host() {
    let out = |target: &str| {
        format!(
            "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j {target}\nCOMMIT\n"
        )
    };
    for (target, wanted) in [("DROP", "output-dropped"), ("REJECT", "output-rejected")] {
        let (code, _) = Host::new().iptables(&out(target)).at(&["203.0.113.5:443"]).only(FIREWALL);
        assert_eq!(code, wanted);
    }
    let (code, _) = Host::new().iptables(&filter("DROP", "")).at(&["203.0.113.5:443"]).only(FIREWALL);
    assert_eq!(code, "reply-dropped");
}

#[test]
fn what_another_host_does() {
    let far = "203.0.113.5:443";
    let layer = Host::new().at(&[far]).tried(far, silence()).judged(FIREWALL);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].nature), ("filtered-remotely", Nature::Symptom));
    let error = portreeve_wire::extended_error::ExtendedError {
        errno: 113,
        origin: portreeve_wire::extended_error::Origin::Icmp,
        kind: 3,
        code: 13,
        info: 0,
        offender: "203.0.113.1".parse().ok(),
    };
    let rejection = Rejection { error, by_this_host: false };
    let (code, text) = Host::new().at(&[far]).tried(far, Outcome::Rejected(rejection)).only(FIREWALL);
    assert_eq!(code, "rejected-remotely");
    assert!(text.contains("the router 203.0.113.1"), "{text}");
}

#[test]
fn rules_that_were_not_read_leave_it_open() {
    let host = Host::new().and(|case| {
        case.path.unseen.push(portreeve_model::Unseen {
            subject: portreeve_model::UnseenSubject::FirewallRules,
            reason: portreeve_model::UnseenReason::Permission,
            count: 1,
            detail: "the rules of nf_tables could not be read".to_owned(),
            remedy: Some("run it as root".to_owned()),
        });
    });
    let layer = host.judged(FIREWALL);
    assert_eq!(layer.state, LayerState::Unknown);
    assert!(layer.unknown[0].matters);
}

#[test]
fn codes_are_told_once() {
    let mut slugs: Vec<&str> = CODES.iter().map(|code| code.slug).collect();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), CODES.len());
}
