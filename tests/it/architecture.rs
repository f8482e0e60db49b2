//! Architecture rules: the map in `lib.rs` matches the imports, pure modules stay pure, files stay short.

pub mod docs_in_sync;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::sources::{Source, crate_paths, find_files, package_root, production_sources};

/// Modules that may use another module's values but not its side effects: (modules, forbidden paths).
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
            "store::sqlite",
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

/// Words that may not occur in the code of a module: (modules, words, reason).
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

/// Where a crate may be named, as path prefixes under `src/`.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store/sqlite/", "demo/"]),
    ("reqwest", &["store/rest/"]),
    // The command line asks for the width of the terminal that it prints to.
    (
        "crossterm",
        &[
            "tui/runtime/",
            "tui/graphics/",
            "cli/output/",
            "cli/doctor/",
        ],
    ),
    ("signal_hook", &["tui/runtime/"]),
    ("clap", &["cli/"]),
    ("plotters", &["export/picture/"]),
    ("smartcore", &["analysis/importance/"]),
    ("similar::", &["analysis/value_diff/"]),
    ("cel", &["promotion/policy/"]),
    ("serde_json_path", &["evidence/"]),
    ("globset", &["evidence/"]),
    // The crate zip by what it opens: `zip` is also an iterator method.
    ("ZipArchive", &["evidence/"]),
    ("shell_words", &["text/shell.rs"]),
    ("icy_sixel", &["tui/graphics/"]),
    ("crc32fast", &["store/wandb/"]),
];

/// The most lines of a file, and the files that may have more, with the reason.
const MAX_LINES: usize = 600;
const MAX_LINES_EXCEPTIONS: &[(&str, usize, &str)] = &[(
    "store/rest/wire.rs",
    900,
    "MLflow's messages as they are on the wire, one after another: a table, not logic",
)];

/// The map in `lib.rs`: each module with the modules that it may use.
fn layer_map() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(package_root().join("src/lib.rs")).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! ")?.split_once("─▶"));
    let names = |list: &str| list.split_whitespace().map(str::to_owned).collect();
    rows.map(|(module, uses)| (module.trim().to_owned(), names(uses)))
        .collect()
}

/// The module of the map that a path belongs to: the longest one that it begins with.
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

fn report(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
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
    let (mut used, mut wrong) = (BTreeMap::<&str, BTreeSet<String>>::new(), Vec::new());
    for source in production_sources()
        .iter()
        .filter(|source| is_counted(source))
    {
        let Some(own) = module_of(&source.modules.join("::"), &map) else {
            wrong.push(format!("{}: its module is not on the map", source.path));
            continue;
        };
        let others = used.entry(own).or_default();
        for path in crate_paths(&source.code) {
            let Some(other) = module_of(&path, &map).filter(|other| *other != own) else {
                continue;
            };
            others.insert(other.to_owned());
            if !map[own].contains(other) {
                wrong.push(format!("{}: {own} may not use {path}", source.path));
            }
        }
    }
    for (module, permitted) in &map {
        let used = used.get(module.as_str());
        let unused = permitted
            .iter()
            .filter(|other| !used.is_some_and(|used| used.contains(*other)));
        wrong.extend(unused.map(|other| format!("{module} may use {other} and does not")));
    }
    report("the map and the imports differ", &wrong);
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
        assert!(
            !next.is_empty(),
            "a cycle, or unknown modules, above {done:?}"
        );
        done.extend(next);
    }
}

#[test]
fn super_paths_stay_inside_their_top_level_module() {
    let wrong: Vec<String> = production_sources()
        .iter()
        .filter(|source| {
            is_counted(source) && has_word(&source.code, &"super::".repeat(source.modules.len()))
        })
        .map(|source| {
            format!(
                "{}: name other modules through crate::, so that the map sees them",
                source.path
            )
        })
        .collect();
    report("paths that the map cannot see", &wrong);
}

#[test]
fn view_modules_import_values_only() {
    let map = layer_map();
    let mut wrong = Vec::new();
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
                    wrong.push(format!("{}: {path}", source.path));
                }
            }
        }
    }
    assert!(!map.is_empty());
    report("side effects in modules that only show", &wrong);
}

#[test]
fn restricted_words_and_crates_stay_in_their_modules() {
    let mut wrong = Vec::new();
    for source in &production_sources() {
        let modules = source.modules.join("::");
        let within =
            |module: &&&str| modules == **module || modules.starts_with(&format!("{module}::"));
        for (_, words, why) in FORBIDDEN
            .iter()
            .filter(|(modules, _, _)| modules.iter().any(|module| within(&module)))
        {
            wrong.extend(
                words
                    .iter()
                    .filter(|word| has_word(&source.code, word))
                    .map(|word| format!("{}: {word}: {why}", source.path)),
            );
        }
        for (name, places) in CRATES {
            if has_word(&source.code, name)
                && !places.iter().any(|place| source.path.starts_with(place))
            {
                wrong.push(format!(
                    "{}: {name} belongs to {}",
                    source.path,
                    places.join(" and ")
                ));
            }
        }
    }
    report("words in the wrong module", &wrong);
}

#[test]
fn files_respect_the_line_budget() {
    let mut wrong = Vec::new();
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
        let longer = MAX_LINES_EXCEPTIONS
            .iter()
            .find(|(file, _, _)| name == format!("src/{file}"));
        let most = longer.map_or(MAX_LINES, |(_, most, _)| *most);
        if lines > most {
            wrong.push(format!("{name}: {lines} lines; the limit is {most}"));
        }
        if longer.is_some() && lines <= MAX_LINES {
            wrong.push(format!("{name}: {lines} lines need no exception"));
        }
    }
    let gone = MAX_LINES_EXCEPTIONS
        .iter()
        .filter(|(file, _, _)| !package_root().join("src").join(file).exists());
    wrong.extend(gone.map(|(file, _, _)| format!("{file} has an exception and does not exist")));
    report("files that are too long", &wrong);
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
        "the program's files and its map are found"
    );
}
