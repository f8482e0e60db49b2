//! Descriptions, names and tags of runs and models on the command line, read back by MLflow's own client.

use serde_json::{Value, json};

use crate::support::client::MlflowClient;
use crate::support::mlflow::{Server, V3};
use crate::support::program::Program;

/// What the client reads of a run and of a model.
const READ: &str = "
run = client.get_run(run)
model = client.get_registered_model('churn-classifier')
answer = {
    'name': run.info.run_name,
    'note': run.data.tags.get('mlflow.note.content'),
    'squad': run.data.tags.get('squad'),
    'model note': model.description,
    'model squad': model.tags.get('squad'),
}
";

struct Fixture {
    program: Program,
    client: MlflowClient,
    run: String,
}

impl Fixture {
    fn new(program: Program, store: &str) -> Self {
        let run = program.manifest.sweep.last.raw().to_owned();
        let client = MlflowClient::start(V3, program.folder(), store);
        Self {
            program,
            client,
            run,
        }
    }

    fn read(&mut self) -> Value {
        self.client.run(READ, &json!({"run": self.run}))
    }
}

/// Edits each value, reads it back, and undoes the edit.
fn edit_and_undo(fixture: &mut Fixture, target: &[&str]) {
    let (run, before) = (fixture.run.clone(), fixture.read());
    let edits: [(&[&str], &str, &str); 6] = [
        (&["tag", &run, "squad=growth"], "squad", "growth"),
        (&["describe", &run[..8], "the best"], "note", "the best"),
        (
            &["tag", &run, "mlflow.note.content=as a tag"],
            "note",
            "as a tag",
        ),
        (&["tag", &run, "mlflow.runName=winner"], "name", "winner"),
        (
            &["tag", "churn-classifier", "squad=growth"],
            "model squad",
            "growth",
        ),
        (
            &["describe", "churn-classifier", "who leaves"],
            "model note",
            "who leaves",
        ),
    ];
    for (words, key, value) in edits {
        let done = fixture.program.json(&[words, target, &["--yes"]].concat());
        assert_eq!(done["verified"], true, "{words:?}: {done}");
        assert_eq!(fixture.read()[key], value, "{words:?}");
        let entry = done["journal_id"].as_str().unwrap();
        let undo = ["rollback", "--entry", entry, "--yes"];
        let undone = fixture.program.json(&[&undo, target].concat());
        assert_eq!(undone["verified"], true, "{words:?}: {undone}");
        assert_eq!(fixture.read(), before, "{words:?}");
    }
}

#[test]
fn edits_are_read_back_and_undone() {
    let program = Program::new();
    let server = Server::start(V3, program.folder());
    let url = server.url.clone();
    let mut fixture = Fixture::new(program, &url);
    edit_and_undo(&mut fixture, &["--target", &url]);
    edit_and_undo(&mut fixture, &[]);
    // Another user changes the tag: it is neither removed nor overwritten.
    let run = fixture.run.clone();
    let tagged = fixture
        .program
        .json(&["tag", &run, "squad=growth", "--yes", "--target", &url]);
    let entry = tagged["journal_id"].as_str().unwrap().to_owned();
    let theirs = "client.set_tag(run, 'squad', 'ads'); answer = None";
    fixture.client.run(theirs, &json!({"run": run}));
    let undo = ["rollback", "--entry", &entry, "--yes", "--target", &url];
    let refused = fixture.program.run(&undo);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.stderr.contains("is “ads”, not"), "{refused:?}");
    assert_eq!(fixture.read()["squad"], "ads");
}

#[test]
fn impossible_edits_are_refused_with_a_reason() {
    let program = Program::new();
    let run = program.manifest.sweep.last.raw().to_owned();
    let deleted = program.manifest.sweep.best.raw().to_owned();
    program.json(&["delete", &deleted, "--yes"]);
    let before = program.store_bytes();
    for (words, code, why) in [
        (vec!["tag", run.as_str(), "mlflow.user=bo"], 4, "reserved"),
        (
            vec!["tag", "churn-classifier", "frontrunner.last=x"],
            4,
            "record",
        ),
        (
            vec!["tag", run.as_str(), "mlflow.runName", "--remove"],
            4,
            "needs a name",
        ),
        (
            vec!["tag", deleted.as_str(), "squad=x"],
            4,
            "restore it first",
        ),
        (
            vec!["tag", "no-such-thing", "squad=x"],
            3,
            "no registered model and no run",
        ),
        (
            vec!["tag", run.as_str(), "squad=x", "--read-only"],
            5,
            "this session is read-only",
        ),
    ] {
        let refused = program.run(&[words.as_slice(), &["--yes"]].concat());
        assert_eq!(refused.code, code, "{words:?}: {refused:?}");
        assert!(refused.stderr.contains(why), "{words:?}: {refused:?}");
    }
    assert_eq!(program.store_bytes(), before);
    let plan = program.json(&["tag", &run, "squad=x", "--plan"]);
    assert_eq!(plan["intent"]["run"], run, "{plan}");
    assert_eq!(plan["applied"], false);
    assert!(
        plan["plan"]["requests"][0]
            .as_str()
            .unwrap()
            .starts_with("UPSERT tags SET"),
        "{plan}"
    );
    assert_eq!(program.store_bytes(), before);
}
