//! The lineage of a version: a drawn graph to walk, with the facts of what is under the cursor, and what is missing.

mod areas;
mod open;

pub use areas::{LineageAreas, graph_area, lineage_areas};

use super::{FocusedList, Freshness, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Alias, ModelName, VersionNumber};
use crate::lineage::graph_layout::{GraphLayout, MoveDirection, NodeBox};
use crate::lineage::{Graph, Node, NodeId, NodeKind};
use crate::promotion::Intent;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, PlanDialog};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Mouse, Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

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
    pub unfolded: Option<NodeId>,
    search_text: String,
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
            unfolded: None,
            search_text: String::new(),
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
        self.nodes().get(self.cursor.index)
    }

    /// The graph as it is drawn at a size.
    #[must_use]
    pub fn graph_layout(&self, size: Size) -> GraphLayout {
        let Some(graph) = self.data.get() else {
            return GraphLayout::default();
        };
        let unfolded = self
            .unfolded
            .as_ref()
            .and_then(|kept| self.node_index(kept));
        graph.layout(
            graph_area(lineage_areas(size, graph).graph),
            self.cursor.index,
            unfolded,
        )
    }

    fn node_index(&self, id: &NodeId) -> Option<usize> {
        self.nodes().iter().position(|node| node.id == *id)
    }

    /// The box under the cursor.
    fn box_at_cursor(&self, size: Size) -> Option<NodeBox> {
        let drawing = self.graph_layout(size);
        drawing
            .box_of(self.cursor.index)
            .and_then(|at| drawing.boxes.get(at).cloned())
    }

    fn move_to_neighbor(&mut self, way: MoveDirection, size: Size) {
        let drawing = self.graph_layout(size);
        let to = drawing
            .box_of(self.cursor.index)
            .and_then(|from| drawing.neighbor(from, way));
        if let Some(node) = to.and_then(|to| drawing.boxes.get(to)?.nodes.first()) {
            self.cursor.index = *node;
        }
    }

    /// Opens what is under the cursor: a node, or the list of those that are folded there.
    fn open(&self, context: &mut UpdateContext<'_>) {
        match (
            self.box_at_cursor(context.size),
            self.current(),
            self.data.get(),
        ) {
            (Some(placed), _, Some(graph)) if placed.is_collapsed => {
                open::list_folded(graph, &placed.nodes, context);
            }
            (_, Some(node), _) => open::open_node(node, &self.name, context),
            _ => {}
        }
    }

    /// Lists what is folded under the cursor, or folds again what was taken out.
    fn toggle_fold(&mut self, context: &mut UpdateContext<'_>) {
        let folded = self
            .box_at_cursor(context.size)
            .filter(|placed| placed.is_collapsed);
        match (folded, self.data.get()) {
            (Some(placed), Some(graph)) => open::list_folded(graph, &placed.nodes, context),
            _ if self.unfolded.take().is_some() => {}
            _ => context.notify("nothing is folded here"),
        }
    }

    fn version_index(&self) -> usize {
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

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![
            "models".into(),
            format!("{}/{}", self.name.clean(), self.version),
            "lineage".into(),
        ]
    }

    fn freshness(&self, _: &SharedState) -> Freshness {
        Freshness::of(&self.data)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(
            &mut self.data,
            Request::Lineage(self.name.clone(), self.version),
        );
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::Left => self.move_to_neighbor(MoveDirection::Left, context.size),
            Action::Right => self.move_to_neighbor(MoveDirection::Right, context.size),
            Action::Up => self.move_to_neighbor(MoveDirection::Up, context.size),
            Action::Down => self.move_to_neighbor(MoveDirection::Down, context.size),
            Action::Top | Action::PageUp => self.cursor.index = self.version_index(),
            Action::Bottom | Action::PageDown => {
                self.cursor.index = self.nodes().len().saturating_sub(1);
            }
            Action::Open => self.open(context),
            Action::Fold => self.toggle_fold(context),
            Action::MadeFrom => {
                if let Some(node) = self.current() {
                    open::open_downstream(node, context);
                }
            }
            Action::Stage => {
                let title = format!("move {}/{} to", self.name.clean(), self.version);
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::stages(&title))));
            }
            Action::Alias => {
                let model = context
                    .shared
                    .models
                    .get()
                    .and_then(|all| all.iter().find(|m| m.name == self.name));
                let dialog = Dialog::aliases(
                    &format!("alias of {}/{}", self.name.clean(), self.version),
                    model,
                    self.version,
                );
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(dialog)));
            }
            Action::CopyValue => {
                if let Some(node) = self.current() {
                    context.copy_to_clipboard(node.label.raw().to_owned());
                }
            }
            Action::CopyId => {
                context.copy_to_clipboard(format!("{}/{}", self.name.raw(), self.version));
            }
            _ => return false,
        }
        true
    }

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        // The version is the middle of the graph, and where the eye begins; later it stays where it was.
        let selected = self.current().map(|node| node.id.clone());
        let rest = take_reply!(ticket, reply, context, Lineage => self.data);
        if rest.is_none() {
            self.cursor.index = selected
                .and_then(|stood| self.node_index(&stood))
                .unwrap_or_else(|| self.version_index());
        }
        rest
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        let (model, version) = (self.name.clone(), self.version);
        let intent = match choice {
            Choice::Stage(to) => Intent::TransitionStage {
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
            Choice::Applied => return self.request_data(context),
            Choice::Node(id) => {
                if let Some(at) = self.node_index(&id) {
                    self.cursor.index = at;
                    self.unfolded = Some(id);
                }
                return;
            }
            _ => return,
        };
        PlanDialog::show(intent, context);
    }

    /// The nodes, for find: the arrows walk from box to box.
    fn list(&mut self, _: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let len = self.nodes().len();
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: 0,
            top: 0,
        })
    }

    fn has_spatial_cursor(&self) -> bool {
        true
    }

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) {
        let Mouse::Click { x, y } = mouse else { return };
        let drawing = self.graph_layout(context.size);
        if let Some(node) = drawing
            .box_at(x, y)
            .and_then(|at| drawing.boxes.get(at)?.nodes.first())
        {
            self.cursor.index = *node;
        }
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.nodes()
            .get(line)
            .map(|node| node.label.clean().into_owned())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
