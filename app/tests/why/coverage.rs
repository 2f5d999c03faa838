//! Whether there are enough scenarios, of every layer.

use portreeve_model::why::LayerName;

use crate::case::Case;

const FAULTS: usize = 45;
const HEALTHY: usize = 10;
const OF_A_LAYER: usize = 3;
/// No kernel that the tests run on has `SELinux` or `AppArmor`: `mac` is tested on recorded messages, beside its judge.
const NOT_PRODUCED: &[LayerName] = &[LayerName::Mac];

/// What is missing, one sentence each.
pub(crate) fn gaps(cases: &[Case]) -> Vec<String> {
    let of_layer = |layer: LayerName| {
        cases.iter().filter(|case| case.expected.split('/').next() == Some(layer.name())).count()
    };
    let healthy = cases.iter().filter(|case| case.expected == "healthy").count();
    let faults = cases.iter().filter(|case| case.expected.contains('/')).count();
    let mut gaps = Vec::new();
    let mut need = |what: &str, there: usize, least: usize| {
        if there < least {
            gaps.push(format!("{there} scenarios are {what}, and {least} are needed"));
        }
    };
    need("faults", faults, FAULTS);
    need("healthy", healthy, HEALTHY);
    for layer in LayerName::ALL.into_iter().filter(|layer| !NOT_PRODUCED.contains(layer)) {
        need(&format!("faults of {layer}"), of_layer(layer), OF_A_LAYER);
    }
    gaps
}
