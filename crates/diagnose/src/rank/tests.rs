//! The order of causes, and what it comes to where there is none.

use portreeve_model::Severity;
use portreeve_model::why::{Fault, Impact, Layer, LayerName, LayerState, Nature, Note, Unjudged, Verdict};
use proptest::prelude::*;

use super::rank;

fn fault(layer: LayerName, code: &str, impact: Impact, nature: Nature) -> Fault {
    Fault {
        layer,
        code: code.to_owned(),
        severity: Severity::High,
        impact,
        nature,
        statement: format!("{layer}/{code} is wrong"),
        endpoints: Vec::new(),
        evidence: Vec::new(),
        fix: Vec::new(),
    }
}

fn unjudged(cause: &str, matters: bool) -> Unjudged {
    Unjudged { cause: cause.to_owned(), remedy: None, matters }
}

/// A layer with these, in the state that follows from them.
fn layer(name: LayerName, faults: Vec<Fault>, unknown: Vec<Unjudged>) -> Layer {
    let state = match (faults.is_empty(), unknown.is_empty()) {
        (false, _) => LayerState::Fault,
        (true, false) => LayerState::Unknown,
        (true, true) => LayerState::Ok,
    };
    Layer { layer: name, state, statement: String::new(), tried: false, faults, notes: Vec::new(), unknown }
}

fn one(name: LayerName, impact: Impact, nature: Nature) -> Layer {
    layer(name, vec![fault(name, "code", impact, nature)], Vec::new())
}

fn cause(layers: &[Layer]) -> Option<LayerName> {
    rank(layers).primary.map(|fault| fault.layer)
}

#[test]
fn what_keeps_everybody_out_comes_before_what_keeps_some_out() {
    let layers =
        [one(LayerName::Route, Impact::Some, Nature::Cause), one(LayerName::Tls, Impact::All, Nature::Cause)];
    assert_eq!(cause(&layers), Some(LayerName::Tls));
}

#[test]
fn a_cause_comes_before_a_symptom_of_the_same_impact() {
    let layers = [
        one(LayerName::Address, Impact::All, Nature::Symptom),
        one(LayerName::Queue, Impact::All, Nature::Cause),
    ];
    assert_eq!(cause(&layers), Some(LayerName::Queue));
    let alone = [one(LayerName::Address, Impact::All, Nature::Symptom)];
    assert_eq!(cause(&alone), Some(LayerName::Address), "the symptom is named where there is no cause");
}

#[test]
fn among_equals_the_layer_that_a_connection_meets_first_is_named() {
    let layers = [
        one(LayerName::Http, Impact::All, Nature::Cause),
        one(LayerName::Firewall, Impact::All, Nature::Cause),
        one(LayerName::Tls, Impact::All, Nature::Cause),
    ];
    let ranked = rank(&layers);
    let order: Vec<LayerName> =
        ranked.primary.iter().chain(&ranked.contributing).map(|fault| fault.layer).collect();
    assert_eq!(order, [LayerName::Firewall, LayerName::Tls, LayerName::Http]);
}

#[test]
fn among_equals_of_one_layer_its_own_order_stays() {
    let faults = ["first", "second", "third"]
        .map(|code| fault(LayerName::Tls, code, Impact::All, Nature::Cause))
        .to_vec();
    let ranked = rank(&[layer(LayerName::Tls, faults, Vec::new())]);
    assert_eq!(ranked.primary.unwrap().code, "first");
    assert_eq!(ranked.contributing.iter().map(|fault| &*fault.code).collect::<Vec<_>>(), ["second", "third"]);
}

#[test]
fn a_cause_that_is_found_outweighs_what_is_not_known() {
    let layers = [
        layer(LayerName::Firewall, Vec::new(), vec![unjudged("no right to read rules", true)]),
        one(LayerName::Tls, Impact::Some, Nature::Symptom),
    ];
    assert_eq!(rank(&layers).verdict, Verdict::Fault);
}

