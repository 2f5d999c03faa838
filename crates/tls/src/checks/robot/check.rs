//! The check: what rode along is judged first, what is missing is asked, what differs is asked again.

use std::time::Duration;

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Support};
use portreeve_wire::tls::{KeyExchange, Suite, Version};

use super::{Answers, Finding, Flow, Question, Strength, Vector};
use crate::audit::Scene;
use crate::checks::presence::{OLD, Presence};
use crate::checks::reply::Reply;
use crate::checks::rides::Probe;
use crate::checks::{Check, Judgement};
use crate::exchange::{FirstFlight, then};

/// Times that an oracle has to give the same five answers.
const ROUNDS: usize = 3;
/// How long a server may take to refuse a secret.
const SILENCE: Duration = Duration::from_secs(1);

/// ROBOT.
pub(crate) static CHECK: Check = Check {
    id: "robot",
    title: "ROBOT (Bleichenbacher's oracle)",
    cves: &[
        "CVE-2017-6168",
        "CVE-2017-12373",
        "CVE-2017-13098",
        "CVE-2017-13099",
        "CVE-2017-17382",
        "CVE-2017-17427",
        "CVE-2017-17428",
        "CVE-2017-1000385",
        "CVE-2012-5081",
        "CVE-2016-6883",
    ],
    severity: Severity::High,
    fix: &[
        "Update the TLS implementation or the firmware of the load balancer: the fault is in its code.",
        "Until then turn RSA key exchange off. nginx: ssl_ciphers HIGH:!kRSA:!aNULL; Apache: SSLCipherSuite HIGH:!kRSA:!aNULL; haproxy: ssl-default-bind-ciphers HIGH:!kRSA:!aNULL",
    ],
    reproduce: Some("testssl --robot {target}"),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    let presence = Presence::of(&scene.known, &OLD, is_asked_about);
    let Some((version, _)) = presence.found.first().copied() else {
        return presence
            .absent("The server agrees to no suite with RSA key exchange, which the attack needs.");
    };
    let mut same: Vec<(Flow, Option<Reply>)> = Vec::new();
    for flow in [Flow::Whole, Flow::Cut, Flow::Bare] {
        // Alerts tell what was refused; only where there are none it takes silence to tell.
        if flow == Flow::Bare && same.iter().flat_map(|(_, reply)| reply).any(|reply| reply.alert().is_some())
        {
            continue;
        }
        let answers = answers(scene, version, flow).await;
        if flow == Flow::Whole && answers.wanted_certificate() {
            return Judgement::inconclusive(
                "The server refuses clients without a certificate before it looks at the secret, so that no padding could be tried.",
            );
        }
        let found = match answers.finding() {
            Finding::Differ(_) => again(scene, version, flow).await,
            finding => judge(version, flow, finding),
        };
        match found {
            Ok(reply) => same.push((flow, reply)),
            Err(judgement) => return judgement,
        }
    }
    let told = same.iter().map(|(flow, reply)| {
        let reply = reply.as_ref().map_or("silence".to_owned(), ToString::to_string);
        format!("{} with {reply}", flow.says())
    });
    let told: Vec<String> = told.collect();
    let asked = 5 * told.len();
    let statement = format!("The server answers all five paddings alike in {version}: {}.", told.join(", "));
    Judgement::not_vulnerable(statement, vec![Evidence::fact(format!("{asked} answers to five paddings"))])
}

/// RSA key exchange with the key of the certificate.
fn is_asked_about(suite: Suite) -> bool {
    suite.key_exchange() == Some(KeyExchange::Rsa) && !suite.is_export()
}

/// What rode along, and the rest over connections of its own.
async fn answers(scene: &Scene, version: Version, flow: Flow) -> Answers {
    let mut answers = Answers::default();
    let rode = |probe| matches!(probe, Probe::Padding(of, _, after) if of == version && after == flow);
    for (probe, heard) in scene.known.rides.made(rode) {
        if let Probe::Padding(_, vector, _) = probe {
            answers.add(vector, heard);
        }
    }
    let missing: Vec<Vector> = answers.missing().collect();
    ask(scene, version, flow, missing, 1, &mut answers).await;
    answers
}

