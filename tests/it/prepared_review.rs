//! The file that a reviewer without write access prepares on the screen.

use crate::support::program::Program;
use crate::support::pty::PtyCommand;

#[test]
fn file_of_a_second_review_has_a_free_name() {
    let program = Program::new();
    let first = "review-churn-classifier-6-Production.json";
    std::fs::write(program.folder().join(first), "the first one").unwrap();
    let folder = program.folder().display().to_string();
    let store = program.store().display().to_string();
    // The names are those of the folder that the program runs in.
    let script = "cd \"$0\" && exec \"$1\" --target \"$2\" --read-only";
    let executable = env!("CARGO_BIN_EXE_frontrunner");
    let arguments = ["-c", script, &folder, executable, &store];
    let mut command = PtyCommand::new("sh", &arguments).size(80, 24);
    for name in ["config", "data", "cache"] {
        let variable = format!("FRONTRUNNER_{}_DIR", name.to_uppercase());
        command = command.env(&variable, program.folder().join(name));
    }
    let mut screen = command.spawn();
    for (keys, text) in [
        ("", "churn-sweep"),
        ("4", "churn-classifier"),
        ("\r", "v6  Staging"),
        ("D", "Verdict"),
        ("A", "review-churn-classifier-6-Production-2.json"),
    ] {
        screen.send(keys);
        screen.wait_for(text);
    }
    screen.send("\r\r");
    screen.wait_for("--submit");
    screen.send("\x1b");
    screen.wait_for("v6  Staging");
    screen.send("Q");
    assert_eq!(screen.wait_for_end(), 0);
    let read = |name: &str| std::fs::read_to_string(program.folder().join(name)).unwrap();
    assert_eq!(read(first), "the first one");
    assert!(read("review-churn-classifier-6-Production-2.json").contains("\"approve\""));
}
