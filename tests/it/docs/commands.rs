//! `docs/commands.md` is what `--help` prints; the shell blocks of all pages are run.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{CodeBlock, blocks, check_generated, pages};
use crate::support::program::Program;

/// Headings of options that every command has; the page has them once.
const SHARED: [&str; 2] = ["Store options:", "Global options:"];

fn help(program: &Program, words: &[&str]) -> String {
    let ended = program.run(&[words, &["--help"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.stdout
}

/// The paragraphs of a help text with their headings; a heading ends in a colon and is not indented.
fn sections(help: &str) -> Vec<(String, String)> {
    let mut sections = vec![(String::new(), String::new())];
    for line in help.lines() {
        if line.ends_with(':') && !line.starts_with(' ') {
            sections.push((line.to_owned(), String::new()));
        } else if let Some((_, text)) = sections.last_mut() {
            writeln!(text, "{line}").unwrap();
        }
    }
    sections
}

fn render(help: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let mut page = "```text\n".to_owned();
    let mut text = String::new();
    for (heading, body) in sections(help)
        .iter()
        .filter(|(heading, _)| is_kept(heading))
    {
        if !heading.is_empty() {
            writeln!(text, "{heading}").unwrap();
        }
        text.push_str(body);
    }
    writeln!(page, "{}\n```", text.trim()).unwrap();
    page
}

/// The subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    let listed = sections(help)
        .into_iter()
        .find(|(heading, _)| heading == "Commands:")
        .map(|(_, body)| body)
        .unwrap_or_default();
    listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn commands_page_is_the_help() {
    let program = Program::new();
    let root = help(&program, &[]);
    let mut page = format!("\n## frontrunner\n\n{}", render(&root, |_| true));
    for name in subcommands(&root) {
        let text = help(&program, &[&name]);
        write!(page, "\n## {name}\n\n").unwrap();
        page.push_str(&render(&text, |heading| !SHARED.contains(&heading)));
        for nested in subcommands(&text) {
            write!(page, "\n### {name} {nested}\n\n").unwrap();
            let text = help(&program, &[&name, &nested]);
            page.push_str(&render(&text, |heading| !SHARED.contains(&heading)));
        }
    }
    page.push('\n');
    check_generated("docs/commands.md", "commands", &page);
}

/// A line that ends with `# exit code N` has to end with N, all others with 0.
fn script(block: &CodeBlock) -> String {
    let mut script = String::new();
    for line in block.text.lines() {
        match line.split_once("# exit code ") {
            Some((command, code)) => {
                let code: u8 = code.trim().parse().unwrap();
                let code_of_shell =
                    format!("{{ {}; }} && exit 99 || test $? -eq {code}", command.trim());
                writeln!(script, "{code_of_shell}").unwrap();
            }
            None => writeln!(script, "{line}").unwrap(),
        }
    }
    script
}

/// Runs the blocks of a page in a folder with a fresh demo store, as one script; returns what went wrong.
fn run_page(page: &Path, program: &Program, store: &[u8]) -> Option<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mlflow.db"), store).unwrap();
    let mut lines = "set -eux\n".to_owned();
    let mut has_commands = false;
    for block in blocks(&text) {
        let path = |name: &str| folder.path().join(name);
        if let Some(name) = block.attribute("file") {
            std::fs::write(path(name), &block.text).unwrap();
        }
        if let Some(name) = block.attribute("integration") {
            std::fs::create_dir_all(path("config/integrations")).unwrap();
            std::fs::write(path("config/integrations").join(name), &block.text).unwrap();
        }
        if block.language == "sh" && !block.has("no-run") {
            has_commands = true;
            writeln!(lines, "(\n{})", script(&block)).unwrap();
        }
    }
    if !has_commands {
        return None;
    }
    let built = Path::new(env!("CARGO_BIN_EXE_frontrunner"))
        .parent()
        .unwrap();
    let path = format!(
        "{}:{}",
        built.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new("sh");
    let prepared = program.command(&[]);
    command.env_clear().envs(
        prepared
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    for name in ["config", "data", "cache"] {
        command.env(
            format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
            folder.path().join(name),
        );
    }
    command
        .env("PATH", path)
        .env("HOME", folder.path())
        .current_dir(folder.path());
    let output = command
        .arg("-c")
        .arg(&lines)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then(|| format!("{}: {}\n{error}", page.display(), output.status))
}

#[test]
fn commands_of_the_pages_work() {
    let program = Program::new();
    let store = program.store_bytes();
    let failed: Vec<String> = pages()
        .iter()
        .filter_map(|page| run_page(page, &program, &store))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn subcommands_in_the_docs_exist() {
    let program = Program::new();
    let known = subcommands(&help(&program, &[]));
    let mut unknown = BTreeSet::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let shell = blocks(&text)
            .into_iter()
            .filter(|block| block.language == "sh");
        for line in
            shell.flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
        {
            let Some(rest) = line.trim_start().strip_prefix("frontrunner ") else {
                continue;
            };
            let words: Vec<&str> = rest
                .split_whitespace()
                .take_while(|word| !word.starts_with('#'))
                .collect();
            let is_known = words.is_empty()
                || words
                    .iter()
                    .any(|word| known.iter().any(|known| known == word))
                || words[0].starts_with(['-', '.', '@'])
                || words[0].contains("://");
            if !is_known {
                unknown.insert(format!("{}: {line}", page.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
