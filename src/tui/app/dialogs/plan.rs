//! A plan: what is there, what will be written; the reason; the confirmation; how it went.

use tui_input::{Input, InputRequest};

use crate::config::keymap::Action;
use crate::domain::Millis;
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::plan_write::PlannedWrite;
use crate::promotion::{Confirmation, Decision, GateOutcome, GateResult, Intent, grant_clearance};
use crate::text::untrusted::clean;
use crate::tui::app::message::{Reply, Request, RequestError, Ticket};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

/// An enter that was on its way when the plan was asked for applies nothing: for so long, in ms.
const ENTER_GUARD_MS: Millis = 400;

/// The fields, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanField {
    /// Why: free text.
    Reason,
    /// The name that is asked for, typed to confirm.
    Name,
    /// The button.
    Apply,
}

/// How far the dialog is.
#[derive(Debug)]
pub enum PlanPhase {
    /// The registry is being read.
    Planning(Ticket),
    /// The plan is shown.
    Ready,
    /// There is no plan, or it was not carried out.
    Failed(RequestError),
    /// It is being carried out.
    Applying(Ticket, ApplyProgress),
    /// It was carried out; the report says how it ended.
    Done(Box<ApplyReport>),
}

/// The dialog.
#[derive(Debug)]
pub struct PlanDialog {
    /// What is wanted.
    pub intent: Intent,
    /// How far it is.
    pub phase: PlanPhase,
    /// The plan that is shown, with what it was made from.
    pub detail: Option<Box<PlannedWrite>>,
    /// Why, as typed.
    pub reason: Input,
    /// The name that confirms, as typed.
    pub confirmation: Input,
    /// The field that has the focus.
    pub focus: PlanField,
    /// The first line of the plan that is seen.
    pub scroll: usize,
    /// The gates to go past, by name.
    pub overrides: Vec<String>,
    planned_reason: String,
    planned_at: Millis,
}

