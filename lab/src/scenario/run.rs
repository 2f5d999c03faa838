//! Staging a scenario: hosts, links, routes, processes, then the steps, each judged before the next.

use super::answer::{Answer, Story};
use super::error::ScenarioError;
use super::file::{
    EndEntry, FileEntry, HostEntry, IptablesEntry, OwnEntry, ProcessEntry, Scalar, StepEntry, TlsEntry,
    WaitEntry, WhyEntry,
};
use super::parse::{Scenario, parse_listening};
use super::server::Server;
use super::substitute::{Substitutions, references};
use crate::own_files::{Iptables, Processes};
use crate::peers;
use crate::site::Daemon;
use crate::{Command, End, Error, Host, Lab, Process, Result, actor_path};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// The programs under test.
#[derive(Debug, Clone)]
pub struct Programs {
    /// What `portreeve` stands for in a scenario.
    pub portreeve: PathBuf,
}

impl Scenario {
    /// Stages the scenario in a lab of its own. Stops at the first step with an expectation that is not met.
    pub fn run(&self, programs: &Programs) -> Result<(), ScenarioError> {
        self.staged(programs, |_| Ok(()))
    }

    /// The same, and then asks the question of its `[why]` table. The answer is not judged.
    pub fn ask(&self, programs: &Programs, story: Story) -> Result<Answer, ScenarioError> {
        self.staged(programs, |stage| {
            let none = || Error::Invalid("there is no `[why]` table".into());
            let asked =
                self.file.why.as_ref().ok_or_else(none).and_then(|why| stage.ask(why.as_ref(), story));
            asked.map_err(self.while_doing("the question of `[why]`"))
        })
    }

