//! The run table of one or several experiments.

pub mod columns;
pub mod curves;
mod groups;
pub mod live;
pub mod load;
mod nested;
pub mod news;
pub mod pushed;
mod trash;
mod verbs;
mod views;

use super::{Freshness, List, View};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ExperimentId, Goal, Millis, RunId};
use crate::table::filter::{Filter, complete};
use crate::table::{Arrangement, Attribute, Cell, ColumnKey, Line, Row, RunTable, arrange};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, Table, frame, table as table_parts, with_preview};
use crate::tui::app::message::{Mouse, Reply, Ticket};
use crate::tui::app::overlays::{Advice, Purpose};
use crate::tui::app::shared::{Choice, Context, Shared};

use columns::Columns;
use live::Live;
use load::Load;

/// How many points of a history a sparkline needs: two for each of its columns, and room to see a spike.
const SPARK_POINTS: u32 = 64;
/// While runs stream in, the order is made anew at most this often, in ms.
const ARRANGE_EVERY_MS: Millis = 200;

/// The columns of tables up to this many rows are measured anew whenever a value changes: it takes less than a frame.
const LEARN_ROWS: usize = 2_000;

/// What the table was like when its columns were measured.
#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    version: u64,
    rows: usize,
    columns: usize,
}

/// The screen's state.
#[derive(Debug)]
pub struct Runs {
    /// Whose runs.
    pub experiments: Vec<ExperimentId>,
    /// Their name for the top line, cleaned.
    pub name: String,
    /// All runs that were loaded.
    pub table: RunTable,
    /// How far loading is.
    pub load: Load,
    /// How far refreshing is, and what it brought.
    pub live: Live,
    nested: nested::Nested,
    /// What the store does of the filter and the order while not all runs are here.
    pub pushed: pushed::Pushed,
    /// Reading the curves of runs that are not seen.
    pub rest: curves::Rest,
    /// Filter, order and grouping.
    pub arrangement: Arrangement,
    /// The filter in use, as typed.
    pub filter_text: String,
    /// The lines that are seen.
    pub lines: Vec<Line>,
    /// The columns.
    pub columns: Columns,
    /// The cursor over the lines.
    pub cursor: Cursor,
    /// Whether the preview is shown.
    pub preview: bool,
    /// Where the last mark was set, for a range.
    anchor: Option<Row>,
    /// Whether the table is of deleted runs.
    pub trash: bool,
    /// How often runs had been deleted or restored from here when the table was read.
    lifecycles: u64,
    dirty: bool,
    to_top: bool,
    /// The goal that was chosen here or in a view; none where the experiment or the metrics tell it.
    chosen_goal: Option<Goal>,
    memory: views::Memory,
    /// What the lines of groups show.
    figures: groups::Figures,
    arranged_at: Millis,
    needle: String,
    learned: Learned,
    /// The filter in use when the field for it was opened, and how it was typed.
    filter_before: (Option<Filter>, String),
}

impl Runs {
    /// The runs of experiments.
    #[must_use]
    pub fn new(experiments: Vec<ExperimentId>, name: String) -> Self {
        Self {
            experiments,
            name,
            table: RunTable::default(),
            load: Load::default(),
            live: Live::default(),
            nested: nested::Nested::default(),
            pushed: pushed::Pushed::default(),
            rest: curves::Rest::default(),
            arrangement: Arrangement::default(),
            filter_text: String::new(),
            lines: Vec::new(),
            columns: Columns::default(),
            cursor: Cursor::default(),
            preview: false,
            anchor: None,
            trash: false,
            lifecycles: 0,
            dirty: false,
            to_top: false,
            chosen_goal: None,
            memory: views::Memory::default(),
            figures: groups::Figures::default(),
            arranged_at: 0,
            needle: String::new(),
            learned: Learned::default(),
            filter_before: (None, String::new()),
        }
    }

    /// The row of a line, if the line is a run.
    #[must_use]
    pub fn row(&self, line: usize) -> Option<Row> {
        match self.lines.get(line)? {
            Line::Run { row, .. } => Some(*row),
            Line::Group { .. } => None,
        }
    }

    /// The row under the cursor, if it is a run.
    #[must_use]
    pub fn current(&self) -> Option<Row> {
        self.row(self.cursor.at)
    }

    /// The name of a row's run, or the start of its id.
    #[must_use]
    pub fn run_label(&self, row: Row) -> Untrusted {
        match self
            .table
            .cell(row, &ColumnKey::Attribute(Attribute::Name), 0)
        {
            Cell::Text(name) if !name.is_empty() => Untrusted::from(name),
            _ => Untrusted::from(self.table.id(row).short()),
        }
    }

