//! The plan of a write: its steps, the reason, the confirmation and the report.

use tui_input::{Input, InputRequest};

use super::pager::scrolled;
use crate::config::keymap::Action;
use crate::domain::{Millis, ModelName, VersionNumber};
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::plan_write::PlannedWrite;
use crate::promotion::{
    ClearanceError, Confirmation, Decision, GateOutcome, GateResult, Intent, RegistryChange,
    grant_clearance,
};
use crate::text::untrusted::clean;
use crate::tui::app::SharedState;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Reply, Request, RequestError, Ticket};
use crate::tui::app::navigation::Navigate;

/// Enter does not apply a plan that is younger than this, in ms: the key was probably pressed before the plan was visible.
const ENTER_GUARD_MS: Millis = 400;

/// The fields, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanField {
    /// Free text.
    Reason,
    /// The name that confirms a protected change.
    Name,
    /// The button.
    Apply,
}

/// The progress of a write.
#[derive(Debug)]
pub enum PlanPhase {
    /// The plan is requested.
    Planning(Ticket),
    /// The plan is shown.
    Ready,
    /// Planning or applying failed.
    Failed(RequestError),
    /// The plan is being applied.
    Applying(Ticket, ApplyProgress),
    /// The plan was applied, with any outcome.
    Done(Box<ApplyReport>),
}

/// The dialog.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the other fields are named after what they hold"
)]
pub struct PlanDialog {
    pub intent: Intent,
    pub phase: PlanPhase,
    /// The last plan; it stays visible while a new one is requested.
    pub detail: Option<Box<PlannedWrite>>,
    pub reason: Input,
    /// The typed name.
    pub confirmation: Input,
    pub focus: PlanField,
    /// The first visible line of the plan.
    pub scroll: usize,
    /// The names of the gates to override.
    pub overrides: Vec<String>,
    planned_reason: String,
    planned_at: Millis,
}

impl PlanDialog {
    /// Requests the plan.
    pub(in crate::tui::app) fn open(intent: Intent, context: &mut UpdateContext<'_>) -> Self {
        let reason = context
            .shared
            .draft_reason
            .take_if(|(draft, _)| *draft == intent)
            .map(|(_, reason)| reason)
            .unwrap_or_default();
        let ticket = context.request(Request::Plan {
            intent: intent.clone(),
            reason: reason.clone(),
            overrides: Vec::new(),
        });
        Self {
            intent,
            phase: PlanPhase::Planning(ticket),
            detail: None,
            reason: Input::new(reason.clone()),
            planned_reason: reason,
            overrides: Vec::new(),
            confirmation: Input::default(),
            focus: PlanField::Reason,
            scroll: 0,
            planned_at: context.now,
        }
    }

    /// The fields of this plan.
    #[must_use]
    pub fn fields(&self) -> Vec<PlanField> {
        match self.detail.as_ref().map(|detail| &detail.plan.confirmation) {
            Some(Confirmation::TypeName(_)) => {
                vec![PlanField::Reason, PlanField::Name, PlanField::Apply]
            }
            _ => vec![PlanField::Reason, PlanField::Apply],
        }
    }

    /// The name to type for a protected change.
    #[must_use]
    pub fn required_name(&self) -> Option<String> {
        match &self.detail.as_ref()?.plan.confirmation {
            Confirmation::TypeName(name) => Some(name.raw().to_owned()),
            Confirmation::Yes => None,
        }
    }

