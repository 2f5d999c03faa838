//! Rules without a name of their product in them, recognised by being word for word what the product writes.
//!
//! Only for the chains that every host has (`FORWARD`, `POSTROUTING`, ...) in which Docker and firewalld place some rules that are no
//! jump. A rule that differs in anything is the administrator's.

use super::Owner;

/// The owner of a rule of a chain that every host has, by its words. `text` is the rule in its own language, `beside` says which
/// chains its table has.
pub(super) fn owner_of(chain: &str, text: &str, beside: impl Fn(&str) -> bool) -> Option<Owner> {
    let written = saved(text).or_else(|| translated(text))?;
    let rule: Vec<&str> = written.split_whitespace().collect();
    // Docker 28 shields the addresses of containers from other machines of the network, in the table `raw`, where it has no chain.
    if chain == "PREROUTING"
        && matches!(rule[..], ["-d", _, "!", "-i", bridge, "-j", "DROP"] if is_bridge(bridge))
    {
        return Some(Owner::Docker);
    }
    if is_dockers(chain, &rule) && (beside("DOCKER") || beside("DOCKER-USER")) {
        return Some(Owner::Docker);
    }
    let zones = || beside("INPUT_ZONES") || beside("PREROUTING_ZONES");
    (is_firewallds(chain, &written) && zones()).then_some(Owner::Firewalld)
}

/// What stands behind `-A CHAIN` in a line of `iptables-save`.
fn saved(text: &str) -> Option<String> {
    let mut words = text.split_whitespace().skip_while(|word| *word != "-A").skip(1);
    words.next()?;
    Some(words.collect::<Vec<_>>().join(" "))
}

/// The same rule from `nft`'s text, as far as its words say it all: rules of `iptables-nft` are shown so where `nft` understands
/// them.
fn translated(text: &str) -> Option<String> {
    // In the order in which `iptables-save` writes them: addresses, interfaces, matches, target.
    let mut parts: [Vec<String>; 6] = Default::default();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let (place, option) = match word {
            "counter" => {
                // With its packets and bytes.
                while words.next_if(|word| *word == "packets" || *word == "bytes").is_some() {
                    words.next()?;
                }
                continue;
            }
            "ip" | "ip6" => match words.next()? {
                "saddr" => (0, "-s"),
                "daddr" => (1, "-d"),
                _ => return None,
            },
            "iifname" => (2, "-i"),
            "oifname" => (3, "-o"),
            "tcp" | "udp" if words.next_if_eq(&"dport").is_some() => {
                parts[4].push(format!("-p {word} -m {word} --dport {}", words.next()?));
                continue;
            }
            "ct" if words.next_if_eq(&"state").is_some() => {
                let states = match words.next()? {
                    "related,established" | "established,related" => "RELATED,ESTABLISHED".to_owned(),
                    states => states.to_ascii_uppercase(),
                };
                parts[4].push(format!("-m conntrack --ctstate {states}"));
                continue;
            }
            "accept" | "drop" | "return" | "masquerade" => {
                parts[5].push(format!("-j {}", word.to_ascii_uppercase()));
                continue;
            }
            _ => return None,
        };
        let negation = if words.next_if_eq(&"!=").is_some() { "! " } else { "" };
        let value = words.next()?.trim_matches('"');
        parts.get_mut(place)?.push(format!("{negation}{option} {value}"));
    }
    Some(parts.concat().join(" "))
}

/// What `libnetwork`'s bridge driver writes for a bridge, a published port and the userland proxy.
fn is_dockers(chain: &str, rule: &[&str]) -> bool {
    match chain {
        "FORWARD" => match rule {
            ["-o", bridge, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"] => {
                is_bridge(bridge)
            }
            ["-i", from, "!", "-o", to, "-j", "ACCEPT"] | ["-i", from, "-o", to, "-j", "ACCEPT" | "DROP"] => {
                from == to && is_bridge(from)
            }
            _ => false,
        },
        "POSTROUTING" => match rule {
            ["-s", _, "!", "-o", bridge, "-j", "MASQUERADE"] => is_bridge(bridge),
            ["-s", from, "-d", to, "-p", protocol, "-m", module, "--dport", _, "-j", "MASQUERADE"] => {
                from == to && protocol == module
            }
            _ => false,
        },
        "DOCKER-USER" => matches!(rule, ["-j", "RETURN"]),
        _ => false,
    }
}

/// The names Docker gives to its bridges: `docker0`, `docker_gwbridge`, `br-` and twelve hexadecimal digits.
fn is_bridge(name: &str) -> bool {
    let generated =
        |digits: &str| digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    name == "docker0" || name == "docker_gwbridge" || name.strip_prefix("br-").is_some_and(generated)
}

