use proptest::prelude::*;

use super::*;
use crate::text::untrusted::is_hidden;

/// A document with every kind of block, filled from `texts`.
fn document(texts: &[String]) -> Document {
    let text = |at: usize| texts.get(at % texts.len()).cloned().unwrap_or_default();
    let cell = |at: usize, tone| Cell {
        text: text(at),
        note: text(at + 1),
        tone,
    };
    let table = |columns: usize| Table {
        headers: (0..columns).map(text).collect(),
        rows: vec![
            Row {
                group: "metric",
                cells: (0..columns).map(|at| cell(at, Tone::Best)).collect(),
                is_minor: false,
            },
            Row {
                group: "tag",
                cells: (0..columns).map(|at| cell(at + 1, Tone::Worse)).collect(),
                is_minor: true,
            },
        ],
        markdown_cell_width: Some(60),
    };
    let mut document = Document::new(text(0));
    document.blocks.extend([
        Block::Paragraph(text(1)),
        Block::Note(text(2)),
        Block::Warnings(vec![text(0), text(1)]),
        Block::Checks(vec![Check {
            name: text(0),
            tone: Tone::Bad,
            state: text(1),
            detail: text(2),
            values: vec![(text(0), text(1))],
        }]),
        Block::Answers(vec![Answer {
            key: "code",
            question: "Which code?",
            tone: Tone::Warning,
            lines: vec![text(0), text(1)],
        }]),
        Block::Table(table(3)),
        Block::Graph {
            outline: vec![("Made from", vec![text(0)])],
            mermaid: "flowchart LR\n".into(),
        },
        Block::Details {
            summary: "All facts",
            table: table(9),
        },
    ]);
    document.push_section(text(1), Block::List(texts.to_vec()));
    document.push_section(text(2), Block::Diff(texts.to_vec()));
    document.push_section("Empty", Block::List(Vec::new()));
    document
}

#[test]
fn checks_are_aligned_in_text_and_signed_in_markdown() {
    let check = |name: &str, tone, state: &str, values: &[(&str, &str)]| Check {
        name: name.into(),
        tone,
        state: state.into(),
        detail: "0 of 1 approvals".into(),
        values: values
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    };
    let mut document = Document::new("Review".into());
    document.push_section(
        "Gates",
        Block::Checks(vec![
            check("signed off", Tone::Unknown, "absent", &[]),
            check("auc", Tone::Good, "pass", &[("auc", "0.9")]),
        ]),
    );
    assert_eq!(
        document.to_lines(None),
        [
            "Review",
            "",
            "Gates",
            "  signed off  absent  0 of 1 approvals",
            "  auc         pass    0 of 1 approvals (auc 0.9)",
        ]
    );
    let page = document.to_markdown();
    assert!(
        page.contains("| auc | ✅ pass: 0 of 1 approvals | auc 0.9 |"),
        "{page}"
    );
    assert!(
        page.contains("| signed off | ❔ absent: 0 of 1 approvals |  |"),
        "{page}"
    );
}

#[test]
fn wide_markdown_tables_are_transposed() {
    let texts: Vec<String> = (0..9).map(|at| format!("t{at}")).collect();
    let page = document(&texts).to_markdown();
    assert!(
        page.contains("|  | **t0** (t1) |\n| --- | --- |\n| t1 | **t1** (t2) |\n"),
        "{page}"
    );
}

#[test]
fn html_escapes_store_text() {
    let page = document(&["<script>alert(1)</script>".into(), "\"onload='".into()]).to_html();
    assert!(
        !page.contains("<script") && page.contains("&lt;script&gt;"),
        "{page}"
    );
    assert!(!page.contains("\"onload"), "{page}");
}

proptest! {
    #[test]
    fn every_format_cleans_and_escapes_store_text(texts in prop::collection::vec(any::<String>(), 1..6)) {
        let document = document(&texts);
        let is_unsafe = |text: &str| text.replace('\n', "").chars().any(|c| c.is_control() || is_hidden(c));
        let (markdown, html) = (document.to_markdown(), document.to_html());
        prop_assert!(!is_unsafe(&markdown) && !is_unsafe(&html));
        prop_assert!(document.to_lines(None).iter().all(|line| !is_unsafe(line) && !line.contains('\n')));
        let fences: Vec<&str> = markdown.lines().filter(|line| line.starts_with("```")).collect();
        prop_assert_eq!(fences, ["```mermaid", "```", "```diff", "```"]);
        prop_assert_eq!(html.matches("<td").count(), html.matches("</td>").count());
    }

    #[test]
    fn lines_fit_the_width(texts in prop::collection::vec("\\PC{0,80}", 1..4), room in 30_u16..120) {
        for line in document(&texts).to_lines(Some(room)) {
            prop_assert!(crate::text::width::width(&line) <= room, "{line:?}");
        }
    }
}
