//! What a review needs beyond the gates: the plan's warnings and effects, who moved the versions, contents of files.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use super::RequestError;
use super::gates::Review;
use super::lineage::LineageSources;
use crate::domain::{
    Alias, ArtifactOwner, Goal, Millis, ModelName, ModelVersion, RegisteredModel, Slot, SlotKinds,
    Stage,
};
use crate::export::review::{FileContent, ReviewContext};
use crate::files;
use crate::lineage::{self, Warning};
use crate::promotion::journal::{JournalEntry, LastMove, last_move};
use crate::promotion::policy::{Candidate, Policy};
use crate::promotion::{
    CHAMPION_ALIAS, Confirmation, Intent, Plan, PlanContext, PlanError, PlanStep, RegistrySnapshot,
    ReviewFile, dangling_champion, plan,
};
use crate::store::{LifecycleFilter, ReadStore};
use crate::text::list::join_and;
use crate::text::quantity::format_time;
use crate::text::untrusted::clean;

/// How the outlook names the option to archive the versions of the stage, in the words of the command line.
pub const ARCHIVE_OPTION: &str = "with --archive-existing";
/// A larger file is not compared by content, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Versions of a stage and aliases that are listed; the rest is counted.
const MAX_HOLDERS: usize = 12;
/// Files that are compared by content: on a server each takes two requests.
const MAX_FILES: usize = 48;
const CONCURRENT_READS: usize = 4;

/// What a review is made with.
#[derive(Clone, Copy)]
pub struct ReviewSettings<'a> {
    /// Its gates were evaluated already.
    pub policy: &'a Policy,
    /// The journal's entries about the store.
    pub entries: &'a [JournalEntry],
    /// The reviewer.
    pub user: &'a str,
    /// See [`super::plan_write::WritePlanner::protected_slots`].
    pub protected_slots: &'a [Slot],
    /// Whether a write leaves tags.
    pub writes_tags: bool,
    /// In ms since the epoch.
    pub now: Millis,
}

/// The slot that a version is reviewed for unless one is named: the first protected one that the registry has, by the policy,
/// else by the settings, else Production, or @champion where there are no stages.
#[must_use]
pub fn default_slot(
    policy: &Policy,
    model: &ModelName,
    protected_slots: &[Slot],
    kinds: SlotKinds,
) -> Slot {
    let slots = policy.protected_slots(model, protected_slots.to_vec());
    let production = Slot::Stage(Stage::Production);
    slots
        .into_iter()
        .chain([production])
        .find(|slot| kinds.has(slot))
        .unwrap_or_else(|| Slot::Alias(CHAMPION_ALIAS.into()))
}

/// Reads and derives what a review shows next to the gates. What cannot be read stays open: a review never fails on it.
pub async fn load_context(
    sources: LineageSources<'_>,
    review: &Review,
    settings: ReviewSettings<'_>,
) -> ReviewContext {
    let target = &review.evaluation.target;
    let snapshot = &review.snapshot;
    let of_lineage = lineage::warnings(&review.candidate, review.champion.as_ref());
    let (own, outlook) = plan_outlook(review, settings);
    let move_of = |facts: &Candidate| {
        let found = last_move(settings.entries, snapshot, facts.version.version);
        (
            describe_move(facts, found.as_ref(), snapshot),
            found.is_some(),
        )
    };
    let (own_move, is_move_recorded) = move_of(&review.candidate);
    let moves = review.champion.iter().map(|champion| move_of(champion).0);
    let slots = |facts: &Candidate| slots_of(&facts.version, snapshot);
    ReviewContext {
        warnings: Warning::merge(of_lineage, own)
            .into_iter()
            .map(String::from)
            .collect(),
        outlook,
        candidate_slots: slots(&review.candidate),
        champion_slots: review.champion.as_ref().map(slots).unwrap_or_default(),
        other_champions: other_champions(review),
        dangling_champion: dangling_champion(Some(&target.slot), Some(target.version), snapshot),
        holders: holders(snapshot, &target.slot),
        last_moves: std::iter::once(own_move).chain(moves).collect(),
        is_move_recorded,
        goal: find_goal(sources.reader, review, settings.policy).await,
        contents: compare_contents(sources.reader, review).await,
    }
}