    /// The goal: chosen here, declared by the experiment, or guessed from the metrics.
    #[must_use]
    pub fn goal(&self, shared: &Shared) -> Option<Goal> {
        let known = self
            .experiments
            .iter()
            .find_map(|id| shared.goals.get(id))
            .cloned();
        known.or_else(|| self.columns.guessed_goal.clone())
    }

    /// Where the parts of the table and of the preview are.
    #[must_use]
    pub fn parts(&self, size: Size) -> (Table, Option<ratatui::layout::Rect>) {
        let (area, preview) = with_preview(frame(size).body, self.preview);
        (table_parts(area), preview)
    }

    /// The ids of the runs that are seen.
    fn visible_runs(&self, size: Size) -> Vec<RunId> {
        let height = usize::from(self.parts(size).0.rows.height);
        self.cursor
            .window(self.lines.len(), height)
            .filter_map(|line| self.row(line))
            .map(|row| self.table.id(row).clone())
            .collect()
    }

    /// Marks what is derived as out of date.
    pub(super) fn touch(&mut self) {
        self.dirty = true;
        self.arranged_at = 0;
    }

    /// Makes the lines anew, and keeps the cursor on the run that it was on.
    fn rearrange(&mut self, kept: Option<&RunId>, now: Millis, shared: &Shared) {
        self.arrangement.goal = self.goal(shared);
        self.figures.clear();
        self.lines = arrange(&self.table, &self.arrangement, now);
        self.drop_gone();
        let row = kept.and_then(|id| self.table.row_of(id));
        let found = row.and_then(|row| {
            self.lines
                .iter()
                .position(|line| matches!(line, Line::Run { row: r, .. } if *r == row))
        });
        if std::mem::take(&mut self.to_top) {
            self.cursor = Cursor::default();
        } else if let Some(at) = found {
            // The window moves with the cursor, so that the eye finds the run where it was.
            let offset = self.cursor.at.saturating_sub(self.cursor.top);
            self.cursor.at = at;
            self.cursor.top = at.saturating_sub(offset);
        }
        self.learn();
        self.columns.figures = self.grouped_by().is_some();
        self.columns.put_first(self.goal(shared).as_ref());
        self.dirty = false;
        self.arranged_at = now;
    }

    /// Brings the columns up to date, if the table changed. In a long table the columns are measured anew only when there are other
    /// runs or other columns: a refresh costs what changed.
    fn learn(&mut self) {
        let learned = Learned {
            version: self.table.version(),
            rows: self.table.len(),
            columns: self.table.columns().len(),
        };
        let same_shape =
            (learned.rows, learned.columns) == (self.learned.rows, self.learned.columns);
        if learned.version != self.learned.version && !(same_shape && learned.rows > LEARN_ROWS) {
            self.columns.learn(&self.table);
            self.learned = learned;
        }
    }

    /// Reads the typed filter; a mistake leaves the one from before in use. What was typed on the way to the mistake is none:
    /// the `an` of an unfinished `and` would be a word that no run has.
    fn set_filter(&mut self, text: String) {
        let parsed = if text.trim().is_empty() {
            Ok(None)
        } else {
            Filter::parse(&text).map(Some)
        };
        (self.arrangement.filter, self.filter_text) = match parsed {
            Ok(filter) => (filter, text),
            Err(_) => self.filter_before.clone(),
        };
        self.touch();
    }

    fn choose_goal(&mut self, goal: Goal, shared: &mut Shared) {
        for id in &self.experiments {
            shared.goals.insert(id.clone(), goal.clone());
        }
        self.chosen_goal = Some(goal);
        self.touch();
    }
}

impl Runs {
    /// Makes the lines anew where they are out of date, and fits the cursor and the columns to the screen.
    fn arrange_if_due(&mut self, context: &mut Context<'_>) {
        let urgent = self.arranged_at == 0 || self.load.is_done();
        if self.dirty && (urgent || context.now - self.arranged_at >= ARRANGE_EVERY_MS) {
            let kept = self.current().map(|row| self.table.id(row).clone());
            self.rearrange(kept.as_ref(), context.now, context.shared);
        }
        let (parts, _) = self.parts(context.size);
        self.cursor
            .fit(self.lines.len(), usize::from(parts.rows.height));
        self.columns.fit(
            parts.header.width,
            self.goal(context.shared).is_some(),
            &self.table,
        );
        self.figure(context.size, context.shared, context.now);
    }
}