/// What firewalld's iptables back end writes around its jumps.
fn is_firewallds(chain: &str, rule: &str) -> bool {
    match chain {
        "INPUT" | "FORWARD" => matches!(
            rule,
            "-m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT"
                | "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
                | "-m conntrack --ctstate DNAT -j ACCEPT"
                | "-m conntrack --ctstate INVALID -j DROP"
                | "-i lo -j ACCEPT"
                | "-j REJECT --reject-with icmp-host-prohibited"
                | "-j REJECT --reject-with icmp6-adm-prohibited"
        ),
        "OUTPUT" => {
            matches!(rule, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT" | "-o lo -j ACCEPT")
        }
        // Its reverse path test for IPv6, and what must not fall to it.
        "PREROUTING" => matches!(
            rule,
            "-p ipv6-icmp -m icmp6 --icmpv6-type 134 -j ACCEPT"
                | "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT"
                | "-m rpfilter --validmark --invert -j DROP"
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, owner_of};

    #[test]
    fn dockers_rules_are_told_from_the_administrators() {
        let docker = |chain, text| owner_of(chain, text, |chain| chain == "DOCKER");
        for (chain, text) in [
            ("FORWARD", "-A FORWARD -o br-30e2498a2339 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
            ("FORWARD", "[3:180] -A FORWARD -i docker0 ! -o docker0 -j ACCEPT"),
            ("FORWARD", "-A FORWARD -i br-82b06b52b8eb -o br-82b06b52b8eb -j ACCEPT"),
            ("FORWARD", "iifname \"docker0\" oifname != \"docker0\" counter packets 3 bytes 180 accept"),
            ("FORWARD", "oifname \"docker0\" ct state established,related counter accept"),
            ("POSTROUTING", "-A POSTROUTING -s 172.18.0.0/16 ! -o br-30e2498a2339 -j MASQUERADE"),
            (
                "POSTROUTING",
                "oifname != \"br-30e2498a2339\" ip saddr 172.18.0.0/16 counter packets 0 bytes 0 masquerade",
            ),
            (
                "POSTROUTING",
                "-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE",
            ),
            ("POSTROUTING", "ip saddr 172.17.0.2 ip daddr 172.17.0.2 tcp dport 80 counter masquerade"),
            ("DOCKER-USER", "-A DOCKER-USER -j RETURN"),
            ("DOCKER-USER", "counter packets 0 bytes 0 return"),
        ] {
            assert_eq!(docker(chain, text), Some(Owner::Docker), "{text}");
            assert_eq!(owner_of(chain, text, |_| false), None, "without Docker's chains: {text}");
        }
        for (chain, text) in [
            ("FORWARD", "-A FORWARD -i docker0 -p tcp -m tcp --dport 80 -j DROP"),
            ("FORWARD", "-A FORWARD -i docker0 -o eth0 -j ACCEPT"),
            ("FORWARD", "-A FORWARD -o br-office -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
            ("FORWARD", "iifname \"docker0\" oifname \"eth0\" counter accept"),
            ("FORWARD", "iifname \"docker0\" oifname != \"docker0\" tcp dport 80 accept"),
            ("FORWARD", "iifname \"docker0\" oifname != \"docker0\" meta mark 7 accept"),
            ("POSTROUTING", "-A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE"),
            ("DOCKER-USER", "-A DOCKER-USER -s 203.0.113.9/32 -j DROP"),
            ("PREROUTING", "-A PREROUTING -d 172.17.0.2/32 ! -i eth0 -j DROP"),
            ("FORWARD", ""),
            ("FORWARD", "-A"),
            ("FORWARD", "counter packets"),
        ] {
            assert_eq!(docker(chain, text), None, "{text}");
        }
    }

    #[test]
    fn dockers_shield_needs_no_chain_beside_it() {
        for text in [
            "-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP",
            "ip daddr 172.17.0.2 iifname != \"docker0\" drop",
        ] {
            assert_eq!(owner_of("PREROUTING", text, |_| false), Some(Owner::Docker), "{text}");
        }
    }

    #[test]
    fn firewallds_rules_need_its_chains_beside_them() {
        for text in [
            "-A INPUT -j REJECT --reject-with icmp-host-prohibited",
            "iifname \"lo\" counter packets 0 bytes 0 accept",
            "ct state invalid drop",
        ] {
            assert_eq!(
                owner_of("INPUT", text, |chain| chain == "INPUT_ZONES"),
                Some(Owner::Firewalld),
                "{text}"
            );
            assert_eq!(owner_of("INPUT", text, |chain| chain == "DOCKER"), None);
        }
    }
}
