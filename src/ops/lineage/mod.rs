//! Gathers what a store says of a version, for lineage: the only place that knows both.
//!
//! A version's run may be deleted, its files unreachable, its server too old for logged models. Only the version itself
//! must be there; everything else that can't be read is a line in [`Facts::missing`].

mod artifacts;
mod checkout;
mod copy;
mod evidence;
mod files;
mod git;
mod kin;
mod lookout;
mod outside;

pub use git::{commits, git};
pub use lookout::{Lookout, Sources};

use futures_util::future::{OptionFuture, join};

use crate::domain::{
    Fault, FaultKind, LoggedModel, ModelName, ModelVersion, RegisteredModel, Run, RunId,
    VersionNumber,
};
use crate::evidence::{Report, Subject};
use crate::lineage::{Facts, Graph, ModelSource, build_whole};
use crate::promotion::{Reading, champion};
use crate::store::{Answer, Read};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The most parents that are followed: sweeps nest two or three deep.
const PARENTS: usize = 16;

/// Reads everything that tells the lineage of a version: its model, run, parents, logged model, and the model's files.
///
/// # Errors
/// When the version itself can't be read, or is not there.
pub async fn lineage_facts(
    sources: Sources<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Answer<Facts> {
    let reader = sources.reader;
    let (versions, model) = join(reader.versions(name), reader.model(name)).await;
    let mut missing = Vec::new();
    let model = model.unwrap_or_else(|fault| {
        missing.push(format!(
            "model {}: {}",
            name.clean(),
            clean(fault.why.raw())
        ));
        bare_model(name)
    });
    let found = versions?.into_iter().find(|known| known.version == version);
    let version = found.ok_or_else(|| no_such_version(name, version))?;
    Ok(around(sources, version, model, missing).await)
}

/// The lineage of a version with what stands around it, and with what differs from the champion among its warnings.
///
/// # Errors
/// As for [`lineage_facts`]; a champion that can't be read is one that nothing differs from.
pub async fn lineage_graph(
    sources: Sources<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Answer<Graph> {
    let facts = lineage_facts(sources, name, version).await?;
    let versions = sources.reader.versions(name).await.unwrap_or_default();
    let reading = Reading::of_model(
        sources.reader.origin(),
        name,
        Some(facts.model.clone()),
        versions,
    );
    let champion = match champion(None, Some(version), &reading) {
        Some(champion) => facts_of(sources.reader.into(), &reading, champion.version)
            .await
            .ok(),
        None => None,
    };
    let mut kin = kin::kin(sources.reader, &facts).await;
    // Git may take a while: it is asked where that holds nobody up.
    let work = move || {
        kin::in_the_checkout(&mut kin, &facts, champion.as_ref());
        build_whole(&facts, &kin, champion.as_ref())
    };
    let built = tokio::task::spawn_blocking(work).await;
    built.map_err(|stopped| {
        Fault::new(
            FaultKind::Broken,
            "telling the lineage",
            stopped.to_string(),
        )
    })
}

/// The same where the registry has been read: only what is around the version is asked for.
///
/// # Errors
/// When the version is not there.
pub async fn facts_of(
    sources: Sources<'_>,
    reading: &Reading,
    version: VersionNumber,
) -> Answer<Facts> {
    let found = reading
        .versions
        .iter()
        .find(|known| known.version == version)
        .cloned();
    let version = found.ok_or_else(|| no_such_version(reading.name(), version))?;
    let model = reading
        .model
        .clone()
        .unwrap_or_else(|| bare_model(reading.name()));
    Ok(around(sources, version, model, Vec::new()).await)
}

fn no_such_version(name: &ModelName, version: VersionNumber) -> Fault {
    Fault::new(
        FaultKind::Missing,
        format!("reading version {version} of {}", name.clean()),
        "there is no such version",
    )
}

/// What is around a version: its run, parents, logged model and files.
async fn around(
    sources: Sources<'_>,
    version: ModelVersion,
    model: RegisteredModel,
    mut missing: Vec<String>,
) -> Facts {
    let reader = sources.reader;
    let by_version = Some(&version.run_id).filter(|id| !id.is_empty()).cloned();
    let named = by_version.or_else(|| ModelSource::read(version.source.raw(), None).run);
    // A copy has the files of what it is a copy of.
    let original = copy::original(reader, &version).await;
    let logged_id = original.as_ref().unwrap_or(&version).logged_model();
    let (logged_model, run) = join(
        OptionFuture::from(logged_id.as_ref().map(|id| reader.logged_model(id))),
        OptionFuture::from(named.as_ref().map(|id| reader.run(id))),
    )
    .await;
    let logged_model = logged_model.and_then(|answer| {
        told(answer, &mut missing, || {
            format!("logged model {}", version.source.clean())
        })
    });
    let run = match run {
        Some(answer) => told(answer, &mut missing, || run_name(named.as_ref())),
        None => run_of(reader, logged_model.as_ref(), &mut missing).await,
    };
    let parents = parents(reader, run.as_ref(), &mut missing).await;
    let files = files::read(
        reader,
        original.as_ref().unwrap_or(&version),
        run.as_ref(),
        &mut missing,
    )
    .await;
    let subject = Subject {
        version: &version,
        run: run.as_ref(),
        logged_model: logged_model.as_ref(),
    };
    let evidence = if sources.lookout.is_blind() {
        Report::default()
    } else {
        evidence::evidence(sources, subject).await
    };
    Facts {
        version,
        model,
        run,
        parents,
        logged_model,
        files,
        evidence,
        missing,
    }
}

/// The run that a logged model names, where the version names none.
async fn run_of(
    reader: &dyn Read,
    model: Option<&LoggedModel>,
    missing: &mut Vec<String>,
) -> Option<Run> {
    let id = model
        .map(|model| &model.source_run_id)
        .filter(|id| !id.is_empty())?;
    told(reader.run(id).await, missing, || run_name(Some(id)))
}

/// The chain of parents, nearest first; it ends at a run that is its own ancestor, and after [`PARENTS`].
async fn parents(reader: &dyn Read, run: Option<&Run>, missing: &mut Vec<String>) -> Vec<Run> {
    let mut chain: Vec<Run> = Vec::new();
    while let Some(id) = chain.last().or(run).and_then(Run::parent) {
        if run.into_iter().chain(&chain).any(|known| known.id == id) {
            missing.push(format!("{}: it is its own ancestor", run_name(Some(&id))));
            break;
        }
        if chain.len() == PARENTS {
            missing.push(format!(
                "{}: nested deeper than {PARENTS} runs",
                run_name(Some(&id))
            ));
            break;
        }
        let Some(parent) = told(reader.run(&id).await, missing, || run_name(Some(&id))) else {
            break;
        };
        chain.push(parent);
    }
    chain
}

/// What was answered; a fault becomes a line of what is missing.
fn told<T>(
    answer: Answer<T>,
    missing: &mut Vec<String>,
    what: impl FnOnce() -> String,
) -> Option<T> {
    answer
        .map_err(|fault| missing.push(format!("{}: {}", what(), clean(fault.why.raw()))))
        .ok()
}

fn run_name(id: Option<&RunId>) -> String {
    format!("run {}", id.map(RunId::short).unwrap_or_default())
}

fn bare_model(name: &ModelName) -> RegisteredModel {
    RegisteredModel {
        name: name.clone(),
        creation_time: None,
        last_updated_time: None,
        description: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
        latest_versions: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
