//! The first screen of a session, and the screens that every screen opens.

use super::{
    ChartsScreen, CompareScreen, ExperimentsScreen, JournalScreen, ModelsScreen, RunsScreen,
    VersionsScreen,
};
use crate::config::keymap::{Action, Keymap, Scope};
use crate::config::saved_views::SavedView;
use crate::domain::{ExperimentId, Goal, Millis};
use crate::tui::app::layout::Size;
use crate::tui::app::{App, Effect, Navigate, ScreenOpeners, Session, UpdateContext};

/// Where a session starts.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the other fields are named after what they hold"
)]
pub struct StartOptions {
    /// Opens the runs of this experiment.
    pub experiment: Option<ExperimentId>,
    pub experiment_name: Option<String>,
    /// The goal that the experiment declares.
    pub goal: Option<Goal>,
    /// The saved view of the first run table.
    pub view: Option<SavedView>,
}

/// Starts a session on the list of experiments, or on the runs of one.
#[must_use]
pub fn start(
    session: Session,
    keymap: Keymap,
    size: Size,
    now: Millis,
    options: &StartOptions,
) -> (App, Vec<Effect>) {
    let home = Box::new(ExperimentsScreen::default());
    let openers = ScreenOpeners {
        global: open_global_screen,
        versions: |model, context| context.push(VersionsScreen::new(model)),
    };
    let root = (home as _, openers);
    App::start(session, keymap, size, now, root, |context| {
        context.shared.initial_view.clone_from(&options.view);
        if let Some(id) = &options.experiment {
            if let Some(goal) = &options.goal {
                context.shared.goals.insert(id.clone(), goal.clone());
            }
            let name = options.experiment_name.clone().unwrap_or_default();
            context.push(RunsScreen::new(vec![id.clone()], name));
        }
    })
}

/// Opens the screen of an action that works everywhere. Returns false for other actions.
fn open_global_screen(action: Action, context: &mut UpdateContext<'_>) -> bool {
    let marks = context.shared.marks.ids();
    match action {
        Action::Experiments => switch_to(ExperimentsScreen::default(), context),
        Action::Models => switch_to(ModelsScreen::default(), context),
        Action::Journal => switch_to(JournalScreen::default(), context),
        Action::Runs => context.navigation.push(Navigate::ShowOpen(
            Scope::Runs,
            "open an experiment first: 2 then shows its runs",
        )),
        Action::Compare if marks.len() < 2 => context
            .navigation
            .push(Navigate::ShowOpen(Scope::Compare, super::COMPARE_HINT)),
        Action::Compare => context.push(CompareScreen::new(marks)),
        Action::Charts if marks.is_empty() => {
            context.notify("mark a run with space to chart it");
        }
        Action::Charts => context.push(ChartsScreen::new(marks)),
        Action::Lineage => context.navigation.push(Navigate::ShowOpen(
            Scope::Lineage,
            "4 opens the models: L on a version shows its lineage",
        )),
        _ => return false,
    }
    true
}

fn switch_to(screen: impl super::Screen, context: &mut UpdateContext<'_>) {
    context.navigation.push(Navigate::Switch(Box::new(screen)));
}