/// Who holds `@champion` or Production, where that is neither the candidate nor the version it is compared with.
fn other_champions(review: &Review) -> Vec<String> {
    let (snapshot, candidate) = (&review.snapshot, review.candidate.version.version);
    let champion = review.champion.as_ref().map(|facts| facts.version.version);
    let state = snapshot.state();
    let alias = state.aliases.get(&Alias::from(CHAMPION_ALIAS)).copied();
    let production = state.versions_in_stage(Stage::Production);
    let has_champion = champion.is_some_and(|champion| production.contains(&champion));
    let production = production.into_iter().max().filter(|_| !has_champion);
    let holders = [("@champion", alias), ("Production", production)].into_iter();
    let others = holders.filter_map(|(slot, holder)| {
        let holder = holder.filter(|holder| Some(*holder) != champion && *holder != candidate)?;
        let verb = if slot == "Production" { "holds" } else { "has" };
        Some(format!("{} {verb} {slot}", snapshot.subject.label(holder)))
    });
    others.collect()
}

/// Writes a prepared review to a new file.
///
/// # Errors
/// When the file exists or cannot be written; cleaned.
pub fn save_prepared_review(path: &str, review: &ReviewFile) -> Result<(), RequestError> {
    let written = files::create(path.as_ref(), review.to_text().as_bytes());
    written.map_err(|error| {
        let message = format!("cannot write {}: {error}", clean(path));
        let hint = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "choose another name",
            _ => "choose a folder that you can write to",
        };
        RequestError::new(message, hint)
    })
}

/// A slot that a version can be reviewed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewableSlot {
    /// The stage or alias.
    pub slot: Slot,
    /// Who holds it: `held by iris/4`, or that no version does; cleaned.
    pub holder: String,
}

