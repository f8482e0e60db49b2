//! Unity Catalog has no stages, so nothing on the screen, in a plan or in an error speaks of them.

use super::Fixture;
use crate::support::pty::Pty;

const ENTER: &str = "\r";
const ESC: &str = "\x1b";

/// Sends keys, waits for what they show, and looks for words of stages.
fn keys(pty: &Pty, keys: &str, seen: &str) {
    pty.send(keys);
    pty.wait_for(seen);
    assert_no_stages(&pty.text());
}

/// Closes a dialog or a screen.
fn leave(pty: &Pty, gone: &str) {
    pty.send(ESC);
    pty.wait_until(&format!("{gone:?} to go"), || !pty.text().contains(gone));
    assert_no_stages(&pty.text());
}

fn assert_no_stages(text: &str) {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let of_stages = [
        "stage",
        "stages",
        "staging",
        "production",
        "archive",
        "archived",
        "transition",
    ];
    let found = words.find(|word| of_stages.contains(word));
    assert_eq!(found, None, "{text}");
}

/// A session on the versions of the model.
fn open_versions(fixture: &Fixture) -> Pty {
    let pty = fixture.open_session();
    pty.wait_for("/Users/ann@example.com/exp");
    keys(&pty, "4", "main.ml.churn");
    keys(&pty, ENTER, "models › main.ml.churn");
    pty.wait_for("@champion");
    pty
}

#[test]
fn screens_plans_help_and_palette_speak_of_aliases_only() {
    let fixture = Fixture::new();
    let pty = open_versions(&fixture);
    keys(&pty, "P", "to an alias");
    keys(&pty, "champion", "champion");
    keys(&pty, ENTER, "planned writes");
    leave(&pty, "planned writes");
    keys(&pty, "?", "copy this version");
    // The help is longer than the screen.
    for _ in 0..8 {
        pty.send("\x04");
        std::thread::sleep(std::time::Duration::from_millis(150));
        assert_no_stages(&pty.text());
    }
    leave(&pty, "type to filter");
    keys(&pty, ":", "copy this version");
    keys(&pty, "promote", "set or remove an alias of this version");
    leave(&pty, "set or remove an alias");
    keys(&pty, "H", "› history");
    leave(&pty, "› history");
    keys(&pty, "A", "for @champion");
    keys(&pty, "\t", "held by version");
    fixture.workspace.assert_allowed();
}

#[test]
fn a_copy_is_refused_on_the_screen_with_the_command_that_makes_it() {
    let fixture = Fixture::new();
    let pty = open_versions(&fixture);
    keys(&pty, "R", "copy main.ml.churn/2");
    keys(&pty, "prod.ml.churn", "creates a new model");
    keys(&pty, ENTER, "copy_model_version");
    fixture.workspace.assert_allowed();
    let calls = fixture.workspace.calls();
    assert!(
        !calls.iter().any(|call| call.ends_with("/create")),
        "{calls:?}"
    );
}

#[test]
fn errors_and_lists_of_the_command_line_speak_of_aliases_only() {
    let fixture = Fixture::new();
    for arguments in [
        vec!["versions", "main.ml.churn"],
        vec!["models"],
        vec!["promote", "main.ml.churn/2", "--to", "@champion", "--plan"],
        vec!["promote", "main.ml.churn/9", "--to", "@champion", "--yes"],
        vec!["history", "main.ml.churn"],
        vec!["lineage", "main.ml.churn/1"],
        vec!["delete", "main.ml.churn/1", "--yes"],
        vec!["review", "main.ml.churn/2", "--to", "@champion"],
    ] {
        let output = fixture.run(&arguments);
        assert_no_stages(&output.stdout);
        assert_no_stages(&output.stderr);
    }
    fixture.workspace.assert_allowed();
}
