//! `docs/facts.md` lists what the built-in integrations find, for the conditions of gates.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::check_generated;
use crate::support::sources::find_files;

/// Where a rule searches, in words.
fn place(rule: &Table) -> String {
    for (key, what) in [
        ("artifact", "artifacts"),
        ("file", "files"),
        ("commit", "files at the commit"),
    ] {
        if let Some(patterns) = rule.get(key).and_then(Value::as_array) {
            let shown = patterns.iter().filter_map(Value::as_str).take(2);
            let shown: Vec<String> = shown.map(|pattern| format!("`{pattern}`")).collect();
            let more = if patterns.len() > shown.len() {
                ", …"
            } else {
                ""
            };
            return format!("{what} {}{more}", shown.join(", "));
        }
    }
    match rule.get("in").and_then(Value::as_str) {
        Some("run") => "tags, params and metrics of the run".to_owned(),
        Some("version") => "tags of the version".to_owned(),
        Some("logged_model") => "tags and params of the logged model".to_owned(),
        _ => "datasets of the run".to_owned(),
    }
}

#[test]
fn facts_page_lists_every_fact() {
    let mut page = String::new();
    for path in find_files("integrations", &["toml"]) {
        let integration: Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let text = |key: &str| integration[key].as_str().unwrap();
        let id = path.file_stem().unwrap().to_str().unwrap();
        let (name, kind, home) = (text("name"), text("kind"), text("home"));
        write!(
            page,
            "\n## {name}\n\n`candidate.evidence.{id}.…`: {kind} ({home})\n\n"
        )
        .unwrap();
        page.push_str("| fact | expected | from |\n| --- | --- | --- |\n");
        let mut facts: Vec<(String, String, Vec<String>)> = Vec::new();
        for rule in integration["find"].as_array().unwrap() {
            let rule = rule.as_table().unwrap();
            for (fact, about) in rule
                .get("facts")
                .and_then(Value::as_table)
                .into_iter()
                .flatten()
            {
                let wanted = about
                    .get("wanted")
                    .map(|wanted| format!("`{wanted}`"))
                    .unwrap_or_default();
                let place = place(rule);
                match facts.iter_mut().find(|(known, _, _)| known == fact) {
                    Some((_, _, places)) if places.contains(&place) => {}
                    Some((_, _, places)) => places.push(place),
                    None => facts.push((fact.clone(), wanted, vec![place])),
                }
            }
        }
        for (fact, wanted, places) in facts {
            writeln!(page, "| `{fact}` | {wanted} | {} |", places.join("; ")).unwrap();
        }
    }
    page.push('\n');
    check_generated("docs/facts.md", "facts", &page);
}
