//! The pages of `docs/` and the README agree with the data that they describe: keys, settings, filters, samples, links.
//!
//! `UPDATE=1 cargo test --test it docs` rewrites the generated parts.

mod commands;
mod facts;
mod schemas;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use frontrunner::config::keymap::{Action, Keymap};
use frontrunner::config::saved_views::SavedView;
use frontrunner::config::theme::Themes;
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

/// A block of code: its language, and the words after it, such as `no-run` or `file=frontrunner.toml`.
struct CodeBlock {
    language: String,
    attributes: Vec<String>,
    text: String,
}

impl CodeBlock {
    fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|known| known == attribute)
    }

    /// The value of `name=value`.
    fn attribute(&self, name: &str) -> Option<&str> {
        let mut pairs = self
            .attributes
            .iter()
            .filter_map(|word| word.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// The blocks of code of a page, in their order.
fn blocks(text: &str) -> Vec<CodeBlock> {
    let (mut blocks, mut open) = (Vec::new(), None::<CodeBlock>);
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                open = Some(CodeBlock {
                    language: words.next().unwrap_or_default(),
                    attributes: words.collect(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The blocks of a language.
fn code_blocks(text: &str, language: &str) -> Vec<String> {
    blocks(text)
        .into_iter()
        .filter(|block| block.language == language)
        .map(|block| block.text)
        .collect()
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
    for line in read("docs/policies.md").lines() {
        let condition = line
            .split(" | `")
            .nth(1)
            .and_then(|rest| rest.strip_suffix("` |"));
        if let Some(condition) =
            condition.filter(|_| line.starts_with("| ") && line.contains("candidate."))
        {
            let condition = condition.replace("\\|", "|");
            let gate = format!("[[model.\"*\".gate]]\nname = \"g\"\nrequire = {condition:?}\n");
            Policy::parse(&gate).unwrap_or_else(|errors| panic!("{condition}: {errors:?}"));
        }
    }
    for block in blocks(&read("docs/write-an-integration.md")) {
        if let Some(file) = block.attribute("integration") {
            Integration::parse(file, &block.text)
                .unwrap_or_else(|errors| panic!("docs/write-an-integration.md: {errors:?}"));
        } else if block.has("policy") {
            Policy::parse(&block.text)
                .unwrap_or_else(|errors| panic!("docs/write-an-integration.md: {errors:?}"));
        }
    }
    for block in blocks(&read("docs/settings.md")) {
        if block.has("theme") {
            Themes::builtin()
                .add("mine.toml", &block.text)
                .unwrap_or_else(|error| panic!("docs/settings.md: {error}"));
        }
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
fn exit_codes_page_lists_the_codes_of_the_help() {
    let help = Program::new().run(&["--help"]).stdout;
    let (_, listed) = help.split_once("Exit codes:\n").unwrap();
    let in_help: Vec<(&str, String)> = listed
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(code, meaning)| (code, meaning.trim().to_lowercase()))
        .collect();
    assert_eq!(in_help.len(), 8, "{listed}");
    let page = read("docs/exit-codes.md");
    let rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter(|row| row.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(rows.len(), in_help.len());
    for ((code, meaning), row) in in_help.iter().zip(&rows) {
        // The page says more than the help, beginning with the same words.
        let words: Vec<&str> = meaning.split_whitespace().take(3).collect();
        let row = row.replace([',', ';', ':'], "");
        assert!(
            row.starts_with(&format!("{code} | {}", words.join(" "))),
            "docs/exit-codes.md, {code}: {row}\n--help: {meaning}"
        );
    }
}

#[test]
fn write_without_a_terminal_ends_with_the_documented_code() {
    let program = Program::new();
    let ended = program.run(&["promote", "churn-classifier/6", "--to", "@champion"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    let page = read("docs/exit-codes.md");
    let row = page.lines().find(|line| line.starts_with("| 4 |")).unwrap();
    assert!(row.contains("without `--yes`"), "{row}");
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let mut in_code = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        in_code ^= line.starts_with("```");
        if line.starts_with('#') && !in_code {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            anchors.insert(
                heading
                    .chars()
                    .filter(is_kept)
                    .collect::<String>()
                    .replace(' ', "-"),
            );
        }
    }
    anchors
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    let written = [
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CODE_OF_CONDUCT.md",
        "CHANGELOG.md",
    ];
    for page in pages()
        .into_iter()
        .chain(written.map(|file| package_root().join(file)))
    {
        let (text, folder) = (
            std::fs::read_to_string(&page).unwrap(),
            page.parent().unwrap(),
        );
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = if file.is_empty() {
                page.clone()
            } else {
                folder.join(file)
            };
            let has_anchor = || {
                let is_page = to.extension().is_some_and(|extension| extension == "md");
                !is_page || anchors(&std::fs::read_to_string(&to).unwrap()).contains(anchor)
            };
            let is_fine =
                target.starts_with("http") || to.exists() && (anchor.is_empty() || has_anchor());
            if !is_fine {
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
