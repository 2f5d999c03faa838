//! Staging a scenario: hosts, links, routes, processes, then the steps, each judged before the next.

use super::error::ScenarioError;
use super::file::{EndEntry, HostEntry, ProcessEntry, Scalar, StepEntry, WaitEntry};
use super::parse::{Scenario, parse_listening};
use super::substitute::Substitutions;
use crate::{Command, End, Error, Host, Lab, Process, Result, actor_path};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

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
        let lab = Lab::new("scenario").map_err(self.while_doing("new lab"))?;
        let mut stage = Stage { lab: &lab, programs, known: Substitutions::default(), processes: Vec::new() };
        stage.build(self).map_err(|(doing, source)| ScenarioError::Lab {
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
    fn build(&mut self, scenario: &Scenario) -> Doing {
        self.known.set("scratch", &self.lab.scratch().display());
        self.known.set("portreeve", &self.programs.portreeve.display());
        self.known.set("actor", &doing("find the actor", actor_path())?.display());
        // A map forgets the order of the file; where each table stands tells it.
        let mut hosts: Vec<_> = scenario.file.hosts.iter().collect();
        hosts.sort_by_key(|(_, host)| host.span().start);
        for (name, host) in &hosts {
            doing(&format!("host `{name}`"), self.host(name, host.as_ref()))?;
        }
        for link in &scenario.file.links {
            let what = format!("link of `{}` and `{}`", link.a.host.as_ref(), link.b.host.as_ref());
            let made = doing(&what, self.lab.link(&link.a, &link.b))?;
            if link.loss > 0 {
                doing(&what, made.lose(link.loss))?;
            }
        }
        for switch in &scenario.file.switches {
            doing(&format!("switch `{}`", switch.name), self.lab.switch(&switch.name, &switch.ends))?;
        }
        for (name, host) in &hosts {
            let routes = self
                .lab
                .find(name)
                .and_then(|made| host.as_ref().routes.iter().try_for_each(|route| made.route(route)));
            doing(&format!("routes of host `{name}`"), routes)?;
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
        let words = match (&entry.actor, &entry.command) {
            (Some(line), _) => {
                ["portreeve-actor"].into_iter().chain(line.split_whitespace()).map(Into::into).collect()
            }
            (None, Some(command)) => command.clone(),
            (None, None) => Vec::new(),
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
        if entry.actor.is_some() {
            process.ready(PATIENCE)?;
        }
        match entry.wait.as_ref().map(toml::Spanned::as_ref) {
            Some(WaitEntry { listening: Some(listening), .. }) => {
                let (transport, port) = parse_listening(listening).map_err(Error::Invalid)?;
                host.wait_listening(transport, port, PATIENCE)?;
            }
            Some(WaitEntry { line: Some(line), .. }) => {
                process.wait_line(&self.apply(line)?, PATIENCE)?;
            }
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
