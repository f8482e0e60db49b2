//! The lineage of a version: what made it, what it became, and what is missing.

use super::{Freshness, List, Screen, View, take_reply};
use crate::app::cursor::Cursor;
use crate::app::layout::{Size, frame};
use crate::app::message::{Reply, Request, Ticket};
use crate::app::overlays::{Overlay, PlanDialog};
use crate::app::remote::Remote;
use crate::app::shared::{Choice, Context, Go, Shared};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Alias, ModelName, RunId, VersionNumber};
use crate::lineage::{Graph, Node, NodeKind};
use crate::promote::Intent;

/// Rows above the nodes: the version in one line, and a line of space.
pub const SUMMARY_ROWS: u16 = 2;

/// The screen's state.
#[derive(Debug)]
pub struct LineageScreen {
    /// The model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// The graph.
    pub data: Remote<Box<Graph>>,
    /// The cursor over the nodes.
    pub cursor: Cursor,
    needle: String,
}

impl LineageScreen {
    /// The lineage of a version.
    #[must_use]
    pub fn new(name: ModelName, version: VersionNumber) -> Self {
        Self { name, version, data: Remote::default(), cursor: Cursor::default(), needle: String::new() }
    }

    /// The nodes, upstream first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        self.data.get().map(|graph| graph.nodes.as_slice()).unwrap_or_default()
    }

    /// The node under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Node> {
        self.nodes().get(self.cursor.at)
    }

    fn open(&self, context: &mut Context<'_>) {
        let Some(node) = self.current() else { return };
        let fact = |key: &str| node.facts.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone());
        match node.kind {
            NodeKind::Run | NodeKind::ParentRun => match fact("run_id") {
                Some(id) => context.go.push(Go::To(Screen::run(RunId::new(id)))),
                None => context.say("this run can't be opened"),
            },
            NodeKind::Version | NodeKind::Stage | NodeKind::Alias => context.go.push(Go::To(Screen::versions(self.name.clone()))),
            NodeKind::LoggedModel
            | NodeKind::Code
            | NodeKind::Dataset
            | NodeKind::Params
            | NodeKind::Environment
            | NodeKind::Deployment
            | NodeKind::Evidence => {
                context.say("its facts are beside it");
            }
        }
    }
}

impl View for LineageScreen {
    fn scope(&self) -> Scope {
        Scope::Lineage
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec!["models".into(), format!("{}/{}", self.name.clean(), self.version), "lineage".into()]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.data)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::Lineage(self.name.clone(), self.version));
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Open => self.open(context),
            Action::Stage => {
                let title = format!("move {}/{} to", self.name.clean(), self.version);
                context.go.push(Go::Over(Box::new(Overlay::stages(&title))));
            }
            Action::Alias => {
                let model = context.shared.models.get().and_then(|all| all.iter().find(|m| m.name == self.name));
                let overlay = Overlay::aliases(&format!("alias of {}/{}", self.name.clean(), self.version), model, self.version);
                context.go.push(Go::Over(Box::new(overlay)));
            }
            Action::CopyValue => {
                if let Some(node) = self.current() {
                    context.copy(node.label.raw().to_owned());
                }
            }
            Action::CopyId => context.copy(format!("{}/{}", self.name.raw(), self.version)),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let first = self.data.value.is_none();
        let rest = take_reply!(ticket, reply, context, Lineage => self.data);
        if rest.is_none() && first {
            // The version is the middle of the graph, and where the eye begins.
            self.cursor.at = self.nodes().iter().position(|node| node.kind == NodeKind::Version).unwrap_or(0);
        }
        rest
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        let (model, version) = (self.name.clone(), self.version);
        let intent = match choice {
            Choice::Stage(to) => Intent::Move { model, version, to, archive_existing: false },
            Choice::Alias { name, remove: true } => Intent::RemoveAlias { model, alias: Alias::from(name) },
            Choice::Alias { name, remove: false } => Intent::SetAlias { model, alias: Alias::from(name), version },
            Choice::Written => return self.enter(context),
            _ => return,
        };
        PlanDialog::show(intent, context);
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let body = frame(size).body;
        let height = usize::from(body.height.saturating_sub(SUMMARY_ROWS));
        let len = self.nodes().len();
        Some(List { cursor: &mut self.cursor, len, height, top: body.y + SUMMARY_ROWS })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.nodes().get(line).map(|node| node.label.clean().into_owned()).unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
