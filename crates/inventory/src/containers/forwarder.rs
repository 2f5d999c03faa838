//! Processes that hold a published port for a container.
//!
//! Owns the command lines of userland forwarders. Refuses to guess: rootlessport, rootlesskit, pasta and slirp4netns
//! take their targets over a pipe or from inside the namespace, so their command lines tell no target address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use portreeve_model::listener::Forward;
use portreeve_model::{Protocol, Runtime};

use super::ContainerRef;

/// What a forwarder's command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortForward {
    /// Protocol.
    pub protocol: Protocol,
    /// Address and port it listens on; absent where it was handed its socket by another process.
    pub listen: Option<(IpAddr, u16)>,
    /// Where it sends what it takes; the container is left for the caller, who knows the containers' addresses.
    pub target: Forward,
}

/// The forwarding a command line stands for: `docker-proxy` (also rootless) and `systemd-socket-proxyd`.
///
/// Sources: Docker `cmd/docker-proxy` flags; man 8 `systemd-socket-proxyd`.
pub fn forward_of<S: AsRef<str>>(command_line: &[S]) -> Option<PortForward> {
    let mut words = command_line.iter().map(AsRef::as_ref);
    let program = words.next()?.rsplit('/').next()?;
    match program {
        "docker-proxy" | "rootlesskit-docker-proxy" => docker_proxy(words),
        "systemd-socket-proxyd" => socket_proxyd(words),
        _ => None,
    }
}

fn docker_proxy<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<PortForward> {
    let (mut protocol, mut host_ip, mut host_port, mut ip, mut port) =
        (Protocol::Tcp, None, None, None, None);
    while let Some(word) = words.next() {
        // Go's flag package takes one dash or two, and the value after a blank or an equals sign.
        let Some(flag) = word.strip_prefix('-') else { continue };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, inline) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        if !matches!(name, "proto" | "host-ip" | "host-port" | "container-ip" | "container-port") {
            continue;
        }
        let value = inline.or_else(|| words.next())?;
        match name {
            "proto" => protocol = protocol_named(value)?,
            "host-ip" => host_ip = value.parse().ok(),
            "host-port" => host_port = value.parse().ok(),
            "container-ip" => ip = value.parse().ok(),
            _ => port = value.parse().ok(),
        }
    }
    Some(PortForward {
        protocol,
        listen: host_ip.zip(host_port),
        target: Forward { address: ip?, port: port?, container: None },
    })
}

fn protocol_named(name: &str) -> Option<Protocol> {
    match name {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => None,
    }
}

/// Its target may also be a host name or a socket path: those are no address, so they tell nothing here.
fn socket_proxyd<'a>(words: impl Iterator<Item = &'a str>) -> Option<PortForward> {
    let target: SocketAddr = words.filter(|word| !word.starts_with('-')).last()?.parse().ok()?;
    Some(PortForward {
        protocol: Protocol::Tcp,
        listen: None,
        target: Forward { address: target.ip(), port: target.port(), container: None },
    })
}

/// The container that a `conmon` process watches: it stands outside the container's cgroup, and rootful Podman
/// leaves it the sockets that reserve published ports. Shape: `conmon ... -c <id> ... -n <name>`.
pub fn monitored_container<S: AsRef<str>>(command_line: &[S]) -> Option<ContainerRef> {
    let mut words = command_line.iter().map(AsRef::as_ref);
    if words.next()?.rsplit('/').next()? != "conmon" {
        return None;
    }
    let mut id = None;
    let mut runtime = Runtime::Unknown;
    while let Some(word) = words.next() {
        match word {
            "-c" | "--cid" => id = words.next().filter(|id| !id.is_empty()),
            // Podman alone asks for its own exit command.
            "--exit-command" => {
                let by_podman = words.next().is_some_and(|program| program.ends_with("podman"));
                runtime = if by_podman { Runtime::Podman } else { runtime };
            }
            _ => {}
        }
    }
    Some(ContainerRef { runtime, id: Arc::from(id?), pod_uid: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn target(address: &str, port: u16) -> Forward {
        Forward { address: address.parse().unwrap(), port, container: None }
    }

    #[test]
    fn docker_proxy_tells_both_ends() {
        let line = "/usr/sbin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80";
        let forward = forward_of(&words(line)).unwrap();
        assert_eq!(forward.protocol, Protocol::Tcp);
        assert_eq!(forward.listen, Some(("0.0.0.0".parse().unwrap(), 8080)));
        assert_eq!(forward.target, target("172.17.0.2", 80));
        assert_eq!(forward_of(&words(&format!("{line} -use-listen-fd"))).unwrap(), forward);
        assert_eq!(
            forward_of(&words(&line.replace("-proto tcp", "-use-listen-fd -proto tcp"))).unwrap(),
            forward
        );
    }

    #[test]
    fn docker_proxy_speaks_ipv6_udp_and_both_flag_styles() {
        let line =
            "docker-proxy --proto=udp -host-ip=:: -host-port 5353 -container-ip=fd00::2 --container-port=53";
        let forward = forward_of(&words(line)).unwrap();
        assert_eq!(forward.protocol, Protocol::Udp);
        assert_eq!(forward.listen, Some(("::".parse().unwrap(), 5353)));
        assert_eq!(forward.target, target("fd00::2", 53));
    }

    #[test]
    fn socket_proxyd_tells_an_address_and_nothing_else() {
        let forward =
            forward_of(&words("/lib/systemd/systemd-socket-proxyd --exit-idle-time=5m 127.0.0.1:8080"));
        assert_eq!(forward.map(|forward| forward.target), Some(target("127.0.0.1", 8080)));
        for line in ["systemd-socket-proxyd /run/app.sock", "systemd-socket-proxyd www.example.com:80"] {
            assert_eq!(forward_of(&words(line)), None, "{line}");
        }
    }

    #[test]
    fn other_or_broken_command_lines_tell_nothing() {
        for line in [
            "",
            "docker-proxy",
            "docker-proxy -proto",
            "docker-proxy -proto icmp -container-ip 172.17.0.2 -container-port 80",
            "docker-proxy -container-ip 172.17.0.2 -container-port 80000",
            "rootlessport",
            "/usr/bin/pasta --config-net -t 8080-8080:80-80 --netns /run/user/1000/netns/netns-1",
            "/usr/bin/slirp4netns -c -e 3 -r 4 15219 tap0",
            "nginx -proto tcp -container-ip 172.17.0.2 -container-port 80",
        ] {
            assert_eq!(forward_of(&words(line)), None, "{line}");
        }
    }

    #[test]
    fn conmon_names_the_container_it_watches() {
        let line = "/usr/bin/conmon --api-version 1 -c 0123 -u 0123 -r /usr/bin/crun -n web --exit-command /usr/bin/podman";
        let found = monitored_container(&words(line)).unwrap();
        assert_eq!((found.runtime, &*found.id), (Runtime::Podman, "0123"));
        assert_eq!(monitored_container(&words("conmon -c")), None);
        assert_eq!(monitored_container(&words("bash -c 0123")), None);
    }

    proptest! {
        #[test]
        fn any_words_are_survived(rest in prop::collection::vec("\\PC{0,12}|-{1,2}(proto|host-ip|container-ip|c)=?", 0..8)) {
            for program in ["docker-proxy", "systemd-socket-proxyd", "conmon"] {
                let mut line = vec![program.to_owned()];
                line.extend(rest.iter().cloned());
                let _ = forward_of(&line);
                let _ = monitored_container(&line);
            }
        }
    }
}