    /// Stages the scenario, and gives the server of its `[tls]` table to those who audit it.
    pub fn audited<T>(
        &self,
        programs: &Programs,
        audit: impl FnOnce(&Server<'_>) -> T,
    ) -> Result<T, ScenarioError> {
        self.staged(programs, |stage| {
            let none = || Error::Invalid("there is no `[tls]` table".into());
            let server = self.file.tls.as_ref().ok_or_else(none).and_then(|tls| stage.server(tls.as_ref()));
            server.map(|server| audit(&server)).map_err(self.while_doing("the server of `[tls]`"))
        })
    }

    fn staged<T>(
        &self,
        programs: &Programs,
        then: impl FnOnce(&Stage<'_>) -> Result<T, ScenarioError>,
    ) -> Result<T, ScenarioError> {
        // Before the lab: their cgroups can be removed when everything in them has ended with it.
        let mut daemons = Vec::new();
        let lab = Lab::new("scenario").map_err(self.while_doing("new lab"))?;
        let mut stage = Stage { lab: &lab, programs, known: Substitutions::default(), processes: Vec::new() };
        let outcome = self.act(&mut stage, &mut daemons).and_then(|()| then(&stage));
        daemons.iter().for_each(Daemon::thaw);
        outcome
    }

    /// Builds everything and goes through the steps.
    fn act(&self, stage: &mut Stage<'_>, daemons: &mut Vec<Daemon>) -> Result<(), ScenarioError> {
        stage.build(self, daemons).map_err(|(doing, source)| ScenarioError::Lab {
            path: self.path.clone(),
            doing,
            source,
        })?;
        for (step, expectations) in self.file.steps.iter().zip(&self.expectations) {
            let line = self.line_at(step.span().start);
            let doing = format!("the step in line {line}");
            let output = stage.run(step.as_ref()).map_err(self.while_doing(&doing))?;
            let change = |text: &str| stage.known.apply(text).map_err(Error::Invalid);
            let expectations = expectations.map_strings(change).map_err(self.while_doing(&doing))?;
            let failed = expectations.unmet(&output);
            if !failed.is_empty() {
                let output = Box::new(output);
                return Err(ScenarioError::Unmet { path: self.path.clone(), line, failed, output });
            }
        }
        Ok(())
    }

    fn while_doing(&self, doing: &str) -> impl FnOnce(Error) -> ScenarioError {
        let (path, doing) = (self.path.clone(), doing.to_owned());
        move |source| ScenarioError::Lab { path, doing, source: Box::new(source) }
    }
}

struct Stage<'run> {
    lab: &'run Lab,
    programs: &'run Programs,
    known: Substitutions,
    processes: Vec<Process>,
}

type Doing<T = ()> = Result<T, (String, Box<Error>)>;

fn doing<T>(what: &str, result: Result<T>) -> Doing<T> {
    result.map_err(|error| (what.to_owned(), Box::new(error)))
}

impl Stage<'_> {
    fn build(&mut self, scenario: &Scenario, daemons: &mut Vec<Daemon>) -> Doing {
        self.known.set("scratch", &self.lab.scratch().display());
        self.known.set("portreeve", &self.programs.portreeve.display());
        self.known.set("actor", &doing("find the actor", actor_path())?.display());
        self.known.set("lab", env!("CARGO_MANIFEST_DIR"));
        // Only those who call them need them.
        for (name, peer) in
            [("openssl", peers::openssl as fn() -> Result<PathBuf>), ("python", peers::python)]
        {
            if references(&scenario.text).iter().any(|(_, used)| *used == name) {
                self.known.set(name, &doing(&format!("find the peer `{name}`"), peer())?.display());
            }
        }
        // A map forgets the order of the file; where each table stands tells it.
        let mut hosts: Vec<_> = scenario.file.hosts.iter().collect();
        hosts.sort_by_key(|(_, host)| host.span().start);
        for (name, host) in &hosts {
            doing(&format!("host `{name}`"), self.host(name, host.as_ref()))?;
        }
        for link in &scenario.file.links {
            let what = format!("link of `{}` and `{}`", link.a.host.as_ref(), link.b.host.as_ref());
            let made = doing(&what, self.lab.link(&link.a, &link.b))?;
            doing(&what, [&link.a, &link.b].into_iter().try_for_each(|end| self.mtu(end)))?;
            if link.loss > 0 {
                doing(&what, made.lose(link.loss))?;
            }
        }
        for switch in &scenario.file.switches {
            let what = format!("switch `{}`", switch.name);
            doing(&what, self.lab.switch(&switch.name, &switch.ends))?;
            doing(&what, switch.ends.iter().try_for_each(|end| self.mtu(end)))?;
        }
        for (name, host) in &hosts {
            let routes = self
                .lab
                .find(name)
                .and_then(|made| host.as_ref().routes.iter().try_for_each(|route| made.route(route)));
            doing(&format!("routes of host `{name}`"), routes)?;
        }
        for (name, host) in &hosts {
            let own = self.lab.find(name).and_then(|made| own(&made, host.as_ref()));
            doing(&format!("host `{name}`'s own system"), own)?;
        }
        for entry in &scenario.file.files {
            doing(&format!("file `{}`", entry.path.as_ref()), self.write(entry))?;
        }
        for (name, _) in hosts.iter().filter(|(_, host)| host.as_ref().own == Some(OwnEntry::Docker)) {
            let daemon = self.lab.find(name).and_then(|made| {
                Daemon::start(&made, made.own_root()?, |script| Command::shell(&format!("set -e\n{script}")))
            });
            daemons.push(doing(&format!("Docker on host `{name}`"), daemon)?);
        }
        let mut processes: Vec<_> = hosts
            .iter()
            .flat_map(|(name, host)| host.as_ref().processes.iter().map(move |one| (name, one)))
            .collect();
        processes.sort_by_key(|(_, process)| process.span().start);
        for (name, process) in processes {
            let what = format!("process of host `{name}` in line {}", scenario.line_at(process.span().start));
            let started = self.lab.find(name).and_then(|host| self.start(&host, process.as_ref()));
            doing(&what, started)?;
        }
        Ok(())
    }