impl View for Runs {
    fn scope(&self) -> Scope {
        Scope::Runs
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec![
            self.name.clone(),
            if self.trash { "deleted runs" } else { "runs" }.into(),
        ]
    }

    fn freshness(&self, shared: &Shared) -> Freshness {
        self.live_freshness(shared)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.shared.histories.renew();
        if self.table.is_empty() {
            self.recall(context);
        }
        self.live.begin(context);
        self.nested.begin(context);
        self.load
            .begin(&self.experiments, self.which(), &self.table, context);
        self.lifecycles = context.shared.lifecycles;
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let taken = self.act(action, context);
        if taken {
            self.note_change();
        }
        taken
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let reply = match reply {
            Reply::Changes(answer) if self.live.awaits(ticket) => {
                self.take_changes(answer, context);
                return None;
            }
            Reply::Nested(answer) if self.nested.awaits(ticket) => {
                self.take_nested(answer, context);
                return None;
            }
            Reply::Runs(answer) if self.pushed.awaits(ticket) => {
                self.take_pushed(ticket, answer, context);
                return None;
            }
            reply => reply,
        };
        if !self.load.awaits(ticket) {
            return self.view_reply(ticket, reply, context);
        }
        let Reply::Runs(answer) = reply else {
            return Some(reply);
        };
        let kept = self.current().map(|row| self.table.id(row).clone());
        if self
            .load
            .take(answer, &mut self.table, &self.experiments, context)
        {
            // Every row means another run now: the lines are made anew before anybody looks at them.
            self.lines.clear();
            self.anchor = None;
            self.live.gone = 0;
            self.learned = Learned::default();
            self.rearrange(kept.as_ref(), context.now, context.shared);
        }
        self.dirty = true;
        None
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => self.set_filter(text),
            Choice::Goal(goal) => {
                context.say(format!("the goal is {goal}"));
                self.choose_goal(goal, context.shared);
            }
            Choice::Group(grouping) => {
                self.arrangement.grouping = grouping;
                // Who groups wants to see the groups; in a tree and without groups the run under the cursor is found again.
                self.to_top = self.grouped_by().is_some();
                self.touch();
            }
            Choice::Columns(columns) => self.columns.set(&columns),
            Choice::Fact(fact, metric) => self.toggle_fact(fact, metric),
            Choice::SaveView(name) => {
                let view = self.view();
                context
                    .shared
                    .views_changed(name, Some(view), &mut *context.effects);
            }
            Choice::OpenView(name) => {
                if let Some(view) = context.shared.session.views.get(&name).cloned() {
                    self.show(&view, context);
                }
            }
            Choice::DeleteView(name) => {
                context
                    .shared
                    .views_changed(name, None, &mut *context.effects)
            }
            _ => {}
        }
        self.note_change();
    }

    fn advise(&self, purpose: Purpose, text: &str, cursor: usize) -> Advice {
        if purpose != Purpose::RunFilter {
            return Advice::default();
        }
        let error = if text.trim().is_empty() {
            None
        } else {
            Filter::parse(text).err()
        };
        Advice {
            completions: complete(text, cursor, &self.table),
            error,
        }
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = self.parts(size).0.rows;
        Some(List {
            cursor: &mut self.cursor,
            len: self.lines.len(),
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        match self.lines.get(line) {
            Some(Line::Run { row, .. }) => format!(
                "{} {}",
                self.run_label(*row).clean(),
                self.table.id(*row).clean()
            ),
            Some(Line::Group { value, .. }) => value.clone(),
            None => String::new(),
        }
    }

    fn click(&mut self, mouse: Mouse, context: &mut Context<'_>) {
        let Mouse::Click { x, y } = mouse else { return };
        let (parts, _) = self.parts(context.size);
        if y != parts.header.y {
            return;
        }
        let placed = self
            .columns
            .place(parts.header.width, self.goal(context.shared).is_some());
        let hit = placed.iter().find(|column| {
            (column.x..column.x + column.width).contains(&(x.saturating_sub(parts.header.x)))
        });
        if let Some(column) = hit
            && let Some(index) = column.index
        {
            self.columns.at = index;
            self.act(Action::Sort, context);
        }
    }

    fn settle(&mut self, context: &mut Context<'_>) {
        self.after_lifecycles(context);
        self.arrange_if_due(context);
        self.ask_the_store(context);
        self.refresh_when_due(context);
        self.fetch_histories(context);
        // The last curves may have come, and with them another order.
        self.arrange_if_due(context);
        self.remember(context);
        self.watch(context);
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
