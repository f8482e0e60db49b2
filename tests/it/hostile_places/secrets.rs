//! No password or token of an address is printed, whatever the command and the format.

use crate::support::program::{Program, run_to_end};

const SECRET: &str = "hunter2";

/// Addresses with the secret: valid, mistyped, and of stores that can't be opened.
const ADDRESSES: [&str; 14] = [
    "postgresql://u:hunter2@h/db",
    "mysql+pymysql://u:hunter2@h/db",
    "HTTPS://u:hunter2@127.0.0.1:1",
    " http://u:hunter2@127.0.0.1:1",
    "http://u:hunter2@127.0.0.1:notaport",
    "http://u:hun/hunter2@127.0.0.1:1",
    "http://u:hun#hunter2@127.0.0.1:1",
    "http://u:12/hunter2@127.0.0.1:1",
    "http:/u:hunter2@127.0.0.1:1",
    "ftp://u:hunter2@h",
    "file://u:hunter2@h",
    "http://127.0.0.1:1/?token=hunter2",
    "http://127.0.0.1:1/#access_token=hunter2",
    "u:hunter2@127.0.0.1:1",
];

/// How the program gets the address.
#[derive(Clone, Copy, Debug)]
enum Way {
    Target,
    Profile,
    Variable,
}

const COMMANDS: [(&[&str], Way); 7] = [
    (&["experiments", "--json"], Way::Target),
    (&["models"], Way::Variable),
    (&["doctor"], Way::Variable),
    (&["doctor", "--json"], Way::Profile),
    (&["doctor", "--json"], Way::Target),
    (&["config", "check"], Way::Profile),
    (&["config", "show", "--json"], Way::Profile),
];

#[test]
fn no_command_prints_a_secret_of_an_address() {
    let program = Program::new();
    let log = program.folder().join("frontrunner.log");
    let mut failures = Vec::new();
    for address in ADDRESSES {
        program.write_config(&format!("[profile.x]\ntarget = {address:?}\n"));
        for (arguments, way) in COMMANDS {
            let target: &[&str] = match way {
                Way::Target => &["--target", address],
                Way::Profile => &["--profile", "x"],
                Way::Variable => &[],
            };
            let mut command = program.command(&[arguments, target].concat());
            command.env("FRONTRUNNER_LOG", &log);
            if matches!(way, Way::Variable) {
                command.env("MLFLOW_TRACKING_URI", address);
            }
            let ended = run_to_end(command);
            if ended.stdout.contains(SECRET) || ended.stderr.contains(SECRET) {
                failures.push(format!("{address} {arguments:?} {way:?}: {ended:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.contains(SECRET) && log.contains("started"));
}

#[test]
fn mistake_in_settings_does_not_print_an_address() {
    let program = Program::new();
    for text in [
        "[profile.x]\ntarget = [\"postgresql://u:hunter2@h/db\"]\n",
        "[profile.x]\ntarget = \"http://u:hunter2@h\"\nworkspaces = \"x\"\n",
        "[profile.x]\ntarget = \"http://h\"\ntoken = 1 # hunter2\n",
    ] {
        program.write_config(text);
        for arguments in [
            &["doctor"][..],
            &["experiments"],
            &["config", "check", "--json"],
        ] {
            let ended = program.run(arguments);
            assert_ne!(ended.code, 0);
            let printed = ended.stdout + &ended.stderr;
            assert!(!printed.contains(SECRET), "{text}: {printed}");
        }
    }
}

#[test]
fn secrets_in_a_store_s_own_texts_are_hidden() {
    let program = Program::new();
    let store = rusqlite::Connection::open(program.store()).unwrap();
    let changed = store.execute(
        "INSERT INTO tags (key, value, run_uuid) SELECT 'database', 'mysql://u:hunter2@h/db', run_uuid FROM runs",
        (),
    );
    assert!(changed.unwrap() > 0);
    drop(store);
    let experiments = &program.manifest.experiments;
    let large = experiments.iter().find(|one| one.active_runs > 1).unwrap();
    let experiment = large.name.raw();
    for format in ["--json", "--jsonl", "--csv", "--markdown"] {
        let ended = program.run(&["runs", experiment, "--columns", "tags.database", format]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(
            ended.stdout.contains("…@h/db") || format == "--markdown",
            "{format}: {}",
            ended.stdout
        );
        assert!(!ended.stdout.contains(SECRET), "{format}");
    }
}

#[test]
fn nearly_valid_targets_get_advice() {
    let program = Program::new();
    let cause = |target: &str| program.run(&["experiments", "--target", target]).stderr;
    assert!(cause("localhost:5000").contains("did you mean `http://localhost:5000`?"));
    let uri = format!("sqlite+pysqlite:///{}", program.store().display());
    let ended = program.run(&["experiments", "--json", "--target", &uri]);
    assert_eq!(ended.code, 0, "{ended:?}");
    std::fs::remove_file(program.store()).unwrap();
    std::fs::create_dir(program.folder().join("mlruns")).unwrap();
    let ended = program.run(&["experiments"]);
    assert!(
        ended.stderr.contains("no experiments of MLflow"),
        "{ended:?}"
    );
}
