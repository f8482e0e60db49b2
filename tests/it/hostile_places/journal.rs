//! The journal drops nothing silently.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::Command;

use crate::support::program::{Program, run_to_end};
use crate::support::pty::PtyCommand;

const ARGUMENTS: [&str; 4] = ["promote", "churn-classifier/2", "--yes", "--to"];

fn promote(program: &Program, slot: &str) {
    let ended = program.run(&[&ARGUMENTS[..], &[slot]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn damaged_lines_are_reported_and_counted() {
    let program = Program::new();
    promote(&program, "@live");
    promote(&program, "@other");
    let text = std::fs::read_to_string(program.journal()).unwrap();
    // The second write loses its beginning.
    let begin = text.match_indices("{\"line\":\"begin\"").nth(1).unwrap().0;
    let damaged = format!("{}{{{}", &text[..begin], &text[begin + 5..]);
    std::fs::write(program.journal(), damaged).unwrap();
    for arguments in [
        &["history", "churn-classifier"][..],
        &["rollback", "churn-classifier", "--plan"],
    ] {
        let ended = program.run(arguments);
        assert!(
            ended.stderr.contains("is damaged: 1 line can't be read"),
            "{ended:?}"
        );
    }
    let doctor = program.run(&["doctor"]).stdout;
    assert!(doctor.contains("1 line can't be read, "), "{doctor}");
    assert!(doctor.contains("belong to no readable entry"), "{doctor}");
}

#[test]
fn held_lock_is_an_error_before_anything_is_written() {
    let program = Program::new();
    promote(&program, "@live");
    let before = program.store_bytes();
    let lock = File::open(program.journal()).unwrap();
    lock.lock().unwrap();
    let ended = program.run(&[&ARGUMENTS[..], &["@other"]].concat());
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.stderr.contains("another program has held its lock"),
        "{ended:?}"
    );
    assert_eq!(program.store_bytes(), before);
}

#[test]
fn journal_that_fills_up_half_way_is_reported() {
    let program = Program::new();
    promote(&program, "@live1");
    let text = std::fs::read_to_string(program.journal()).unwrap();
    let begin = text.lines().next().unwrap().len();
    let blocks = 2 * (std::fs::metadata(program.store()).unwrap().len() / 1024 + 64);
    // Blank lines are no records. The next beginning fits, and no record after it.
    let used = usize::try_from(blocks * 512).unwrap() - begin - 64;
    let mut journal = OpenOptions::new()
        .append(true)
        .open(program.journal())
        .unwrap();
    journal.write_all(&vec![b'\n'; used - text.len()]).unwrap();
    let command = program.command(&[]);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(command.get_program());
    shell.args(ARGUMENTS).args(["@live2", "--json"]);
    shell.current_dir(program.folder()).env_clear();
    shell.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let ended = run_to_end(shell);
    assert_eq!(ended.code, 1, "{ended:?}");
    let last = ended.stderr.lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(error["error"]["code"], "unrecorded", "{ended:?}");
    assert!(
        error["error"]["cause"]
            .as_str()
            .unwrap()
            .contains("journal"),
        "{ended:?}"
    );
    let doctor = program.run(&["doctor"]).stdout;
    assert!(
        doctor.contains("unfinished") && !doctor.contains("damaged"),
        "{doctor}"
    );
}

#[test]
fn what_was_typed_before_the_question_does_not_confirm() {
    let program = Program::new();
    let arguments = ["promote", "churn-classifier/2", "--to", "@live"];
    let command = program.command(&arguments);
    let mut builder = PtyCommand::new(command.get_program(), &arguments);
    for (name, value) in command.get_envs() {
        builder = builder.env(name.to_str().unwrap(), value.unwrap());
    }
    let store = program.store();
    let mut pty = builder.env("MLFLOW_TRACKING_URI", &store).silent().spawn();
    pty.send("y\r");
    pty.wait_for("Write this? [y/N]");
    pty.send("n\r");
    assert_eq!(pty.wait_for_end(), 4);
}
