//! The confusion matrix: expected layers down, found ones across; codes below it.

use std::collections::{BTreeMap, BTreeSet};

use portreeve_model::why::LayerName;

use crate::case::Case;

/// The matrix, and a line for each expected code.
pub(crate) fn render(cases: &[Case]) -> String {
    let mut lines = layers(cases);
    lines.push(String::new());
    lines.extend(codes(cases));
    lines.join("\n")
}

fn layers(cases: &[Case]) -> Vec<String> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for case in cases {
        *counts.entry((rank(&case.expected), rank(&case.found))).or_default() += 1;
    }
    let rows: BTreeSet<usize> = counts.keys().map(|(row, _)| *row).collect();
    let columns: BTreeSet<usize> = counts.keys().map(|(_, column)| *column).chain(rows.clone()).collect();
    let head: Vec<String> = columns.iter().map(|column| format!("{:>12}", word(*column))).collect();
    let mut lines = vec![format!("{:<13}{}", "expected", head.join(""))];
    for row in rows {
        let cells = columns.iter().map(|column| match counts.get(&(row, *column)) {
            Some(count) => format!("{count:>12}"),
            None => format!("{:>12}", "."),
        });
        lines.push(format!("{:<13}{}", word(row), cells.collect::<String>()));
    }
    lines
}

fn codes(cases: &[Case]) -> Vec<String> {
    let mut by_code: BTreeMap<(usize, &str), Vec<&Case>> = BTreeMap::new();
    for case in cases {
        by_code.entry((rank(&case.expected), &case.expected)).or_default().push(case);
    }
    let line = |((_, code), cases): ((usize, &str), Vec<&Case>)| {
        let right = cases.iter().filter(|case| case.found == case.expected).count();
        let slowest = cases.iter().map(|case| case.took).max().unwrap_or_default().as_secs_f64();
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        format!("{right:>3} of {:<3} {code:<36} {slowest:>4.1} s  {}", cases.len(), names.join(" "))
    };
    by_code.into_iter().map(line).collect()
}

/// Layers in their order, then what is none.
fn rank(slug: &str) -> usize {
    let layer = slug.split('/').next().unwrap_or_default();
    let other = OTHERS.iter().position(|other| *other == slug).unwrap_or(OTHERS.len() - 1);
    LayerName::ALL.iter().position(|name| name.name() == layer).unwrap_or(LayerName::ALL.len() + other)
}

const OTHERS: &[&str] = &["healthy", "undetermined", "nothing"];

fn word(rank: usize) -> &'static str {
    match LayerName::ALL.get(rank) {
        Some(layer) => layer.name(),
        None => OTHERS[rank - LayerName::ALL.len()],
    }
}
