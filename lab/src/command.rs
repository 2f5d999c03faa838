//! What to run in a host, and the chain of programs that gets it there.
//!
//! No code runs between fork and exec here: `nsenter`, `unshare`, `sh` and `setpriv` replace one another in the
//! same process until the wanted program replaces the last, so that its pid is that of the child.

use crate::actor_path::actor_path;
use crate::error::{Error, Result};
use crate::place::Place;
use crate::programs;
use crate::reachable_program::Copies;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Marks the shell that runs a setup fragment, so that it is not taken for the wanted program.
pub(crate) const SETUP_SHELL: &str = "portreeve-lab-setup";

/// A program, its arguments, and the surroundings it runs in. Inherits this process's environment.
#[derive(Debug, Clone)]
#[must_use = "a command does nothing until a host runs it"]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    user: Option<String>,
    mount_namespace: bool,
    pid_namespace: bool,
    setup: Option<String>,
    input: Option<Vec<u8>>,
    time_limit: Duration,
}

impl Command {
    /// A program by path, or by name on PATH.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            user: None,
            mount_namespace: false,
            pid_namespace: false,
            setup: None,
            input: None,
            time_limit: TIME_LIMIT,
        }
    }

    /// `portreeve-actor` with the words of `line`, such as `tcp-listen 0.0.0.0:8080`, split at white space.
    pub fn actor(line: &str) -> Result<Self> {
        Ok(Self::new(actor_path()?).args(line.split_whitespace()))
    }

    /// A shell script.
    pub fn shell(script: &str) -> Self {
        Self::new("sh").args(["-c", script])
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().into());
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().into()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Sets the working directory.
    pub fn cwd(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().into());
        self
    }

    /// Runs as this user of `/etc/passwd`, with the user's primary group and no other, without capabilities.
    ///
    /// A program that the user could not reach is executed from a copy of the same name.
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Gives the process a mount namespace of its own; nothing mounted in it is seen outside.
    pub fn mount_namespace(mut self) -> Self {
        self.mount_namespace = true;
        self
    }

    /// Gives the process a pid namespace of its own, where it is pid 1, with its own mounts and its own `/proc`.
    pub fn pid_namespace(mut self) -> Self {
        self.pid_namespace = true;
        self.mount_namespace()
    }

    /// Runs a shell fragment as root in the process's own mount namespace before the program starts,
    /// such as `mount -t proc -o hidepid=invisible proc /proc` (a remount would change every mount of it). A failing
    /// line ends it.
    pub fn setup(mut self, fragment: &str) -> Self {
        self.setup = Some(fragment.into());
        self.mount_namespace()
    }

    /// What the program reads on standard input. Without it, a spawned process reads from a pipe that stays
    /// open until the guard closes it, and a process that is run reads nothing.
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = Some(input.as_ref().into());
        self
    }

    /// How long `run` lets it run; 30 seconds unless told otherwise.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// Program and arguments, for messages.
    pub(crate) fn line(&self) -> String {
        let words = [&self.program].into_iter().chain(&self.arguments);
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    /// The chain that runs this in a place, the machine's own if none.
    pub(crate) fn launch(&self, place: Option<&Place>, copies: &Copies) -> Result<Launch> {
        let mut chain = Chain::default();
        let elsewhere = place.is_some_and(Place::has_own_processes);
        if self.pid_namespace && elsewhere {
            let line = self.line();
            return Err(Error::Invalid(format!("`{line}`: the host already has a pid namespace of its own")));
        }
        if self.pid_namespace || elsewhere {
            // `unshare --fork` or `nsenter --pid` stays behind as the parent and must not outlive the owner either.
            chain.stage(["setpriv", "--pdeathsig", "KILL"]);
        }
        if let Some(place) = place {
            let options = place.entry(self.directory.as_deref());
            chain.stage(["nsenter"].into_iter().chain(options.iter().map(String::as_str)));
        }
        if self.mount_namespace {
            chain.stage(["unshare", "--mount"]);
        }
        if self.pid_namespace {
            chain.options(["--pid", "--fork", "--kill-child=KILL", "--mount-proc"]);
        }
        if let Some(fragment) = &self.setup {
            chain.script(fragment);
        }
        chain.stage(["setpriv", "--pdeathsig", "KILL"]);
        if let Some(user) = &self.user {
            let (uid, gid) = user_ids(user)?;
            chain.options([&format!("--reuid={uid}"), &format!("--regid={gid}"), "--clear-groups"]);
        }
        let mut argv = chain.finish();
        argv.push(self.reachable_program(copies)?);
        argv.extend(self.arguments.iter().cloned());
        Ok(Launch {
            argv,
            words: self.arguments.len() + 1,
            nested: self.pid_namespace || elsewhere,
            line: self.line(),
            environment: self.environment.clone(),
            // A host with its own mounts may have the directory there alone.
            directory: self.directory.clone().filter(|_| !place.is_some_and(Place::has_own_mounts)),
            input: self.input.clone(),
        })
    }

    /// Fails early on a program that does not exist, unless the setup may be what makes it exist.
    fn reachable_program(&self, copies: &Copies) -> Result<OsString> {
        let Some(found) = programs::find(&self.program) else {
            let program = self.program.to_string_lossy().into_owned();
            return if self.setup.is_some() {
                Ok(self.program.clone())
            } else {
                Err(Error::NoProgram { program })
            };
        };
        if self.user.is_some() && found.is_absolute() && Path::new(&self.program).is_absolute() {
            return copies.executable_by_all(&found).map(Into::into);
        }
        Ok(self.program.clone())
    }
}

