//! Questions that lead to a write: plans, with what stands beside them, and their carrying out.

use uuid::Uuid;

use super::answer::Ground;
use super::clock;
use crate::app::message::{Planned, Refused};
use crate::domain::{Fault, ModelVersion, Run, Stage};
use crate::journal::{Progress, Report, RoadError, carry_out, read_registry};
use crate::promote::{Cleared, Context, Intent, Place, PlanError, Reading, plan};
use crate::store::{Read, Writer};

/// The alias under which teams keep the version that serves.
const CHAMPION: &str = "champion";

/// Plans an intent on what is there now.
pub(super) async fn plan_for(ground: &Ground, intent: Intent, reason: String) -> Result<Planned, Refused> {
    let writer = writer(ground)?;
    let reader = ground.own.as_ref();
    let reading = read_registry(reader, &intent).await.map_err(|fault| by_fault(&fault))?;
    let context = Context {
        id: Uuid::new_v4().simple().to_string(),
        user: ground.user.clone(),
        now: clock::now(),
        reason,
        protected: ground.protected.clone(),
        tags: ground.tags,
    };
    let wanted = intent.clone();
    let mut plan = plan(intent, &reading, &context).map_err(|error| by_plan(&error))?;
    let mut beside = async |version: Option<&ModelVersion>| match version {
        None => None,
        Some(version) => match run_of(reader, version).await {
            Ok(run) => run,
            Err(fault) => {
                plan.warnings.push(format!("the run of version {} can't be shown beside: {fault}", version.version));
                None
            }
        },
    };
    let champion = beside(champion(&wanted, &reading)).await;
    let candidate = match &reading.run {
        Some(run) => Some(run.clone()),
        None => beside(wanted.version().and_then(|number| reading.version(number))).await,
    };
    let requests = plan.steps.iter().filter_map(|step| step.write.as_ref()).map(|write| writer.describe(write)).collect();
    Ok(Planned { plan, reading, champion, candidate, requests })
}

/// Carries a cleared plan out.
pub(super) async fn apply(ground: &Ground, cleared: Cleared, progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<Report, Refused> {
    let writer = writer(ground)?;
    let done = carry_out(cleared, ground.own.as_ref(), writer.as_ref(), &ground.journal, progress).await;
    done.map_err(|error| match error {
        RoadError::Changed(_) => Refused { why: error.to_string(), next: "enter plans again on what is there now".into() },
        RoadError::Fault(fault) => by_fault(&fault),
        RoadError::Journal(error) => {
            Refused { why: error.to_string(), next: "make the journal's folder writable: nothing is written without a record".into() }
        }
    })
}

/// The version to beat: the one that holds the place that is to be filled, else the champion, else the newest in Production.
/// The candidate is never its own champion; being archived is no place to be beaten for.
fn champion<'a>(intent: &Intent, reading: &'a Reading) -> Option<&'a ModelVersion> {
    let target = match intent {
        Intent::Move { to: to @ (Stage::Staging | Stage::Production), .. } => Some(Place::Stage(*to)),
        Intent::SetAlias { alias, .. } | Intent::RemoveAlias { alias, .. } => Some(Place::Alias(alias.clone())),
        Intent::Move { .. } | Intent::Register { .. } | Intent::Undo { .. } => None,
    };
    let places = [target, Some(Place::Alias(CHAMPION.into())), Some(Place::Stage(Stage::Production))];
    places.into_iter().flatten().find_map(|place| holder(&place, intent, reading))
}

/// The newest version other than the candidate that holds a place.
fn holder<'a>(place: &Place, intent: &Intent, reading: &'a Reading) -> Option<&'a ModelVersion> {
    let others = reading.versions.iter().filter(|version| Some(version.version) != intent.version());
    match place {
        Place::Stage(stage) => others.filter(|version| version.stage == *stage).max_by_key(|version| version.version),
        Place::Alias(alias) => {
            let number = reading.model.as_ref()?.alias(alias.raw())?;
            others.into_iter().find(|version| version.version == number)
        }
    }
}

