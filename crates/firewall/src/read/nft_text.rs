//! Rules in the language of `nft`, as files hold them, turned into a listing: loaded by the real `nft` into a network namespace made
//! for it, and listed from there.
//!
//! `nft -c` checks and prints nothing, so that loading is the only way to have a text read by the program whose language it is.
//! The namespace goes away with the thread; the rules of the host are not touched. It needs root (`CAP_SYS_ADMIN` for the
//! namespace, `CAP_NET_ADMIN` inside it). What the running kernel lacks, it refuses: the error says so. Interfaces that the text
//! names by index (`iif`, `device`) and the namespace lacks are made, because `nft` refuses names without an interface.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use portreeve_linux::namespace::NetworkNamespace;

use super::nft::{self, LIST_ARGUMENTS, LIST_ARGUMENTS_BEFORE_0_9_2, NftError};

/// A listing of loaded text, for [`nft::read_with`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The listing.
    pub json: Vec<u8>,
    /// What it leaves out.
    pub supplement: String,
}

/// How text is loaded.
#[derive(Debug, Clone)]
pub struct Loading {
    /// The program.
    pub nft: PathBuf,
    /// Where `include` looks: the folder of the file.
    pub directory: Option<PathBuf>,
    /// Longest time for one run of a program.
    pub limit: Duration,
}

impl Default for Loading {
    fn default() -> Self {
        Self { nft: PathBuf::from("nft"), directory: None, limit: Duration::from_secs(60) }
    }
}

/// Why a text could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum NftTextError {
    /// No namespace could be made.
    #[error("nft text is read by loading it into a network namespace of its own, which needs root: {0}")]
    Namespace(rustix::io::Errno),
    /// A program could not be run.
    #[error("{program} could not be run: {source}")]
    Program {
        /// Its name.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// `nft` did not take the text.
    #[error("nft refused the text: {0}")]
    Refused(String),
    /// An interface that the text needs could not be made.
    #[error("the text names the interface {name}, which could not be made in the namespace: {reason}")]
    Interface {
        /// Its name.
        name: String,
        /// What `ip` said.
        reason: String,
    },
    /// A program ran too long and was ended.
    #[error("{0} did not finish in time and was ended")]
    TimedOut(String),
    /// The listing could not be read.
    #[error(transparent)]
    Listing(#[from] NftError),
}

/// Loads text into a namespace made for it, and lists it from there.
///
/// # Errors
/// As [`NftTextError`] says.
pub fn list(text: &str, loading: &Loading) -> Result<Listing, NftTextError> {
    NetworkNamespace::within_new(|| load(text, loading)).map_err(NftTextError::Namespace)?
}

/// Most interfaces made for one text.
const MOST_INTERFACES: usize = 256;

/// Runs inside the namespace.
fn load(text: &str, loading: &Loading) -> Result<Listing, NftTextError> {
    let mut made = BTreeSet::from(["lo".to_owned()]);
    for name in named_interfaces(text) {
        make(&name, &mut made, loading)?;
    }
    loop {
        let loaded = nft(loading, &["-f", "-"], text)?;
        if loaded.status.success() {
            break;
        }
        // The rest of the language has more places for interfaces (variables, maps): `nft` points at them.
        match missing_interface(&loaded.errors, text) {
            Some(name) if !made.contains(&name) => make(&name, &mut made, loading)?,
            _ => return Err(NftTextError::Refused(shortened(&loaded.errors))),
        }
    }
    let mut listed = nft(loading, LIST_ARGUMENTS, "")?;
    if !listed.status.success() {
        listed = nft(loading, LIST_ARGUMENTS_BEFORE_0_9_2, "")?;
    }
    if !listed.status.success() {
        return Err(NftTextError::Refused(shortened(&listed.errors)));
    }
    let mut supplement = String::new();
    for question in nft::questions(&listed.output)? {
        let arguments = question.iter().map(String::as_str).collect::<Vec<_>>();
        supplement.push_str(&String::from_utf8_lossy(&nft(loading, &arguments, "")?.output));
    }
    Ok(Listing { json: listed.output, supplement })
}

struct Ran {
    status: ExitStatus,
    output: Vec<u8>,
    errors: String,
}

fn nft(loading: &Loading, arguments: &[&str], input: &str) -> Result<Ran, NftTextError> {
    let mut command = Command::new(&loading.nft);
    if let Some(directory) = &loading.directory {
        command.arg("-I").arg(directory);
    }
    run(command.args(arguments), input, loading.limit)
}

fn run(command: &mut Command, input: &str, limit: Duration) -> Result<Ran, NftTextError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| NftTextError::Program { program: program.clone(), source };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("LC_ALL", "C");
    let mut child = command.spawn().map_err(failed)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (status, output, errors) = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that does not want its input closes it.
            stdin.map(|mut stdin| stdin.write_all(input.as_bytes()))
        });
        let output = scope.spawn(move || drain(stdout));
        let errors = scope.spawn(move || drain(stderr));
        let status = wait(&mut child, limit);
        (status, output.join().unwrap_or_default(), errors.join().unwrap_or_default())
    });
    let status = status.map_err(failed)?.ok_or_else(|| NftTextError::TimedOut(program.clone()))?;
    Ok(Ran { status, output, errors: String::from_utf8_lossy(&errors).into_owned() })
}

