//! What inetd and xinetd will start for a port: `/etc/inetd.conf`, `/etc/xinetd.conf` and `/etc/xinetd.d/`.
//!
//! Owns the two formats as far as they name listeners and programs (man 5 `inetd.conf`, man 5 `xinetd.conf`). Refuses
//! to map service names to ports: the caller brings the registry.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portreeve_model::{Protocol, Unseen, UnseenReason, UnseenSubject};

/// Every service that the settings switch on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InetdServices {
    services: Vec<InetdService>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InetdService {
    /// Name in the services registry, or a port number.
    pub service: String,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The program with its arguments; `internal` for services that the daemon answers itself.
    pub starts: Arc<str>,
}

impl InetdServices {
    /// Reads the settings below a root directory (`/` outside tests). A missing file is no trouble.
    pub fn read(root: &Path) -> (Self, Vec<Unseen>) {
        let mut services = Vec::new();
        let mut unseen = Vec::new();
        let mut each = |file: PathBuf, parse: fn(&str) -> Vec<InetdService>| match std::fs::read(&file) {
            Ok(bytes) => services.extend(parse(&String::from_utf8_lossy(&bytes))),
            Err(error) => unseen.extend(trouble(&file, &error)),
        };
        each(root.join("etc/inetd.conf"), inetd);
        each(root.join("etc/xinetd.conf"), xinetd);
        let included = std::fs::read_dir(root.join("etc/xinetd.d")).into_iter().flatten().flatten();
        let mut included: Vec<PathBuf> =
            included.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        included.sort_unstable();
        for file in included {
            each(file, xinetd);
        }
        (Self { services }, unseen)
    }

    /// The program for a port. `port_of` tells the port of a service name, or `None`.
    pub fn starts(
        &self,
        protocol: Protocol,
        port: u16,
        port_of: impl Fn(&str, Protocol) -> Option<u16>,
    ) -> Option<&Arc<str>> {
        let is_it = |one: &&InetdService| {
            let known = one.service.parse().ok().or_else(|| port_of(&one.service, protocol));
            one.protocol == protocol && known == Some(port)
        };
        self.services.iter().find(is_it).map(|one| &one.starts)
    }
}

fn trouble(file: &Path, error: &std::io::Error) -> Option<Unseen> {
    let reason = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => return None,
        ErrorKind::PermissionDenied => UnseenReason::Permission,
        _ => UnseenReason::Failed,
    };
    Some(Unseen {
        subject: UnseenSubject::Units,
        reason,
        count: 1,
        detail: format!("what an inetd starts, in {}: {error}", file.display()),
        remedy: (reason == UnseenReason::Permission).then(|| "run as root".to_owned()),
    })
}

/// `[address:]service type protocol wait[.limit] user[.group] program arguments`.
fn inetd(text: &str) -> Vec<InetdService> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let service = words.next()?;
            let (_type, protocol, _wait, _user) =
                (words.next()?, words.next()?, words.next()?, words.next()?);
            let program = words.next()?;
            // The first argument repeats the program's name, as execv takes it.
            let mut command = vec![program];
            command.extend(words.skip(1));
            Some(InetdService {
                service: service.rsplit(':').next().unwrap_or(service).to_owned(),
                protocol: protocol_named(protocol)?,
                starts: command.join(" ").into(),
            })
        })
        .collect()
}

