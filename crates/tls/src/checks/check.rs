//! What a check is.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Verdict, Weakness};

use crate::audit::Scene;
use crate::name::bracketed;

/// How a check looks: a future that borrows the scene.
pub type Look = for<'a> fn(&'a Scene) -> Pin<Box<dyn Future<Output = Judgement> + Send + 'a>>;

/// One check.
#[derive(Debug)]
pub struct Check {
    /// Stable slug.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// CVE numbers.
    pub cves: &'static [&'static str],
    /// How bad it is where it is confirmed.
    pub severity: Severity,
    /// What to do about it, best first.
    pub fix: &'static [&'static str],
    /// A command of standard tools that shows the same; `{target}` is address:port, `{host}` and `{port}` its parts, `{servername}` what makes
    /// openssl send the name in the hello, `{authority}` the host of a URL.
    pub reproduce: Option<&'static str>,
    /// Looks and judges.
    pub look: Look,
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What was seen, and what that means: one or two sentences.
    pub statement: String,
    /// The bytes that prove it.
    pub evidence: Vec<Evidence>,
}

impl Judgement {
    /// The server did what only a vulnerable one does.
    pub fn confirmed(statement: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        Self { verdict: Verdict::Confirmed, statement: statement.into(), evidence }
    }

    /// What the attack needs is there.
    pub fn potential(statement: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        Self { verdict: Verdict::Potential, statement: statement.into(), evidence }
    }

    /// The server did what a vulnerable one does not.
    pub fn not_vulnerable(statement: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        Self { verdict: Verdict::NotVulnerable, statement: statement.into(), evidence }
    }

    /// Neither was seen.
    pub fn inconclusive(statement: impl Into<String>) -> Self {
        Self { verdict: Verdict::Inconclusive, statement: statement.into(), evidence: Vec::new() }
    }
}

impl Check {
    /// As documents tell it.
    fn told(&self, scene: &Scene, judged: Judgement) -> Weakness {
        let is_open = matches!(judged.verdict, Verdict::Confirmed | Verdict::Potential);
        let reproduce = self.reproduce.map(|command| reproduced(command, scene));
        Weakness {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            cves: self.cves.iter().map(|cve| (*cve).to_owned()).collect(),
            verdict: judged.verdict,
            severity: self.severity,
            statement: judged.statement,
            evidence: judged.evidence,
            fix: if is_open { self.fix.iter().map(|fix| (*fix).to_owned()).collect() } else { Vec::new() },
            reproduce,
        }
    }
}

/// A command with this server's address and name in it.
fn reproduced(command: &str, scene: &Scene) -> String {
    let address = scene.address();
    let authority = bracketed(scene.name());
    command
        .replace("{target}", &address.to_string())
        .replace("{servername}", &scene.greeting.openssl_servername())
        .replace("{authority}", &authority)
        .replace("{host}", &address.ip().to_string())
        .replace("{port}", &address.port().to_string())
}

/// Makes every check, side by side as far as the line lets them.
pub async fn run_all(scene: &Scene) -> Vec<Weakness> {
    let looks = super::CHECKS.iter().map(|check| async move { check.told(scene, (check.look)(scene).await) });
    futures_util::future::join_all(looks).await
}

#[cfg(test)]
mod tests {
    use super::super::CHECKS;

    #[test]
    fn commands_end_by_themselves_and_ask_for_the_name() {
        for check in CHECKS {
            let Some(command) = check.reproduce else { continue };
            // The tools of another version are not run as they are.
            if command.starts_with("openssl s_client") && !command.contains("(an OpenSSL") {
                assert!(command.contains("</dev/null"), "{}: {command}", check.id);
            }
            if command.contains("https://") {
                assert!(command.contains("https://{authority}/"), "{}: {command}", check.id);
            }
        }
    }
}
