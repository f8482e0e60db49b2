//! The review of a version as text.

use super::clock;
use super::requests::{Services, journal_entries};
use crate::config::theme::Role;
use crate::domain::{ModelName, Slot, VersionNumber};
use crate::export::review::ReviewDocument;
use crate::export::{Document, Tone};
use crate::ops::gates;
use crate::ops::lineage::commits_since_champion;
use crate::ops::review::{
    ARCHIVE_OPTION, ReviewSettings, default_slot, load_context, reviewable_slots,
};
use crate::promotion::policy::GateTarget;
use crate::tui::app::cell_text::within_model;
use crate::tui::app::message::{RequestError, ReviewPage};

/// The slot that versions of a model are assessed for: the first protected one.
pub(super) async fn review_slot(services: &Services, model: &ModelName) -> Slot {
    let mut kinds = services.primary.slot_kinds();
    // A model that can't be read is reported by what follows.
    if kinds.stages
        && let Ok(model) = services.primary.model(model).await
    {
        kinds = model.slot_kinds(kinds);
    }
    default_slot(&services.policy, model, &services.protected_slots, kinds)
}

/// The review of a version, in lines of at most `width` cells.
pub(super) async fn review_version(
    services: &Services,
    model: &ModelName,
    version: VersionNumber,
    slot: Option<Slot>,
    width: u16,
) -> Result<ReviewPage, RequestError> {
    let default = review_slot(services, model).await;
    let target = GateTarget {
        slot: slot.unwrap_or_else(|| default.clone()),
        version,
    };
    let sources = services.sources(services.primary.as_ref());
    let review = gates::review(&services.policy, sources, model, &target, &services.user).await?;
    let entries = journal_entries(services).await.unwrap_or_default();
    let settings = ReviewSettings {
        policy: &services.policy,
        entries: &entries,
        user: &services.user,
        protected_slots: &services.protected_slots,
        writes_tags: services.writes_tags,
        now: clock::now(),
    };
    let beyond = load_context(sources, &review, settings).await;
    // Git lists the commits between the two, which can take a while.
    let work = move || {
        let commits = commits_since_champion(&review.candidate, review.champion.as_ref());
        let document = ReviewDocument {
            evaluation: &review.evaluation,
            candidate: &review.candidate,
            champion: review.champion.as_ref(),
            commits: commits.as_deref().map_err(String::as_str),
            context: &beyond,
        };
        let model = &review.snapshot.model_name().clone();
        let document = document
            .to_document()
            .map_sentences(|sentence| screen_words(&within_model(sentence, model)));
        ReviewPage {
            lines: toned_lines(&document, width),
            slots: reviewable_slots(&review.snapshot, default),
            is_requested: !review.evaluation.requests.is_empty(),
            slot: review.evaluation.target.slot,
            digest: review.evaluation.facts_digest,
        }
    };
    let page = tokio::task::spawn_blocking(work).await;
    page.map_err(RequestError::from)
}

/// A sentence in the words of the screens.
fn screen_words(sentence: &str) -> String {
    sentence.replace(
        ARCHIVE_OPTION,
        "with ctrl-a in the plan, which archives them,",
    )
}

/// The lines without the title, which the frame has.
fn toned_lines(document: &Document, width: u16) -> Vec<(String, Role)> {
    let role = |tone| match tone {
        Tone::Plain | Tone::Unknown => Role::Text,
        Tone::Title => Role::Title,
        Tone::Best | Tone::Good => Role::Good,
        Tone::Worse | Tone::Bad => Role::Bad,
        Tone::Warning => Role::Warn,
        Tone::Muted => Role::Muted,
    };
    // A long title takes several lines.
    let lines = document.to_toned_lines(Some(width)).into_iter();
    let lines = lines.skip_while(|(tone, _)| *tone == Tone::Title);
    lines.map(|(tone, line)| (line, role(tone))).collect()
}
