//! Rules loaded by the real `nft` into a namespace of their own, and what it lists then.

use std::io::Write;
use std::process::{Command, Stdio};

use portreeve_firewall::ir::{Chain, Rule, Ruleset, Statement};
use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft;
use portreeve_linux::namespace::NetworkNamespace;

/// What `nft` lists after a text was loaded.
pub(crate) struct Loaded {
    pub json: Vec<u8>,
    pub supplement: String,
    /// With `-a`.
    pub text: String,
    pub interfaces: Vec<(u32, String)>,
}

/// Loads a text in a new namespace with `lo`, `eth0` and `eth1`.
pub(crate) fn load(text: &str) -> Loaded {
    let loaded = NetworkNamespace::within_new(|| {
        ok(&run("ip", &["link", "add", "name", "eth0", "type", "veth", "peer", "name", "eth1"], ""));
        let refused = run("nft", &["-f", "-"], text);
        assert!(refused.2, "nft refused the rules of a test: {}", refused.1);
        let json = ok(&run("nft", nft::LIST_ARGUMENTS, ""));
        let questions = nft::questions(json.as_bytes()).unwrap();
        let answers = questions.iter().map(|question| {
            let question = question.iter().map(String::as_str).collect::<Vec<_>>();
            ok(&run("nft", &question, ""))
        });
        let interfaces = ok(&run("ip", &["-o", "link"], ""));
        let interfaces = interfaces.lines().map(|line| {
            let mut fields = line.split([':', '@']).map(str::trim);
            (fields.next().unwrap().parse().unwrap(), fields.next().unwrap().to_owned())
        });
        Loaded {
            supplement: answers.collect(),
            text: ok(&run("nft", &["-a", "list", "ruleset"], "")),
            interfaces: interfaces.collect(),
            json: json.into_bytes(),
        }
    });
    loaded.expect("these tests need root: they make network namespaces (CAP_SYS_ADMIN)")
}

/// Output, errors, success.
fn run(program: &str, arguments: &[&str], input: &str) -> (String, String, bool) {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("these tests need {program}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.success())
}

fn ok((output, errors, success): &(String, String, bool)) -> String {
    assert!(success, "{errors}");
    output.clone()
}

impl Loaded {
    pub(crate) fn read(&self) -> Ruleset {
        let mut names = Names::new(self.interfaces.clone());
        nft::read_with(&self.json, &self.supplement, &mut names).unwrap()
    }
}

/// The chain of a name.
pub(crate) fn chain<'r>(ruleset: &'r Ruleset, name: &str) -> &'r Chain {
    ruleset.chains.iter().find(|chain| chain.name == name).unwrap_or_else(|| panic!("no chain {name}"))
}

/// Whether something in a rule was not understood.
pub(crate) fn is_unknown(ruleset: &Ruleset, rule: &Rule) -> bool {
    let set = |statement: &Statement| match statement {
        Statement::VerdictMap { map, .. } => ruleset.set(*map).is_none_or(|set| set.incomplete.is_some()),
        _ => false,
    };
    format!("{:?}", rule.statements).contains("Unknown(") || rule.statements.iter().any(set)
}

/// Rules, one a line, in a chain at a hook; each is read. Their statements.
pub(crate) fn statements(family: &str, hook: &str, rules: &[&str]) -> (Ruleset, Vec<Vec<Statement>>) {
    let device = if hook == "ingress" { " device lo" } else { "" };
    let nat =
        ["nat", "masquerade", "redirect"].iter().any(|word| rules.iter().any(|rule| rule.contains(word)));
    let kind = if nat { "nat" } else { "filter" };
    let lines = rules.join("\n  ");
    let text = format!(
        "table {family} t {{\n chain x {{\n }}\n chain c {{\n  type {kind} hook {hook}{device} priority -10;\n  {lines}\n }}\n}}\n"
    );
    let ruleset = load(&text).read();
    assert!(ruleset.unread.is_empty(), "{:?}", ruleset.unread);
    let statements = chain(&ruleset, "c").rules.iter().map(|rule| rule.statements.clone()).collect();
    (ruleset, statements)
}
