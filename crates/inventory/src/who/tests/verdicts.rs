//! What an answer comes to.

use portreeve_linux::Errno;
use portreeve_linux::probe::Occupancy;
use portreeve_model::who::Verdict;
use portreeve_model::{NoHolder, State, UnseenReason, UnseenSubject};

use super::scene::{answer, left, tcp, unseen, views};
use crate::findings::testing::{INSIDE, Machine};
use crate::who::{Query, Views, explain};

/// What is seen, how the views are changed, what it comes to.
type Case<'a> = (&'a str, &'a dyn Fn(&mut Views), Verdict);

#[test]
fn nothing_anywhere() {
    type Change = fn(&mut Views);
    let unknown: Change = |views| {
        for probe in &mut views.probes {
            probe.occupancy = Occupancy::Unknown(Errno::ACCESS);
        }
    };
    let gap = |views: &mut Views, subject, reason| views.snapshot.unseen.push(unseen(subject, reason));
    let cases: [Case<'_>; 8] = [
        ("bind(2) agrees", &|_| {}, Verdict::Free),
        ("bind(2) may not be tried, the lists were complete", &unknown, Verdict::Free),
        (
            "bind(2) settles what the lists leave open",
            &|views| gap(views, UnseenSubject::Sockets, UnseenReason::Permission),
            Verdict::Free,
        ),
        (
            "neither",
            &|views| {
                unknown(views);
                gap(views, UnseenSubject::Sockets, UnseenReason::Permission);
            },
            Verdict::Inconclusive,
        ),
        (
            "what went away is no gap",
            &|views| {
                unknown(views);
                gap(views, UnseenSubject::Sockets, UnseenReason::Vanished);
            },
            Verdict::Free,
        ),
        (
            "other namespaces are not asked about",
            &|views| {
                unknown(views);
                gap(views, UnseenSubject::Namespace, UnseenReason::Permission);
            },
            Verdict::Free,
        ),
        (
            "the asked namespace was not entered",
            &|views| {
                views.probes.clear();
                views.proc_net.clear();
                gap(views, UnseenSubject::Namespace, UnseenReason::Permission);
            },
            Verdict::Inconclusive,
        ),
        (
            "owners do not matter where there is no socket",
            &|views| gap(views, UnseenSubject::ProcessDescriptors, UnseenReason::Permission),
            Verdict::Free,
        ),
    ];
    for (name, change, verdict) in cases {
        assert_eq!(answer(&Machine::new(), change).verdict, verdict, "{name}");
    }
}

#[test]
fn a_holder_here_decides() {
    let mut machine = Machine::new();
    left(&mut machine, State::TimeWait, Some("10.0.0.2:1000"), NoHolder::TimeWait);
    assert_eq!(answer(&machine, |_| {}).verdict, Verdict::Taken);
    tcp(&mut machine, &[]);
    assert_eq!(answer(&machine, |_| {}).verdict, Verdict::Taken);
    tcp(&mut machine, &[7]).namespace = INSIDE;
    assert_eq!(answer(&machine, |_| {}).verdict, Verdict::Taken);
    tcp(&mut machine, &[7]);
    assert_eq!(answer(&machine, |_| {}).verdict, Verdict::Held);
}

#[test]
fn the_verdict_is_about_the_asked_namespace() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]).namespace = INSIDE;
    let views = Views { probes: Vec::new(), proc_net: Vec::new(), ..views(&machine) };
    let inside = Query { namespace: INSIDE, ..super::scene::query() };
    let answer = explain(&inside, &views);
    assert_eq!((answer.verdict, answer.namespace), (Verdict::Held, INSIDE));
}
