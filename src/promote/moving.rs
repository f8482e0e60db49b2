//! Planning moves: a version to a stage, an alias to a version.

use super::draft::Draft;
use super::plan::PlanError;
use crate::domain::{Alias, RegistryWrite, Stage, VersionNumber};

/// The longest alias that MLflow takes, in characters.
const ALIAS_CHARS: usize = 255;

/// Drafts a move to a stage.
pub(super) fn stage(draft: &mut Draft<'_>, number: VersionNumber, to: Stage, archive: bool) -> Result<(), PlanError> {
    // Putting a version away needs no usable model: that is how a broken one leaves Production.
    let version = if to.archives_others() { draft.usable(number)? } else { draft.present(number)? };
    let from = version.stage;
    let others: Vec<VersionNumber> =
        draft.reading.versions.iter().filter(|v| v.stage == to && v.version != number).map(|v| v.version).collect();
    if from == to && (others.is_empty() || !archive) {
        return Ok(());
    }
    let archive = archive && to.archives_others();
    draft.record(number, "stage", from.as_str(), to.as_str());
    let write = RegistryWrite::TransitionStage { name: draft.reading.name.clone(), version: number, stage: to, archive_existing: archive };
    draft.write(write, "stage", draft.target(number), from.to_string(), to.to_string());
    draft.after.stages.insert(number, to);
    for other in others {
        if archive {
            draft.consequence("archived by the store", draft.target(other), to.to_string(), Stage::Archived.to_string());
            draft.after.stages.insert(other, Stage::Archived);
        } else if to.archives_others() {
            draft.warnings.push(format!("{} stays in {to}, too: two versions will be in it", draft.target(other)));
        }
    }
    Ok(())
}

/// Drafts giving an alias to a version.
pub(super) fn alias(draft: &mut Draft<'_>, alias: &Alias, number: VersionNumber) -> Result<(), PlanError> {
    check_alias(alias)?;
    draft.usable(number)?;
    let holder = draft.before.aliases.get(alias).copied();
    if holder == Some(number) {
        return Ok(());
    }
    let from = holder.map_or_else(|| "nobody".to_owned(), |version| draft.target(version));
    let to = draft.target(number);
    draft.record(number, &format!("alias @{}", alias.raw()), &from, &to);
    let write = RegistryWrite::SetAlias { name: draft.reading.name.clone(), alias: alias.clone(), version: number };
    draft.write(write, "alias", format!("@{}", alias.clean()), from, to);
    if let Some(holder) = holder {
        let gone = draft.reading.version(holder).is_none();
        let before = if gone { "it is there no more".to_owned() } else { format!("@{}", alias.clean()) };
        draft.consequence("leaves", draft.target(holder), before, format!("without @{}", alias.clean()));
    }
    draft.after.aliases.insert(alias.clone(), number);
    Ok(())
}

/// Drafts taking an alias away.
pub(super) fn remove_alias(draft: &mut Draft<'_>, alias: &Alias) -> Result<(), PlanError> {
    if draft.reading.model.is_none() {
        return Err(PlanError::Missing(format!("there is no registered model {}", draft.reading.name.clean())));
    }
    let Some(holder) = draft.before.aliases.get(alias).copied() else { return Ok(()) };
    if draft.reading.version(holder).is_some() {
        draft.record(holder, &format!("alias @{}", alias.raw()), &draft.target(holder), "nobody");
    }
    let write = RegistryWrite::DeleteAlias { name: draft.reading.name.clone(), alias: alias.clone() };
    draft.write(write, "remove alias", format!("@{}", alias.clean()), draft.target(holder), "nobody".into());
    draft.after.aliases.remove(alias);
    Ok(())
}

/// MLflow's own rules: `latest` and `v` with digits mean something else.
fn check_alias(alias: &Alias) -> Result<(), PlanError> {
    let refused = |why: &str| Err(PlanError::Refused(format!("@{} is no alias: {why}", alias.clean())));
    let text = alias.raw();
    let numbered = text.strip_prefix(['v', 'V']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    match text {
        "" => refused("it is empty"),
        _ if text.eq_ignore_ascii_case("latest") => refused("MLflow keeps latest for itself"),
        _ if numbered => refused("MLflow keeps v and digits for itself"),
        _ if text.chars().count() > ALIAS_CHARS => refused("it is longer than 255 characters"),
        _ => Ok(()),
    }
}
