//! The review of a version: candidate against champion, with approval and rejection.

use tui_input::{Input, InputRequest};

use super::pager::Pager;
use super::{Dialog, Picker, PickerItem};
use crate::config::keymap::Action;
use crate::config::theme::Role;
use crate::domain::{ModelName, Slot, SlotKinds, VersionNumber};
use crate::ops::review::ReviewableSlot;
use crate::promotion::{Decision, Intent, PreparedReview, ReviewFile};
use crate::text::shell::quote_word;
use crate::text::untrusted::clean;
use crate::text::width::wrap_hanging;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::message::{Reply, Request, RequestError, ReviewPage, Ticket};
use crate::tui::app::navigation::Navigate;

/// The rows of the form: a heading and two fields.
const FORM_ROWS: u16 = 3;
/// The cells around a line: the frame and a space on each side.
const BORDER_CELLS: u16 = 4;

#[derive(Debug)]
pub struct ReviewDialog {
    pub model: ModelName,
    pub version: VersionNumber,
    /// `None` until the reply arrives.
    pub page: Option<Result<Box<ReviewPage>, RequestError>>,
    pub pager: Pager,
    /// Open while a reviewer without write access prepares a file.
    pub form: Option<PrepareForm>,
    /// What became of the prepared file; cleaned lines.
    pub notice: Vec<String>,
    ticket: Ticket,
}

/// The fields of a prepared review.
#[derive(Debug)]
pub struct PrepareForm {
    pub decision: Decision,
    pub reason: Input,
    pub file: Input,
    /// Whether the file's name has the focus, not the reason.
    pub is_at_file: bool,
    /// The file's name that the form was opened with, which becomes a free one unless it is edited before that is known.
    offered_file: String,
    free_name_ticket: Ticket,
}

impl ReviewDialog {
    /// Requests the review of a version for a slot, else for the default one.
    #[must_use]
    pub fn open(
        model: ModelName,
        version: VersionNumber,
        slot: Option<Slot>,
        context: &mut UpdateContext<'_>,
    ) -> Self {
        let ticket = request_page(&model, version, slot, context);
        Self {
            model,
            version,
            page: None,
            pager: Pager::default(),
            form: None,
            notice: Vec::new(),
            ticket,
        }
    }

    /// The slot that the version is reviewed for, once it is known.
    #[must_use]
    pub fn slot(&self) -> Option<&Slot> {
        let page = self.page.as_ref()?.as_ref().ok()?;
        Some(&page.slot)
    }

    /// Requests the lines again, in the new width.
    pub(in crate::tui::app) fn resize(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(slot) = self.slot().cloned() {
            self.ticket = request_page(&self.model, self.version, Some(slot), context);
        }
    }

