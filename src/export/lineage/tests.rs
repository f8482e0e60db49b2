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
        facts: vec![(text.clone(), Untrusted::from(text.as_str()))],
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
        since: None,
        summary: texts.concat().into(),
        warnings: Vec::new(),
        missing: texts.to_vec(),
    }
}

/// A word of Graphviz's language: a name, a sign, or a quoted text as it reads it.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Name(String),
    Sign(char),
    Quoted(String),
}

/// Reads as strictly as Graphviz: within quotes only `\"` is special, and a quote ends; everything else must be names and signs.
fn words_of(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                let mut inside = String::new();
                loop {
                    match rest.next().expect("the quotes are closed") {
                        '\\' => {
                            inside.extend(['\\', rest.next().expect("nothing ends in a backslash")])
                        }
                        '"' => break,
                        c => inside.push(c),
                    }
                }
                words.push(Word::Quoted(inside));
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                words.push(Word::Name(name));
            }
            c if c.is_ascii_whitespace() => {}
            c => {
                assert!("{}[]=,;->".contains(c), "{c:?} is no sign of Graphviz's");
                words.push(Word::Sign(c));
            }
        }
    }
    words
}

/// What a label says, as it is drawn: `\n` ends a line, and `&amp;` is one sign.
fn shown(label: &str) -> String {
    let mut text = String::new();
    let mut rest = label.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next().unwrap() {
                'n' => text.push('\n'),
                c @ ('\\' | '"') => text.push(c),
                other => panic!("\\{other} means something to Graphviz"),
            },
            c => text.push(c),
        }
    }
    text.replace("&amp;", "&")
}

/// The labels of the nodes and the edges, by the nodes' places.
fn parsed(text: &str) -> (Vec<String>, Vec<(usize, usize)>) {
    let words = words_of(text);
    let at = |word: &Word| match word {
        Word::Name(name) => name
            .strip_prefix('n')
            .and_then(|at| at.parse::<usize>().ok()),
        _ => None,
    };
    let (mut labels, mut edges) = (Vec::new(), Vec::new());
    for window in words.windows(5) {
        match window {
            [
                node,
                Word::Sign('['),
                Word::Name(label),
                Word::Sign('='),
                Word::Quoted(text),
            ] if label == "label" => {
                if let Some(at) = at(node).filter(|at| *at == labels.len()) {
                    assert_eq!(at, labels.len());
                    labels.push(shown(text));
                }
            }
            [from, Word::Sign('-'), Word::Sign('>'), to, Word::Sign('[')] => {
                edges.push((at(from).unwrap(), at(to).unwrap()))
            }
            _ => {}
        }
    }
    (labels, edges)
}

#[test]
fn a_page_folds_a_sweep_and_says_how_many() {
    let mut graph = graph(&["iris v3".to_owned(), "sweep".to_owned()]);
    for nth in 0..200 {
        let node = Node {
            id: NodeId(format!("c{nth}").into()),
            kind: NodeKind::ChildRun,
            label: "trial".into(),
            facts: Vec::new(),
        };
        graph.edges.push(Edge {
            from: graph.nodes[1].id.clone(),
            to: node.id.clone(),
            kind: EdgeKind::ParentOf,
        });
        graph.nodes.push(node);
    }
    let page = markdown(&graph);
    assert_eq!(page.matches("nested run: trial").count(), ON_A_PAGE);
    assert!(
        page.contains("#43; 192 nested runs") || page.contains("+ 192 nested runs"),
        "{page}"
    );
    assert_eq!(
        parsed(&dot(&graph)).0.len(),
        202,
        "Graphviz gets all of them"
    );
}

proptest! {
    #[test]
    fn graphviz_reads_back_what_was_told(texts in prop::collection::vec("(\\PC|[\"\\\\&<>{}\\[\\]\n]){0,30}", 1..8)) {
        let graph = graph(&texts);
        let (labels, edges) = parsed(&dot(&graph));
        prop_assert_eq!(labels.len(), graph.nodes.len());
        for (node, label) in graph.nodes.iter().zip(&labels) {
            let (kind, text) = words(node);
            prop_assert_eq!(label, &format!("{kind}\n{text}"));
        }
        prop_assert_eq!(edges, (1..texts.len()).map(|at| (at - 1, at)).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_stays_a_page(texts in prop::collection::vec(any::<String>(), 1..8)) {
        let page = markdown(&graph(&texts));
        prop_assert!(!page.replace('\n', "").chars().any(|c| c.is_control() || crate::text::untrusted::is_hidden(c)));
        let fences: Vec<&str> = page.lines().filter(|line| line.starts_with("```")).collect();
        prop_assert_eq!(fences, ["```mermaid", "```"]);
        let drawing = page.split("```").nth(1).unwrap();
        for line in drawing.lines().skip(2) {
            // Each line is a node whose label is all that stands in quotes, or an edge.
            prop_assert!(line.matches('"').count() == 2 || line.contains(" --> "), "{line}");
        }
    }
}
