//! Opening a parent run: while only a part of the runs is loaded, what is nested in it is asked for by itself.

use std::collections::HashSet;

use super::Runs;
use crate::analysis::rhythm::judge_all;
use crate::domain::{Fault, Run, RunId};
use crate::store::limits::NESTED_RUNS;
use crate::table::Grouping;
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::app::shared::Context;

/// Which parents were asked about.
#[derive(Debug, Default)]
pub(super) struct Nested {
    asked: Option<(Ticket, RunId)>,
    /// Parents whose nested runs are all in the table.
    read: HashSet<RunId>,
}

impl Nested {
    /// Begins anew, with the whole table.
    pub(super) fn begin(&mut self, context: &mut Context<'_>) {
        self.cancel(context);
        self.read.clear();
    }

    /// Forgets a question that is under way. Returns whether there was one.
    pub(super) fn cancel(&mut self, context: &mut Context<'_>) -> bool {
        let Some((ticket, _)) = self.asked.take() else {
            return false;
        };
        context.effects.push(Effect::Cancel(ticket));
        true
    }

    /// Whether an answer with this ticket is awaited.
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.asked
            .as_ref()
            .is_some_and(|(asked, _)| *asked == ticket)
    }
}

impl Runs {
    /// Asks for what is nested in a run that is opened in a tree, unless all of it is there.
    pub(super) fn open_parent(&mut self, parent: &RunId, context: &mut Context<'_>) {
        if self.arrangement.grouping != Grouping::Tree
            || self.load.is_whole()
            || self.nested.read.contains(parent)
        {
            return;
        }
        self.nested.cancel(context);
        let ticket = context.ask(Request::Nested(self.experiments.clone(), parent.clone()));
        self.nested.asked = Some((ticket, parent.clone()));
        context.say("looking for the runs that are nested in it");
    }

    /// Takes what is nested in a run.
    pub(super) fn take_nested(
        &mut self,
        answer: Result<Vec<Run>, Fault>,
        context: &mut Context<'_>,
    ) {
        let Some((_, parent)) = self.nested.asked.take() else {
            return;
        };
        let runs = match answer {
            Ok(runs) => runs,
            Err(fault) => {
                context.shared.notices.fault(context.now, &fault);
                return;
            }
        };
        let new = self.table.upsert(&runs);
        judge_all(&mut self.table, &runs);
        context.say(match runs.len() {
            0 => "no run is nested in it".to_owned(),
            count if count >= NESTED_RUNS => {
                format!("the newest {count} of the runs that are nested in it")
            }
            1 => format!("1 run is nested in it, {new} new here"),
            count => format!("{count} runs are nested in it, {new} new here"),
        });
        self.nested.read.insert(parent);
        self.touch();
    }
}
