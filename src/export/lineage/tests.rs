use proptest::prelude::*;

use super::*;
use crate::lineage::{Edge, EdgeKind, Graph, Node, NodeId, NodeKind};
use crate::text::Untrusted;

fn graph(texts: &[String]) -> Graph {
    let kinds = [
        NodeKind::Version,
        NodeKind::Run,
        NodeKind::Dataset,
        NodeKind::Alias,
        NodeKind::ChildRun,
    ];
    let node = |(at, text): (usize, &String)| Node {
        id: NodeId(format!("n{at} {text}").into()),
        kind: kinds[at % kinds.len()],
        label: text.as_str().into(),
        attributes: vec![(text.clone(), Untrusted::from(text.as_str()))],
        finding: None,
    };
    let nodes: Vec<Node> = texts.iter().enumerate().map(node).collect();
    let edges = nodes
        .windows(2)
        .map(|pair| Edge {
            from: pair[0].id.clone(),
            to: pair[1].id.clone(),
            kind: EdgeKind::Read,
        })
        .collect();
    Graph {
        nodes,
        edges,
        reproducibility: Vec::new(),
        commits_since: None,
        summary: texts.concat().into(),
        warnings: Vec::new(),
        missing: texts.to_vec(),
    }
}

/// A token of Graphviz's language.
#[derive(Clone, Debug, PartialEq)]
enum DotToken {
    Name(String),
    Punctuation(char),
    Quoted(String),
}

/// As strict as Graphviz: in quotes only `\"` is special, outside only names and punctuation are permitted.
fn tokenize(text: &str) -> Vec<DotToken> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                let mut inside = String::new();
                loop {
                    match rest.next().expect("quotes are closed") {
                        '\\' => {
                            inside
                                .extend(['\\', rest.next().expect("text ends after a backslash")]);
                        }
                        '"' => break,
                        c => inside.push(c),
                    }
                }
                words.push(DotToken::Quoted(inside));
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                words.push(DotToken::Name(name));
            }
            c if c.is_ascii_whitespace() => {}
            c => {
                assert!("{}[]=,;->".contains(c), "not Graphviz punctuation: {c:?}");
                words.push(DotToken::Punctuation(c));
            }
        }
    }
    words
}

/// A label as Graphviz draws it: `\n` ends a line, `&amp;` is one character.
fn rendered_label(label: &str) -> String {
    let mut text = String::new();
    let mut rest = label.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next().unwrap() {
                'n' => text.push('\n'),
                c @ ('\\' | '"') => text.push(c),
                other => panic!("\\{other} is a Graphviz escape"),
            },
            c => text.push(c),
        }
    }
    text.replace("&amp;", "&")
}

/// The labels of the nodes, and the edges by node index.
fn parse_dot(text: &str) -> (Vec<String>, Vec<(usize, usize)>) {
    let words = tokenize(text);
    let at = |word: &DotToken| match word {
        DotToken::Name(name) => name
            .strip_prefix('n')
            .and_then(|at| at.parse::<usize>().ok()),
        _ => None,
    };
    let (mut labels, mut edges) = (Vec::new(), Vec::new());
    for window in words.windows(5) {
        match window {
            [
                node,
                DotToken::Punctuation('['),
                DotToken::Name(label),
                DotToken::Punctuation('='),
                DotToken::Quoted(text),
            ] if label == "label" => {
                if let Some(at) = at(node).filter(|at| *at == labels.len()) {
                    assert_eq!(at, labels.len());
                    labels.push(rendered_label(text));
                }
            }
            [
                from,
                DotToken::Punctuation('-'),
                DotToken::Punctuation('>'),
                to,
                DotToken::Punctuation('['),
            ] => edges.push((at(from).unwrap(), at(to).unwrap())),
            _ => {}
        }
    }
    (labels, edges)
}

#[test]
fn page_collapses_a_sweep_with_its_count() {
    let mut graph = graph(&["iris v3".to_owned(), "sweep".to_owned()]);
    for nth in 0..200 {
        let node = Node {
            id: NodeId(format!("c{nth}").into()),
            kind: NodeKind::ChildRun,
            label: "trial".into(),
            attributes: Vec::new(),
            finding: None,
        };
        graph.edges.push(Edge {
            from: graph.nodes[1].id.clone(),
            to: node.id.clone(),
            kind: EdgeKind::ParentOf,
        });
        graph.nodes.push(node);
    }
    let page = document(&graph).to_markdown();
    assert_eq!(page.matches("nested run: trial").count(), MAX_PER_KIND);
    assert!(
        page.contains("#43; 192 nested runs") || page.contains("+ 192 nested runs"),
        "{page}"
    );
    assert_eq!(
        parse_dot(&dot(&graph)).0.len(),
        202,
        "Graphviz gets every node"
    );
}

proptest! {
    #[test]
    fn dot_labels_and_edges_round_trip(texts in prop::collection::vec("(\\PC|[\"\\\\&<>{}\\[\\]\n]){0,30}", 1..8)) {
        let graph = graph(&texts);
        let (labels, edges) = parse_dot(&dot(&graph));
        prop_assert_eq!(labels.len(), graph.nodes.len());
        for (node, label) in graph.nodes.iter().zip(&labels) {
            let (kind, text) = kind_and_label(node);
            prop_assert_eq!(label, &format!("{kind}\n{text}"));
        }
        prop_assert_eq!(edges, (1..texts.len()).map(|at| (at - 1, at)).collect::<Vec<_>>());
    }

    #[test]
    fn store_text_does_not_break_the_page(texts in prop::collection::vec(any::<String>(), 1..8)) {
        let page = document(&graph(&texts)).to_markdown();
        prop_assert!(!page.replace('\n', "").chars().any(|c| c.is_control() || crate::text::untrusted::is_hidden(c)));
        let fences: Vec<&str> = page.lines().filter(|line| line.starts_with("```")).collect();
        prop_assert_eq!(fences, ["```mermaid", "```"]);
        let drawing = page.split("```").nth(1).unwrap();
        for line in drawing.lines().skip(2) {
            // Each line is a node with one quoted label, or an edge.
            prop_assert!(line.matches('"').count() == 2 || line.contains(" --> "), "{line}");
        }
    }
}
