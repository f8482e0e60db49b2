//! `docs/schemas/` describes what `--json` prints, and `docs/json.md` is made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{check_generated, read};
use crate::support::program::Program;
use crate::support::sources::find_files;

/// Keywords that describe and don't restrict.
const ANNOTATIONS: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// The commands whose output has a schema, in the order of the page. Each runs after those before it.
const COMMANDS: &[(&str, &[&str])] = &[
    ("version", &["--version --verbose"]),
    ("demo", &["demo --path other.db --no-open"]),
    ("experiments", &["experiments --all"]),
    (
        "runs",
        &[
            "runs churn-sweep",
            "runs image-classifier",
            "runs iris-baselines",
            "runs churn-releases",
        ],
    ),
    (
        "show",
        &["show trial-33 --experiment churn-sweep", "show release-6"],
    ),
    (
        "compare",
        &[
            "compare trial-33 trial-40 --experiment churn-sweep",
            "compare release-5 release-6 --diff",
        ],
    ),
    ("compare-prompts", &["compare churn-email/1 churn-email/2"]),
    (
        "chart",
        &["chart release-5 release-6 --metric val/auc --out auc.svg"],
    ),
    (
        "download",
        &["download churn-classifier@champion --out champion"],
    ),
    ("best", &["best churn-sweep"]),
    ("drivers", &["drivers churn-sweep"]),
    ("models", &["models", "models --prompts"]),
    (
        "versions",
        &[
            "versions churn-classifier",
            "versions iris-forest",
            "versions churn-email",
            "versions churn-classifier --evidence",
            "versions --made-from digest:e767a939",
        ],
    ),
    (
        "lineage",
        &[
            "lineage churn-classifier/6",
            "lineage churn-classifier@champion",
        ],
    ),
    ("reproduce", &["reproduce churn-classifier/6"]),
    (
        "evidence",
        &[
            "evidence churn-classifier/6",
            "evidence churn-classifier/5 --explain",
        ],
    ),
    ("gates-check", &["gates"]),
    ("gates", &["gates churn-classifier/6 --to Staging"]),
    (
        "review",
        &[
            "review churn-classifier/6 --to @champion",
            "review iris-forest/1 --to @champion",
        ],
    ),
    (
        "write",
        &[
            "review churn-classifier/6 --to @champion --approve --yes",
            "register trial-33 --experiment churn-sweep --model fresh --plan",
            "register trial-33 --experiment churn-sweep --model fresh --yes",
            "promote churn-classifier/6 --to @champion --plan",
            "promote churn-classifier/6 --to Production --archive-existing --yes",
            "promote churn-classifier/6 --to Production --yes",
            "demote churn-classifier@challenger --yes",
            "tag churn-classifier/6 a=b --yes",
            "describe churn-classifier text --yes",
            "delete trial-33 --experiment churn-sweep --yes",
            "restore trial-33 --experiment churn-sweep --yes",
            "rollback churn-classifier --plan",
            "rollback churn-classifier --yes",
        ],
    ),
    (
        "history",
        &["history churn-classifier", "history iris-forest"],
    ),
    ("history-at", &["history churn-classifier --at 2026-10-01"]),
    ("watch", &[]),
    ("doctor", &["doctor"]),
    ("config-show", &["config show"]),
    ("config-path", &["config path", "config check"]),
    (
        "error",
        &[
            "show nothing",
            "show trial",
            "gates churn-classifier/6 --to nowhere",
            "nothing",
        ],
    ),
];

fn schema(name: &str) -> Value {
    let text = read(format!("docs/schemas/{name}.json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(path) => root
            .pointer(path.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{path} leads nowhere")),
        None => schema,
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Checks a value against the keywords that the schemas use; any other keyword is an error.
fn validate(value: &Value, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolve(root, schema);
    for (keyword, expected) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "type" => {
                let found = type_name(value);
                let is_expected =
                    |name: &&str| *name == found || *name == "number" && found == "integer";
                if !types(schema).iter().any(is_expected) {
                    wrong.push(format!("{at}: {found} instead of {expected}"));
                }
            }
            "enum" => {
                if !expected.as_array().unwrap().contains(value) {
                    wrong.push(format!("{at}: {value} is not one of {expected}"));
                }
            }
            "anyOf" => {
                let fits = |option: &Value| {
                    let mut wrong = Vec::new();
                    validate(value, option, root, at, &mut wrong);
                    wrong.is_empty()
                };
                if !expected.as_array().unwrap().iter().any(fits) {
                    wrong.push(format!("{at}: {value} fits none of {expected}"));
                }
            }
            "items" => {
                for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(item, expected, root, &format!("{at}[{nth}]"), wrong);
                }
            }
            "required" => {
                let names = expected
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(Value::as_str);
                let missing = names.filter(|name| value.is_object() && value.get(name).is_none());
                wrong.extend(missing.map(|name| format!("{at}.{name} is missing")));
            }
            "properties" | "additionalProperties" => {}
            _ => assert!(
                ANNOTATIONS.contains(&keyword.as_str()),
                "{keyword} is not checked"
            ),
        }
    }
    validate_members(value, schema, root, at, wrong);
}

fn validate_members(
    value: &Value,
    schema: &Value,
    root: &Value,
    at: &str,
    wrong: &mut Vec<String>,
) {
    for (key, member) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        match (
            schema["properties"].get(key),
            schema.get("additionalProperties"),
        ) {
            (Some(known), _) => validate(member, known, root, &at, wrong),
            (None, Some(Value::Bool(false))) => wrong.push(format!("{at} is in no schema")),
            (None, Some(other)) => validate(member, other, root, &at, wrong),
            (None, None) => {}
        }
    }
}

