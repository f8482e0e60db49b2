//! A plan: what is there, what will be written; the reason; the confirmation; how it went.

use tui_input::{Input, InputRequest};

use crate::config::keymap::Action;
use crate::domain::Millis;
use crate::ops::apply::{Progress, Report};
use crate::promotion::{Confirm, Decision, GateVerdict, Intent, Verdict, clear};
use crate::text::untrusted::clean;
use crate::tui::app::message::{Planned, Refused, Reply, Request, Ticket};
use crate::tui::app::shared::{Choice, Context, Go};

/// An enter that was on its way when the plan was asked for applies nothing: for so long, in ms.
const DEAF_MS: Millis = 400;

/// The fields, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Why: free text.
    Reason,
    /// The name that is asked for, typed to confirm.
    Name,
    /// The button.
    Apply,
}

/// How far the dialog is.
#[derive(Debug)]
pub enum Stage {
    /// The registry is being read.
    Planning(Ticket),
    /// The plan is shown.
    Ready,
    /// There is no plan, or it was not carried out.
    Refused(Refused),
    /// It is being carried out.
    Applying(Ticket, Progress),
    /// It was carried out; the report says how it ended.
    Done(Box<Report>),
}

/// The dialog.
#[derive(Debug)]
pub struct PlanDialog {
    /// What is wanted.
    pub intent: Intent,
    /// How far it is.
    pub stage: Stage,
    /// The plan that is shown, with what it was made from.
    pub planned: Option<Box<Planned>>,
    /// Why, as typed.
    pub reason: Input,
    /// The name that confirms, as typed.
    pub name: Input,
    /// The field that has the focus.
    pub focus: Field,
    /// The first line of the plan that is seen.
    pub scroll: usize,
    /// The gates to go past, by name.
    pub overrides: Vec<String>,
    asked_reason: String,
    planned_at: Millis,
}

impl PlanDialog {
    /// Opens the dialog and asks for the plan.
    fn open(intent: Intent, context: &mut Context<'_>) -> Self {
        let reason = context
            .shared
            .left_reason
            .take_if(|(left, _)| *left == intent)
            .map(|(_, reason)| reason)
            .unwrap_or_default();
        let ticket = context.ask(Request::Plan {
            intent: intent.clone(),
            reason: reason.clone(),
            overrides: Vec::new(),
        });
        Self {
            intent,
            stage: Stage::Planning(ticket),
            planned: None,
            reason: Input::new(reason.clone()),
            asked_reason: reason,
            overrides: Vec::new(),
            name: Input::default(),
            focus: Field::Reason,
            scroll: 0,
            planned_at: context.now,
        }
    }

    /// Opens the dialog over the screen.
    pub fn show(intent: Intent, context: &mut Context<'_>) {
        let dialog = Self::open(intent, context);
        context
            .go
            .push(Go::Over(Box::new(super::Overlay::Plan(Box::new(dialog)))));
    }

