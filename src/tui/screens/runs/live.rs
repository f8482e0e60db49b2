//! Live runs: what may have changed is read again by itself. Runs that were going, and runs that are newer than the newest that
//! is known; never the whole table.

use super::Runs;
use super::news::{News, Unseen};
use crate::analysis::rhythm::{Rhythm, judge, judge_all};
use crate::domain::{Fault, Lifecycle, Millis, Run, RunId, RunStatus};
use crate::store::{Changed, RunChanges};
use crate::table::{Line, Row, RunTable};
use crate::tui::app::live::Heard;
use crate::tui::app::message::{Effect, Request, Ticket};
use crate::tui::app::shared::{Context, Shared};
use crate::tui::screens::Freshness;

/// A run counts as new that started up to this long before the newest known one, in ms: the clocks of the machines that train
/// differ, and the later start may be told first.
const LOOK_BACK_MS: Millis = 60_000;

/// The most runs that go on which are read again at a time; where there are more they take turns.
const GOING_AT_ONCE: usize = 400;

/// The most stalled runs that are read again at a time; where there are more they take turns. A lab has hundreds of runs that
/// died long ago and say that they are running.
const STALLED_AT_ONCE: usize = 50;

/// How far refreshing is.
#[derive(Debug, Default)]
pub struct Live {
    asked: Option<Asked>,
    /// When the last answer came, ms since the epoch.
    at: Option<Millis>,
    /// When the last answer or failure came, ms since the epoch.
    tried: Option<Millis>,
    fault: Option<Fault>,
    /// The store's pulse at the last answer, where that covered all that may have changed.
    pulse: Option<u64>,
    turn: usize,
    /// How many known runs are not in the store's listing any more: their rows stay, and are not shown.
    pub gone: usize,
    /// Runs that arrived by themselves.
    pub news: News,
}

/// A question that is under way.
#[derive(Debug)]
struct Asked {
    ticket: Ticket,
    since: Millis,
    known: Vec<RunId>,
    whole: bool,
}

impl Live {
    /// Whether an answer with this ticket is awaited.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.asked
            .as_ref()
            .is_some_and(|asked| asked.ticket == ticket)
    }

    /// Begins anew, with the whole table.
    pub fn begin(&mut self, context: &mut Context<'_>) {
        if let Some(asked) = self.asked.take() {
            context.effects.push(Effect::Cancel(asked.ticket));
        }
        *self = Self::default();
    }

    /// What to ask for: runs that may have changed, some at a time, and the newest start.
    fn question(
        &mut self,
        table: &RunTable,
        loaded: Millis,
        now: Millis,
    ) -> (Vec<RunId>, bool, Millis) {
        let (mut going, mut stalled) = (Vec::new(), Vec::new());
        let mut newest = None;
        for row in table.rows() {
            // A start that lies ahead is some machine's clock: what starts now is new all the same.
            newest = newest.max(table.start_time(row).map(|start| start.min(now)));
            if matches!(table.status(row), RunStatus::Running | RunStatus::Scheduled)
                && !table.is_deleted(row)
            {
                if table.is_stalled(row, now) {
                    stalled.push(row)
                } else {
                    going.push(row)
                }
            }
        }
        let whole = going.len() <= GOING_AT_ONCE && stalled.len() <= STALLED_AT_ONCE;
        let rows = in_turn(&going, self.turn, GOING_AT_ONCE).chain(in_turn(
            &stalled,
            self.turn,
            STALLED_AT_ONCE,
        ));
        let known = rows.map(|row| table.id(row).clone()).collect();
        self.turn += 1;
        (
            known,
            whole,
            newest.unwrap_or(loaded).saturating_sub(LOOK_BACK_MS).max(0),
        )
    }
}

/// A part of some rows; the next turn takes the next part.
fn in_turn(rows: &[Row], turn: usize, most: usize) -> impl Iterator<Item = Row> {
    let begin = if rows.len() <= most {
        0
    } else {
        turn.wrapping_mul(most) % rows.len()
    };
    rows.iter()
        .copied()
        .cycle()
        .skip(begin)
        .take(rows.len().min(most))
}

