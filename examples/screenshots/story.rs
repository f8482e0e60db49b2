//! The recorded session: open, sort, compare, lineage, a promotion that a gate stops, the fix, the promotion, undo.

use std::path::Path;

use super::BoxResult;
use super::animation::Animation;
use super::demo_folder;
use super::pty::PtyProgram;
use super::svg::DARK;

const TITLE: &str = "frontrunner demo.db";
const SIZE: (u16, u16) = (112, 30);
/// How long a typed key is shown, in ms.
const KEY_TIME: u64 = 260;

/// The gate of the story, in the folder where the program runs.
const POLICY: &str = r#"[[model."churn-*".gate]]
name = "validated on the holdout"
to = ["@champion"]
require = "candidate.tags['validation_status'] == 'passed'"
else = "check the holdout, then set validation_status"
"#;

/// What is told, the keys that are pressed one by one, a text that is then on the screen, and how long it is shown, in ms.
struct Step {
    caption: &'static str,
    keys: &'static str,
    text: &'static str,
    time: u64,
}

const fn step(caption: &'static str, keys: &'static str, text: &'static str, time: u64) -> Step {
    Step {
        caption,
        keys,
        text,
        time,
    }
}

const STEPS: &[Step] = &[
    step(
        "An MLflow file, opened without a server",
        "",
        "churn-releases",
        2_400,
    ),
    step(
        "enter: the runs of an experiment",
        "j enter",
        "release-6",
        2_000,
    ),
    step("s: sort by auc", "l l s", "auc ↓", 2_000),
    step("space: mark three runs", "space space space", "● 3", 1_200),
    step(
        "c: what differs between them",
        "c",
        "showing only differences",
        4_200,
    ),
    step(
        "4, enter: the versions of a model",
        "4 enter",
        "@challenger",
        2_400,
    ),
    step(
        "L: what made version 6, and what is wrong with it",
        "L",
        "dirty commit",
        4_500,
    ),
    step(
        "P: promote it to @champion",
        "esc P",
        "now at version 4",
        1_400,
    ),
    step(
        "The plan: a gate of the project's policy does not pass",
        "champion enter",
        "gate does not pass",
        5_500,
    ),
    step(
        "Nothing was written. The holdout check is done: record it",
        "esc E",
        "edit churn-classifier/6",
        1_600,
    ),
    step(
        "E: edit the tag",
        "validation enter",
        "(empty removes it)",
        1_200,
    ),
    step(
        "E: edit the tag",
        "backspace backspace backspace backspace backspace backspace backspace passed",
        "passed",
        1_000,
    ),
    step("Every write has a plan", "enter", "planned writes", 1_800),
    step(
        "… and is verified by reading back",
        "enter pause enter",
        "verified",
        2_200,
    ),
    step(
        "P again: the gate passes",
        "enter P champion enter",
        "type churn-classifier",
        3_600,
    ),
    step(
        "A protected alias asks for the model's name",
        "passed space on space the space holdout enter",
        "",
        700,
    ),
    step(
        "A protected alias asks for the model's name",
        "churn-classifier enter",
        "enter applies",
        1_600,
    ),
    step("Applied, and verified", "pause enter", "verified", 3_000),
    step(
        "6: the journal has every write",
        "enter 6",
        "writes to this store",
        3_200,
    ),
    step(
        "U: undo it, with a plan of its own",
        "U",
        "restore alias",
        3_200,
    ),
    step(
        "U: undo it, with a plan of its own",
        "enter churn-classifier enter",
        "enter applies",
        1_000,
    ),
    step(
        "@champion is back where it was",
        "pause enter",
        "verified",
        3_000,
    ),
    step(
        "@champion is back where it was",
        "enter",
        "writes to this store",
        3_500,
    ),
];

/// Plays the story and writes `story.cast` and `story.svg`.
pub fn record(program: &Path, out: &Path) -> BoxResult<()> {
    let home = demo_folder()?;
    std::fs::write(home.path().join("frontrunner.toml"), POLICY)?;
    let mut running = PtyProgram::start(program, &["demo.db"], SIZE, home.path(), DARK)?;
    let mut animation = Animation::new(SIZE, DARK);
    let mut caption = "";
    for step in STEPS {
        if step.caption != caption {
            caption = step.caption;
            animation.caption(caption);
        }
        play(&mut running, &mut animation, step)?;
    }
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join("story.cast"), animation.to_cast(TITLE))?;
    std::fs::write(out.join("story.svg"), animation.to_svg(TITLE))?;
    println!("{}", out.join("story.svg").display());
    Ok(())
}

fn play(running: &mut PtyProgram, animation: &mut Animation, step: &Step) -> BoxResult<()> {
    let keys: Vec<&str> = step.keys.split_whitespace().collect();
    for (nth, key) in keys.iter().enumerate() {
        // A word that is typed appears letter by letter.
        let is_word = key.chars().count() > 1 && !super::pty::is_key_name(key);
        let letters: Vec<String> = if is_word {
            key.chars().map(String::from).collect()
        } else {
            vec![(*key).to_owned()]
        };
        for letter in letters {
            running.press(&letter)?;
            running.wait_for("")?;
            let is_last = nth + 1 == keys.len();
            let time = if is_word { KEY_TIME / 4 } else { KEY_TIME };
            let output = running.take_output();
            animation.show(
                running.screen(),
                output,
                if is_last { time / 2 } else { time },
            );
        }
    }
    running
        .wait_for(step.text)
        .map_err(|error| format!("{}: {error}", step.caption))?;
    let output = running.take_output();
    animation.show(running.screen(), output, step.time);
    Ok(())
}
