//! MLflow 3.17.2 reads the demo store.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;

use crate::support::mlflow::{V3, run_script};
use frontrunner::demo::{DemoManifest, DemoOptions, create};
use frontrunner::domain::{Lifecycle, Millis, RunId};
use serde_json::{Value, json};

const NOW: Millis = 1_795_000_000_000;

fn create_demo(path: &Path) -> DemoManifest {
    create(
        path,
        &DemoOptions {
            load_test_runs: Some(40),
            now: NOW,
        },
    )
    .unwrap()
}

/// Runs Python code with MLflow's client on a store; `code` fills the dictionary `out`.
fn run_python(path: &Path, code: &str, args: &[&str]) -> Value {
    let prelude = "import json, math, sys\nfrom mlflow import MlflowClient\nfrom mlflow.entities import ViewType\n\
                   client = MlflowClient('sqlite:///' + sys.argv[1])\nargs = sys.argv[2:]\nout = {}\n";
    let all: Vec<&str> = std::iter::once(path.to_str().unwrap())
        .chain(args.iter().copied())
        .collect();
    let printed = run_script(
        V3,
        &format!("{prelude}{code}\nprint('\\n' + json.dumps(out))"),
        &all,
    );
    serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap()
}

#[test]
fn mlflow_opens_the_store_without_migration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    let facts = create_demo(&path);
    let code = "
import sqlite3
import sqlalchemy
from mlflow.store.db import utils
engine = sqlalchemy.create_engine('sqlite:///' + sys.argv[1])
utils._verify_schema(engine)
# Alembic copies a table's constraints in the order of a set, which changes from one process to the next.
parts = lambda sql: sorted(part.rstrip(') ').split() for part in ' '.join(sql.split()).split(','))
dump = lambda file: sorted(str(parts(row[0])) for row in sqlite3.connect(file).execute('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL'))
MlflowClient('sqlite:///' + args[0]).search_experiments()
out['schema'] = sorted(set(dump(sys.argv[1])) ^ set(dump(args[0])))
out['integrity'] = sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0]
out['journal'] = sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode').fetchone()[0]
experiments = client.search_experiments(view_type=ViewType.ALL, order_by=['experiment_id ASC'])
runs = lambda e: len(client.search_runs([e.experiment_id], max_results=1000)) if e.lifecycle_stage == 'active' else 0
out['experiments'] = [[e.experiment_id, e.name, e.lifecycle_stage, runs(e)] for e in experiments]
out['trash'] = [r.info.run_id for r in client.search_runs([args[1]], run_view_type=ViewType.DELETED_ONLY)]
";
    let own = folder.path().join("own.db");
    let seen = run_python(
        &path,
        code,
        &[own.to_str().unwrap(), facts.baselines.experiment.raw()],
    );
    let mut expected_experiments: Vec<Value> = facts
        .experiments
        .iter()
        .map(|e| {
            json!([
                e.id.raw(),
                e.name.raw(),
                e.lifecycle.as_str(),
                if e.lifecycle == Lifecycle::Active {
                    e.active_runs
                } else {
                    0
                }
            ])
        })
        .collect();
    expected_experiments.sort_by_key(|e| e[0].as_str().unwrap().parse::<u32>().unwrap());
    assert_eq!(
        seen["schema"],
        json!([]),
        "what only one of the schemas has"
    );
    assert_eq!(seen["integrity"], "ok");
    assert_eq!(seen["journal"], "delete");
    assert_eq!(seen["experiments"], json!(expected_experiments));
    assert_eq!(seen["trash"], json!([facts.baselines.deleted.raw()]));
    assert!(
        facts
            .experiments
            .iter()
            .any(|e| e.name.raw() == "load-test" && e.active_runs == 40)
    );
}

#[test]
fn mlflow_finds_the_same_best_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    let sweep = create_demo(&path).sweep;
    let code = "
runs = lambda **how: [r.info.run_id for r in client.search_runs([args[0]], **how)]
out['best'] = client.search_runs([args[0]], \"attributes.status = 'FINISHED' and metrics.auc > 0\", order_by=['metrics.auc DESC'])[0].info.run_id
out['value'] = client.get_run(out['best']).data.metrics['auc']
out['top of all'] = runs(order_by=['metrics.auc DESC'])[0]
out['newest'] = runs(order_by=['attributes.start_time DESC'])[0]
out['oldest'] = runs(order_by=['attributes.start_time ASC'])[0]
out['diverged'] = [m.value for m in client.get_metric_history(args[1], 'val/logloss')][-1]
";
    let seen = run_python(&path, code, &[sweep.experiment.raw(), sweep.diverged.raw()]);
    assert_eq!(seen["best"], sweep.best.raw());
    assert!((seen["value"].as_f64().unwrap() - sweep.best_auc).abs() < 1e-12);
    assert_eq!(seen["newest"], sweep.last.raw());
    assert_eq!(
        seen["top of all"],
        sweep.leaked.raw(),
        "the highest value belongs to a run that failed"
    );
    assert_ne!(sweep.best, sweep.last);
    assert_ne!(seen["oldest"], sweep.best.raw());
    assert_eq!(
        seen["diverged"].as_f64(),
        Some(f64::MAX),
        "MLflow keeps an infinity as the largest number"
    );
}

