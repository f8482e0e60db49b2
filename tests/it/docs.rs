//! The pages of `docs/` and the README agree with the data that they describe: keys, settings, filters, samples, links.
//!
//! `UPDATE=1 cargo test --test it docs` rewrites the generated parts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use frontrunner::config::keymap::{Action, Keymap};
use frontrunner::config::saved_views::SavedView;
use frontrunner::evidence::Integration;
use frontrunner::promotion::policy::Policy;
use frontrunner::table::filter::{Filter, IsQualifier};

use crate::architecture::docs_in_sync::{rows, scope};
use crate::support::program::Program;
use crate::support::sources::{find_files, package_root};

fn read(path: impl AsRef<Path>) -> String {
    let path = package_root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = find_files("docs", &["md"]);
    pages.push(package_root().join("README.md"));
    pages
}

/// The blocks of code of a language, in their order.
fn code_blocks(text: &str, language: &str) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<(bool, String)>);
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(tag), None) => open = Some((tag == language, String::new())),
            (Some(_), Some(_)) => blocks.extend(
                open.take()
                    .filter(|(is_kept, _)| *is_kept)
                    .map(|(_, text)| text),
            ),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Compares the part of a page between `<!-- name -->` markers with what the data says, or rewrites it.
fn check_generated(page: &str, name: &str, expected: &str) {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let text = read(page);
    let (before, rest) = text
        .split_once(&open)
        .unwrap_or_else(|| panic!("{page} has no {open}"));
    let (found, after) = rest
        .split_once(&close)
        .unwrap_or_else(|| panic!("{page} has no {close}"));
    if found == expected {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "{page}: `{name}` is out of date; `UPDATE=1 cargo test --test it docs` rewrites it as:\n{expected}"
    );
    std::fs::write(
        package_root().join(page),
        format!("{before}{open}{expected}{close}{after}"),
    )
    .unwrap();
}

#[test]
fn keys_page_lists_the_keymap() {
    let mut lines: Vec<(String, &str, Vec<&str>)> = Vec::new();
    for row in rows() {
        let action = Action::ALL
            .iter()
            .find(|action| action.name() == row.action)
            .unwrap();
        let keys: Vec<String> = row
            .keys
            .iter()
            .map(|key| format!("`{}`", key.replace('|', "\\|")))
            .collect();
        let (keys, scopes) = (
            keys.join(" "),
            row.scopes.iter().map(|name| scope(name).title()),
        );
        match lines
            .iter_mut()
            .find(|(known, about, _)| *known == keys && *about == action.description())
        {
            Some((_, _, known)) => known.extend(scopes),
            None => lines.push((keys, action.description(), scopes.collect())),
        }
    }
    let mut table = "| key | action | where |\n| --- | --- | --- |\n".to_owned();
    for (keys, about, scopes) in lines {
        writeln!(table, "| {keys} | {about} | {} |", scopes.join(", ")).unwrap();
    }
    check_generated("docs/keys.md", "keys", &table);
}

#[test]
fn filters_page_lists_every_is_word() {
    let text = read("docs/filters.md");
    for word in IsQualifier::ALL {
        assert!(
            text.contains(&format!("| `is:{}` |", word.as_str())),
            "docs/filters.md has no is:{}",
            word.as_str()
        );
    }
    for line in code_blocks(&text, "text").concat().lines() {
        Filter::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn settings_sample_has_every_setting_with_its_default() {
    let program = Program::new();
    let sample = code_blocks(&read("docs/settings.md"), "toml").remove(0);
    let defaults = program.json(&["config", "show"]);
    program.write_config(&sample);
    let shown = program.json(&["config", "show"]);
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    let in_sample: BTreeSet<String> = sample
        .parse::<toml::Table>()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        in_sample,
        keys(&defaults),
        "the settings of the sample and of `config show`"
    );
    for (key, default) in defaults.as_object().unwrap() {
        let is_open = default.is_null() || key == "profile";
        assert!(
            is_open || shown[key] == *default,
            "{key}: the sample has {}, the default is {default}",
            shown[key]
        );
    }
}

#[test]
fn samples_load() {
    for sample in code_blocks(&read("docs/policies.md"), "toml") {
        Policy::parse(&sample).unwrap_or_else(|errors| panic!("docs/policies.md: {errors:?}"));
    }
    for sample in code_blocks(&read("docs/lineage.md"), "toml") {
        Integration::parse("team_checks.toml", &sample)
            .unwrap_or_else(|errors| panic!("docs/lineage.md: {errors:?}"));
    }
    for sample in code_blocks(&read("docs/files.md"), "toml") {
        SavedView::parse(&sample, "view.toml")
            .unwrap_or_else(|error| panic!("docs/files.md: {error}"));
    }
    for sample in code_blocks(&read("docs/keys.md"), "toml") {
        Keymap::load(Some(("keymap.toml".as_ref(), &sample)))
            .unwrap_or_else(|error| panic!("docs/keys.md: {error}"));
    }
}

#[test]
fn links_lead_to_files() {
    let mut broken = Vec::new();
    for page in pages() {
        let (text, folder) = (
            std::fs::read_to_string(&page).unwrap(),
            page.parent().unwrap(),
        );
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !file.starts_with("http") && !folder.join(file).exists() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "broken links:\n  {}",
        broken.join("\n  ")
    );
}

#[test]
fn summary_lists_every_page() {
    let summary = read("docs/SUMMARY.md");
    for page in find_files("docs", &["md"]) {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("]({name})")),
            "docs/SUMMARY.md lacks {name}"
        );
    }
}

#[test]
fn subcommands_in_the_docs_exist() {
    let program = Program::new();
    let help = program.run(&["--help"]).stdout;
    let mut unknown = BTreeSet::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for line in code_blocks(&text, "sh").concat().lines() {
            let Some((_, rest)) = line.split_once("frontrunner ") else {
                continue;
            };
            let word = rest
                .split_whitespace()
                .find(|word| !word.starts_with('-'))
                .unwrap_or_default();
            let is_target =
                word.starts_with(['#', '.', '@']) || word.contains("://") || word == "churn-sweep";
            if !is_target
                && !word.is_empty()
                && !help
                    .lines()
                    .any(|line| line.split_whitespace().next() == Some(word))
            {
                unknown.insert(format!("{}: {line}", page.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