    fn host(&mut self, name: &str, entry: &HostEntry) -> Result<()> {
        let mut builder = self.lab.host(name);
        if entry.named {
            builder = builder.named();
        }
        for (key, value) in &entry.sysctl {
            builder = match value {
                Scalar::Number(number) => builder.sysctl(key, number),
                Scalar::Text(text) => builder.sysctl(key, text),
            };
        }
        for address in &entry.addresses {
            builder = builder.address(address);
        }
        let host = builder.start()?;
        self.known.set(format!("netns_path:{name}"), &host.netns_path().display());
        self.known.set(format!("inode:{name}"), &host.netns_inode());
        self.known.set(format!("holder:{name}"), &host.holder_pid());
        if let Some(netns) = host.netns_name() {
            self.known.set(format!("netns:{name}"), netns);
        }
        Ok(())
    }

    fn start(&mut self, host: &Host, entry: &ProcessEntry) -> Result<()> {
        let words = match (&entry.actor, &entry.command, &entry.shell) {
            (Some(line), ..) => {
                ["portreeve-actor"].into_iter().chain(line.split_whitespace()).map(Into::into).collect()
            }
            (None, Some(command), _) => command.clone(),
            (None, None, script) => {
                let script = format!("set -e\n{}", script.as_deref().unwrap_or_default());
                ["sh", "-c", &script].map(Into::into).into()
            }
        };
        let around = Surroundings {
            user: entry.user.as_deref(),
            env: &entry.env,
            cwd: entry.cwd.as_deref(),
            setup: entry.setup.as_deref(),
        };
        let mut command = self.command(&words, &around)?;
        if entry.pid_namespace {
            command = command.pid_namespace();
        }
        let process = host.spawn(command)?;
        if let Some(id) = &entry.id {
            self.known.set(format!("pid:{}", id.as_ref()), &process.pid());
        }
        let wait = entry.wait.as_ref().map(toml::Spanned::as_ref);
        // One that is to end has no state to hold.
        if entry.actor.is_some() && wait.is_none_or(|wait| wait.exit.is_none()) {
            process.ready(PATIENCE)?;
        }
        match wait {
            Some(WaitEntry { listening: Some(listening), .. }) => {
                let (transport, port) = parse_listening(listening).map_err(Error::Invalid)?;
                host.wait_listening(transport, port, PATIENCE)?;
            }
            Some(WaitEntry { line: Some(line), .. }) => {
                process.wait_line(&self.apply(line)?, PATIENCE)?;
            }
            Some(WaitEntry { success: Some(script), .. }) => await_success(host, &self.apply(script)?)?,
            Some(WaitEntry { exit: Some(code), .. }) => process.wait_exit(*code, PATIENCE)?,
            _ => {}
        }
        self.processes.push(process);
        Ok(())
    }

    fn run(&self, step: &StepEntry) -> Result<crate::Output> {
        let around = Surroundings {
            user: step.user.as_deref(),
            env: &step.env,
            cwd: step.cwd.as_deref(),
            setup: step.setup.as_deref(),
        };
        let mut command = self.command(&step.run, &around)?;
        if let Some(input) = &step.input {
            command = command.input(self.apply(input)?);
        }
        if let Some(seconds) = step.timeout {
            command = command.timeout(Duration::from_secs(seconds));
        }
        match &step.host {
            Some(host) => self.lab.find(host.as_ref())?.run(command),
            None => self.lab.run(command),
        }
    }

    fn ask(&self, why: &WhyEntry, story: Story) -> Result<Answer> {
        let host = self.lab.find(why.host.as_ref())?;
        let around =
            Surroundings { user: why.user.as_deref(), env: &why.env, cwd: None, setup: why.setup.as_deref() };
        let words = |last: &[&str]| -> Vec<String> {
            let words =
                ["portreeve", "why", &why.target].into_iter().chain(why.args.iter().map(String::as_str));
            words.chain(last.iter().copied()).map(Into::into).collect()
        };
        let begun = Instant::now();
        let document = host.run(self.command(&words(&["--json"]), &around)?)?;
        let took = begun.elapsed();
        let story = match story {
            Story::Wanted => Some(host.run(self.command(&words(&[]), &around)?.env("COLUMNS", "80"))?),
            Story::Unwanted => None,
        };
        Ok(Answer { document, story, took })
    }