/// Asks about paddings over connections of their own, all with one suite, so many times as patiently as usual.
async fn ask(
    scene: &Scene,
    version: Version,
    flow: Flow,
    vectors: Vec<Vector>,
    patiently: u32,
    answers: &mut Answers,
) {
    let known = scene.known.version(version).filter(|one| one.support == Support::Yes);
    let Some(suite) = known.and_then(|one| one.suites.iter().copied().find(|suite| is_asked_about(*suite)))
    else {
        return;
    };
    let usual = scene.line.patience().answer;
    // Where silence is the answer of a healthy server it is not waited for long: the flight has just come faster.
    let patience = patiently * if flow == Flow::Bare { usual.min(SILENCE) } else { usual };
    let asked = vectors.into_iter().map(|vector| async move {
        let hello = scene.greeting.hello(version, &[suite]).encode();
        let first = FirstFlight::new(hello, usual);
        (vector, scene.line.play(then(first, Question::new(vector, flow, patience))).await)
    });
    for (vector, heard) in futures_util::future::join_all(asked).await {
        answers.add(vector, heard);
    }
}

/// Answers that differ may have come with different suites, or from several servers behind one address: asked again with one suite, longer
/// waited for, they have to differ in the same way each time.
async fn again(scene: &Scene, version: Version, flow: Flow) -> Result<Option<Reply>, Judgement> {
    let mut rounds: Vec<Answers> = Vec::new();
    for _ in 0..ROUNDS {
        let mut answers = Answers::default();
        ask(scene, version, flow, Vector::ALL.to_vec(), 2, &mut answers).await;
        rounds.push(answers);
    }
    judge_rounds(version, flow, &rounds)
}

/// Of answers that are no oracle: the reply to everything, none for silence where that is in order; why there is none otherwise.
fn judge(version: Version, flow: Flow, finding: Finding) -> Result<Option<Reply>, Judgement> {
    match finding {
        Finding::Same(reply) => Ok(Some(reply)),
        Finding::Silent if flow == Flow::Bare => Ok(None),
        Finding::Silent | Finding::Differ(_) => Err(Judgement::inconclusive(format!(
            "In {version} the server is silent whatever the padding ({}).",
            flow.says()
        ))),
        Finding::Missing(why) => {
            Err(Judgement::inconclusive(format!("Not every padding was answered in {version}: {why}.")))
        }
    }
}

/// Of several rounds with one suite: the reply to everything where they find no difference, the verdict otherwise.
fn judge_rounds(version: Version, flow: Flow, rounds: &[Answers]) -> Result<Option<Reply>, Judgement> {
    let Some(first) = rounds.first() else {
        return Err(Judgement::inconclusive("No padding was asked about again."));
    };
    if rounds.iter().any(|round| round.replies() != first.replies()) {
        return Err(Judgement::inconclusive(format!(
            "The answers to wrong paddings change from one time to the next in {version}, as of several servers behind one address.",
        )));
    }
    let strength = match first.finding() {
        Finding::Differ(strength) => strength,
        finding => return judge(version, flow, finding),
    };
    let (word, meaning) = match strength {
        Strength::Strong => ("strong", "recorded sessions can be decrypted, and signatures made, in hours"),
        Strength::Weak => ("weak", "an attack takes many millions of questions"),
    };
    let times = rounds.len();
    let statement = format!(
        "The server answers wrong paddings of the secret differently in {version} ({}, {times} times alike): a {word} oracle, with which {meaning}.",
        flow.says(),
    );
    Err(Judgement::confirmed(statement, first.evidence()))
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::*;
    use crate::checks::canned::{Canned, PATIENCE, fatal};

    fn round(alert: impl Fn(Vector) -> u8) -> Answers {
        let server = Canned::new(Version::Tls12, 0x002f);
        let mut answers = Answers::default();
        for vector in Vector::ALL {
            let question = Question::new(vector, Flow::Whole, PATIENCE);
            answers.add(vector, server.play(question, &mut |_| Some(fatal(alert(vector)))));
        }
        answers
    }

    #[test]
    fn an_oracle_has_to_say_the_same_each_time() {
        let telling = || round(|vector| if vector == Vector::WrongStart { 40 } else { 20 });
        let judged = |rounds: &[Answers]| {
            judge_rounds(Version::Tls12, Flow::Whole, rounds).map_err(|judged| judged.verdict)
        };
        let bad = judge_rounds(Version::Tls12, Flow::Whole, &[telling(), telling()]).unwrap_err();
        assert_eq!((bad.verdict, bad.evidence.len()), (Verdict::Confirmed, 10));
        assert!(bad.statement.contains("strong oracle"), "{bad:?}");
        assert_eq!(judged(&[telling(), round(|_| 20)]), Err(Verdict::Inconclusive));
        assert!(judged(&[round(|_| 20), round(|_| 20)]).is_ok());
    }
}
