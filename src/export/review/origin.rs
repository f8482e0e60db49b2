//! Where the version comes from: code, uncommitted changes, data, params.

use std::collections::BTreeSet;

use super::{Answer, Sides, Tone, answer, attribute, missing_run};
use crate::analysis::RowKind;
use crate::domain::DatasetInput;
use crate::lineage::{self, NodeKind};
use crate::promotion::policy::Candidate;

/// Characters of a commit.
const COMMIT_CHARS: usize = 7;
/// Params that are listed before the rest is counted.
const MAX_PARAMS: usize = 12;

impl Sides<'_> {
    pub(super) fn code(&self) -> Answer {
        let (key, question) = ("code", "Which code?");
        let code = |key| attribute(&self.graph, NodeKind::Code, key);
        let commit_of_champion = self
            .champion_graph
            .as_ref()
            .and_then(|graph| attribute(graph, NodeKind::Code, "commit"));
        let parts = [
            ("on ", "branch"),
            ("of ", "repository"),
            ("script ", "source"),
        ];
        let parts = parts
            .into_iter()
            .filter_map(|(word, key)| Some(format!("{word}{}", code(key)?)));
        let parts: Vec<String> = parts.collect();
        let Some(commit) = code("commit") else {
            let first = match (parts.is_empty(), missing_run(self.review.candidate)) {
                (false, _) => format!(
                    "not known: no commit is recorded, only {}",
                    parts.join(", ")
                ),
                (true, Some(why)) => format!("not known: {why}"),
                (true, None) => "not known: no code is recorded".to_owned(),
            };
            return answer(key, question, Tone::Unknown, vec![first]);
        };
        let mut lines = vec![
            [vec![format!("commit {}", short(commit))], parts]
                .concat()
                .join(", "),
        ];
        if self.champion().is_some() {
            lines.push(match commit_of_champion {
                Some(other) if other == commit => "the same commit as the champion's".to_owned(),
                Some(other) => {
                    let commits = match self.review.commits {
                        Ok([]) => ": no commit leads from it to this one".to_owned(),
                        Ok([_]) => ": 1 commit since, listed below".to_owned(),
                        Ok(all) => format!(": {} commits since, listed below", all.len()),
                        Err(why) => format!("; the commits between are not known: {why}"),
                    };
                    format!("the champion's is {}{commits}", short(other))
                }
                None => "the champion's commit is not recorded".to_owned(),
            });
        }
        answer(key, question, Tone::Plain, lines)
    }

    pub(super) fn uncommitted_changes(&self) -> Answer {
        let code = |key| attribute(&self.graph, NodeKind::Code, key);
        let has_diff = code("diff").is_some();
        let (tone, first) = match (code("commit"), code("dirty")) {
            (None, _) => (Tone::Unknown, "not known: no commit is recorded"),
            (_, Some("true")) if has_diff => (
                Tone::Warning,
                "yes: uncommitted changes, recorded as a diff with the run",
            ),
            (_, Some("true")) => (Tone::Bad, "yes: uncommitted changes that were not recorded"),
            (_, Some("false")) => (Tone::Good, "no: everything was committed"),
            _ => (Tone::Unknown, "not known: MLflow did not record it"),
        };
        let mut lines = vec![first.to_owned()];
        let champions = self.champion_graph.as_ref().map(|graph| {
            match attribute(graph, NodeKind::Code, "dirty") {
                Some("true") => "the champion's code had uncommitted changes",
                Some("false") => "the champion's code was committed",
                _ => "the champion's: not known",
            }
        });
        lines.extend(champions.map(str::to_owned));
        answer("dirty", "Uncommitted?", tone, lines)
    }

    pub(super) fn data(&self) -> Answer {
        let (key, question) = ("data", "Which data?");
        let own = datasets(self.review.candidate);
        let version = self.review.candidate.evidence.data_version();
        if own.is_empty() && version.is_none() {
            let why = missing_run(self.review.candidate);
            let why = why.unwrap_or_else(|| "no dataset is recorded".to_owned());
            let mut lines = vec![format!("not known: {why}")];
            let champions = self.champion().map(datasets).unwrap_or_default();
            let names: Vec<String> = champions.into_iter().map(name).collect();
            lines.extend(
                (!names.is_empty()).then(|| format!("the champion's: {}", names.join(", "))),
            );
            return answer(key, question, Tone::Unknown, lines);
        }
        let Some(champion) = self.champion() else {
            let lines = version.into_iter().chain(own.into_iter().map(name));
            return answer(key, question, Tone::Plain, lines.collect());
        };
        let others = datasets(champion);
        let mut lines: Vec<String> = own
            .iter()
            .map(|one| compare_dataset(one, &others))
            .collect();
        let is_gone = |other: &&&DatasetInput| own.iter().all(|one| !is_about_same(one, other));
        let gone = others.iter().filter(is_gone);
        lines.extend(gone.map(|other| format!("{}: only the champion used it", name(other))));
        let champions_version = champion.evidence.data_version();
        lines.extend(version.as_ref().map(|version| match &champions_version {
            Some(other) if other == version => format!("{version}: the same as the champion's"),
            Some(other) => format!("{version}: the champion's is {other}"),
            None => format!("{version}: not recorded for the champion"),
        }));
        let (tone, first) = data_verdict(&own, &others, (version, champions_version), champion);
        answer(key, question, tone, [vec![first], lines].concat())
    }

    pub(super) fn params(&self) -> Answer {
        let (key, question) = ("params", "Which params differ?");
        let own = lineage::training_params(self.review.candidate).len();
        let unknown = |why: String| {
            answer(
                key,
                question,
                Tone::Unknown,
                vec![format!("not known: {why}")],
            )
        };
        let Some(champion) = self.champion() else {
            let dangling = &self.review.context.dangling_champion;
            if let Some(why) = dangling {
                return unknown(format!("the champion is unknown, {why}"));
            }
            let recorded = match own {
                1 => "1 param is recorded".to_owned(),
                _ => format!("{own} params are recorded"),
            };
            let line = format!("no champion to compare with; {recorded}");
            return answer(key, question, Tone::Plain, vec![line]);
        };
        if self.is_same_run() {
            let line = "none: both versions are from the same run".to_owned();
            return answer(key, question, Tone::Plain, vec![line]);
        }
        for facts in [self.review.candidate, champion] {
            if lineage::training_params(facts).is_empty() {
                let why = missing_run(facts).unwrap_or_else(|| {
                    format!("no params of {} are recorded", super::label(facts))
                });
                return unknown(why);
            }
        }
        let rows = self.comparison.iter().flat_map(|compared| &compared.rows);
        let (differing, equal): (Vec<_>, Vec<_>) = rows
            .filter(|row| row.kind == RowKind::Param)
            .partition(|row| row.differs);
        if differing.is_empty() {
            let line = format!("none: all {} are equal to the champion's", equal.len());
            return answer(key, question, Tone::Plain, vec![line]);
        }
        let total = differing.len() + equal.len();
        let mut lines = vec![format!(
            "{} of {total} differ from the champion's",
            differing.len()
        )];
        let shown = differing.iter().take(MAX_PARAMS);
        lines.extend(shown.map(|row| super::compared_values(row)));
        let more = differing.len().saturating_sub(MAX_PARAMS);
        lines.extend((more > 0).then(|| format!("and {more} more")));
        answer(key, question, Tone::Plain, lines)
    }
}

