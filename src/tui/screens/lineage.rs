//! The lineage of a version: a graph to walk, with the facts of the node under the cursor.

mod areas;
mod facts;
mod open;

pub(crate) use areas::{FRAMED_FACT_ROWS, graph_area, head_warnings, lineage_areas, warning_texts};
pub(crate) use facts::{heading, neighbor_facts, node_facts};

use super::version_dialogs::plan_promotion;
use super::{FocusedList, Freshness, HistoryScreen, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ModelName, Stage, VersionNumber};
use crate::lineage::graph_layout::{GraphLayout, MoveDirection, NodeBox};
use crate::lineage::{Graph, Node, NodeId, NodeKind};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{DIFF_FRAME_CELLS, Dialog, DiffDialog, Prompt, promotions};
use crate::tui::app::layout::Size;
use crate::tui::app::message::Export;
use crate::tui::app::{Mouse, Remote, Reply, Request, SharedState, Ticket, UpdateContext};

/// The lineage of a version.
#[derive(Debug)]
pub struct LineageScreen {
    pub(crate) name: ModelName,
    pub(crate) version: VersionNumber,
    pub(crate) data: Remote<Box<Graph>>,
    /// Over the nodes of the graph.
    pub cursor: Cursor,
    /// The node taken out of its collapsed box.
    unfolded: Option<NodeId>,
}

impl LineageScreen {
    pub(crate) fn new(name: ModelName, version: VersionNumber) -> Self {
        Self {
            name,
            version,
            data: Remote::default(),
            cursor: Cursor::default(),
            unfolded: None,
        }
    }

    /// The graph, once it was read.
    #[must_use]
    pub fn graph(&self) -> Option<&Graph> {
        self.data.get().map(AsRef::as_ref)
    }

    /// The nodes, upstream first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        let nodes = self.data.get().map(|graph| graph.nodes.as_slice());
        nodes.unwrap_or_default()
    }

    /// The node under the cursor: of a collapsed box, its first node.
    #[must_use]
    pub fn current(&self) -> Option<&Node> {
        self.nodes().get(self.cursor.index)
    }

    /// The layout of the graph in a terminal of this size.
    #[must_use]
    pub fn graph_layout(&self, size: Size) -> GraphLayout {
        let Some(graph) = self.data.get() else {
            return GraphLayout::default();
        };
        let unfolded = self.unfolded.as_ref().and_then(|id| self.node_index(id));
        let area = graph_area(lineage_areas(size, graph).graph);
        graph.layout(area, self.cursor.index, unfolded)
    }

    fn node_index(&self, id: &NodeId) -> Option<usize> {
        self.nodes().iter().position(|node| node.id == *id)
    }

    /// The box under the cursor, if it is collapsed.
    fn collapsed_box(&self, size: Size) -> Option<NodeBox> {
        let layout = self.graph_layout(size);
        let at = layout.box_of(self.cursor.index)?;
        let node_box = layout.boxes.get(at)?;
        node_box.is_collapsed.then(|| node_box.clone())
    }

    fn move_to_neighbor(&mut self, direction: MoveDirection, size: Size) {
        let layout = self.graph_layout(size);
        let to = layout
            .box_of(self.cursor.index)
            .and_then(|from| layout.neighbor(from, direction));
        if let Some(node) = to.and_then(|to| layout.boxes.get(to)?.nodes.first()) {
            self.cursor.index = *node;
        }
    }

    /// Opens the node under the cursor, or lists the nodes of a collapsed box.
    fn open(&self, context: &mut UpdateContext<'_>) {
        match (self.collapsed_box(context.size), self.current()) {
            (Some(collapsed), _) => self.list_collapsed(&collapsed.nodes, context),
            (None, Some(node)) => {
                if !open::open_node(node, &self.name, context) {
                    self.show_facts(context);
                }
            }
            (None, None) => {}
        }
    }

    /// Lists the nodes of the collapsed box under the cursor, puts an unfolded node back, or lists the nodes of all collapsed
    /// boxes.
    fn toggle_fold(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(collapsed) = self.collapsed_box(context.size) {
            return self.list_collapsed(&collapsed.nodes, context);
        }
        if self.unfolded.take().is_some() {
            return;
        }
        let layout = self.graph_layout(context.size);
        let collapsed = layout.boxes.iter().filter(|placed| placed.is_collapsed);
        let nodes: Vec<usize> = collapsed.flat_map(|placed| placed.nodes.clone()).collect();
        if nodes.is_empty() {
            context.notify("nothing is folded: every node has its own box");
        } else {
            self.list_collapsed(&nodes, context);
        }
    }

    fn list_collapsed(&self, nodes: &[usize], context: &mut UpdateContext<'_>) {
        if let Some(graph) = self.data.get() {
            let picker = open::collapsed_nodes(graph, nodes);
            context.open(picker.submit_to(Self::unfold));
        }
    }

    /// Opens a dialog with all facts of the node under the cursor: the pane below the graph may cut them.
    fn show_facts(&self, context: &mut UpdateContext<'_>) {
        let (Some(graph), Some(node)) = (self.data.get(), self.current()) else {
            return;
        };
        let zone = &context.shared.session.time_zone;
        let room = context.size.width.saturating_sub(DIFF_FRAME_CELLS);
        let lines = facts::all_lines(graph, node, zone, room);
        let title = format!("{} {}", node.kind.as_str(), node.label.clean());
        context.open(Dialog::Diff(Box::new(DiffDialog::from_lines(title, lines))));
    }

    fn unfold(&mut self, id: NodeId, _: &mut UpdateContext<'_>) {
        if let Some(at) = self.node_index(&id) {
            self.cursor.index = at;
            self.unfolded = Some(id);
        }
    }

    fn open_export(context: &mut UpdateContext<'_>) {
        let title = "export this lineage to (.md, .dot or .json)";
        let prompt = Prompt::export(title, "lineage.md", Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        if let Some(graph) = self.data.get() {
            let export = Export::Lineage(graph.as_ref().clone());
            context.request(Request::Export(path, Box::new(export)));
        }
    }

    fn version_index(&self) -> usize {
        let mut nodes = self.nodes().iter();
        nodes
            .position(|node| node.kind == NodeKind::Version)
            .unwrap_or(0)
    }

    /// The version under the cursor and its stage; that of this lineage on any other node.
    fn selected_version(&self) -> (ModelName, VersionNumber, Stage) {
        let other = self
            .current()
            .filter(|node| node.kind == NodeKind::OtherVersion)
            .and_then(|node| Some((open::version_of(node)?, stage_of(node))));
        if let Some(((name, version), stage)) = other {
            return (name, version, stage);
        }
        let node = self.nodes().get(self.version_index());
        (
            self.name.clone(),
            self.version,
            node.map_or(Stage::None, stage_of),
        )
    }

    fn open_promotions(&self, context: &mut UpdateContext<'_>) {
        let (name, version, stage) = self.selected_version();
        let mut models = context.shared.models.get().into_iter().flatten();
        let model = models.find(|model| model.name == name);
        let has_requests = context.shared.has_transition_requests();
        let slots = context.shared.session.slot_kinds;
        let picker = promotions(&name, version, stage, model, slots, has_requests);
        context.open(picker.submit_to(|screen: &mut Self, choice, context| {
            let (name, version, _) = screen.selected_version();
            plan_promotion(&name, version, choice, context);
        }));
    }
}

