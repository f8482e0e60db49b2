//! The stories of the demo store, one file a subject. Each has its own noise, so that changing one changes no other.

use super::draft::Code;
use super::noise::Noise;
use super::teller::Teller;
use super::{DemoError, DemoOptions, ExperimentFacts};

mod baselines;
mod churn;
mod images;
mod leftovers;
mod load;
mod nested;

mod releases;
mod sweep;

pub use baselines::BaselineFacts;
pub use images::ImageFacts;
pub use nested::NestedFacts;
pub use releases::{ReleaseFacts, VersionFacts};
pub use sweep::SweepFacts;

/// What the stories tell, for tests and for the tour to find again.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoFacts {
    /// Every experiment, the deleted one among them, by id.
    pub experiments: Vec<ExperimentFacts>,
    /// Small models on a small table, params of all kinds, names of all kinds.
    pub baselines: BaselineFacts,
    /// A grid search in runs within runs.
    pub nested: NestedFacts,
    /// A sweep whose best run is not its last.
    pub sweep: SweepFacts,
    /// A champion, a challenger that is better at one thing and worse at another, and what went before.
    pub releases: ReleaseFacts,
    /// Neural networks that learn, overfit, diverge, crash, and are still at it.
    pub images: ImageFacts,
}

/// Tells all stories.
pub(super) fn tell(mut teller: Teller<'_>, options: &DemoOptions) -> Result<DemoFacts, DemoError> {
    let (iris, baselines) = baselines::tell(&mut teller)?;
    let nested = nested::tell(&mut teller, &iris)?;
    let sweep = sweep::tell(&mut teller)?;
    let releases = releases::tell(&mut teller)?;
    let images = images::tell(&mut teller)?;
    leftovers::tell(&mut teller)?;
    if let Some(runs) = options.runs {
        load::tell(&mut teller, runs)?;
    }
    Ok(DemoFacts { experiments: teller.into_experiments(), baselines, nested, sweep, releases, images })
}

/// A commit of one of the team's repositories.
fn commit(noise: &mut Noise, repository: &'static str, branch: &'static str, script: &'static str) -> Code {
    Code { script, repository, branch, commit: noise.hex(40) }
}
