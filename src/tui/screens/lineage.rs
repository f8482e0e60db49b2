//! The lineage of a version: a drawn graph to walk, with the facts of what is under the cursor, and what is missing.

mod open;
mod parts;

pub use parts::{Parts, area, parts};

use super::{Freshness, List, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Alias, ModelName, VersionNumber};
use crate::lineage::graph_layout::{Layout, Placed, Way, layout};
use crate::lineage::{Graph, Node, NodeId, NodeKind};
use crate::promotion::Intent;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Mouse, Reply, Request, Ticket};
use crate::tui::app::overlays::{Overlay, PlanDialog};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// The screen's state.
#[derive(Debug)]
pub struct LineageScreen {
    /// The model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// The graph.
    pub data: Remote<Box<Graph>>,
    /// The node under the cursor, by its place among the nodes.
    pub cursor: Cursor,
    /// The node that was taken out of a fold.
    pub kept: Option<NodeId>,
    needle: String,
}

impl LineageScreen {
    /// The lineage of a version.
    #[must_use]
    pub fn new(name: ModelName, version: VersionNumber) -> Self {
        Self {
            name,
            version,
            data: Remote::default(),
            cursor: Cursor::default(),
            kept: None,
            needle: String::new(),
        }
    }

    /// The nodes, upstream first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        self.data
            .get()
            .map(|graph| graph.nodes.as_slice())
            .unwrap_or_default()
    }

    /// The node under the cursor: where several are folded, the first of them.
    #[must_use]
    pub fn current(&self) -> Option<&Node> {
        self.nodes().get(self.cursor.at)
    }

    /// The graph as it is drawn at a size.
    #[must_use]
    pub fn drawing(&self, size: Size) -> Layout {
        let Some(graph) = self.data.get() else {
            return Layout::default();
        };
        let kept = self.kept.as_ref().and_then(|kept| self.place(kept));
        layout(graph, area(parts(size, graph).graph), self.cursor.at, kept)
    }

    fn place(&self, id: &NodeId) -> Option<usize> {
        self.nodes().iter().position(|node| node.id == *id)
    }

    /// The box under the cursor.
    fn under(&self, size: Size) -> Option<Placed> {
        let drawing = self.drawing(size);
        drawing
            .box_of(self.cursor.at)
            .and_then(|at| drawing.boxes.get(at).cloned())
    }

    fn walk(&mut self, way: Way, size: Size) {
        let drawing = self.drawing(size);
        let to = drawing
            .box_of(self.cursor.at)
            .and_then(|from| drawing.walk(from, way));
        if let Some(node) = to.and_then(|to| drawing.boxes.get(to)?.nodes.first()) {
            self.cursor.at = *node;
        }
    }

    /// Opens what is under the cursor: a node, or the list of those that are folded there.
    fn open(&self, context: &mut Context<'_>) {
        match (self.under(context.size), self.current(), self.data.get()) {
            (Some(placed), _, Some(graph)) if placed.folded => {
                open::unfold(graph, &placed.nodes, context)
            }
            (_, Some(node), _) => open::open(node, &self.name, context),
            _ => {}
        }
    }

    /// Lists what is folded under the cursor, or folds again what was taken out.
    fn fold(&mut self, context: &mut Context<'_>) {
        let folded = self.under(context.size).filter(|placed| placed.folded);
        match (folded, self.data.get()) {
            (Some(placed), Some(graph)) => open::unfold(graph, &placed.nodes, context),
            _ if self.kept.take().is_some() => {}
            _ => context.say("nothing is folded here"),
        }
    }

    fn middle(&self) -> usize {
        self.nodes()
            .iter()
            .position(|node| node.kind == NodeKind::Version)
            .unwrap_or(0)
    }
}

impl View for LineageScreen {
    fn scope(&self) -> Scope {
        Scope::Lineage
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec![
            "models".into(),
            format!("{}/{}", self.name.clean(), self.version),
            "lineage".into(),
        ]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.data)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(
            &mut self.data,
            Request::Lineage(self.name.clone(), self.version),
        );
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::Left => self.walk(Way::Left, context.size),
            Action::Right => self.walk(Way::Right, context.size),
            Action::Up => self.walk(Way::Up, context.size),
            Action::Down => self.walk(Way::Down, context.size),
            Action::Top | Action::PageUp => self.cursor.at = self.middle(),
            Action::Bottom | Action::PageDown => {
                self.cursor.at = self.nodes().len().saturating_sub(1)
            }
            Action::Open => self.open(context),
            Action::Fold => self.fold(context),
            Action::MadeFrom => {
                if let Some(node) = self.current() {
                    open::backwards(node, context);
                }
            }
            Action::Stage => {
                let title = format!("move {}/{} to", self.name.clean(), self.version);
                context.go.push(Go::Over(Box::new(Overlay::stages(&title))));
            }
            Action::Alias => {
                let model = context
                    .shared
                    .models
                    .get()
                    .and_then(|all| all.iter().find(|m| m.name == self.name));
                let overlay = Overlay::aliases(
                    &format!("alias of {}/{}", self.name.clean(), self.version),
                    model,
                    self.version,
                );
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
        // The version is the middle of the graph, and where the eye begins; later it stays where it was.
        let stood = self.current().map(|node| node.id.clone());
        let rest = take_reply!(ticket, reply, context, Lineage => self.data);
        if rest.is_none() {
            self.cursor.at = stood
                .and_then(|stood| self.place(&stood))
                .unwrap_or_else(|| self.middle());
        }
        rest
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        let (model, version) = (self.name.clone(), self.version);
        let intent = match choice {
            Choice::Stage(to) => Intent::Move {
                model,
                version,
                to,
                archive_existing: false,
            },
            Choice::Alias { name, remove: true } => Intent::RemoveAlias {
                model,
                alias: Alias::from(name),
            },
            Choice::Alias {
                name,
                remove: false,
            } => Intent::SetAlias {
                model,
                alias: Alias::from(name),
                version,
            },
            Choice::Written => return self.enter(context),
            Choice::Node(id) => {
                if let Some(at) = self.place(&id) {
                    self.cursor.at = at;
                    self.kept = Some(id);
                }
                return;
            }
            _ => return,
        };
        PlanDialog::show(intent, context);
    }

    /// The nodes, for find: the arrows walk from box to box.
    fn list(&mut self, _: Size, _: &Shared) -> Option<List<'_>> {
        let len = self.nodes().len();
        Some(List {
            cursor: &mut self.cursor,
            len,
            height: 0,
            top: 0,
        })
    }

    fn walks(&self) -> bool {
        true
    }

    fn click(&mut self, mouse: Mouse, context: &mut Context<'_>) {
        let Mouse::Click { x, y } = mouse else { return };
        let drawing = self.drawing(context.size);
        if let Some(node) = drawing
            .at(x, y)
            .and_then(|at| drawing.boxes.get(at)?.nodes.first())
        {
            self.cursor.at = *node;
        }
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.nodes()
            .get(line)
            .map(|node| node.label.clean().into_owned())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
