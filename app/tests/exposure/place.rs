//! Where clients and servers run: a host of the lab, or a container of the server.

use std::time::Duration;

use portreeve_lab::attempt::{Attempt, Seen};
use portreeve_lab::site::{Docker, PATIENCE, Site};
use portreeve_lab::{Command, Host, Output, Process, actor_path};

/// How long a program may run where other tests take most of the machine.
const LONGEST: Duration = Duration::from_secs(300);

/// A network namespace in which programs are run.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) name: String,
    within: Within,
}

#[derive(Clone)]
enum Within {
    /// Programs run in the machine's own mounts.
    Host(Host),
    /// Programs run in the server's mounts and its pid namespace, in the network namespace at this path.
    Server(Host, Vec<String>),
}

impl Place {
    /// The server itself.
    pub(crate) fn server(site: &Site) -> Self {
        let enter = Vec::new();
        Self { within: Within::Server(site.server.clone(), enter), ..Self::host(&site.server) }
    }

    /// A neighbour of the server.
    pub(crate) fn host(host: &Host) -> Self {
        Self { name: host.name().into(), within: Within::Host(host.clone()) }
    }

    /// A container of the server.
    pub(crate) fn container(docker: &Docker, name: &str) -> Self {
        let inner = docker.namespace(name).unwrap();
        let enter = vec!["nsenter".into(), format!("--net={inner}"), "--".into()];
        Self { name: name.into(), within: Within::Server(docker.site.server.clone(), enter) }
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, site: &Site, argv: &[&str], input: &str) -> Output {
        let (host, command) = self.command(site, argv);
        host.run(command.input(input).timeout(LONGEST)).unwrap()
    }

    /// What a program prints.
    pub(crate) fn says(&self, site: &Site, argv: &[&str]) -> String {
        self.run(site, argv, "").success().unwrap().stdout
    }

    /// Servers that answer with the place's name and their port: `tcp:[::]:80`, `udp:0.0.0.0:53`.
    pub(crate) fn answer(&self, site: &Site, at: &[&str]) -> Process {
        let actor = actor();
        let mut argv = vec![actor.as_str(), "answer", "--name", &self.name];
        argv.extend(at);
        let (host, command) = self.command(site, &argv);
        let process = host.spawn(command).unwrap();
        process.ready(PATIENCE).unwrap();
        process
    }

    /// Tries all at once.
    pub(crate) fn attempt(&self, site: &Site, attempts: &[Attempt], milliseconds: u64) -> Vec<Seen> {
        if attempts.is_empty() {
            return Vec::new();
        }
        let (actor, milliseconds) = (actor(), milliseconds.to_string());
        let argv = [actor.as_str(), "attempt", "--milliseconds", &milliseconds];
        let output = self.run(site, &argv, &serde_json::to_string(attempts).unwrap());
        let seen: Vec<Seen> = serde_json::from_str(&output.success().unwrap().stdout).unwrap();
        assert_eq!(seen.len(), attempts.len(), "{}: every attempt has its result", self.name);
        seen
    }

    fn command(&self, site: &Site, argv: &[&str]) -> (Host, Command) {
        match &self.within {
            Within::Host(host) => (host.clone(), Command::new(argv[0]).args(&argv[1..])),
            Within::Server(host, enter) => {
                let words: Vec<&str> = enter.iter().map(String::as_str).chain(argv.iter().copied()).collect();
                let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                (host.clone(), site.command(&format!("exec {}", quoted.join(" "))))
            }
        }
    }
}

fn actor() -> String {
    actor_path().unwrap().to_str().expect("a path of text").to_owned()
}
