//! Architecture rules: the map in `lib.rs` matches the imports, pure modules stay pure, files stay short.

pub mod docs_in_sync;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::sources::{Source, crate_paths, find_files, package_root, production_sources};

/// Modules that use only the values of another module, not its side effects: (modules, forbidden paths).
const VALUE_IMPORTS: &[(&[&str], &[&str])] = &[
    (
        &["tui::app", "tui::screens", "tui::view"],
        &[
            "store::ReadStore",
            "store::WriteStore",
            "store::Reader",
            "store::Writer",
            "store::open",
            "store::StoreHandle",
            "store::rest",
            "store::sql",
            "store::wandb",
            "store::ConnectOptions",
            "store::StoreTarget",
            "ops::journal::Journal",
            "ops::apply::apply_plan",
            "ops::plan_write::plan_write",
            "ops::recover::",
            "ops::registry::read_snapshot",
        ],
    ),
    (&["demo", "export"], &["store::WriteStore", "store::Writer"]),
];

const PURE: &[&str] = &[
    "text",
    "diagnostics",
    "domain",
    "table",
    "analysis",
    "chart",
    "lineage",
    "promotion",
    "evidence",
    "export",
    "tui::app",
    "tui::screens",
    "tui::view",
];

/// Forbidden words by module: (modules, words, reason).
const FORBIDDEN: &[(&[&str], &[&str], &str)] = &[
    (
        PURE,
        &[
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "stdin()",
            "stdout()",
            "stderr()",
        ],
        "pure modules do no I/O",
    ),
    (
        PURE,
        &[
            "tokio",
            "reqwest",
            "rusqlite",
            "crossterm",
            "async fn",
            ".await",
        ],
        "pure modules are not async",
    ),
    (
        PURE,
        &[
            "Instant::now",
            "SystemTime",
            "Timestamp::now",
            "Zoned::now",
            "TimeZone::system",
            "new_v4",
        ],
        "pure modules read no clock, time zone or random source",
    ),
    (
        &[
            "text",
            "diagnostics",
            "domain",
            "table",
            "analysis",
            "chart",
            "lineage",
            "promotion",
            "export",
            "store",
            "ops",
            "config",
            "demo",
        ],
        &["ratatui"],
        "only tui draws",
    ),
    (
        &["tui::view"],
        &[
            "&mut App",
            "&mut SharedState",
            "&mut dyn Screen",
            "&mut Dialog",
        ],
        "drawing does not change state",
    ),
    (
        &["tui::view", "tui::app", "tui::screens"],
        &["std::cell", "std::sync", "thread_local!", "static mut"],
        "no hidden state",
    ),
    (
        &["store", "ops", "config", "demo"],
        &["crossterm"],
        "only tui and cli know the terminal",
    ),
    (
        &["cli"],
        &["ratatui", "rusqlite", "reqwest"],
        "the command line uses the core",
    ),
    (
        &["config", "export", "demo"],
        &["tokio", "reqwest"],
        "not async",
    ),
];

/// The path prefixes under `src/` that use a crate.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store/sql/sqlite/", "demo/"]),
    ("tokio_postgres", &["store/sql/postgres/"]),
    ("mysql_async", &["store/sql/mysql/"]),
    ("reqwest", &["store/rest/"]),
    // The command line asks for the width of the terminal that it prints to.
    ("crossterm", &["tui/runtime/", "cli/output/", "cli/doctor/"]),
    ("termina", &["tui/runtime/"]),
    // Only edges log: pure modules return what happened.
    ("tracing", &["cli/", "ops/", "store/", "tui/runtime/"]),
    ("signal_hook", &["tui/runtime/"]),
    ("clap", &["cli/"]),
    ("plotters", &["export/picture/"]),
    ("resvg", &["export/picture/"]),
    ("ab_glyph", &["export/picture/"]),
    ("smartcore", &["analysis/importance/"]),
    ("similar::", &["analysis/value_diff/"]),
    ("cel", &["promotion/policy/"]),
    ("serde_json_path", &["evidence/"]),
    ("globset", &["evidence/"]),
    // Matches the crate zip by a type, since `zip` is also an iterator method.
    ("ZipArchive", &["evidence/"]),
    ("shell_words", &["text/shell.rs"]),
    ("icy_sixel", &["tui/graphics/"]),
    ("crc32fast", &["store/wandb/"]),
];

/// Maximum number of lines per file, and exceptions with their reasons.
const MAX_LINES: usize = 600;
const MAX_LINES_EXCEPTIONS: &[(&str, usize, &str)] = &[];

/// The map in `lib.rs`: each module with its permitted dependencies.
fn layer_map() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(package_root().join("src/lib.rs")).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! ")?.split_once("─▶"));
    let names = |list: &str| list.split_whitespace().map(str::to_owned).collect();
    rows.map(|(module, uses)| (module.trim().to_owned(), names(uses)))
        .collect()
}

/// The module of a path: the longest entry of the map that is its prefix.
fn module_of<'m>(path: &str, map: &'m BTreeMap<String, BTreeSet<String>>) -> Option<&'m str> {
    let within = |module: &&String| path == *module || path.starts_with(&format!("{module}::"));
    map.keys()
        .filter(within)
        .max_by_key(|module| module.len())
        .map(String::as_str)
}

fn is_counted(source: &Source) -> bool {
    !["lib", "main"].contains(&source.modules[0].as_str())
}

fn report(title: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{title}:\n  {}",
        violations.join("\n  ")
    );
}

fn has_word(code: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let open = word.starts_with(joins) && code[..at].ends_with(joins);
        let close = word.ends_with(joins) && code[at + word.len()..].starts_with(joins);
        !open && !close
    })
}

