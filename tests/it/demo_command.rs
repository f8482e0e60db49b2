//! The subcommand `demo`: its listing, and creating the store anew.

use std::path::Path;

use crate::support::program::Program;

#[test]
fn demo_lists_its_experiments_every_time() {
    let program = Program::new();
    let first = program.run(&["demo", "--no-open"]);
    let second = program.run(&["demo", "--no-open"]);
    assert_eq!((first.code, second.code), (0, 0), "{first:?} {second:?}");
    let rows = |output: &str| {
        let rows = output
            .lines()
            .skip(1)
            .take_while(|line| !line.contains("open it"));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(rows(&first.stdout).len() > 4, "{}", first.stdout);
    assert_eq!(rows(&first.stdout), rows(&second.stdout));
    assert!(second.stdout.contains("demo --reset"), "{}", second.stdout);
    assert_eq!(
        program.json(&["demo", "--no-open"])["experiments"]
            .as_array()
            .unwrap()
            .len(),
        rows(&first.stdout).len() - 1
    );
}

#[test]
fn demo_reset_asks_if_the_user_changed_the_store() {
    let program = Program::new();
    let folder = program.folder().join("data/demo");
    let stores = || {
        let entries = std::fs::read_dir(&folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "db"))
            .collect();
        names.sort();
        names
    };
    let run = |arguments: &[&str], code: i32| {
        let output = program.run(arguments);
        assert_eq!(output.code, code, "{arguments:?}: {output:?}");
        output
    };
    run(&["demo", "--reset", "--no-open"], 0);
    assert_eq!(stores(), ["demo.db"]);
    run(&["demo", "--reset", "--no-open"], 0);
    assert_eq!(
        stores(),
        ["demo-2.db"],
        "nothing was changed in the first one"
    );
    let store = folder.join("demo-2.db");
    let store = store.to_str().unwrap();
    let demote = ["demote", "churn-classifier@challenger", "--yes", "--target"];
    run(&[&demote[..], &[store]].concat(), 0);
    let refused = run(&["demo", "--reset", "--no-open"], 4);
    assert!(refused.stderr.contains("--reset --yes"), "{refused:?}");
    assert_eq!(stores(), ["demo-2.db"]);
    run(&["demo", "--reset", "--yes", "--no-open"], 0);
    assert_eq!(stores(), ["demo-3.db"]);
    assert!(!folder.join("demo-2.db.artifacts").exists());
    let fresh = folder.join("demo-3.db");
    let history = run(
        &[
            "history",
            "churn-classifier",
            "--target",
            fresh.to_str().unwrap(),
        ],
        0,
    );
    assert!(!history.stdout.contains("demote"), "{history:?}");
}
