//! What subcommands report on stderr, or in place of a result: unknown keys of filters, policies that are not there.

use serde_json::Value;

use crate::support::program::{Program, run_to_end};

#[test]
fn unknown_key_of_a_filter_is_a_warning_with_the_nearest() {
    let program = Program::new();
    let warning = "warning: no run has metrics.aucc: did you mean metrics.auc?";
    for options in [&[][..], &["--json"], &["--jsonl"], &["--csv"]] {
        let filtered = ["runs", "churn-sweep", "--filter", "metrics.aucc > 0.5"];
        let ended = program.run(&[&filtered, options].concat());
        assert_eq!(ended.code, 0, "{options:?}: {ended:?}");
        assert!(ended.stderr.contains(warning), "{options:?}: {ended:?}");
    }
    // A filter that some run passes, and one that none passes.
    for filter in [
        "metrics.auc > 0.5 or metrics.aucc > 0.5",
        "metrics.auc > 5 and metrics.aucc > 5",
    ] {
        let ended = program.run(&["runs", "churn-sweep", "--filter", filter]);
        assert!(ended.stderr.contains(warning), "{filter}: {ended:?}");
    }
    for filter in [
        "metrics.auc > 5",
        "status = 'RUNNING' and age < 1s",
        "metrics.auc > 0.5",
    ] {
        for options in [&[][..], &["--jsonl"]] {
            let filtered = ["runs", "churn-sweep", "--filter", filter];
            let ended = program.run(&[&filtered, options].concat());
            assert!(!ended.stderr.contains("warning"), "{filter}: {ended:?}");
        }
    }
    let goal = [
        "best",
        "churn-sweep",
        "--goal",
        "auc max",
        "--filter",
        "params.dpth = '3'",
    ];
    let ended = program.run(&goal);
    assert!(
        ended.stderr.contains("warning: no run has params.dpth"),
        "{ended:?}"
    );
}

#[test]
fn gates_without_a_policy_list_the_searched_places() {
    let program = Program::new();
    let folder = program.folder().join("project/inner");
    std::fs::create_dir_all(folder.join("../.git")).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let gates = |options: &[&str]| {
        let mut command = program.command(&[&["gates"], options].concat());
        command.current_dir(&folder);
        run_to_end(command)
    };
    let ended = gates(&[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.stdout.contains("is valid"), "{ended:?}");
    let searched = [
        "config/policy.toml",
        "project/inner/frontrunner.toml",
        "project/frontrunner.toml",
    ];
    let lines: Vec<&str> = ended.stdout.lines().skip(1).collect();
    assert_eq!(
        lines.len(),
        searched.len(),
        "the search ends at the repository: {ended:?}"
    );
    for (line, place) in lines.iter().zip(searched) {
        assert!(line.ends_with(place), "{line}");
    }
    let value: Value = serde_json::from_str(&gates(&["--json"]).stdout).unwrap();
    assert_eq!(value["searched"].as_array().unwrap().len(), 3, "{value}");
    let store = program.store();
    let target = ["churn-classifier/6", "--target", store.to_str().unwrap()];
    let ended = gates(&target);
    assert!(
        ended.stderr.contains("`frontrunner gates` lists"),
        "{ended:?}"
    );
    std::fs::write(folder.join("frontrunner.toml"), "").unwrap();
    let ended = gates(&[]);
    assert!(ended.stdout.contains("is valid: 0 gates"), "{ended:?}");
}