/// The stage that the node of a version states.
fn stage_of(node: &Node) -> Stage {
    let stage = node.attributes.iter().find(|(key, _)| key == "stage");
    stage
        .and_then(|(_, value)| Stage::parse(value.raw()))
        .unwrap_or(Stage::None)
}

impl Screen for LineageScreen {
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
        let request = Request::Lineage(self.name.clone(), self.version);
        context.fetch(&mut self.data, request);
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
            Action::Preview => self.show_facts(context),
            Action::MadeFrom => {
                if let Some(node) = self.current() {
                    open::open_downstream(node, context);
                }
            }
            Action::Promote => self.open_promotions(context),
            Action::Export => Self::open_export(context),
            Action::History => context.push(HistoryScreen::new(self.name.clone())),
            Action::CopyValue => {
                if let Some(node) = self.current() {
                    context.copy_to_clipboard(node.label.raw().to_owned());
                }
            }
            Action::CopyId => {
                context.copy_name(&format!("{}/{}", self.name.raw(), self.version));
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
        let result = match reply {
            Reply::Lineage(result) if self.data.is_awaiting(ticket) => result,
            other => return Some(other),
        };
        let selected = self.current().map(|node| node.id.clone());
        context.resolve(&mut self.data, ticket, result);
        // At first the cursor is on the version, the middle of the graph.
        self.cursor.index = selected
            .and_then(|id| self.node_index(&id))
            .unwrap_or_else(|| self.version_index());
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        self.request_data(context);
    }

    /// The nodes, for find only: motions walk from box to box.
    fn list(&mut self, _: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let len = self.nodes().len();
        let rows = ratatui::layout::Rect::default();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn has_spatial_cursor(&self) -> bool {
        true
    }

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) -> bool {
        let Mouse::Click { x, y } = mouse else {
            return false;
        };
        let layout = self.graph_layout(context.size);
        if let Some(node) = layout
            .box_at(x, y)
            .and_then(|at| layout.boxes.get(at)?.nodes.first())
        {
            self.cursor.index = *node;
            return true;
        }
        false
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.nodes()
            .get(row)
            .map(|node| node.label.clean().into_owned())
            .unwrap_or_default()
    }
}
