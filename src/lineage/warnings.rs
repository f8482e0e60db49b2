//! What somebody who is to answer "may this go to production?" must not have to search for.

use std::collections::BTreeSet;

use super::build::named_run;
use super::{Facts, data, upstream};
use crate::domain::{DatasetInput, Lifecycle, Stage, Untrusted, text::clean};
use crate::evidence::FactValue;

/// Contexts of data that a model is judged on.
const JUDGED: [&str; 6] = ["evaluation", "eval", "test", "testing", "validation", "holdout"];

/// The warnings, cleaned, the gravest first; against the version to beat, where there is one.
pub(super) fn warnings(facts: &Facts, champion: Option<&Facts>) -> Vec<String> {
    let mut all = serving(facts);
    all.extend(told_by_tools(facts));
    all.extend(run(facts));
    all.extend(datasets(facts));
    all.extend(champion.and_then(|champion| other_data(facts, champion)));
    all.extend(older(facts));
    all.into_iter().map(|line| clean(&line).into_owned()).collect()
}

/// A version that is served holds a place, or somebody forgot it.
fn serving(facts: &Facts) -> Vec<String> {
    let version = &facts.version;
    let has_alias = !version.aliases.is_empty() || facts.model.aliases.iter().any(|(_, to)| *to == version.version);
    let why = match version.stage {
        Stage::Archived => "though it is archived",
        Stage::None if !has_alias => "though it holds no alias and no stage",
        _ => return Vec::new(),
    };
    let served = facts.evidence.deployments();
    served.map(|(tool, deployment)| format!("served by {tool} {}, {why} ({})", deployment.name, deployment.from)).collect()
}

/// Facts that are not what they should be.
fn told_by_tools(facts: &Facts) -> Vec<String> {
    let bad = facts.evidence.evidence.iter().flat_map(|tool| tool.facts.iter().filter(|fact| fact.bad).map(move |fact| (tool, fact)));
    let told = bad.map(|(tool, fact)| {
        let value = match &fact.value {
            FactValue::Value(_) => format!("is {}", fact.value),
            FactValue::Unreadable(why) => format!("can't be told: {why}"),
        };
        format!("{}: {} {value} ({})", tool.name, fact.name, fact.from)
    });
    told.collect()
}

fn run(facts: &Facts) -> Vec<String> {
    let mut all = Vec::new();
    match (&facts.run, named_run(facts)) {
        (Some(run), _) if run.lifecycle == Lifecycle::Deleted => all.push(format!("the run {} is deleted", run.id.short())),
        (None, Some(id)) => all.push(format!("the run {} can't be read: it may be deleted", id.short())),
        (None, None) => all.push("it names no run: nobody can tell what made it".to_owned()),
        _ => {}
    }
    let code = upstream::code(facts);
    if code.dirty == Some(true) && code.diff.is_none() {
        all.push("its code had changes that were not committed, and are not recorded".to_owned());
    } else if code.dirty == Some(true) {
        all.push("its code had changes that were not committed (the diff is recorded)".to_owned());
    }
    all
}

fn datasets(facts: &Facts) -> Vec<String> {
    let all: Vec<&DatasetInput> = facts.run.iter().flat_map(|run| &run.datasets).collect();
    let mut told = Vec::new();
    if facts.run.is_some() && all.is_empty() && facts.evidence.data().is_none() {
        told.push("no version of its data is recorded".to_owned());
    }
    told.extend(all.iter().filter(|one| one.digest.is_empty()).map(|one| format!("data {} has no digest", one.name.raw())));
    let is_judged =
        |one: &DatasetInput| one.context.as_ref().is_some_and(|context| JUDGED.contains(&context.raw().to_ascii_lowercase().as_str()));
    let trained = all.iter().filter(|one| data::is_training(one));
    let leaked = trained.filter(|one| !one.digest.is_empty() && all.iter().any(|other| is_judged(other) && other.digest == one.digest));
    told.extend(leaked.map(|one| format!("it was judged on the data that it was trained on: {}", data::name(one))));
    told
}

/// Other data than the champion's: then their metrics may not compare.
fn other_data(facts: &Facts, champion: &Facts) -> Option<String> {
    let digests = |facts: &Facts| -> BTreeSet<Untrusted> {
        facts.run.iter().flat_map(|run| &run.datasets).map(|one| one.digest.clone()).filter(|digest| !digest.is_empty()).collect()
    };
    let (own, theirs) = (digests(facts), digests(champion));
    if own.is_empty() || theirs.is_empty() || own == theirs {
        return None;
    }
    let names = |only: BTreeSet<&Untrusted>| only.into_iter().map(Untrusted::raw).collect::<Vec<_>>().join(", ");
    let (new, gone) = (names(own.difference(&theirs).collect()), names(theirs.difference(&own).collect()));
    Some(format!("its data is not the champion's (v{}): digest {new}, not {gone}", champion.version.version))
}

/// Facts that were made before the version was: they may be about another one.
fn older(facts: &Facts) -> Option<String> {
    let tools = facts.evidence.evidence.iter().filter(|tool| tool.facts.iter().any(|fact| fact.older));
    let names: Vec<&str> = tools.map(|tool| tool.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("older than the version: what {} told", names.join(", ")))
}