fn check(name: &str, line: &str, value: &Value, wrong: &mut Vec<String>) {
    let schema = schema(name);
    let mut found = Vec::new();
    validate(value, &schema, &schema, "$", &mut found);
    wrong.extend(
        found
            .into_iter()
            .map(|why| format!("{name}: {line}: {why}")),
    );
}

/// The output of `watch` while a version is promoted: it prints only what it sees.
fn watch(program: &Program) -> Value {
    let mut command = program.command(&["watch", "churn-classifier", "--every", "1", "--jsonl"]);
    let mut watching = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut note = [0];
    // Its note that it watches.
    watching
        .stderr
        .as_mut()
        .unwrap()
        .read_exact(&mut note)
        .unwrap();
    let mut stdout = watching.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let (mut text, mut byte) = (Vec::new(), [0]);
        while stdout.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            text.push(byte[0]);
        }
        serde_json::from_slice(&text).unwrap()
    });
    // A change before its first look is not seen: there is always another one.
    for stage in ["Staging", "Archived"].iter().cycle() {
        if reader.is_finished() {
            break;
        }
        let ended = program.run(&["promote", "churn-classifier/2", "--to", stage, "--yes"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        thread::sleep(Duration::from_millis(300));
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
    reader.join().unwrap()
}

/// A second version of the demo's prompt, with another text.
fn add_prompt_version(program: &Program) {
    let database = rusqlite::Connection::open(program.store()).unwrap();
    let copied = database.execute_batch(
        "CREATE TEMP TABLE v AS SELECT * FROM model_versions WHERE name = 'churn-email';
         CREATE TEMP TABLE t AS SELECT * FROM model_version_tags WHERE name = 'churn-email';
         UPDATE v SET version = 2;
         UPDATE t SET version = 2;
         UPDATE t SET value = 'Write to {{name}}.' WHERE key = 'mlflow.prompt.text';
         INSERT INTO model_versions SELECT * FROM v;
         INSERT INTO model_version_tags SELECT * FROM t;",
    );
    copied.unwrap();
}

#[test]
fn output_is_as_its_schema_says() {
    let program = Program::new();
    add_prompt_version(&program);
    let mut wrong = Vec::new();
    for (name, lines) in COMMANDS {
        if *name == "watch" {
            check(name, "watch", &watch(&program), &mut wrong);
        }
        for line in *lines {
            let arguments: Vec<&str> = line.split(' ').chain(["--json"]).collect();
            let ended = program.run(&arguments);
            let printed = if *name == "error" {
                &ended.stderr
            } else {
                &ended.stdout
            };
            match serde_json::from_str(printed) {
                Ok(value) => check(name, line, &value, &mut wrong),
                Err(error) => wrong.push(format!("{name}: {line}: {error}: {ended:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn json_page_lists_every_schema() {
    let names: BTreeSet<String> = find_files("docs/schemas", &["json"])
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let listed: BTreeSet<String> = COMMANDS
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(names, listed);
    let (mut page, mut shared) = (String::new(), BTreeMap::new());
    for (name, _) in COMMANDS {
        let schema = schema(name);
        let about = schema["description"].as_str().unwrap();
        writeln!(
            page,
            "\n## {name}\n\n{about} [Schema](schemas/{name}.json).\n"
        )
        .unwrap();
        writeln!(page, "Type: {}.", describe(&schema)).unwrap();
        page.push_str(&table(&schema));
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            let known = shared.insert(name.clone(), definition.clone());
            assert!(
                known.is_none_or(|known| known == *definition),
                "{name} has two meanings"
            );
        }
    }
    page.push_str("\n## Objects in them\n");
    for (name, definition) in shared {
        let about = definition["description"].as_str().unwrap();
        writeln!(page, "\n### Object {name}\n\n{about}").unwrap();
        page.push_str(&table(&definition));
    }
    page.push('\n');
    check_generated("docs/json.md", "json", &page);
}

fn table(schema: &Value) -> String {
    let mut text = String::new();
    let required: Vec<&Value> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if text.is_empty() {
            text.push_str("\n| field | type | meaning |\n| --- | --- | --- |\n");
        }
        let optional = if required.iter().any(|known| *known == name) {
            ""
        } else {
            ", optional"
        };
        let about = field["description"].as_str().unwrap_or_default();
        let kind = describe(field).replace('|', "\\|");
        writeln!(
            text,
            "| `{name}` | {kind}{optional} | {} |",
            about.replace('|', "\\|")
        )
        .unwrap();
    }
    text
}

/// A type in words.
fn describe(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        let name = path.rsplit('/').next().unwrap();
        return format!("[{name}](#object-{name})");
    }
    if let Some(options) = schema["anyOf"].as_array() {
        return options
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        let shown = values.iter().map(|value| format!("`{value}`"));
        return shown.collect::<Vec<_>>().join(" or ");
    }
    let names = types(schema).into_iter().map(|name| match name {
        "array" => format!("list of {}", describe(&schema["items"])),
        "object"
            if schema["additionalProperties"].is_object() && schema["properties"].is_null() =>
        {
            format!("object of {}", describe(&schema["additionalProperties"]))
        }
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    });
    let shown = names.collect::<Vec<_>>().join(" or ");
    if shown.is_empty() {
        "any".to_owned()
    } else {
        shown
    }
}
