//! The files next to a log: the environment (`wandb-metadata.json`) and, of online runs, the config
//! and the summary. They fill in what the log does not contain.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::layout::RunDir;
use super::records::Environment;
use super::run_state::RunState;
use crate::store::limits;

pub(super) fn fill_missing(run_dir: &RunDir, state: &mut RunState) {
    let files = run_dir.files_dir();
    if state.environment.program.is_empty()
        && let Some(found) = read_json_object(&files.join("wandb-metadata.json"))
    {
        state.environment.merge(parse_environment(&found));
    }
    if state.info.is_some() {
        return;
    }
    if state.config.is_empty()
        && let Some(found) = read_yaml(&files.join("config.yaml"))
    {
        for (key, value) in found
            .iter()
            .filter(|(key, _)| *key != "_wandb" && *key != "wandb_version")
        {
            // A value is wrapped in an object with a description.
            state.config.set(
                key,
                value.get("value").unwrap_or(value).to_string().as_bytes(),
            );
        }
    }
    if state.latest.values().is_empty()
        && let Some(found) = read_json_object(&files.join("wandb-summary.json"))
    {
        for (key, value) in &found {
            state
                .latest
                .set_summary(key.as_bytes(), value.to_string().as_bytes());
        }
        let number = |key: &str| found.get(key).and_then(Value::as_f64);
        state.latest.last_step = number("_step").unwrap_or(0.0) as i64;
        state.last_time = number("_timestamp").map(|seconds| (seconds * 1e3) as i64);
    }
}

fn parse_environment(found: &Map<String, Value>) -> Environment {
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map(|text| super::json::truncate(text.into()).into_owned())
            .unwrap_or_default()
    };
    let git = found.get("git");
    let git_field = |key: &str| text(git.and_then(|git| git.get(key)));
    let user = Some(text(found.get("username")))
        .filter(|user| !user.is_empty())
        .unwrap_or_else(|| text(found.get("email")));
    Environment {
        program: text(found.get("program")),
        user,
        remote: git_field("remote"),
        commit: git_field("commit"),
    }
}

/// `None` for a file that is too large.
fn read_bounded(path: &Path) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let mut text = String::new();
    let read = File::open(path)
        .ok()?
        .take(limits::WANDB_SIDECAR_BYTES + 1)
        .read_to_string(&mut text)
        .ok()?;
    (read as u64 <= limits::WANDB_SIDECAR_BYTES).then_some(text)
}

fn read_json_object(path: &Path) -> Option<Map<String, Value>> {
    match super::json::parse(&read_bounded(path)?)? {
        Value::Object(found) => Some(found),
        _ => None,
    }
}

fn read_yaml(path: &Path) -> Option<Map<String, Value>> {
    serde_saphyr::from_str(&read_bounded(path)?).ok()
}