#[test]
fn what_matters_and_is_not_known_leaves_it_undetermined_and_is_named() {
    let layers = [
        layer(LayerName::Firewall, Vec::new(), vec![unjudged("no right to read rules", true)]),
        layer(LayerName::Mac, Vec::new(), vec![unjudged("no log", false)]),
    ];
    let ranked = rank(&layers);
    assert_eq!(ranked.verdict, Verdict::Undetermined);
    assert!(ranked.statement.contains("firewall: no right to read rules"), "{}", ranked.statement);
    assert!(!ranked.statement.contains("no log"), "{}", ranked.statement);
}

#[test]
fn notes_and_what_does_not_matter_leave_a_target_healthy() {
    let mut tls = layer(LayerName::Tls, Vec::new(), Vec::new());
    tls.notes.push(Note { code: "expires-soon".to_owned(), statement: "It ends next week.".to_owned() });
    let layers = [layer(LayerName::Mac, Vec::new(), vec![unjudged("no log", false)]), tls];
    let ranked = rank(&layers);
    assert_eq!(ranked.verdict, Verdict::Healthy);
    assert_eq!(ranked.primary, None);
    assert_eq!(rank(&[]).verdict, Verdict::Healthy);
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let faults = prop::collection::vec(
        (
            prop_oneof![Just(Impact::Some), Just(Impact::All)],
            prop_oneof![Just(Nature::Symptom), Just(Nature::Cause)],
        ),
        0..3,
    );
    let unknown = prop::collection::vec(any::<bool>(), 0..3);
    (prop::sample::select(LayerName::ALL.to_vec()), faults, unknown).prop_map(|(name, faults, unknown)| {
        let faults = faults.into_iter().map(|(impact, nature)| fault(name, "code", impact, nature)).collect();
        layer(name, faults, unknown.into_iter().map(|matters| unjudged("cause", matters)).collect())
    })
}

proptest! {
    #[test]
    fn a_verdict_follows_from_faults_and_from_what_matters(
        layers in prop::collection::vec(any_layer(), 0..12),
    ) {
        let ranked = rank(&layers);
        let faults: Vec<&Fault> = layers.iter().flat_map(|layer| &layer.faults).collect();
        let mattering = layers.iter().any(|layer| layer.unknown.iter().any(|one| one.matters));
        prop_assert_eq!(ranked.primary.is_some(), !faults.is_empty());
        prop_assert_eq!(ranked.contributing.len(), faults.len().saturating_sub(1));
        prop_assert_eq!(ranked.verdict == Verdict::Fault, !faults.is_empty());
        prop_assert_eq!(ranked.verdict == Verdict::Healthy, faults.is_empty() && !mattering);
        prop_assert!(!ranked.statement.is_empty());
        if let Some(primary) = &ranked.primary {
            let is_held_up = faults.iter().any(|fault| super::holds_the_process_up(fault));
            let place = |fault: &Fault| {
                let is_explained = is_held_up && super::is_silence(fault);
                let impact = if is_explained { Impact::Some } else { fault.impact };
                (impact, fault.nature, std::cmp::Reverse(fault.layer))
            };
            prop_assert!(faults.iter().all(|fault| place(fault) <= place(primary)));
            prop_assert_eq!(&ranked.statement, &primary.statement);
        }
    }

    #[test]
    fn the_order_of_layers_does_not_change_the_cause(
        layers in prop::collection::vec(any_layer(), 0..12).prop_shuffle(),
    ) {
        let mut sorted = layers.clone();
        sorted.sort_by_key(|layer| layer.layer);
        prop_assert_eq!(rank(&layers).primary, rank(&sorted).primary);
    }
}

#[test]
fn silence_is_explained_by_what_holds_one_of_several_processes_up() {
    let layers = [
        one(LayerName::Queue, Impact::Some, Nature::Cause),
        one(LayerName::Http, Impact::All, Nature::Symptom),
    ];
    assert_eq!(rank(&layers).primary.unwrap().layer, LayerName::Queue);
    // A rule for some clients does not explain what this connection met.
    let layers = [
        one(LayerName::Firewall, Impact::Some, Nature::Cause),
        one(LayerName::Http, Impact::All, Nature::Symptom),
    ];
    assert_eq!(rank(&layers).primary.unwrap().layer, LayerName::Http);
}
