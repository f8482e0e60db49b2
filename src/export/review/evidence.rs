//! What other tools left with the candidate and with the champion, side by side.

use std::collections::BTreeMap;

use crate::evidence::{EvidenceReport, Fact};
use crate::export::Sheet;

/// Stands where a side has no such fact.
const ABSENT: &str = "—";

/// The facts of both sides that differ or that a recogniser judges, a row each: first those of the candidate that are not as they
/// should be. Empty where there are none.
pub(super) fn evidence_sheet(
    candidate: &EvidenceReport,
    champion: Option<&EvidenceReport>,
) -> Sheet {
    let mut sheet = Sheet::new(["evidence", "champion", "candidate", "note"]);
    let own = facts_by_name(candidate);
    let theirs = champion.map(facts_by_name).unwrap_or_default();
    let mut keys: Vec<&(&str, &str)> = own
        .keys()
        .chain(theirs.keys().filter(|key| !own.contains_key(*key)))
        .collect();
    let is_bad = |key: &(&str, &str)| own.get(key).is_some_and(|fact| fact.is_unexpected);
    keys.sort_by_key(|key| (!is_bad(key), **key));
    let format_value = |fact: Option<&&Fact>| {
        fact.map_or_else(|| ABSENT.to_owned(), |fact| fact.value.to_string())
    };
    for key in keys {
        let fact = own.get(key);
        let is_same = fact
            .zip(theirs.get(key))
            .is_some_and(|(own, theirs)| own.value == theirs.value);
        if is_same && fact.is_some_and(|fact| !fact.has_expectation && !fact.is_stale) {
            continue;
        }
        sheet.push_row([
            format!("{}: {}", key.0, key.1),
            format_value(theirs.get(key)),
            format_value(fact),
            fact.map(|fact| note(fact)).unwrap_or_default(),
        ]);
    }
    let served = candidate.deployments().map(|(tool, deployment)| {
        [
            format!("{tool}: served"),
            String::new(),
            deployment.to_string(),
            String::new(),
        ]
    });
    served.for_each(|row| sheet.push_row(row));
    sheet
}

/// The facts by tool and name.
fn facts_by_name(report: &EvidenceReport) -> BTreeMap<(&str, &str), &Fact> {
    report
        .tools
        .iter()
        .flat_map(|tool| {
            tool.facts
                .iter()
                .map(move |fact| ((tool.name.as_str(), fact.name.as_str()), fact))
        })
        .collect()
}

/// What to know of a fact.
fn note(fact: &Fact) -> String {
    let notes = [
        (fact.is_unexpected, "not as it should be"),
        (fact.is_stale, "older than the version"),
    ];
    notes
        .iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, text)| *text)
        .collect::<Vec<_>>()
        .join(", ")
}