impl Runs {
    /// Asks for what changed, when it is time and the table was read.
    pub(super) fn refresh_when_due(&mut self, context: &mut Context<'_>) {
        let Some(loaded) = self
            .load
            .at()
            .filter(|_| self.load.is_done() && self.live.asked.is_none())
        else {
            return;
        };
        let last = self.live.tried.unwrap_or(loaded);
        // What is in the trash changes only when somebody puts it there.
        if self.trash
            || !context
                .shared
                .pace
                .is_due(context.shared.every(), last, context.now)
        {
            return;
        }
        let (known, whole, since) = self.live.question(&self.table, loaded, context.now);
        let changes = RunChanges {
            experiments: self.experiments.clone(),
            known: known.clone(),
            since,
        };
        let ticket = context.ask(Request::Changes(changes, self.live.pulse.filter(|_| whole)));
        self.live.asked = Some(Asked {
            ticket,
            since: context.now,
            known,
            whole,
        });
    }

    /// Takes what changed: the cursor stays on its run, and what is new is announced.
    pub(super) fn take_changes(
        &mut self,
        answer: Result<Changed, Fault>,
        context: &mut Context<'_>,
    ) {
        let Some(asked) = self.live.asked.take() else {
            return;
        };
        self.live.tried = Some(context.now);
        context.hear(Heard {
            since: asked.since,
            fault: answer.as_ref().err(),
            told: self.live.fault.is_some(),
        });
        let changed = match answer {
            Ok(changed) => changed,
            Err(fault) => {
                self.live.fault = Some(fault);
                return;
            }
        };
        self.live.fault = None;
        self.live.at = Some(context.now);
        self.load.is_well();
        self.live.pulse = changed.pulse.filter(|_| asked.whole);
        // What passes a filter may depend on the time alone: an age, a duration, a silence.
        self.dirty |= self.arrangement.filter.is_some();
        if !changed.same {
            self.upsert(&changed.runs, &asked.known, context);
        }
    }

    fn upsert(&mut self, runs: &[Run], known: &[RunId], context: &mut Context<'_>) {
        let new: Vec<RunId> = runs
            .iter()
            .map(|run| &run.id)
            .filter(|id| self.table.row_of(id).is_none())
            .cloned()
            .collect();
        for run in runs {
            context.shared.histories.grow(run, context.now);
        }
        self.table.upsert(runs);
        judge_all(&mut self.table, runs);
        let there: std::collections::HashSet<&RunId> = runs.iter().map(|run| &run.id).collect();
        let gone = known.iter().filter(|id| !there.contains(id)).map(|id| Run {
            lifecycle: Lifecycle::Deleted,
            ..Run::bare(
                id.clone(),
                self.experiments.first().cloned().unwrap_or_default(),
            )
        });
        let gone: Vec<Run> = gone.collect();
        self.table.upsert(&gone);
        self.live.gone += gone.len();
        self.dirty |= !runs.is_empty() || !gone.is_empty();
        if !new.is_empty() {
            // An error that still stands in the message line is not covered; the line above the table says it as well.
            if context
                .shared
                .notices
                .current(context.now)
                .is_none_or(|notice| notice.level == crate::tui::app::notices::Level::Info)
            {
                context.say(format!(
                    "{} new run{}",
                    new.len(),
                    if new.len() == 1 { "" } else { "s" }
                ));
            }
            self.live.news.add(new.into_iter());
        }
    }

    /// Runs that left the store's listing are not shown; everything else was arranged already.
    pub(super) fn drop_gone(&mut self) {
        if self.live.gone == 0 {
            return;
        }
        let table = &self.table;
        self.lines.retain_mut(|line| match line {
            Line::Run { row, .. } => !table.is_deleted(*row),
            Line::Group { rows, .. } => {
                rows.retain(|row| !table.is_deleted(*row));
                !rows.is_empty()
            }
        });
    }

    /// Judges the rhythm of the runs that are seen by their histories, and notes which new runs are seen.
    pub(super) fn watch(&mut self, context: &Context<'_>) {
        let height = usize::from(self.parts(context.size).0.rows.height);
        let seen = self.cursor.window(self.lines.len(), height);
        let rows: Vec<Row> = seen.filter_map(|line| self.row(line)).collect();
        let visible: Vec<&RunId> = rows.iter().map(|row| self.table.id(*row)).collect();
        self.live.news.look(visible.into_iter(), context.now);
        for row in rows {
            if let Some(rhythm) = self
                .rhythm(row, context.shared)
                .filter(|rhythm| rhythm.interval.is_some())
                && (self.table.patience(row) != Some(rhythm.patience())
                    || self.table.last_sign(row) != rhythm.last)
            {
                judge(&mut self.table, row, &rhythm);
            }
        }
    }