    /// The fields that this plan has.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        match self.planned.as_ref().map(|planned| &planned.plan.confirm) {
            Some(Confirm::TypeName(_)) => vec![Field::Reason, Field::Name, Field::Apply],
            _ => vec![Field::Reason, Field::Apply],
        }
    }

    /// The name that has to be typed, if one has to be.
    #[must_use]
    pub fn asked_name(&self) -> Option<String> {
        match &self.planned.as_ref()?.plan.confirm {
            Confirm::TypeName(name) => Some(name.raw().to_owned()),
            Confirm::Yes => None,
        }
    }

    /// Whether the name was typed as asked, or none is asked.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.asked_name()
            .is_none_or(|name| name == self.name.value())
    }

    /// Whether archiving the versions that are in the stage now can be chosen, and whether it is.
    #[must_use]
    pub fn archive(&self) -> Option<bool> {
        match &self.intent {
            Intent::Move {
                to,
                archive_existing,
                ..
            }
            | Intent::Answer {
                to,
                archive_existing,
                decision: Decision::Approve,
                ..
            } if to.archives_others() => Some(*archive_existing),
            _ => None,
        }
    }

    pub(super) fn takes_paste(&self) -> bool {
        self.focus == Field::Reason
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if !matches!(self.stage, Stage::Planning(_) | Stage::Ready) {
            return;
        }
        match self.focus {
            Field::Reason => drop(self.reason.handle(request)),
            Field::Name => drop(self.name.handle(request)),
            Field::Apply => {}
        }
    }

    pub(super) fn on(&mut self, action: Action, context: &mut Context<'_>) {
        match (&self.stage, action) {
            (Stage::Applying(..), Action::Back) => {
                context.say(
                    "it is on its way and can't be called back; it can be undone from the journal",
                );
            }
            (Stage::Done(_), Action::Back | Action::Accept) => {
                context.go.push(Go::Close);
                context.go.push(Go::Chosen(Choice::Written));
            }
            (Stage::Refused(_), Action::Accept) => self.replan(context),
            (_, Action::Back) => {
                if !self.reason.value().is_empty() {
                    context.shared.left_reason =
                        Some((self.intent.clone(), self.reason.value().to_owned()));
                }
                context.go.push(Go::Close);
            }
            (_, Action::PageDown) => self.scroll += 5,
            (_, Action::PageUp) => self.scroll = self.scroll.saturating_sub(5),
            // While the plan is made anew, one can go on filling in.
            (Stage::Ready | Stage::Planning(_), Action::Next) => self.step(true, context),
            (Stage::Ready | Stage::Planning(_), Action::Previous) => self.step(false, context),
            (Stage::Ready, Action::ToggleArchive) => self.toggle_archive(context),
            (Stage::Ready, Action::Override) => self.go_past(context),
            // Enter goes from field to field; on the button it applies what is confirmed.
            (Stage::Ready | Stage::Planning(_), Action::Accept) if self.focus != Field::Apply => {
                self.step(true, context)
            }
            (Stage::Ready, Action::Accept) if context.now - self.planned_at >= DEAF_MS => {
                self.apply(context)
            }
            _ => {}
        }
    }

    /// Goes to the next field, round and round; backwards it is as many steps as there are others.
    fn step(&mut self, forward: bool, context: &mut Context<'_>) {
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
    fn replan_for_reason(&mut self, context: &mut Context<'_>) {
        if self.asked_reason != self.reason.value() {
            self.replan(context);
        }
    }

    fn toggle_archive(&mut self, context: &mut Context<'_>) {
        if self.archive().is_none() {
            return;
        }
        if let Intent::Move {
            archive_existing, ..
        }
        | Intent::Answer {
            archive_existing, ..
        } = &mut self.intent
        {
            *archive_existing = !*archive_existing;
        }
        self.replan(context);
    }

    /// Goes past the gates that do not pass, where the policy lets this person; or no longer.
    fn go_past(&mut self, context: &mut Context<'_>) {
        let Some(planned) = &self.planned else { return };
        if self.overrides.is_empty() {
            let stops =
                |gate: &&GateVerdict| matches!(gate.verdict, Verdict::Fail | Verdict::Absent);
            self.overrides = planned
                .gates
                .iter()
                .filter(stops)
                .map(|gate| gate.name.clone())
                .collect();
            if self.overrides.is_empty() || !planned.can_override {
                context.say(if planned.can_override {
                    "no gate stands in the way"
                } else {
                    "the policy does not let you go past its gates"
                });
                self.overrides.clear();
                return;
            }
            self.focus = Field::Reason;
        } else {
            self.overrides.clear();
        }
        self.replan(context);
    }

    fn replan(&mut self, context: &mut Context<'_>) {
        self.asked_reason = self.reason.value().to_owned();
        let request = Request::Plan {
            intent: self.intent.clone(),
            reason: self.asked_reason.clone(),
            overrides: self.overrides.clone(),
        };
        self.stage = Stage::Planning(context.ask(request));
        self.planned_at = context.now;
    }

    fn apply(&mut self, context: &mut Context<'_>) {
        let Some(planned) = &self.planned else { return };
        if !self.is_confirmed() {
            self.focus = Field::Name;
            let name = self.asked_name().unwrap_or_default();
            context.say(format!(
                "type {} to confirm: this is protected",
                clean(&name)
            ));
            return;
        }
        match clear(
            planned.plan.clone(),
            planned.gates.clone(),
            Some(self.name.value()),
        ) {
            Ok(cleared) => {
                let ticket = context.ask(Request::Apply(cleared));
                self.stage = Stage::Applying(ticket, Progress::Preflight);
            }
            Err(refusal) => context.say(refusal.to_string()),
        }
    }

    /// Runs that were deleted or restored are marked no longer, and tables of runs are read anew.
    fn after_lifecycles(&self, context: &mut Context<'_>) {
        let subject = self.intent.subject();
        for run in subject.runs() {
            context.shared.marks.remove(run);
        }
        context.shared.lifecycles += u64::from(!subject.runs().is_empty());
    }

    pub(super) fn reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut Context<'_>,
    ) -> Option<Reply> {
        match (&self.stage, reply) {
            (Stage::Planning(asked), Reply::Plan(answer)) if *asked == ticket => {
                match answer {
                    Ok(planned) => {
                        self.planned = Some(planned);
                        self.stage = Stage::Ready;
                    }
                    Err(refused) => self.stage = Stage::Refused(refused),
                }
                None
            }
            (Stage::Applying(asked, _), Reply::Progress(progress)) if *asked == ticket => {
                self.stage = Stage::Applying(ticket, progress);
                None
            }
            (Stage::Applying(asked, _), Reply::Applied(answer)) if *asked == ticket => {
                match answer {
                    Ok(report) => {
                        self.after_lifecycles(context);
                        self.stage = Stage::Done(report);
                    }
                    Err(refused) => {
                        context.shared.notices.error(
                            context.now,
                            refused.why.clone(),
                            refused.next.clone(),
                        );
                        self.stage = Stage::Refused(refused);
                    }
                }
                None
            }
            (_, other) => Some(other),
        }
    }
}
