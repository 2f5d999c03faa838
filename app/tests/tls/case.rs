//! One server, audited by all.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use portreeve_lab::scenario::{Programs, Scenario, Server};
use portreeve_model::tls::{Audit, Verdict};

use crate::claims::Claims;
use crate::differences::Difference;
use crate::explained::Explained;
use crate::{ours, sslscan, sslyze};

/// What an auditor said, or why it said nothing.
type Claimed = Result<Claims, String>;
/// An auditor.
type Audited = fn(&Server<'_>) -> Claimed;

/// What came of one server.
pub(crate) struct Case {
    /// Name of the file.
    pub(crate) name: String,
    /// What the others say otherwise.
    pub(crate) differences: Vec<Difference>,
    /// What went wrong, each in a sentence.
    pub(crate) wrong: Vec<String>,
    /// How many suites and connections there were.
    pub(crate) numbers: String,
    /// How long each took: `portreeve`, `SSLyze`, sslscan.
    pub(crate) took: [Duration; 3],
    /// Everything that was said.
    pub(crate) said: String,
}

impl Case {
    /// Starts the server, and lets all audit it, one after the other.
    pub(crate) fn run(scenario: &Scenario, name: &str, programs: &Programs, explained: &Explained) -> Self {
        let mut case = Self {
            name: name.into(),
            differences: Vec::new(),
            wrong: Vec::new(),
            numbers: String::new(),
            took: [Duration::ZERO; 3],
            said: String::new(),
        };
        if let Err(error) = scenario.audited(programs, |server| case.audit(server, explained)) {
            case.wrong.push(format!("it could not be staged: {error}"));
        }
        case
    }

    fn audit(&mut self, server: &Server<'_>, explained: &Explained) {
        let mut timed = |place: usize, begun: Instant| self.took[place] = begun.elapsed();
        let begun = Instant::now();
        let ours = ours::audit(server);
        timed(0, begun);
        let begun = Instant::now();
        let sslyze = sslyze::audit(server);
        timed(1, begun);
        let begun = Instant::now();
        let sslscan = sslscan::audit(server);
        timed(2, begun);
        let ours = match ours {
            Ok((audit, ours)) => {
                self.expected(server, &audit);
                let connections = audit.effort.connections;
                self.numbers = format!("{} suites, {connections} connections", ours.suite_count());
                ours
            }
            Err(error) => {
                self.wrong.push(format!("portreeve: {error}"));
                Claims::default()
            }
        };
        let peers: [(&'static str, Audited, Claimed); 2] =
            [("sslyze", sslyze::audit, sslyze), ("sslscan", sslscan::audit, sslscan)];
        for (peer, ask, claims) in peers {
            // Both take a connection that came to nothing for a refusal, now and then: what nobody explains is asked about once more.
            let claims = match claims {
                Ok(theirs) if self.is_puzzled(peer, &ours, &theirs, explained) => ask(server),
                claims => claims,
            };
            match claims {
                Ok(theirs) => self.compare(peer, &ours, &theirs),
                Err(error) => self.wrong.push(format!("{peer}: {error}")),
            }
        }
        self.tell("portreeve", &ours);
    }

    /// Keeps what one of them said, to be shown.
    fn tell(&mut self, who: &str, claims: &Claims) {
        let _ = writeln!(self.said, "--- {who}\n{}", claims.lines().join("\n"));
    }

    fn compare(&mut self, peer: &'static str, ours: &Claims, theirs: &Claims) {
        self.tell(peer, theirs);
        self.differences.extend(self.between(peer, ours, theirs));
    }

    /// Whether a peer refuses what we saw agreed to, and nothing explains it.
    fn is_puzzled(&self, peer: &'static str, ours: &Claims, theirs: &Claims, explained: &Explained) -> bool {
        let differences = self.between(peer, ours, theirs);
        let (unexplained, _) = explained.judge(&differences);
        unexplained.iter().any(|one| one.ours == "yes" && one.theirs == "no")
    }

    fn between(&self, peer: &'static str, ours: &Claims, theirs: &Claims) -> Vec<Difference> {
        let difference =
            |(question, ours, theirs)| Difference { server: self.name.clone(), peer, question, ours, theirs };
        ours.differences(theirs).into_iter().map(difference).collect()
    }

    /// Verdicts that the scenario says.
    fn expected(&mut self, server: &Server<'_>, audit: &Audit) {
        for (id, wanted) in server.expect {
            let found = audit.weaknesses.iter().find(|weakness| weakness.id == *id);
            let verdict = found.map(|weakness| match weakness.verdict {
                Verdict::Confirmed => "confirmed",
                Verdict::Potential => "potential",
                Verdict::NotVulnerable => "not_vulnerable",
                Verdict::Inconclusive => "inconclusive",
            });
            if verdict != Some(wanted) {
                let statement = found.map_or("no such check", |weakness| &weakness.statement);
                self.wrong.push(format!("{id} is {wanted}; found {verdict:?}: {statement}"));
            }
        }
    }

    /// What came of it, in one line.
    pub(crate) fn line(&self) -> String {
        let [ours, sslyze, sslscan] = self.took.map(|took| took.as_secs_f64());
        let Self { name, differences, numbers, .. } = self;
        let count = differences.len();
        format!(
            "{name}: {numbers}; {count} differences; {ours:.1} s, sslyze {sslyze:.1} s, sslscan {sslscan:.1} s"
        )
    }
}