#[test]
fn mlflow_reads_the_same_metric_histories() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    let images = create_demo(&path).images;
    let code = "
history = lambda run, key: sorted(client.get_metric_history(run, key), key=lambda m: m.step)
nan = history(args[0], 'val/loss')
out['first nan'] = next(m.step for m in nan if math.isnan(m.value))
out['nan to the end'] = all(math.isnan(m.value) for m in nan if m.step >= out['first nan'])
out['latest is nan'] = math.isnan(client.get_run(args[0]).data.metrics['val/loss'])
loss = history(args[1], 'train/loss')
out['spike'] = max((m for m in loss if m.step > 20), key=lambda m: m.value).step
out['points'] = len(loss)
out['system'] = sorted(k for k in client.get_run(args[2]).data.metrics if k.startswith('system/'))
last = lambda run: max(m.timestamp for m in client.get_metric_history(run, 'val/loss'))
for name, run in (('running', args[3]), ('quiet', args[4])):
    info = client.get_run(run).info
    out[name] = [info.status, info.end_time, info.start_time, last(run)]
out['ends'] = [client.get_run(run).info.status for run in args[5:]]
";
    let args = [
        &images.diverged,
        &images.spiked,
        &images.system,
        &images.running,
        &images.stalled,
        &images.failed,
        &images.killed,
    ];
    let seen = run_python(&path, code, &args.map(RunId::raw));
    assert_eq!(seen["first nan"], images.nan_step);
    assert_eq!(seen["nan to the end"], true);
    assert_eq!(seen["latest is nan"], true);
    assert_eq!(
        (&seen["spike"], &seen["points"]),
        (&json!(images.spike_step), &json!(120))
    );
    assert_eq!(seen["system"].as_array().map(Vec::len), Some(8));
    assert_eq!(seen["ends"], json!(["FAILED", "KILLED"]));
    let minutes_ago = |run: &str, at: usize| (NOW - seen[run][at].as_i64().unwrap()) / 60_000;
    for run in ["running", "quiet"] {
        assert_eq!(
            (&seen[run][0], &seen[run][1]),
            (&json!("RUNNING"), &Value::Null)
        );
    }
    assert_eq!(
        (minutes_ago("running", 2), minutes_ago("running", 3)),
        (7, 0)
    );
    assert_eq!(minutes_ago("quiet", 3), 2 * 24 * 60);
}

#[test]
fn mlflow_reads_the_same_registry_and_lineage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    let releases = create_demo(&path).releases;
    let code = "