    pub(super) fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Review(result) if self.ticket == ticket => {
                self.page = Some(result);
                None
            }
            Reply::ReviewPrepared(result) if self.ticket == ticket => {
                self.notice = match result {
                    Ok(path) => {
                        self.pager.scroll = 0;
                        submit_lines(&path)
                    }
                    Err(error) => {
                        context.notify(format!("{}; {}", error.message, error.hint));
                        Vec::new()
                    }
                };
                None
            }
            Reply::FreeName(name) => match &mut self.form {
                Some(form) if form.free_name_ticket == ticket => {
                    if form.file.value() == form.offered_file {
                        form.file = Input::new(name);
                    }
                    None
                }
                _ => Some(Reply::FreeName(name)),
            },
            other => Some(other),
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let Some(Ok(page)) = &self.page else { return };
        match action {
            Action::Approve if context.shared.session.can_write => {
                context.open(Dialog::Picker(self.decisions(page)));
            }
            Action::Approve => self.open_form(context),
            Action::NextTarget => {
                let kinds = context.shared.session.slot_kinds;
                context.open(Dialog::Picker(self.slots(page, kinds)));
            }
            other => {
                let lines = self.lines(context.size);
                let lines: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
                let height = self.page_height(context.size);
                self.pager
                    .handle_action(other, &lines, height.into(), context);
            }
        }
    }

    /// What became of the prepared file, then the review.
    #[must_use]
    pub fn lines(&self, size: Size) -> Vec<(String, Role)> {
        let room = size.width.saturating_sub(BORDER_CELLS);
        let notice = self.notice.iter().flat_map(|line| wrap_hanging(line, room));
        let page = self.page.iter().flatten().flat_map(|page| &page.lines);
        notice
            .map(|line| (line, Role::Good))
            .chain(page.cloned())
            .collect()
    }

    /// The lines of the review that are visible: the form is below them.
    #[must_use]
    pub fn page_height(&self, size: Size) -> u16 {
        let inside = screen_areas(size).body.height.saturating_sub(2);
        inside - self.form_height(size)
    }

    /// The lines of the form.
    #[must_use]
    pub fn form_height(&self, size: Size) -> u16 {
        let inside = screen_areas(size).body.height.saturating_sub(2);
        let below = if self.form.is_some() { FORM_ROWS } else { 0 };
        below.min(inside / 2)
    }

    /// What the key that decides does: without write access it prepares a file.
    #[must_use]
    pub fn approve_hint(&self, can_write: bool) -> &'static str {
        match (&self.page, can_write) {
            (Some(Ok(_)), true) => "approve or reject",
            (Some(Ok(_)), false) => "prepare a file",
            _ => "",
        }
    }

    /// This review, for a slot.
    fn for_slot(&self, slot: Slot) -> Navigate {
        Navigate::Review(self.model.clone(), self.version, slot)
    }

    /// The stages and aliases to review the version for; a new alias can be typed.
    fn slots(&self, page: &ReviewPage, kinds: SlotKinds) -> Picker<Navigate> {
        let known = page.slots.iter().filter(|known| kinds.has(&known.slot));
        let items = known.map(|reviewable| {
            let ReviewableSlot { slot, holder } = reviewable;
            let detail = if *slot == page.slot {
                format!("{holder}, shown now")
            } else {
                holder.clone()
            };
            PickerItem::new(slot.to_string(), detail, self.for_slot(slot.clone()))
        });
        let (model, version) = (self.model.clone(), self.version);
        let title = format!("review {}/{version} for", model.clean());
        let picker = Picker::new(title, items)
            .with_accept_hint("review")
            .with_cancel(self.for_slot(page.slot.clone()));
        picker.with_custom_item(move |text| {
            let name = text.trim().trim_start_matches('@');
            let slot = Slot::Alias(name.into());
            let label = slot.to_string();
            let step = Navigate::Review(model.clone(), version, slot);
            (kinds.aliases && !name.is_empty()).then(|| PickerItem::new(label, "a new alias", step))
        })
    }

    /// Without write access, the decision goes into a file that a user with it submits.
    fn open_form(&mut self, context: &mut UpdateContext<'_>) {
        let Some(Ok(page)) = &self.page else { return };
        let name = default_file_name(&self.model, self.version, &page.slot);
        self.notice.clear();
        self.form = Some(PrepareForm {
            decision: Decision::Approve,
            reason: Input::default(),
            file: Input::new(name.clone()),
            is_at_file: false,
            free_name_ticket: context.request(Request::FreeName(name.clone())),
            offered_file: name,
        });
    }

    /// Approve or reject; leaving the list leads back to the review.
    fn decisions(&self, page: &ReviewPage) -> Picker<Navigate> {
        let item = |label: &str, decision: Decision| {
            let detail = format!("for {}", page.slot);
            let plan = Navigate::Plan(Box::new(self.intent(page, decision)));
            PickerItem::new(label, detail, plan)
        };
        let items = [
            item("approve", Decision::Approve),
            item("reject", Decision::Reject),
        ];
        Picker::new(
            format!("decide on {}/{}", self.model.clean(), self.version),
            items,
        )
        .with_accept_hint("plan")
        .with_cancel(self.for_slot(page.slot.clone()))
    }

    fn intent(&self, page: &ReviewPage, decision: Decision) -> Intent {
        let facts_digest = page.digest.clone();
        let (model, version) = (self.model.clone(), self.version);
        match page.slot.clone() {
            Slot::Stage(to) if page.is_requested => Intent::ResolveRequest {
                model,
                version,
                to,
                decision,
                facts_digest,
                archive_existing: false,
            },
            slot => Intent::Review {
                model,
                version,
                slot,
                decision,
                facts_digest,
                prepared: None,
            },
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.pager.search.edit(request);
        if let Some(form) = &mut self.form {
            let field = if form.is_at_file {
                &mut form.file
            } else {
                &mut form.reason
            };
            field.handle(request);
        }
    }

    pub(super) fn handle_form_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match (action, &mut self.form) {
            (Action::Back, _) => self.form = None,
            (Action::Accept, Some(form)) if !form.is_at_file => form.is_at_file = true,
            (Action::Complete, Some(form)) => form.is_at_file = !form.is_at_file,
            (Action::Next | Action::Previous | Action::Up | Action::Down, Some(form)) => {
                form.decision = match form.decision {
                    Decision::Approve => Decision::Reject,
                    Decision::Reject => Decision::Approve,
                };
            }
            (Action::Accept, Some(_)) => self.prepare(context),
            _ => {}
        }
    }

    fn prepare(&mut self, context: &mut UpdateContext<'_>) {
        let (Some(form), Some(Ok(page))) = (self.form.take(), &self.page) else {
            return;
        };
        let prepared = PreparedReview {
            reviewer: context.shared.session.user.clone(),
            at: context.now,
            comment: form.reason.value().to_owned(),
        };
        let target = (self.model.clone(), self.version, &page.slot);
        let review = ReviewFile::new(target, form.decision, page.digest.clone(), prepared);
        let path = form.file.value().trim().to_owned();
        self.ticket = context.request(Request::PrepareReview(path, Box::new(review)));
    }
}

fn request_page(
    model: &ModelName,
    version: VersionNumber,
    slot: Option<Slot>,
    context: &mut UpdateContext<'_>,
) -> Ticket {
    context.request(Request::Review {
        model: model.clone(),
        version,
        slot,
        width: context.size.width.saturating_sub(BORDER_CELLS),
    })
}

/// `review-churn-classifier-6-Production.json`, of characters that every file system takes.
fn default_file_name(model: &ModelName, version: VersionNumber, slot: &Slot) -> String {
    let name = format!("review-{}-{version}-{slot}", model.raw());
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain: String = name
        .chars()
        .map(|c| if is_plain(&c) { c } else { '-' })
        .collect();
    format!("{}.json", plain.replace("--", "-"))
}

fn submit_lines(path: &str) -> Vec<String> {
    let word = quote_word(path).unwrap_or_else(|| "FILE".to_owned());
    vec![
        format!(
            "wrote {}; a user with write access records it with:",
            clean(path)
        ),
        format!("frontrunner review --submit {word}"),
        String::new(),
    ]
}