async fn run_of(reader: &dyn Read, version: &ModelVersion) -> Result<Option<Run>, Fault> {
    if version.run_id.is_empty() { Ok(None) } else { reader.run(&version.run_id).await.map(Some) }
}

fn writer(ground: &Ground) -> Result<&Writer, Refused> {
    ground.opened.writer.as_ref().ok_or_else(|| Refused {
        why: format!("this session can't write: {}", ground.read_only_why),
        next: "open a store that can be written, without --read-only".into(),
    })
}

fn by_fault(fault: &Fault) -> Refused {
    Refused { why: fault.to_string(), next: fault.advice().into() }
}

fn by_plan(error: &PlanError) -> Refused {
    let next = match error {
        PlanError::NothingToDo(_) => "esc leaves it as it is",
        PlanError::Missing(_) => "esc, then ctrl-r reads what is there now",
        PlanError::Refused(_) => "esc, then choose another way",
    };
    Refused { why: error.to_string(), next: next.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alias, RegisteredModel, Untrusted, VersionNumber, VersionStatus};

    fn version(number: u64, stage: Stage) -> ModelVersion {
        ModelVersion {
            name: "iris".into(),
            version: VersionNumber(number),
            creation_time: None,
            last_updated_time: None,
            user: Untrusted::default(),
            stage,
            stage_text: stage.as_str().into(),
            description: Untrusted::default(),
            source: "runs:/a/model".into(),
            run_id: "a".into(),
            status: VersionStatus::Ready,
            status_message: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
        }
    }

    fn reading(stages: &[Stage], aliases: &[(&str, u64)]) -> Reading {
        let model = RegisteredModel {
            name: "iris".into(),
            creation_time: None,
            last_updated_time: None,
            description: Untrusted::default(),
            tags: Vec::new(),
            aliases: aliases.iter().map(|(alias, number)| (Alias::from(*alias), VersionNumber(*number))).collect(),
            latest_versions: Vec::new(),
        };
        let numbered: Vec<_> = stages.iter().zip(1..).collect();
        let versions = numbered.into_iter().rev().map(|(stage, number)| version(number, *stage)).collect();
        Reading { origin: "here".into(), name: "iris".into(), model: Some(model), versions, run: None }
    }

    fn to(number: u64, to: Stage) -> Intent {
        Intent::Move { model: "iris".into(), version: VersionNumber(number), to, archive_existing: true }
    }

    fn beaten(intent: &Intent, reading: &Reading) -> Option<u64> {
        champion(intent, reading).map(|version| version.version.0)
    }

    #[test]
    fn the_holder_of_the_place_is_the_one_to_beat() {
        let reading = reading(&[Stage::Production, Stage::Production, Stage::Staging, Stage::None], &[("champion", 1)]);
        assert_eq!(beaten(&to(4, Stage::Production), &reading), Some(2));
        assert_eq!(beaten(&to(4, Stage::Staging), &reading), Some(3));
        assert_eq!(beaten(&to(4, Stage::Archived), &reading), Some(1));
        let register = Intent::Register { run: "a".into(), source: "runs:/a/model".into(), model: "iris".into(), again: false };
        assert_eq!(beaten(&register, &reading), Some(1));
    }

    #[test]
    fn nobody_beats_themselves() {
        let alone = reading(&[Stage::None, Stage::Production], &[("champion", 2), ("gone", 9)]);
        assert_eq!(beaten(&to(2, Stage::Production), &alone), None);
        let set = |alias: &str| Intent::SetAlias { model: "iris".into(), alias: alias.into(), version: VersionNumber(1) };
        assert_eq!(beaten(&set("champion"), &alone), Some(2));
        assert_eq!(beaten(&set("gone"), &alone), Some(2));
    }
}