/// The slots that a version can be reviewed for: the default one, the stages in use unless it is a prompt, `@champion`, the
/// model's aliases.
#[must_use]
pub fn reviewable_slots(snapshot: &RegistrySnapshot, default: Slot) -> Vec<ReviewableSlot> {
    let model = snapshot.model.iter();
    let has_stages = !snapshot
        .model
        .as_ref()
        .is_some_and(RegisteredModel::is_prompt);
    let stages = [Stage::Production, Stage::Staging].map(Slot::Stage);
    let stages = stages.into_iter().filter(|_| has_stages);
    let aliases = model.flat_map(|model| &model.aliases);
    let aliases = aliases.map(|(alias, _)| Slot::Alias(alias.clone()));
    let champion = Slot::Alias(CHAMPION_ALIAS.into());
    let mut slots = vec![default];
    for slot in stages.chain([champion]).chain(aliases) {
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    let holder = |slot: &Slot| {
        let state = snapshot.state();
        let versions = match slot {
            Slot::Stage(stage) => state.versions_in_stage(*stage),
            Slot::Alias(alias) => state.aliases.get(alias).copied().into_iter().collect(),
        };
        let versions: Vec<String> = versions.into_iter().map(|v| v.to_string()).collect();
        match versions.len() {
            0 => "no version holds it".to_owned(),
            1 => format!("held by version {}", versions[0]),
            _ => format!("held by versions {}", versions.join(", ")),
        }
    };
    let describe = |slot: Slot| ReviewableSlot {
        holder: holder(&slot),
        slot,
    };
    slots.into_iter().map(describe).collect()
}

/// The metric that decides: the policy's, else the one that the run's experiment declares.
async fn find_goal(reader: &dyn ReadStore, review: &Review, policy: &Policy) -> Option<Goal> {
    let model = &review.candidate.version.name;
    if let Some(goal) = policy.rules_for(model).find_map(|rules| rules.goal.clone()) {
        return Some(goal);
    }
    let experiment = &review.candidate.run.as_ref()?.experiment_id;
    let experiments = reader.experiments(LifecycleFilter::All).await.ok()?;
    let mut experiments = experiments.iter();
    experiments
        .find(|found| found.id == *experiment)?
        .declared_goal()
}

/// The plan's own warnings, and what the plan would change in sentences.
fn plan_outlook(review: &Review, settings: ReviewSettings<'_>) -> (Vec<Warning>, Vec<String>) {
    let target = &review.evaluation.target;
    let (model, version) = (review.candidate.version.name.clone(), target.version);
    let make = |archive_existing| {
        let intent = match &target.slot {
            Slot::Stage(to) => Intent::TransitionStage {
                model: model.clone(),
                version,
                to: *to,
                archive_existing,
            },
            Slot::Alias(alias) => Intent::SetAlias {
                model: model.clone(),
                alias: alias.clone(),
                version,
            },
        };
        make_plan(intent, review, settings)
    };
    let planned = match make(false) {
        Ok(planned) => planned,
        Err(PlanError::NothingToDo(why)) => return (Vec::new(), vec![format!("nothing: {why}")]),
        Err(error) => return (Vec::new(), vec![format!("it is refused: {error}")]),
    };
    let mut lines = change_lines(&planned);
    if let Ok(archiving) = make(true)
        && archiving.after != planned.after
    {
        let more = change_lines(&archiving);
        let more = more.into_iter().filter(|line| !lines.contains(line));
        let left_behind = archiving.warnings.iter();
        let left_behind = left_behind
            .filter(|warning| warning.is_consequence() && !planned.warnings.contains(warning));
        let all: Vec<String> = more.chain(left_behind.map(Warning::to_string)).collect();
        lines.push(format!("{ARCHIVE_OPTION} also: {}", all.join("; ")));
    }
    let consequences = planned.warnings.iter().filter(|one| one.is_consequence());
    lines.extend(consequences.map(Warning::to_string));
    let gates = review.evaluation.gates.iter();
    let blocking = gates.filter(|gate| gate.is_blocking()).count();
    lines.extend(
        (blocking > 0).then(|| format!("now it is refused: {blocking} of its gates do not pass")),
    );
    lines.extend(match &planned.confirmation {
        Confirmation::TypeName(name) => Some(format!("{} must be typed to confirm", name.clean())),
        Confirmation::Yes => None,
    });
    (planned.warnings, lines)
}

fn make_plan(
    intent: Intent,
    review: &Review,
    settings: ReviewSettings<'_>,
) -> Result<Plan, PlanError> {
    let context = PlanContext {
        id: String::new(),
        user: settings.user.to_owned(),
        now: settings.now,
        reason: String::new(),
        protected_slots: settings.protected_slots.to_vec(),
        gates: Vec::new(),
        writes_tags: settings.writes_tags,
        // A review is of a slot: it deletes nothing.
        creates_versions: true,
    };
    let context = settings.policy.plan_context(&intent.subject(), context);
    plan(intent, &review.snapshot, &context)
}

/// `churn/6 moves from Staging to Production`, `@champion moves from churn/4 to churn/6`.
fn change_lines(plan: &Plan) -> Vec<String> {
    let (changes, records) = plan.changes_and_records();
    let line = |step: &&PlanStep| {
        let by_store = if step.write.is_none() && !step.action.starts_with("alias") {
            ", by the store"
        } else {
            ""
        };
        format!(
            "{} moves from {} to {}{by_store}",
            step.target, step.before, step.after
        )
    };
    let mut lines: Vec<String> = changes.iter().map(line).collect();
    lines.extend((!records.is_empty()).then(|| {
        format!(
            "{} tags on the version record it, for other users",
            records.len()
        )
    }));
    lines
}

/// The version's stage, if it is in use, and its aliases.
fn slots_of(version: &ModelVersion, snapshot: &RegistrySnapshot) -> Vec<String> {
    let stage = (version.stage != Stage::None).then(|| version.stage.to_string());
    let state = snapshot.state();
    let mut aliases = state.aliases_of(version.version);
    aliases.sort_by_key(|alias| alias.raw() != CHAMPION_ALIAS);
    let aliases = aliases
        .into_iter()
        .map(|alias| format!("@{}", alias.clean()));
    stage.into_iter().chain(aliases).collect()
}

/// `Production: churn/4`, `@champion: churn/4`.
fn holders(snapshot: &RegistrySnapshot, slot: &Slot) -> Vec<String> {
    let state = snapshot.state();
    let label = |version| snapshot.subject.label(version);
    let stages = [Stage::Production, Stage::Staging].into_iter();
    let stages = stages.filter_map(|stage| {
        let labels: Vec<String> = state
            .versions_in_stage(stage)
            .into_iter()
            .map(label)
            .collect();
        (!labels.is_empty()).then(|| format!("{stage}: {}", join_and(&labels, MAX_HOLDERS)))
    });
    // Dangling aliases and those that decide first: a model can have hundreds.
    let mut by_weight: Vec<_> = state.aliases.iter().collect();
    by_weight.sort_by_key(|(alias, version)| {
        let is_decisive = alias.raw() == CHAMPION_ALIAS || slot == &Slot::Alias((*alias).clone());
        (state.stages.contains_key(version), !is_decisive)
    });
    let more = by_weight.len().saturating_sub(MAX_HOLDERS);
    let aliases = by_weight.into_iter().take(MAX_HOLDERS);
    let aliases = aliases.map(|(alias, version)| {
        let gone = if state.stages.contains_key(version) {
            ""
        } else {
            " (does not exist)"
        };
        format!("@{}: {}{gone}", alias.clean(), label(*version))
    });
    let more = (more > 0).then(|| format!("and {more} more aliases"));
    stages.chain(aliases).chain(more).collect()
}

fn describe_move(
    facts: &Candidate,
    found: Option<&LastMove>,
    snapshot: &RegistrySnapshot,
) -> String {
    let version = &facts.version;
    let label = snapshot.subject.label(version.version);
    let Some(found) = found else {
        let changed = version.last_updated_time.and_then(format_time);
        let changed = changed.map_or_else(String::new, |at| {
            format!("; the registry last changed it on {at}, it does not say who or why")
        });
        return format!("{label}: not known, no record was found{changed}");
    };
    let at = found.at.and_then(format_time);
    let at = at.map_or_else(String::new, |at| format!(" on {at}"));
    let reason = if found.reason.is_empty() {
        "no reason given".to_owned()
    } else {
        format!("because: {}", found.reason)
    };
    let since = if found.is_current {
        ""
    } else {
        "; it was changed since without a record"
    };
    format!(
        "{label}: {}{at}, {} ({reason}){since}",
        found.user, found.change
    )
}

/// Compares the files of equal size, unless both versions have the same ones.
async fn compare_contents(
    reader: &dyn ReadStore,
    review: &Review,
) -> BTreeMap<String, FileContent> {
    let (candidate, Some(champion)) = (&review.candidate, &review.champion) else {
        return BTreeMap::new();
    };
    let others = &champion.evidence.artifacts;
    let files = candidate.evidence.artifacts.iter();
    let files = files.filter(|(path, size)| size.is_some() && others.get(*path) == Some(size));
    let (own, other) = (owners(candidate), owners(champion));
    if own == other {
        return BTreeMap::new();
    }
    let compared = files.enumerate().map(|(nth, (path, size))| {
        let (own, other, size) = (&own, &other, size.unwrap_or(u64::MAX));
        async move {
            let content = if nth >= MAX_FILES || size > MAX_FILE_BYTES {
                FileContent::NotCompared
            } else {
                let a = read_file(reader, own, path, size).await;
                let b = read_file(reader, other, path, size).await;
                match a.zip(b) {
                    None => FileContent::NotCompared,
                    Some((a, b)) if a == b => FileContent::Equal,
                    Some(_) => FileContent::Different,
                }
            };
            (path.clone(), content)
        }
    });
    stream::iter(compared.collect::<Vec<_>>())
        .buffered(CONCURRENT_READS)
        .collect()
        .await
}

/// Where a version's artifacts are: with its logged model, with its run.
fn owners(facts: &Candidate) -> Vec<ArtifactOwner> {
    let model = facts.version.logged_model().map(ArtifactOwner::LoggedModel);
    let run = facts.run.as_ref();
    let run = run.map(|run| ArtifactOwner::Run(run.id.clone()));
    model.into_iter().chain(run).collect()
}

/// A whole file of the listed size; `None` if no owner has it.
async fn read_file(
    reader: &dyn ReadStore,
    owners: &[ArtifactOwner],
    path: &str,
    size: u64,
) -> Option<Vec<u8>> {
    for owner in owners {
        let preview = reader.preview(owner, path, size.max(1)).await;
        if let Ok(preview) = preview
            && !preview.is_truncated
            && preview.bytes.len() as u64 == size
        {
            return Some(preview.bytes);
        }
    }
    None
}