    fn server<'a>(&'a self, tls: &'a TlsEntry) -> Result<Server<'a>> {
        Ok(Server {
            host: self.lab.find(tls.host.as_ref())?,
            port: tls.port.unwrap_or(443),
            server_name: self.apply(&tls.server_name)?,
            trust: self.apply(&tls.trust)?.into(),
            scratch: self.lab.scratch(),
            peers: &tls.peers,
            expect: &tls.expect,
        })
    }

    fn mtu(&self, end: &EndEntry) -> Result<()> {
        let Some(mtu) = end.mtu else { return Ok(()) };
        self.lab.find(end.host.as_ref())?.ip(&format!("link set dev {} mtu {mtu}", end.device))
    }

    fn write(&self, entry: &FileEntry) -> Result<()> {
        let (path, text) = (entry.path.as_ref(), self.apply(&entry.text)?);
        if let Some(host) = &entry.host {
            return self.lab.find(host.as_ref())?.write(path, &text);
        }
        let path = self.lab.scratch().join(path);
        let doing = || Error::io(format!("write {}", path.display()));
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(doing())?;
        }
        fs::write(&path, text).map_err(doing())
    }

    fn command(&self, words: &[String], around: &Surroundings<'_>) -> Result<Command> {
        let words = words.iter().map(|word| self.apply(word)).collect::<Result<Vec<_>>>()?;
        let mut command = match words.first().map(String::as_str) {
            Some("portreeve") => Command::new(&self.programs.portreeve),
            Some("portreeve-actor") => Command::new(actor_path()?),
            Some(program) => Command::new(program),
            None => return Err(Error::Invalid("no program".into())),
        };
        command = command.args(words.iter().skip(1));
        for (name, value) in around.env {
            command = command.env(name, self.apply(value)?);
        }
        if let Some(user) = around.user {
            command = command.user(user);
        }
        if let Some(directory) = around.cwd {
            command = command.cwd(self.apply(directory)?);
        }
        if let Some(fragment) = around.setup {
            command = command.setup(&self.apply(fragment)?);
        }
        Ok(command)
    }

    fn apply(&self, text: &str) -> Result<String> {
        self.known.apply(text).map_err(Error::Invalid)
    }
}

/// Gives a host what is its own, where the file says so.
fn own(host: &Host, entry: &HostEntry) -> Result<()> {
    let iptables = match entry.iptables {
        Some(IptablesEntry::Legacy) => Iptables::Legacy,
        Some(IptablesEntry::Nft) | None => Iptables::Nft,
    };
    match entry.own {
        None => Ok(()),
        Some(OwnEntry::Files) => host.own_files(iptables, Processes::Shared),
        Some(OwnEntry::System | OwnEntry::Docker) => host.own_files(iptables, Processes::Own),
    }
}

/// Runs a script until it succeeds.
fn await_success(host: &Host, script: &str) -> Result<()> {
    let looped = format!("until ( {script} ) >/dev/null 2>&1; do sleep 0.05; done");
    host.run(Command::shell(&looped).timeout(PATIENCE))?.success().map(drop)
}

/// What processes and steps have in common.
struct Surroundings<'entry> {
    user: Option<&'entry str>,
    env: &'entry BTreeMap<String, String>,
    cwd: Option<&'entry str>,
    setup: Option<&'entry str>,
}

impl From<&EndEntry> for End {
    fn from(entry: &EndEntry) -> Self {
        (entry.host.as_ref().as_str(), entry.device.as_str(), &entry.addresses).into()
    }
}