#[test]
fn layer_map_matches_the_imports() {
    let map = layer_map();
    let (mut used, mut violations) = (BTreeMap::<&str, BTreeSet<String>>::new(), Vec::new());
    for source in production_sources()
        .iter()
        .filter(|source| is_counted(source))
    {
        let Some(own) = module_of(&source.modules.join("::"), &map) else {
            violations.push(format!("{}: the map lacks this module", source.path));
            continue;
        };
        let others = used.entry(own).or_default();
        for path in crate_paths(&source.code) {
            let Some(other) = module_of(&path, &map).filter(|other| *other != own) else {
                continue;
            };
            others.insert(other.to_owned());
            if !map[own].contains(other) {
                violations.push(format!("{}: {own} must not use {path}", source.path));
            }
        }
    }
    for (module, permitted) in &map {
        let used = used.get(module.as_str());
        let unused = permitted
            .iter()
            .filter(|other| !used.is_some_and(|used| used.contains(*other)));
        violations.extend(
            unused.map(|other| format!("{module} does not use {other}, which the map permits")),
        );
    }
    report("the map differs from the imports", &violations);
}

#[test]
fn layer_map_has_no_cycle() {
    let map = layer_map();
    let mut done = BTreeSet::new();
    while done.len() < map.len() {
        let free = |uses: &BTreeSet<String>| uses.iter().all(|other| done.contains(other));
        let next: Vec<String> = map
            .iter()
            .filter(|(module, uses)| !done.contains(*module) && free(uses))
            .map(|(module, _)| module.clone())
            .collect();
        assert!(!next.is_empty(), "cycle or unknown module above {done:?}");
        done.extend(next);
    }
}

#[test]
fn super_paths_stay_inside_their_top_level_module() {
    let violations: Vec<String> = production_sources()
        .iter()
        .filter(|source| {
            is_counted(source) && has_word(&source.code, &"super::".repeat(source.modules.len()))
        })
        .map(|source| {
            format!(
                "{}: refer to other modules by crate::, so that the map can check them",
                source.path
            )
        })
        .collect();
    report("super:: paths out of a top-level module", &violations);
}

#[test]
fn view_modules_import_values_only() {
    let map = layer_map();
    let mut violations = Vec::new();
    for source in &production_sources() {
        let modules = source.modules.join("::");
        let within =
            |module: &&&str| modules == **module || modules.starts_with(&format!("{module}::"));
        for (_, names) in VALUE_IMPORTS
            .iter()
            .filter(|(modules, _)| modules.iter().any(|module| within(&module)))
        {
            for path in crate_paths(&source.code) {
                if names
                    .iter()
                    .any(|name| path == *name || path.starts_with(&format!("{name}::")))
                {
                    violations.push(format!("{}: {path}", source.path));
                }
            }
        }
    }
    assert!(!map.is_empty());
    report("side effects in display modules", &violations);
}

#[test]
fn restricted_words_and_crates_stay_in_their_modules() {
    let mut violations = Vec::new();
    for source in &production_sources() {
        let modules = source.modules.join("::");
        let within =
            |module: &&&str| modules == **module || modules.starts_with(&format!("{module}::"));
        for (_, words, why) in FORBIDDEN
            .iter()
            .filter(|(modules, _, _)| modules.iter().any(|module| within(&module)))
        {
            violations.extend(
                words
                    .iter()
                    .filter(|word| has_word(&source.code, word))
                    .map(|word| format!("{}: {word}: {why}", source.path)),
            );
        }
        for (name, prefixes) in CRATES {
            if has_word(&source.code, name)
                && !prefixes
                    .iter()
                    .any(|prefix| source.path.starts_with(prefix))
            {
                violations.push(format!(
                    "{}: {name} belongs to {}",
                    source.path,
                    prefixes.join(" and ")
                ));
            }
        }
    }
    report("forbidden words", &violations);
}

#[test]
fn files_respect_the_line_budget() {
    let mut violations = Vec::new();
    for path in find_files("src", &["rs"])
        .iter()
        .chain(&find_files("tests", &["rs"]))
    {
        let name = path
            .strip_prefix(package_root())
            .unwrap()
            .display()
            .to_string();
        let lines = std::fs::read_to_string(path).unwrap().lines().count();
        let exception = MAX_LINES_EXCEPTIONS
            .iter()
            .find(|(file, _, _)| name == format!("src/{file}"));
        let limit = exception.map_or(MAX_LINES, |(_, limit, _)| *limit);
        if lines > limit {
            violations.push(format!("{name}: {lines} lines; the limit is {limit}"));
        }
        if exception.is_some() && lines <= MAX_LINES {
            violations.push(format!("{name}: {lines} lines don't need an exception"));
        }
    }
    let missing = MAX_LINES_EXCEPTIONS
        .iter()
        .filter(|(file, _, _)| !package_root().join("src").join(file).exists());
    violations
        .extend(missing.map(|(file, _, _)| format!("{file} has an exception and does not exist")));
    report("files that are too long", &violations);
}

#[test]
fn rules_detect_violations() {
    let code = "use crate::{app, store::{Read as R, limits::*}};\nfn f() { crate::ui::draw() } // crate::x\nmycrate::y;";
    assert_eq!(
        crate_paths(code.split(" // ").next().unwrap()),
        ["app", "store::Read", "store::limits::*", "ui::draw"]
    );
    assert!(
        has_word("let x = Instant::now();", "Instant::now")
            && !has_word("rusqlite_like", "rusqlite")
    );
    assert!(has_word("a.b().await?", ".await") && !has_word("clapping", "clap"));
    assert!(
        production_sources().len() > 150 && layer_map().len() > 10,
        "sources and map are found"
    );
}