    /// Whether the required name was typed, or none is required.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.required_name()
            .is_none_or(|name| name == self.confirmation.value())
    }

    /// Whether the versions now in the stage will be archived; `None` where that is no option.
    #[must_use]
    pub fn archive_existing(&self) -> Option<bool> {
        match &self.intent {
            Intent::TransitionStage {
                to,
                archive_existing,
                ..
            }
            | Intent::ResolveRequest {
                to,
                archive_existing,
                decision: Decision::Approve,
                ..
            } if to.can_archive_existing() => Some(*archive_existing),
            _ => None,
        }
    }

    /// What a key does now; `None` for what it always does, empty for nothing.
    #[must_use]
    pub fn hint(&self, action: Action) -> Option<&'static str> {
        let is_editable = matches!(self.phase, PlanPhase::Ready | PlanPhase::Planning(_));
        match action {
            Action::Accept => Some(match (&self.phase, self.focus) {
                (PlanPhase::Applying(..), _) => "",
                (PlanPhase::Done(report), _) if self.registered_version(report).is_some() => {
                    "open the version"
                }
                (PlanPhase::Done(_), _) => "close",
                (PlanPhase::Failed(_), _) => "plan again",
                (_, PlanField::Apply) => "apply",
                _ => "next field",
            }),
            Action::Back => Some(match &self.phase {
                PlanPhase::Applying(..) => "",
                PlanPhase::Done(_) | PlanPhase::Failed(_) => "close",
                _ => "cancel",
            }),
            // Enter goes there as well, unless it applies the plan.
            Action::Next if !is_editable || self.focus != PlanField::Apply => Some(""),
            Action::PageDown if self.detail.is_none() => Some(""),
            _ => None,
        }
    }

    /// The text field with the focus.
    pub(super) fn focused_field(&self) -> Option<&Input> {
        match self.focus {
            PlanField::Reason => Some(&self.reason),
            PlanField::Name => Some(&self.confirmation),
            PlanField::Apply => None,
        }
    }

    pub(super) fn accepts_paste(&self) -> bool {
        self.focus != PlanField::Name
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if !matches!(self.phase, PlanPhase::Planning(_) | PlanPhase::Ready) {
            return;
        }
        match self.focus {
            PlanField::Reason => drop(self.reason.handle(request)),
            PlanField::Name => drop(self.confirmation.handle(request)),
            // Text that is typed on the button is the reason.
            PlanField::Apply => {
                if matches!(request, InputRequest::InsertChar(c) if !c.is_whitespace()) {
                    self.focus = PlanField::Reason;
                    self.reason.handle(InputRequest::GoToEnd);
                    self.reason.handle(request);
                }
            }
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match (&self.phase, action) {
            (PlanPhase::Applying(..), Action::Back) => {
                context.notify("a write in progress can't be cancelled; undo it from the journal");
            }
            (PlanPhase::Done(report), Action::Back | Action::Accept) => {
                let opened = (action == Action::Accept).then(|| self.registered_version(report));
                context.shared.registered = opened.flatten();
                context.close_dialog();
                context.navigation.push(Navigate::Written);
            }
            (PlanPhase::Failed(_), Action::Accept) => self.replan(context),
            (_, Action::Back) => {
                if !self.reason.value().is_empty() {
                    context.shared.draft_reason =
                        Some((self.intent.clone(), self.reason.value().to_owned()));
                }
                let notifications = &mut context.shared.notifications;
                let shown = notifications.current(context.now);
                if shown.is_some_and(|message| self.shows_error(message)) {
                    notifications.dismiss(context.now);
                }
                context.close_dialog();
            }
            (_, Action::PageDown | Action::PageUp | Action::Down | Action::Up) => {
                self.scroll_by(action, context);
            }
            // The fields can be edited while a new plan is requested.
            (PlanPhase::Ready | PlanPhase::Planning(_), Action::Next) => self.step(true, context),
            (PlanPhase::Ready | PlanPhase::Planning(_), Action::Previous) => {
                self.step(false, context);
            }
            (PlanPhase::Ready, Action::ToggleArchive) => self.toggle_archive(context),
            (PlanPhase::Ready, Action::Override) => self.toggle_overrides(context),
            // A name that does not match keeps the focus and is reported.
            (PlanPhase::Ready, Action::Accept)
                if self.focus == PlanField::Name && !self.is_confirmed() =>
            {
                self.apply(context);
            }
            // Enter moves to the next field; on the button it applies the plan.
            (PlanPhase::Ready | PlanPhase::Planning(_), Action::Accept)
                if self.focus != PlanField::Apply =>
            {
                self.step(true, context);
            }
            (PlanPhase::Ready, Action::Accept) => self.apply_unless_new(context),
            (PlanPhase::Planning(_), Action::Accept) => {
                context.notify("the plan is being made: press enter again when it is shown");
            }
            _ => {}
        }
    }

    /// Scrolls the text by a line or by the lines that are visible, no further than its last line needs.
    fn scroll_by(&mut self, action: Action, context: &UpdateContext<'_>) {
        let notice = context.shared.notifications.current(context.now);
        let body = self.layout(context.size, notice).body;
        let height = usize::from(body.height);
        let lines = self.lines(context.shared, body.width).len();
        let last = lines.saturating_sub(height);
        self.scroll = scrolled(self.scroll.min(last), action, height).min(last);
    }

    fn apply_unless_new(&mut self, context: &mut UpdateContext<'_>) {
        if context.now - self.planned_at >= ENTER_GUARD_MS {
            self.apply(context);
        } else {
            context.notify("the plan is new: read it, then press enter again");
        }
    }

    /// Moves the focus to the next or previous field, with wrap-around.
    fn step(&mut self, forward: bool, context: &mut UpdateContext<'_>) {
        let fields = self.fields();
        let at = fields
            .iter()
            .position(|field| *field == self.focus)
            .unwrap_or(0);
        let by = if forward { 1 } else { fields.len() - 1 };
        self.focus = fields[(at + by) % fields.len()];
        context.shared.notifications.dismiss_info();
        self.replan_for_reason(context);
    }

    /// Plans again when the reason changed, since the plan contains it.
    fn replan_for_reason(&mut self, context: &mut UpdateContext<'_>) {
        if self.planned_reason != self.reason.value() {
            self.replan(context);
        }
    }

    fn toggle_archive(&mut self, context: &mut UpdateContext<'_>) {
        if self.archive_existing().is_none() {
            return;
        }
        if let Intent::TransitionStage {
            archive_existing, ..
        }
        | Intent::ResolveRequest {
            archive_existing, ..
        } = &mut self.intent
        {
            *archive_existing = !*archive_existing;
        }
        self.replan(context);
    }

    /// Overrides the gates that do not pass, where the policy permits it, or stops overriding them.
    fn toggle_overrides(&mut self, context: &mut UpdateContext<'_>) {
        let Some(detail) = &self.detail else { return };
        if self.overrides.is_empty() {
            let is_blocking = |gate: &&GateResult| {
                matches!(gate.outcome, GateOutcome::Fail | GateOutcome::Absent)
            };
            self.overrides = detail
                .gates
                .iter()
                .filter(is_blocking)
                .map(|gate| gate.name.clone())
                .collect();
            if self.overrides.is_empty() || !detail.can_override {
                context.notify(if detail.can_override {
                    "no gate blocks this plan"
                } else {
                    "the policy does not let you override its gates"
                });
                self.overrides.clear();
                return;
            }
            self.focus = PlanField::Reason;
        } else {
            self.overrides.clear();
        }
        self.replan(context);
    }

    /// Enters a phase, whose progress or outcome is the first line of the text.
    fn show(&mut self, phase: PlanPhase) {
        self.phase = phase;
        self.scroll = 0;
    }

    fn replan(&mut self, context: &mut UpdateContext<'_>) {
        self.planned_reason = self.reason.value().to_owned();
        let request = Request::Plan {
            intent: self.intent.clone(),
            reason: self.planned_reason.clone(),
            overrides: self.overrides.clone(),
        };
        self.phase = PlanPhase::Planning(context.request(request));
        self.planned_at = context.now;
    }

    fn apply(&mut self, context: &mut UpdateContext<'_>) {
        let Some(detail) = &self.detail else { return };
        if !self.is_confirmed() {
            self.focus = PlanField::Name;
            let name = self.required_name().unwrap_or_default();
            let typed = self.confirmation.value();
            context.notify(if typed.is_empty() {
                format!("type {} to confirm: the slot is protected", clean(&name))
            } else {
                format!("{} does not match: type {}", clean(typed), clean(&name))
            });
            return;
        }
        match grant_clearance(
            detail.plan.clone(),
            detail.gates.clone(),
            Some(self.confirmation.value()),
        ) {
            Ok(cleared) => {
                // What kept the plan from being applied is solved.
                context.shared.notifications.dismiss(context.now);
                let ticket = context.request(Request::Apply(cleared));
                self.show(PlanPhase::Applying(ticket, ApplyProgress::Preflight));
            }
            Err(refusal) => {
                let next = self.after_refusal(&refusal);
                context.notify(format!("{refusal}; {next}"));
            }
        }
    }

    /// How to go on after a plan was not cleared.
    fn after_refusal(&self, refusal: &ClearanceError) -> &'static str {
        let can_override = self.detail.as_ref().is_some_and(|plan| plan.can_override);
        match refusal {
            ClearanceError::GateFailed(..) if can_override => "ctrl-o overrides it, with a reason",
            ClearanceError::GateFailed(..) => {
                "the policy does not let you override its gates: ask a user whom it lists"
            }
            ClearanceError::ReasonRequired(_) => "type one",
            ClearanceError::ForeignGates(_) => "esc cancels: plan it again",
            ClearanceError::NotConfirmed(..) => "type it in the field for the name",
        }
    }

    /// Whether lines of the plan are below the visible ones.
    pub(in crate::tui::app) fn has_more_lines(
        &self,
        size: Size,
        now: Millis,
        shared: &SharedState,
    ) -> bool {
        let body = self.layout(size, shared.notifications.current(now)).body;
        let lines = self.lines(shared, body.width).len();
        self.scroll + usize::from(body.height) < lines
    }

    /// The version that the plan registered.
    fn registered_version(&self, report: &ApplyReport) -> Option<(ModelName, VersionNumber)> {
        match &self.intent {
            Intent::Register { model, .. } => Some((model.clone(), report.created_version?)),
            _ => None,
        }
    }

    /// Makes run tables reload, and unmarks deleted or restored runs.
    fn refresh_changed_runs(&self, context: &mut UpdateContext<'_>) {
        let subject = self.intent.subject();
        let changes = self.detail.iter().flat_map(|detail| detail.plan.changes());
        for change in changes {
            if let RegistryChange::Run { run, .. } = change {
                context.shared.marks.remove(&run);
            }
        }
        context.shared.run_changes += u64::from(!subject.runs().is_empty());
    }

    pub(super) fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match (&self.phase, reply) {
            (PlanPhase::Planning(pending), Reply::Plan(result)) if *pending == ticket => {
                match result {
                    Ok(detail) => {
                        self.detail = Some(detail);
                        self.phase = PlanPhase::Ready;
                        // Enter was pressed before the plan said that it wants a name.
                        if self.focus == PlanField::Apply && !self.is_confirmed() {
                            self.focus = PlanField::Name;
                        }
                    }
                    Err(error) => {
                        // The screen below may show an older registry.
                        context.navigation.push(Navigate::Written);
                        self.show(PlanPhase::Failed(error));
                    }
                }
                None
            }
            (PlanPhase::Applying(pending, _), Reply::Progress(progress)) if *pending == ticket => {
                self.phase = PlanPhase::Applying(ticket, progress);
                None
            }
            (PlanPhase::Applying(pending, _), Reply::Applied(result)) if *pending == ticket => {
                match result {
                    Ok(report) => {
                        self.refresh_changed_runs(context);
                        // The registry has changed: the reason of a cancelled plan may be out of date.
                        context.shared.draft_reason = None;
                        if let Some(error) = &report.journal_error {
                            context.shared.notifications.error(
                                context.now,
                                format!("not recorded: {error}"),
                                "make room for the journal, then check the entry again in it"
                                    .into(),
                            );
                        }
                        self.show(PlanPhase::Done(report));
                    }
                    Err(error) => {
                        context.shared.notifications.error(
                            context.now,
                            error.message.clone(),
                            error.hint.clone(),
                        );
                        context.navigation.push(Navigate::Written);
                        self.show(PlanPhase::Failed(error));
                    }
                }
                None
            }
            (_, other) => Some(other),
        }
    }
}
