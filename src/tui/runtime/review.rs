//! The review of a version as text.

use super::requests::Services;
use crate::domain::{ModelName, Slot, Stage, VersionNumber};
use crate::export::review::ReviewDocument;
use crate::ops::gates;
use crate::ops::lineage::commits_since_champion;
use crate::promotion::policy::GateTarget;
use crate::tui::app::message::{RequestError, ReviewPage};

/// The slot that versions of a model are assessed for: the first protected one.
pub(super) fn review_slot(services: &Services, model: &ModelName) -> Slot {
    let protected = services
        .policy
        .protected_slots(model, services.protected_slots.clone());
    protected
        .into_iter()
        .next()
        .unwrap_or(Slot::Stage(Stage::Production))
}

/// The review of a version, in lines of at most `width` cells.
pub(super) async fn review_version(
    services: &Services,
    model: &ModelName,
    version: VersionNumber,
    width: u16,
) -> Result<ReviewPage, RequestError> {
    let target = GateTarget {
        slot: review_slot(services, model),
        version,
    };
    let sources = services.sources(services.primary.as_ref());
    let review = gates::review(&services.policy, sources, model, &target, &services.user).await?;
    // Git lists the commits between the two, which can take a while.
    let work = move || {
        let commits = commits_since_champion(&review.candidate, review.champion.as_ref());
        let document = ReviewDocument {
            evaluation: &review.evaluation,
            candidate: &review.candidate,
            champion: review.champion.as_ref(),
            commits: commits.as_deref().map_err(String::as_str),
        };
        ReviewPage {
            lines: document.to_document().to_lines(Some(width)),
            is_requested: !review.evaluation.requests.is_empty(),
            slot: review.evaluation.target.slot,
            digest: review.evaluation.facts_digest,
        }
    };
    let page = tokio::task::spawn_blocking(work).await;
    page.map_err(RequestError::from)
}