impl<S: AsRef<OsStr>, const N: usize> From<[S; N]> for Command {
    /// Program and arguments.
    fn from(words: [S; N]) -> Self {
        let mut words = words.iter();
        let program = words.next().map_or_else(|| OsStr::new(""), AsRef::as_ref);
        Self::new(program).args(words)
    }
}

/// A command made ready to start.
pub(crate) struct Launch {
    /// The whole chain, its first program first.
    pub(crate) argv: Vec<OsString>,
    /// How many words at its end are the wanted program and its arguments.
    pub(crate) words: usize,
    /// True when the wanted program is a child of the process that is started.
    pub(crate) nested: bool,
    pub(crate) line: String,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) input: Option<Vec<u8>>,
}

/// Programs that end their options with `--` and then execute the rest of their arguments.
#[derive(Default)]
struct Chain {
    argv: Vec<OsString>,
    open: bool,
}

impl Chain {
    fn stage<'word>(&mut self, words: impl IntoIterator<Item = &'word str>) {
        self.close();
        self.options(words);
        self.open = true;
    }

    fn options<'word>(&mut self, words: impl IntoIterator<Item = &'word str>) {
        self.argv.extend(words.into_iter().map(OsString::from));
    }

    fn script(&mut self, fragment: &str) {
        self.close();
        self.options(["sh", "-c", &format!("set -e\n{fragment}\nexec \"$@\""), SETUP_SHELL]);
    }

    fn close(&mut self) {
        if self.open {
            self.argv.push("--".into());
            self.open = false;
        }
    }

    fn finish(mut self) -> Vec<OsString> {
        self.close();
        self.argv
    }
}

/// User and primary group id (passwd(5): `name:password:uid:gid:...`).
fn user_ids(user: &str) -> Result<(u32, u32)> {
    let table = fs::read_to_string("/etc/passwd").map_err(Error::io("read /etc/passwd"))?;
    let entry =
        table.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|fields| match *fields {
            [name, _, uid, gid, ..] if name == user || uid == user => {
                Some((uid.parse().ok()?, gid.parse().ok()?))
            }
            _ => None,
        });
    entry.ok_or_else(|| Error::NoUser(user.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain_of(command: &Command) -> String {
        let launch = command
            .launch(Some(&Place::network("/n".into())), &Copies::new("/nowhere".into()))
            .expect("sh exists");
        launch.argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_plain_chain_is_short() {
        assert_eq!(
            chain_of(&Command::new("sh").arg("-x")),
            "nsenter --net=/n -- setpriv --pdeathsig KILL -- sh -x"
        );
    }

    #[test]
    fn setup_runs_before_privileges_are_dropped() {
        let chain = chain_of(&Command::new("sh").user("root").setup("true"));
        let setup = chain.find("portreeve-lab-setup").expect("it has a setup shell");
        assert!(chain.find("--reuid=0").expect("it changes user") > setup, "{chain}");
    }

    #[test]
    fn what_does_not_exist_fails_early() {
        let copies = Copies::new("/nowhere".into());
        let missing = Command::new("no-such-program-here").launch(None, &copies);
        assert!(matches!(missing, Err(Error::NoProgram { .. })));
        let nobody = Command::new("sh").user("no-such-user").launch(None, &copies);
        assert!(matches!(nobody, Err(Error::NoUser(_))));
    }
}