model, experiment = args
out['champion'] = int(client.get_model_version_by_alias(model, 'champion').version)
out['challenger'] = int(client.get_model_version_by_alias(model, 'challenger').version)
versions = sorted(client.search_model_versions(f\"name='{model}'\"), key=lambda v: int(v.version))
out['versions'] = [[str(v.version), v.current_stage, v.run_id, v.source.removeprefix('models:/'), v.status] for v in versions]
out['files'] = [sorted(a.path for a in client.list_artifacts(v.run_id, 'evaluation')) for v in versions[-1:]]
logged = {m.model_id: m for m in client.search_logged_models([experiment])}
out['logged'] = [v.source.removeprefix('models:/') in logged for v in versions]
from mlflow.models import Model
out['model files'] = [Model.load(logged[v.source.removeprefix('models:/')].artifact_location).run_id for v in versions]
runs = [client.get_run(v.run_id) for v in versions]
out['outputs'] = [[o.model_id for o in r.outputs.model_outputs] for r in runs]
out['data'] = [[d.dataset.name for d in r.inputs.dataset_inputs] for r in runs[-1:]]
digest = lambda r: next(d.dataset.digest for d in r.inputs.dataset_inputs if d.dataset.name == 'customers')
out['digests'] = len({digest(r) for r in runs})
out['dirty'] = [r.data.tags['mlflow.source.git.dirty'] for r in runs]
metric = lambda key: [r.data.metrics[key] for r in runs]
out['better'] = metric('auc')[5] > metric('auc')[3] and metric('accuracy')[5] > metric('accuracy')[3]
out['worse'] = metric('latency_ms')[5] > metric('latency_ms')[3] and metric('calibration_error')[5] > metric('calibration_error')[3]
out['models'] = sorted(m.name for m in client.search_registered_models())
";
    let seen = run_python(
        &path,
        code,
        &[releases.model.raw(), releases.experiment.raw()],
    );
    assert_eq!(
        (&seen["champion"], &seen["challenger"]),
        (&json!(releases.champion.0), &json!(releases.challenger.0))
    );
    let runs: Vec<_> = releases.versions.iter().map(|v| v.run.raw()).collect();
    let logged: Vec<_> = releases
        .versions
        .iter()
        .map(|v| v.logged_model.as_ref().unwrap().raw())
        .collect();
    let expected_versions: Vec<_> = releases
        .versions
        .iter()
        .zip(&logged)
        .map(|(v, model)| {
            json!([
                v.version.to_string(),
                v.stage.as_str(),
                v.run.raw(),
                model,
                "READY"
            ])
        })
        .collect();
    assert_eq!(seen["versions"], json!(expected_versions));
    assert_eq!(seen["logged"], json!(vec![true; 6]));
    assert_eq!(seen["model files"], json!(runs));
    assert_eq!(
        seen["outputs"],
        json!(logged.iter().map(|model| [model]).collect::<Vec<_>>())
    );
    assert_eq!(
        seen["files"],
        json!([[
            "evaluation/confusion_matrix.txt",
            "evaluation/feature_importance.csv",
            "evaluation/metrics.json"
        ]])
    );
    assert_eq!(seen["digests"], 2);
    assert_eq!(
        seen["dirty"],
        json!(["false", "false", "false", "false", "false", "true"])
    );
    assert_eq!(
        (&seen["better"], &seen["worse"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        seen["models"],
        json!(["churn-classifier", "iris-forest"]),
        "the prompt is not among the models"
    );
}

#[test]
fn mlflow_reads_nested_runs_and_all_param_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    let facts = create_demo(&path);
    let code = "
experiment, unicode, escape, parent, folded, old = args
inside = lambda run: [r.info.run_id for r in client.search_runs([experiment], f\"tags.mlflow.parentRunId = '{run}'\", order_by=['attributes.start_time ASC'])]
out['children'], out['folds'] = inside(parent), inside(folded)
out['names'] = [client.get_run(r).info.run_name for r in (unicode, escape)]
out['params'] = sorted({v for r in client.search_runs([experiment]) for v in r.data.params.values()})
out['old'] = sorted(a.path for a in client.list_artifacts(old, 'model'))
version = client.get_model_version('iris-forest', '1')
from mlflow.models import Model
out['old model'] = [Model.load(version.source).run_id, version.run_id]
";
    let old = &facts.baselines.versions[0].run;
    let (baselines, nested) = (&facts.baselines, &facts.nested);
    let args = [
        baselines.unicode.raw(),
        baselines.escape.raw(),
        nested.parent.raw(),
        nested.child_with_folds.raw(),
        old.raw(),
    ];
    let seen = run_python(
        &path,
        code,
        &[&[baselines.experiment.raw()][..], &args].concat(),
    );
    assert_eq!(
        seen["children"],
        json!(nested.children.iter().map(RunId::raw).collect::<Vec<_>>())
    );
    assert_eq!(
        seen["folds"],
        json!(nested.folds.iter().map(RunId::raw).collect::<Vec<_>>())
    );
    assert_eq!(seen["names"], json!(["größe-π-模型", "\u{1b}[31mred"]));
    for value in ["", "None", "True", "False", "1e-04", "0.25", "150", "scale"] {
        assert!(
            seen["params"].as_array().unwrap().contains(&json!(value)),
            "{value:?}"
        );
    }
    assert!(
        seen["old"]
            .as_array()
            .unwrap()
            .contains(&json!("model/MLmodel"))
    );
    assert_eq!(seen["old model"], json!([old.raw(), old.raw()]));
}

/// All rows of all tables and all files, without the folder's path.
fn dump_files_and_tables(folder: &Path) -> Vec<String> {
    let db = rusqlite::Connection::open(folder.join("demo.db")).unwrap();
    let mut tables = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut all = Vec::new();
    for table in tables {
        let mut rows = db.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            all.push(format!(
                "{table} {:?}",
                (0..columns)
                    .map(|i| row.get_ref(i).unwrap())
                    .collect::<Vec<_>>()
            ));
        }
    }
    let mut folders = vec![folder.join("demo.db.artifacts")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                all.push(format!(
                    "{} {:?}",
                    entry.display(),
                    String::from_utf8_lossy(&std::fs::read(&entry).unwrap())
                ));
            }
        }
    }
    all.sort();
    // SQLite returns text as bytes in Debug form, so the path is removed in both forms.
    let path = folder.canonicalize().unwrap().display().to_string();
    let bytes = format!("{:?}", path.as_bytes());
    all.iter()
        .map(|line| {
            line.replace(&path, "")
                .replace(bytes.trim_matches(['[', ']']), "")
        })
        .collect()
}

#[test]
fn demo_store_is_deterministic_for_a_given_time() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let facts = [(0, NOW), (1, NOW), (2, NOW + 1)].map(|(nth, now)| {
        create(
            &folders[nth].path().join("demo.db"),
            &DemoOptions {
                load_test_runs: Some(5),
                now,
            },
        )
        .unwrap()
    });
    let [first, second, later] = folders
        .each_ref()
        .map(|folder| dump_files_and_tables(folder.path()));
    assert_eq!(facts[0], facts[1]);
    assert!(first.len() > 20_000);
    assert!(first == second);
    assert!(first != later);
}
