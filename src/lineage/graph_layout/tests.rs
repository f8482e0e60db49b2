use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const KINDS: [&str; 8] = [
    "code versions",
    "datasets",
    "runs",
    "logged models",
    "nested runs",
    "tools",
    "aliases",
    "versions",
];

/// A graph with node 0 in its center.
#[derive(Clone, Debug)]
struct TestGraph {
    nodes: Vec<(&'static str, String)>,
    edges: Vec<(usize, usize)>,
}

fn layout(graph: &TestGraph, area: CellArea, focus: usize, pinned: Option<usize>) -> GraphLayout {
    let describe = |at: usize| BoxText {
        title: graph.nodes[at].0.to_owned(),
        label: graph.nodes[at].1.clone(),
        ..BoxText::default()
    };
    let diagram = Diagram {
        kinds: graph.nodes.iter().map(|(kind, _)| *kind).collect(),
        edges: graph.edges.clone(),
        center: 0,
        describe: &describe,
    };
    super::layout(&diagram, area, focus, pinned)
}

/// A version of a run with this many datasets and nested runs.
fn trained_graph(datasets: usize, children: usize) -> TestGraph {
    let mut nodes = vec![
        ("versions", "iris v3".to_owned()),
        ("runs", "trial".to_owned()),
        ("aliases", "@champion".to_owned()),
    ];
    let mut edges = vec![(1, 0), (0, 2)];
    for _ in 0..datasets {
        edges.push((nodes.len(), 1));
        nodes.push(("datasets", "customers@e767a939 (training)".to_owned()));
    }
    for _ in 0..children {
        edges.push((1, nodes.len()));
        nodes.push(("nested runs", "trial".to_owned()));
    }
    TestGraph { nodes, edges }
}

fn area(width: u16, height: u16) -> CellArea {
    CellArea {
        x: 3,
        y: 2,
        width,
        height,
    }
}

/// The layout as text.
fn render(layout: &GraphLayout, area: CellArea) -> Vec<String> {
    let mut cells: BTreeMap<(u16, u16), char> = BTreeMap::new();
    let mut lines: BTreeMap<(u16, u16), u8> = BTreeMap::new();
    for cell in layout
        .connectors
        .iter()
        .flat_map(|connector| &connector.cells)
    {
        *lines.entry((cell.y, cell.x)).or_default() |= cell.directions;
    }
    for (position, lines) in lines {
        let flat = lines & (UP | DOWN) == 0;
        let sign = if flat {
            '-'
        } else if lines & (LEFT | RIGHT) == 0 {
            '|'
        } else {
            '+'
        };
        cells.insert(position, sign);
    }
    let connectors = layout.connectors.iter();
    for head in connectors.filter_map(|connector| connector.arrowhead) {
        let sign = if head.points_left { '<' } else { '>' };
        cells.insert((head.y, head.x), sign);
    }
    for placed in &layout.boxes {
        let Some(area) = placed.area else { continue };
        for (nth, c) in format!("[{}", placed.label)
            .chars()
            .take(usize::from(area.width) - 1)
            .chain([']'])
            .enumerate()
        {
            cells.insert((area.connector_row(), area.x + nth as u16), c);
        }
    }
    let row = |y: u16| {
        let text: String = (area.x..area.right())
            .map(|x| cells.get(&(y, x)).copied().unwrap_or(' '))
            .collect();
        text.trim_end().to_owned()
    };
    (area.y..area.bottom()).map(row).collect()
}

#[test]
fn causes_are_placed_left_of_effects() {
    let graph = trained_graph(2, 0);
    let area = area(80, 3);
    let layout = layout(&graph, area, 0, None);
    let expected = [
        "[customers@e767a939 (]-+",
        "[customers@e767a939 (]-+>[trial]     -->[iris v3]         -->[@champion]",
        "",
    ];
    let lines = render(&layout, area);
    assert_eq!(
        lines
            .iter()
            .map(|line| line.trim_start())
            .collect::<Vec<_>>(),
        expected.map(str::trim_start),
        "{}",
        lines.join("\n")
    );
}

#[test]
fn sweep_collapses_into_one_counted_box() {
    let layout = layout(&trained_graph(1, 998), area(80, 12), 0, None);
    let folded: Vec<&NodeBox> = layout
        .boxes
        .iter()
        .filter(|placed| placed.is_collapsed)
        .collect();
    assert_eq!(
        folded
            .iter()
            .map(|placed| placed.label.as_str())
            .collect::<Vec<_>>(),
        ["+ 996 nested runs"]
    );
    assert_eq!(
        layout
            .boxes
            .iter()
            .map(|placed| placed.nodes.len())
            .sum::<usize>(),
        1002
    );
}

#[test]
fn pinned_node_is_not_collapsed() {
    let graph = trained_graph(1, 998);
    let layout = layout(&graph, area(80, 12), 500, Some(500));
    let own = layout.box_of(500).unwrap();
    assert_eq!(
        (
            layout.boxes[own].nodes.len(),
            layout.boxes[own].is_collapsed
        ),
        (1, false)
    );
}

fn any_graph() -> impl Strategy<Value = TestGraph> {
    let nodes = prop::collection::vec((0..KINDS.len(), "\\PC{0,24}"), 0..40);
    let edges = prop::collection::vec((0_usize..42, 0_usize..42), 0..90);
    (nodes, edges).prop_map(|(nodes, edges)| {
        let center = ("versions", "iris v3".to_owned());
        let others = nodes.into_iter().map(|(kind, label)| (KINDS[kind], label));
        TestGraph {
            nodes: std::iter::once(center).chain(others).collect(),
            edges,
        }
    })
}

/// The connector end of a box.
fn connector_end(layout: &GraphLayout, at: usize) -> ConnectorEnd {
    let placed = &layout.boxes[at];
    let first = layout
        .boxes
        .iter()
        .filter(|one| one.area.is_some())
        .map(|one| one.layer)
        .min()
        .unwrap();
    match placed.area {
        Some(_) => ConnectorEnd::Box(at),
        None if placed.layer < first => ConnectorEnd::LeftEdge,
        None => ConnectorEnd::RightEdge,
    }
}

proptest! {
    #[test]
    fn boxes_and_connectors_stay_apart_and_inside(graph in any_graph(), width in 3u16..220, height in 1u16..60, at in 0usize..40) {
        let area = area(width, height);
        let at = at % graph.nodes.len();
        let layout = layout(&graph, area, at, None);
        let mut taken: BTreeSet<(u16, u16)> = BTreeSet::new();
        let stubs = [layout.hidden_left, layout.hidden_right].into_iter().flatten().filter_map(|beyond| beyond.area);
        for part in layout.boxes.iter().filter_map(|placed| placed.area).chain(stubs) {
            prop_assert!(part.width > 0 && part.height > 0);
            prop_assert!(part.x >= area.x && part.right() <= area.right() && part.y >= area.y && part.bottom() <= area.bottom(), "{part:?}");
            for y in part.y..part.bottom() {
                for x in part.x..part.right() {
                    prop_assert!(taken.insert((x, y)), "two boxes at {x}, {y}");
                }
            }
        }
        for cell in layout.connectors.iter().flat_map(|connector| &connector.cells) {
            prop_assert!((area.x..area.right()).contains(&cell.x) && (area.y..area.bottom()).contains(&cell.y), "{cell:?}");
            prop_assert!(!taken.contains(&(cell.x, cell.y)), "a connector crosses a box at {cell:?}");
        }
        let focus = layout.box_of(at).unwrap();
        prop_assert!(layout.boxes[focus].area.is_some(), "the focus is hidden");
    }

    #[test]
    fn every_node_has_one_box_and_every_edge_is_drawn_or_counted(graph in any_graph(), width in 3u16..220, height in 1u16..60) {
        let layout = layout(&graph, area(width, height), 0, None);
        let mut nodes: Vec<usize> = layout.boxes.iter().flat_map(|placed| placed.nodes.clone()).collect();
        nodes.sort_unstable();
        prop_assert_eq!(nodes, (0..graph.nodes.len()).collect::<Vec<_>>());
        for (from, to) in &graph.edges {
            let (Some(from), Some(to)) = (layout.box_of(*from), layout.box_of(*to)) else { continue };
            if from == to {
                continue;
            }
            let (left, right) = if layout.boxes[from].layer < layout.boxes[to].layer { (from, to) } else { (to, from) };
            prop_assert!(layout.boxes[left].layer < layout.boxes[right].layer, "an edge within a layer");
            let (a, b) = (connector_end(&layout, left), connector_end(&layout, right));
            if a == b {
                continue;
            }
            let connector = layout.connectors.iter().find(|one| one.from == a && one.to == b);
            prop_assert!(connector.is_some(), "no connector for {a:?} to {b:?}");
            let counts = |end: ConnectorEnd| matches!(end, ConnectorEnd::Box(at) if layout.boxes[at].hidden_edges > 0);
            let hidden = [a, b].iter().all(|end| !matches!(end, ConnectorEnd::Box(_)));
            prop_assert!(!connector.unwrap().cells.is_empty() || counts(a) || counts(b) || hidden, "{a:?} to {b:?} is neither drawn nor counted");
        }
        let beyond: usize = [layout.hidden_left, layout.hidden_right].into_iter().flatten().map(|beyond| beyond.node_count).sum();
        let seen: usize = layout.boxes.iter().filter(|placed| placed.area.is_some()).map(|placed| placed.nodes.len()).sum();
        prop_assert_eq!(beyond + seen, graph.nodes.len());
    }

    #[test]
    fn connectors_are_continuous(graph in any_graph(), width in 40u16..220, height in 9u16..60) {
        let layout = layout(&graph, area(width, height), 0, None);
        for connector in layout.connectors.iter().filter(|connector| !connector.cells.is_empty()) {
            let cells: BTreeMap<(u16, u16), u8> = connector.cells.iter().map(|cell| ((cell.x, cell.y), cell.directions)).collect();
            prop_assert_eq!(cells.len(), connector.cells.len(), "a cell twice");
            // Each line that leaves a cell continues in the next one, except at the two ends.
            let mut open = 0;
            for ((x, y), lines) in &cells {
                let next = [(UP, DOWN, (*x, y - 1)), (DOWN, UP, (*x, y + 1)), (LEFT, RIGHT, (x - 1, *y)), (RIGHT, LEFT, (x + 1, *y))];
                for (out, back, position) in next.into_iter().filter(|(out, ..)| lines & out != 0) {
                    match cells.get(&position) {
                        Some(other) => prop_assert!(other & back != 0, "{out} at {x}, {y} ends at {position:?}"),
                        None => open += 1,
                    }
                }
            }
            prop_assert_eq!(open, 2, "ends of a line");
        }
    }

    #[test]
    fn every_box_is_reachable_by_arrow_keys(graph in any_graph(), width in 3u16..220, height in 1u16..60) {
        let area = area(width, height);
        let first = layout(&graph, area, 0, None);
        let (mut reached, mut next) = (BTreeSet::from([0]), vec![0]);
        while let Some(node) = next.pop() {
            let layout = layout(&graph, area, node, None);
            let here = layout.box_of(node).unwrap();
            for way in [MoveDirection::Left, MoveDirection::Right, MoveDirection::Up, MoveDirection::Down] {
                let Some(to) = layout.neighbor(here, way) else { continue };
                let to = layout.boxes[to].nodes[0];
                if reached.insert(to) {
                    next.push(to);
                }
            }
        }
        for placed in &first.boxes {
            prop_assert!(placed.nodes.iter().any(|node| reached.contains(node)), "{placed:?}");
        }
    }

    #[test]
    fn layout_is_deterministic(graph in any_graph(), width in 3u16..220, height in 1u16..60, at in 0usize..40) {
        let at = at % graph.nodes.len();
        prop_assert_eq!(layout(&graph, area(width, height), at, Some(at)), layout(&graph, area(width, height), at, Some(at)));
    }
}