/// `tcp`, `tcp4`, `tcp6`, `tcp46`, with options behind a comma.
fn protocol_named(word: &str) -> Option<Protocol> {
    match word.split(',').next()?.trim_end_matches(['4', '6']) {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

/// `service NAME { key = value ... }`; `+=` and `-=` change lists that do not matter here.
fn xinetd(text: &str) -> Vec<InetdService> {
    let mut services = Vec::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("service").filter(|rest| rest.starts_with(char::is_whitespace))
        else {
            continue;
        };
        let entries: Vec<(&str, &str)> = lines
            .by_ref()
            .take_while(|line| !line.starts_with('}'))
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let value = |key: &str| entries.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        services.extend(xinetd_service(name.trim().trim_end_matches('{').trim(), value));
    }
    services
}

fn xinetd_service<'a>(name: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<InetdService> {
    if value("disable") == Some("yes") {
        return None;
    }
    let by_type = match value("socket_type") {
        Some("dgram") => Protocol::Udp,
        _ => Protocol::Tcp,
    };
    let starts = match (value("server"), value("redirect")) {
        (Some(server), _) => {
            [Some(server), value("server_args")].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        (None, Some(target)) => format!("redirect to {target}"),
        (None, None) => "internal".to_owned(),
    };
    Some(InetdService {
        service: value("port").unwrap_or(name).to_owned(),
        protocol: value("protocol").and_then(protocol_named).unwrap_or(by_type),
        starts: starts.into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn registry(name: &str, _: Protocol) -> Option<u16> {
        [("telnet", 23), ("tftp", 69), ("daytime", 13)]
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, port)| port)
    }

    #[test]
    fn inetd_lines_name_programs_by_port() {
        let services = InetdServices {
            services: inetd(
                "# comment\n\
                 telnet stream tcp nowait root /usr/sbin/tcpd /usr/sbin/telnetd -h\n\
                 127.0.0.1:tftp dgram udp4 wait.10 nobody.tftp /usr/sbin/in.tftpd in.tftpd /srv\n\
                 #daytime stream tcp nowait root internal\n\
                 8023 stream tcp6,rcvbuf=16k nowait root internal\n\
                 short stream tcp\n\
                 rpc/1 stream rpc/tcp wait root /x x\n",
            ),
        };
        let starts = |protocol, port| services.starts(protocol, port, registry).map(ToString::to_string);
        assert_eq!(starts(Protocol::Tcp, 23).as_deref(), Some("/usr/sbin/tcpd -h"));
        assert_eq!(starts(Protocol::Udp, 69).as_deref(), Some("/usr/sbin/in.tftpd /srv"));
        assert_eq!(starts(Protocol::Tcp, 8023).as_deref(), Some("internal"));
        assert_eq!(starts(Protocol::Tcp, 13), None);
        assert_eq!(starts(Protocol::Tcp, 69), None);
        assert_eq!(services.services.len(), 3);
    }

    #[test]
    fn xinetd_files_are_read_with_the_main_one() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("etc/xinetd.d");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(
            root.path().join("etc/xinetd.conf"),
            "defaults\n{\n instances = 60\n}\nincludedir /etc/xinetd.d\n",
        )
        .unwrap();
        std::fs::write(directory.join("telnet"), "service telnet\n{\n  socket_type = stream\n  server = /usr/sbin/in.telnetd\n  server_args = -h\n}\n").unwrap();
        std::fs::write(directory.join("off"), "service daytime {\n disable = yes\n}\n").unwrap();
        std::fs::write(directory.join("own"), "service own\n{\n type = UNLISTED\n socket_type = dgram\n port = 7000\n redirect = 10.0.0.1 70\n}\n").unwrap();
        let (services, unseen) = InetdServices::read(root.path());
        assert_eq!(unseen, []);
        let starts = |protocol, port| services.starts(protocol, port, registry).map(ToString::to_string);
        assert_eq!(starts(Protocol::Tcp, 23).as_deref(), Some("/usr/sbin/in.telnetd -h"));
        assert_eq!(starts(Protocol::Udp, 7000).as_deref(), Some("redirect to 10.0.0.1 70"));
        assert_eq!(starts(Protocol::Tcp, 13), None);
    }

    #[test]
    fn a_machine_without_inetd_has_no_services_and_no_trouble() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(InetdServices::read(root.path()), (InetdServices::default(), vec![]));
        std::fs::create_dir_all(root.path().join("etc/inetd.conf")).unwrap();
        assert_eq!(InetdServices::read(root.path()).1.len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\PC|\n|service |\\{|\\}|=|tcp |#)*") {
            let _ = inetd(&text);
            let _ = xinetd(&text);
        }
    }
}