fn drain(stream: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // What was read before an error counts.
        let _ = stream.read_to_end(&mut bytes);
    }
    bytes
}

/// `None` where the time was up; the program is ended then.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Makes an interface of that name. What kind it is does not matter: no packet passes. Kernels differ in the kinds they have.
fn make(name: &str, made: &mut BTreeSet<String>, loading: &Loading) -> Result<(), NftTextError> {
    if made.contains(name) {
        return Ok(());
    }
    let mut reason = "too many interfaces".to_owned();
    if made.len() < MOST_INTERFACES {
        for kind in [&["dummy"][..], &["bridge"], &["veth"], &["ifb"]] {
            let mut command = Command::new("ip");
            command.args(["link", "add", "name", name, "type"]).args(kind);
            let ran = run(&mut command, "", loading.limit)?;
            if ran.status.success() {
                made.insert(name.to_owned());
                return Ok(());
            }
            ran.errors.trim().clone_into(&mut reason);
        }
    }
    Err(NftTextError::Interface { name: name.to_owned(), reason })
}

/// Names behind `iif`, `oif`, `device` and `devices = { ... }`.
fn named_interfaces(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let spaced = line.replace(['{', '}', ',', ';', '='], " ");
        let mut words = spaced.split_whitespace().peekable();
        while let Some(word) = words.next() {
            match word {
                "iif" | "oif" | "device" => {
                    while words.next_if(|word| matches!(*word, "!" | "==" | "!=" | "eq" | "ne")).is_some() {}
                    found.extend(words.next().and_then(interface_name));
                }
                "devices" => {
                    while let Some(name) =
                        words.next_if(|word| !matches!(*word, "priority" | "policy" | "counter"))
                    {
                        found.extend(interface_name(name));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// A word that can be the name of an interface (`dev_valid_name`, `net/core/dev.c`), and is no number, variable or keyword.
fn interface_name(word: &str) -> Option<String> {
    const KEYWORDS: &[&str] =
        &["vmap", "map", "set", "accept", "drop", "exists", "missing", "type", "oif", "iif", "priority"];
    let name = word.trim_matches('"');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
    let fits = (1..16).contains(&name.len())
        && name.bytes().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let counts = name.bytes().all(|byte| byte.is_ascii_digit()) || KEYWORDS.contains(&name);
    (fits && !counts).then(|| name.to_owned())
}

/// The interface that an error of `nft` points at: `/dev/stdin:LINE:FIRST-LAST: Error: Interface does not exist`.
fn missing_interface(errors: &str, text: &str) -> Option<String> {
    let error = errors.lines().find(|line| line.contains("Interface does not exist"))?;
    let mut place = error.split(": Error").next()?.rsplit(':');
    let (columns, line) = (place.next()?, place.next()?);
    let (first, last) = columns.split_once('-')?;
    let line = text.lines().nth(line.parse::<usize>().ok()?.checked_sub(1)?)?;
    let token = line.get(first.parse::<usize>().ok()?.checked_sub(1)?..last.parse().ok()?)?;
    interface_name(token)
}

fn shortened(errors: &str) -> String {
    errors.trim().chars().take(2000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_found_in_text() {
        let text = "table inet t {\n chain c { type filter hook ingress devices = { eth0, \"wan0\" } priority 0; }\n\
                    iif \"lo\" accept # iif comment0\n iif != ppp0 oif { tun0 } drop\n iif vmap { a0 : accept }\n\
                    iifname \"x*\" accept\n iif 3 accept\n type filter hook ingress device br0 priority filter;\n}";
        let found = named_interfaces(text).into_iter().collect::<Vec<_>>();
        assert_eq!(found, ["br0", "eth0", "lo", "ppp0", "tun0", "wan0"]);
    }

    #[test]
    fn errors_point_at_interfaces() {
        let text = "table inet t {\n  iif vmap { a0 : accept }\n}";
        let errors = "/dev/stdin:2:14-15: Error: Interface does not exist\n  iif vmap { a0 : accept }\n             ^^\n";
        assert_eq!(missing_interface(errors, text), Some("a0".to_owned()));
        assert_eq!(missing_interface("/dev/stdin:9:1-5: Error: Interface does not exist", text), None);
        assert_eq!(missing_interface("something else", text), None);
    }
}