fn short(commit: &str) -> String {
    commit.chars().take(COMMIT_CHARS).collect()
}

fn datasets(facts: &Candidate) -> Vec<&DatasetInput> {
    facts.run.iter().flat_map(|run| &run.datasets).collect()
}

/// `customers@e767a939 (training)`, raw.
fn name(dataset: &DatasetInput) -> String {
    let context = dataset
        .context
        .as_ref()
        .filter(|context| !context.is_empty());
    let context = context.map_or_else(String::new, |context| format!(" ({})", context.raw()));
    let digest = if dataset.digest.is_empty() {
        "no digest"
    } else {
        dataset.digest.raw()
    };
    format!("{}@{digest}{context}", dataset.name.raw())
}

/// Whether two datasets play the same part: their name and context are equal, or they are the same data.
fn is_about_same(one: &DatasetInput, other: &DatasetInput) -> bool {
    one.context == other.context
        && (one.name == other.name || (!one.digest.is_empty() && one.digest == other.digest))
}

fn compare_dataset(one: &DatasetInput, others: &[&DatasetInput]) -> String {
    let has_digest = !one.digest.is_empty();
    let mut same = others
        .iter()
        .filter(|other| has_digest && other.digest == one.digest);
    let named = others.iter().find(|other| is_about_same(one, other));
    let verdict = match (same.any(|other| is_about_same(one, other)), named) {
        (true, _) => "the same as the champion's".to_owned(),
        (false, Some(other)) if !has_digest || other.digest.is_empty() => {
            "cannot be compared with the champion's: no digest".to_owned()
        }
        (false, Some(other)) => format!("the champion's is {}", name(other)),
        (false, None) if others.is_empty() => "not recorded for the champion".to_owned(),
        (false, None) => "the champion did not use it".to_owned(),
    };
    format!("{}: {verdict}", name(one))
}

/// The first line: whether the data is the champion's.
fn data_verdict(
    own: &[&DatasetInput],
    others: &[&DatasetInput],
    versions: (Option<String>, Option<String>),
    champion: &Candidate,
) -> (Tone, String) {
    let identities = |all: &[&DatasetInput]| -> BTreeSet<(String, String)> {
        let identity = |one: &&DatasetInput| {
            let context = one.context.as_ref().map(|context| context.raw().to_owned());
            (one.digest.raw().to_owned(), context.unwrap_or_default())
        };
        all.iter().map(identity).collect()
    };
    let has_gap = own.iter().chain(others).any(|one| one.digest.is_empty());
    let (version, champions) = versions;
    if others.is_empty() && champions.is_none() {
        let why = missing_run(champion);
        let why = why.unwrap_or_else(|| "the champion's data is not recorded".to_owned());
        return (
            Tone::Unknown,
            format!("not known whether it is the champion's: {why}"),
        );
    }
    let is_equal = identities(own) == identities(others);
    let is_other_version = version.is_some() && champions.is_some() && version != champions;
    match (is_equal && !is_other_version, has_gap) {
        (true, true) => (
            Tone::Unknown,
            "not known whether it is the champion's: a dataset has no digest".to_owned(),
        ),
        (true, false) => (Tone::Good, "the same as the champion's".to_owned()),
        (false, _) => (
            Tone::Warning,
            "not the champion's: scores may not be comparable".to_owned(),
        ),
    }
}
