//! A grid search in `iris-baselines`: a parent run, a child for each depth, and below one of them a run for each fold.

use super::baselines::Iris;
use crate::demo::DemoError;
use crate::demo::draft::{HOUR, MINUTE, RunDraft, SECOND};
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::RunId;

/// The depths of the grid, each with the accuracy that came of it.
const GRID: [(i64, f64); 4] = [(2, 0.9342), (4, 0.9605), (8, 0.9671), (16, 0.9539)];

/// The depth of which the folds were logged too.
const FOLDED: i64 = 8;

/// What the grid search tells.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedFacts {
    /// The parent.
    pub parent: RunId,
    /// Its children, in the order in which they started.
    pub children: Vec<RunId>,
    /// The child that has children of its own.
    pub folded: RunId,
    /// Those children.
    pub folds: Vec<RunId>,
}

/// Tells the grid search.
pub(super) fn tell(teller: &mut Teller<'_>, iris: &Iris) -> Result<NestedFacts, DemoError> {
    let mut noise = Noise::of("grid-search");
    let start = teller.now - 5 * 24 * HOUR;
    let parent = RunDraft::new(iris.experiment, noise.id(), "grid-search", start, 9 * MINUTE)
        .by("bo")
        .param("grid", "max_depth: 2, 4, 8, 16")
        .param("folds", 3)
        .metric("accuracy", 0.9671)
        .tag("best_child", format!("depth-{FOLDED}"))
        .data(&iris.flowers, "training");
    let mut facts = NestedFacts { parent: teller.run(&parent)?, children: Vec::new(), folded: RunId::default(), folds: Vec::new() };
    for (nth, (depth, accuracy)) in (0_i64..).zip(GRID) {
        let begun = start + nth * 2 * MINUTE + 10 * SECOND;
        let child = RunDraft::new(iris.experiment, noise.id(), format!("depth-{depth}"), begun, 100 * SECOND)
            .by("bo")
            .inside(&parent.id)
            .param("max_depth", depth)
            .metric("accuracy", accuracy)
            .metric("accuracy_std", noise.between(0.008, 0.03));
        let id = teller.run(&child)?;
        facts.children.push(id.clone());
        if depth == FOLDED {
            facts.folded = id;
            facts.folds = folds(teller, &child, &mut noise)?;
        }
    }
    Ok(facts)
}

fn folds(teller: &mut Teller<'_>, child: &RunDraft, noise: &mut Noise) -> Result<Vec<RunId>, DemoError> {
    [0.9608, 0.9412, 0.9993]
        .into_iter()
        .zip(1_i64..)
        .map(|(accuracy, fold)| {
            let begun = child.start + (fold - 1) * 30 * SECOND;
            let run = RunDraft::new(child.experiment, noise.id(), format!("fold-{fold}"), begun, 25 * SECOND)
                .by("bo")
                .inside(&child.id)
                .param("max_depth", FOLDED)
                .param("fold", fold)
                .metric("accuracy", accuracy);
            teller.run(&run)
        })
        .collect()
}