impl PlanDialog {
    /// Opens the dialog and asks for the plan.
    fn open(intent: Intent, context: &mut UpdateContext<'_>) -> Self {
        let reason = context
            .shared
            .draft_reason
            .take_if(|(left, _)| *left == intent)
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

    /// Opens the dialog over the screen.
    pub fn show(intent: Intent, context: &mut UpdateContext<'_>) {
        let dialog = Self::open(intent, context);
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(super::Dialog::Plan(
                Box::new(dialog),
            ))));
    }

    /// The fields that this plan has.
    #[must_use]
    pub fn fields(&self) -> Vec<PlanField> {
        match self
            .detail
            .as_ref()
            .map(|planned| &planned.plan.confirmation)
        {
            Some(Confirmation::TypeName(_)) => {
                vec![PlanField::Reason, PlanField::Name, PlanField::Apply]
            }
            _ => vec![PlanField::Reason, PlanField::Apply],
        }
    }

    /// The name that has to be typed, if one has to be.
    #[must_use]
    pub fn required_name(&self) -> Option<String> {
        match &self.detail.as_ref()?.plan.confirmation {
            Confirmation::TypeName(name) => Some(name.raw().to_owned()),
            Confirmation::Yes => None,
        }
    }

    /// Whether the name was typed as asked, or none is asked.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.required_name()
            .is_none_or(|name| name == self.confirmation.value())
    }

    /// Whether archiving the versions that are in the stage now can be chosen, and whether it is.
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

    pub(super) fn accepts_paste(&self) -> bool {
        self.focus == PlanField::Reason
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if !matches!(self.phase, PlanPhase::Planning(_) | PlanPhase::Ready) {
            return;
        }
        match self.focus {
            PlanField::Reason => drop(self.reason.handle(request)),
            PlanField::Name => drop(self.confirmation.handle(request)),
            PlanField::Apply => {}
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match (&self.phase, action) {
            (PlanPhase::Applying(..), Action::Back) => {
                context.notify(
                    "it is on its way and can't be called back; it can be undone from the journal",
                );
            }
            (PlanPhase::Done(_), Action::Back | Action::Accept) => {
                context.navigation.push(Navigate::CloseDialog);
                context.navigation.push(Navigate::Submit(Choice::Applied));
            }
            (PlanPhase::Failed(_), Action::Accept) => self.replan(context),
            (_, Action::Back) => {
                if !self.reason.value().is_empty() {
                    context.shared.draft_reason =
                        Some((self.intent.clone(), self.reason.value().to_owned()));
                }
                context.navigation.push(Navigate::CloseDialog);
            }
            (_, Action::PageDown) => self.scroll += 5,
            (_, Action::PageUp) => self.scroll = self.scroll.saturating_sub(5),
            // While the plan is made anew, one can go on filling in.
            (PlanPhase::Ready | PlanPhase::Planning(_), Action::Next) => self.step(true, context),
            (PlanPhase::Ready | PlanPhase::Planning(_), Action::Previous) => {
                self.step(false, context);
            }
            (PlanPhase::Ready, Action::ToggleArchive) => self.toggle_archive(context),
            (PlanPhase::Ready, Action::Override) => self.toggle_overrides(context),
            // Enter goes from field to field; on the button it applies what is confirmed.
            (PlanPhase::Ready | PlanPhase::Planning(_), Action::Accept)
                if self.focus != PlanField::Apply =>
            {
                self.step(true, context);
            }
            (PlanPhase::Ready, Action::Accept)
                if context.now - self.planned_at >= ENTER_GUARD_MS =>
            {
                self.apply(context);
            }
            _ => {}
        }
    }

    /// Goes to the next field, round and round; backwards it is as many steps as there are others.
    fn step(&mut self, forward: bool, context: &mut UpdateContext<'_>) {
        let fields = self.fields();
        let at = fields
            .iter()
            .position(|field| *field == self.focus)
            .unwrap_or(0);
        let by = if forward { 1 } else { fields.len() - 1 };
        self.focus = fields[(at + by) % fields.len()];
        self.replan_for_reason(context);
    }

    /// A plan holds its reason: when that was changed, the plan is made anew.
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

    /// Goes past the gates that do not pass, where the policy lets this person; or no longer.
    fn toggle_overrides(&mut self, context: &mut UpdateContext<'_>) {
        let Some(planned) = &self.detail else { return };
        if self.overrides.is_empty() {
            let is_blocking = |gate: &&GateResult| {
                matches!(gate.outcome, GateOutcome::Fail | GateOutcome::Absent)
            };
            self.overrides = planned
                .gates
                .iter()
                .filter(is_blocking)
                .map(|gate| gate.name.clone())
                .collect();
            if self.overrides.is_empty() || !planned.can_override {
                context.notify(if planned.can_override {
                    "no gate stands in the way"
                } else {
                    "the policy does not let you go past its gates"
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
        let Some(planned) = &self.detail else { return };
        if !self.is_confirmed() {
            self.focus = PlanField::Name;
            let name = self.required_name().unwrap_or_default();
            context.notify(format!(
                "type {} to confirm: this is protected",
                clean(&name)
            ));
            return;
        }
        match grant_clearance(
            planned.plan.clone(),
            planned.gates.clone(),
            Some(self.confirmation.value()),
        ) {
            Ok(cleared) => {
                let ticket = context.request(Request::Apply(cleared));
                self.phase = PlanPhase::Applying(ticket, ApplyProgress::Preflight);
            }
            Err(refusal) => context.notify(refusal.to_string()),
        }
    }

    /// Runs that were deleted or restored are marked no longer, and tables of runs are read anew.
    fn refresh_changed_runs(&self, context: &mut UpdateContext<'_>) {
        let subject = self.intent.subject();
        for run in subject.runs() {
            context.shared.marks.remove(run);
        }
        context.shared.lifecycle_changes += u64::from(!subject.runs().is_empty());
    }

    pub(super) fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match (&self.phase, reply) {
            (PlanPhase::Planning(asked), Reply::Plan(answer)) if *asked == ticket => {
                match answer {
                    Ok(planned) => {
                        self.detail = Some(planned);
                        self.phase = PlanPhase::Ready;
                    }
                    Err(refused) => self.phase = PlanPhase::Failed(refused),
                }
                None
            }
            (PlanPhase::Applying(asked, _), Reply::Progress(progress)) if *asked == ticket => {
                self.phase = PlanPhase::Applying(ticket, progress);
                None
            }
            (PlanPhase::Applying(asked, _), Reply::Applied(answer)) if *asked == ticket => {
                match answer {
                    Ok(report) => {
                        self.refresh_changed_runs(context);
                        self.phase = PlanPhase::Done(report);
                    }
                    Err(refused) => {
                        context.shared.notifications.error(
                            context.now,
                            refused.message.clone(),
                            refused.hint.clone(),
                        );
                        self.phase = PlanPhase::Failed(refused);
                    }
                }
                None
            }
            (_, other) => Some(other),
        }
    }
}
