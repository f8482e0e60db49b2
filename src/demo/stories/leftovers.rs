//! What else is found in a store: an experiment that nobody has run, one in the trash, and a prompt among the models.

use crate::demo::DemoError;
use crate::demo::draft::{DAY, HOUR, ModelDraft, RunDraft, VersionDraft};
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::{Lifecycle, Stage};

/// What MLflow writes as the source of a prompt, which has no files.
const PROMPT_SOURCE: &str = "prompt-template";

/// Tells them.
pub(super) fn tell(teller: &mut Teller<'_>) -> Result<(), DemoError> {
    let now = teller.now;
    teller.experiment("empty-experiment", Lifecycle::Active, now - 3 * DAY, &[])?;
    let old = teller.experiment("churn-2025", Lifecycle::Deleted, now - 190 * DAY, &[("team", "growth")])?;
    let mut run = RunDraft::new(old, Noise::of("churn-2025").id(), "prototype", now - 188 * DAY, HOUR).metric("auc", 0.791);
    run.deleted = true;
    teller.run(&run)?;

    let made = now - 8 * DAY;
    let prompt = ModelDraft {
        name: "churn-email",
        made,
        description: "Asks a customer to stay.",
        tags: &[("mlflow.prompt.is_prompt", "true")],
        aliases: &[],
    };
    teller.rows.model(&prompt, made)?;
    teller.rows.version(&VersionDraft {
        model: prompt.name,
        version: 1,
        made,
        changed: made,
        stage: Stage::None,
        description: "",
        source: PROMPT_SOURCE.to_owned(),
        location: PROMPT_SOURCE.to_owned(),
        run: None,
        tags: vec![
            ("mlflow.prompt.is_prompt", "true".to_owned()),
            ("_mlflow_prompt_type", "text".to_owned()),
            ("mlflow.prompt.text", "Write to {{name}} in two sentences.".to_owned()),
        ],
    })?;
    Ok(())
}