    /// How a run that says that it is running logs, as far as it is known here.
    #[must_use]
    pub fn rhythm(&self, row: Row, shared: &Shared) -> Option<Rhythm> {
        let rhythm = Rhythm {
            last: Some(self.table.last_sign(row)?),
            interval: None,
        };
        let goal = self.goal(shared);
        let id = self.table.id(row);
        let history = goal.as_ref().and_then(|goal| {
            Some((
                shared.histories.get(id, goal.metric.raw())?,
                goal.metric.raw(),
            ))
        });
        Some(history.map_or(rhythm, |(points, metric)| {
            rhythm.with(points, shared.histories.is_sampled(id, metric))
        }))
    }

    /// How many new runs are above and below what is seen, in a window of `height` lines.
    #[must_use]
    pub fn unseen(&self, height: usize) -> Unseen {
        if self.live.news.is_empty() {
            return Unseen::default();
        }
        let ids = (0..self.lines.len()).map(|line| self.row(line).map(|row| self.table.id(row)));
        self.live
            .news
            .unseen(ids, &self.cursor.window(self.lines.len(), height))
    }

    /// Moves the cursor to the next new run, round and round.
    pub(super) fn next_new(&mut self, context: &mut Context<'_>) {
        let len = self.lines.len();
        let is_new = |line: &usize| {
            self.row(*line)
                .is_some_and(|row| self.live.news.has(self.table.id(row)))
        };
        match (1..=len)
            .map(|step| (self.cursor.at + step) % len)
            .find(is_new)
        {
            Some(line) => self.cursor.at = line,
            None => context.say("no run is new here"),
        }
    }

    /// How many runs there are, whether they pass the filter or not.
    #[must_use]
    pub fn total(&self) -> usize {
        self.table.len().saturating_sub(self.live.gone)
    }

    /// How fresh the table is: as it was loaded, or as it was refreshed since.
    pub(super) fn live_freshness(&self, shared: &Shared) -> Freshness {
        let mut freshness = self.load.freshness();
        freshness.at = freshness.at.max(self.live.at);
        freshness.fault = self.live.fault.clone().or(freshness.fault);
        shared.live(freshness, 1, self.live.tried.or(self.load.at()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(count: i32) -> RunTable {
        let runs: Vec<Run> = (0_i32..count)
            .map(|n| Run {
                status: RunStatus::Running,
                start_time: Some(n.into()),
                ..Run::bare(format!("{n:05}").as_str().into(), "1".into())
            })
            .collect();
        let mut table = RunTable::default();
        table.upsert(&runs);
        judge_all(&mut table, &runs);
        table
    }

    #[test]
    fn where_there_are_too_many_to_ask_for_they_take_turns() {
        let mut live = Live::default();
        let all = GOING_AT_ONCE * 2 + 7;
        let table = table(i32::try_from(all).unwrap());
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let (known, whole, _) = live.question(&table, 0, 1_000);
            assert!(!whole && known.len() == GOING_AT_ONCE);
            seen.extend(known);
        }
        assert_eq!(seen.len(), all);
        let (known, whole, since) = Live::default().question(&super::tests::table(3), 0, 1_000);
        assert!(whole && known.len() == 3);
        assert_eq!(since, 0, "no store has runs from before its clock began");
    }

    #[test]
    fn stalled_runs_are_asked_for_less() {
        let (known, whole, _) = Live::default().question(&table(500), 0, Millis::MAX / 2);
        assert!(!whole);
        assert_eq!(known.len(), STALLED_AT_ONCE);
    }

    #[test]
    fn a_start_that_lies_ahead_hides_no_new_run() {
        let mut table = table(1);
        table.upsert(&[Run {
            start_time: Some(Millis::MAX),
            ..Run::bare("ahead".into(), "1".into())
        }]);
        assert_eq!(
            Live::default().question(&table, 0, 5_000_000).2,
            5_000_000 - LOOK_BACK_MS
        );
    }
}
