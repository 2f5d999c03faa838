//! One server, audited by all.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use portreeve_lab::scenario::{Programs, Scenario, Server};
use portreeve_model::tls::{Audit, Verdict};

use crate::claims::Claims;
use crate::differences::Difference;
use crate::explained::Explained;
use crate::{ours, sslscan, sslyze};

/// How often a peer is asked again at most.
const AGAIN: usize = 2;

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
            let theirs = match claims {
                Ok(theirs) => theirs,
                Err(error) => {
                    self.wrong.push(format!("{peer}: {error}"));
                    continue;
                }
            };
            self.tell(peer, &theirs);
            let mut differences = self.between(peer, &ours, &theirs);
            // Both take a connection that came to nothing for a refusal, now and then: where nobody explains one they are asked again, and
            // what they refuse every time counts.
            for _ in 0..AGAIN {
                if is_puzzling(&differences, explained)
                    && let Ok(again) = ask(server)
                {
                    self.tell(peer, &again);
                    let again = self.between(peer, &ours, &again);
                    differences.retain(|one| again.contains(one));
                }
            }
            self.differences.extend(differences);
        }
        self.tell("portreeve", &ours);
    }

    /// Keeps what one of them said, to be shown.
    fn tell(&mut self, who: &str, claims: &Claims) {
        let _ = writeln!(self.said, "--- {who}\n{}", claims.lines().join("\n"));
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

/// Whether a peer refuses what we saw agreed to, and nothing explains it.
fn is_puzzling(differences: &[Difference], explained: &Explained) -> bool {
    let (unexplained, _) = explained.judge(differences);
    unexplained.iter().any(|one| one.ours == "yes" && one.theirs == "no")
}
