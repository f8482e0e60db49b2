//! The demo store with an experiment and a model as real training code leaves them: names and values that no screen has room
//! for, NaN beside twelve orders of magnitude, scripts of the world, hundreds of metrics, runs that are gone.

use std::fmt::Write as _;
use std::path::Path;

use frontrunner::domain::Millis;
use rusqlite::{Connection, params};

/// The name of the experiment; of the model too, with `-model` behind it.
pub const NAME: &str =
    "messy_recsys_two_tower_retrieval_nightly_backfill_sweep_2026_w47_gpu_a100_v2";

const EXPERIMENT: i64 = 90;
const RUNS: usize = 24;
/// Enough that no terminal shows all columns.
const WIDE_METRICS: usize = 300;

const RUN_NAMES: [&str; 8] = [
    "two_tower__lr-0.0003__wd-0.01__bs-4096__negatives-hard__seed-17__resume-from-latest",
    "",
    "学習率スイープ 第十七回（再実行）",
    "🚀 best so far 🚀",
    "تجربة",
    "line one\nline two\t\u{1b}[31mred\u{1b}[0m",
    "painted-crow-417",
    "painted-crow-417",
];

/// Adds the experiment and the model to a copy of the demo store.
pub fn add_messy_data(store: &Path, now: Millis) -> rusqlite::Result<()> {
    let mut connection = Connection::open(store)?;
    let transaction = connection.transaction()?;
    transaction.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
         VALUES (?1, ?2, '/nowhere/90', 'active', ?3, ?3)",
        params![EXPERIMENT, NAME, now - 86_400_000],
    )?;
    for run in 0..RUNS {
        add_run(&transaction, run, now)?;
    }
    add_model(&transaction, now)?;
    transaction.commit()
}

fn run_id(run: usize) -> String {
    format!("{:032x}", 0xabc0_0000 + run)
}

fn add_run(store: &Connection, run: usize, now: Millis) -> rusqlite::Result<()> {
    let id = run_id(run);
    let start = now - 3_600_000 * Millis::try_from(RUNS - run).unwrap_or_default();
    let status = ["FINISHED", "FINISHED", "FAILED", "RUNNING", "KILLED"][run % 5];
    let end = (status != "RUNNING").then_some(start + 61_000 * 60);
    let lifecycle = if run == 5 { "deleted" } else { "active" };
    store.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
         source_version, lifecycle_stage, artifact_uri, experiment_id)
         VALUES (?1, ?2, 'LOCAL', '', '', ?3, ?4, ?5, ?6, '', ?7, ?8, ?9)",
        params![
            id,
            RUN_NAMES[run % RUN_NAMES.len()],
            if run.is_multiple_of(3) { "svc-training-pipeline@project-4711.iam.example.com" } else { "ana" },
            status,
            start,
            end,
            lifecycle,
            format!("/nowhere/90/{id}/artifacts"),
            EXPERIMENT
        ],
    )?;
    let text = |table: &str, key: &str, value: &str| {
        store.execute(
            &format!("INSERT INTO {table} (key, value, run_uuid) VALUES (?1, ?2, ?3)"),
            params![key, value, id],
        )
    };
    text("tags", "mlflow.runName", RUN_NAMES[run % RUN_NAMES.len()])?;
    text(
        "tags",
        "mlflow.note.content",
        "# Notes\n\nTried *again* after the outage.",
    )?;
    text(
        "params",
        "lr",
        ["0.0003", "3e-4", "0.1", "np.float64(0.1)"][run % 4],
    )?;
    text(
        "params",
        "optimizer_state_dict_restored_from_checkpoint_of_the_previous_nightly_run",
        "True",
    )?;
    text("params", "features", &feature_list(run))?;
    text(
        "params",
        "prompt",
        "You are a helpful assistant.\nAnswer in one line.\n",
    )?;
    text("params", "empty", "")?;
    text(
        "params",
        "数据集",
        ["用户-商品点击日志", "用户-商品购买日志"][run % 2],
    )?;
    add_metrics(store, run, start)
}

/// 300 characters and more, of which one part differs from run to run.
fn feature_list(run: usize) -> String {
    let mut text = "[".to_owned();
    for feature in 0..20 {
        let version = if feature == 13 { run } else { 1 };
        let _ = write!(text, "'user_embedding_{feature}_v{version}', ");
    }
    text + "]"
}

fn add_metrics(store: &Connection, run: usize, start: Millis) -> rusqlite::Result<()> {
    let id = run_id(run);
    let point = |table: &str, key: &str, value: f64, step: i64| {
        store.execute(
            &format!(
                "INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            ),
            params![
                key,
                if value.is_nan() { 0.0 } else { value.clamp(f64::MIN, f64::MAX) },
                start + step * 1000,
                step,
                value.is_nan(),
                id
            ],
        )
    };
    let single = |key: &str, value: f64| {
        point("metrics", key, value, 0)?;
        point("latest_metrics", key, value, 0)
    };
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let x = run as f64;
    let loss = |step: i32| match run % 6 {
        1 if step > 12 => f64::NAN,
        4 if step > 18 => f64::INFINITY,
        _ => 2.0 / f64::from(step + 1) + x * 0.003,
    };
    for step in 0..20 {
        point("metrics", "loss", loss(step), i64::from(step))?;
    }
    point("latest_metrics", "loss", loss(19), 19)?;
    if run != 2 {
        single("recall@10", 0.123_456_789_012_345 + x / 1000.0)?;
    }
    single(
        "validation/normalized_discounted_cumulative_gain_at_100_over_cold_start_users",
        0.5 + x / 7.0e6,
    )?;
    single(
        "magnitude",
        10f64.powi(i32::try_from(run).unwrap_or_default() - 12),
    )?;
    single("tokens_seen", 1.0e9 * (x + 1.0) + 7.0)?;
    single("negative", -0.000_012_34 * x)?;
    single("system/gpu_0_utilization_percentage", 97.0)?;
    for wide in 0..WIDE_METRICS {
        if (wide + run).is_multiple_of(4) {
            single(&format!("layer_{wide}/grad_norm"), 1.0 / (1.0 + x))?;
        }
    }
    Ok(())
}

fn add_model(store: &Connection, now: Millis) -> rusqlite::Result<()> {
    let name = format!("{NAME}-model");
    let long = "Trained on the whole of last year. ".repeat(14);
    store.execute(
        "INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES (?1, ?2, ?2, ?3)",
        params![name, now - 4_000_000, long],
    )?;
    let stages = ["Production", "Production", "Staging", "None"];
    for version in 1..=4_i64 {
        // The runs of the last two: deleted, and never there.
        let run = [run_id(0), run_id(7), run_id(5), "f".repeat(32)]
            [usize::try_from(version - 1).unwrap_or_default()]
        .clone();
        store.execute(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, current_stage,
             source, run_id, status, storage_location)
             VALUES (?1, ?2, ?3, ?3, ?4, 'ana', ?5, ?6, ?7, ?8, '')",
            params![
                name,
                version,
                now - 3_000_000 + version,
                if version == 1 { long.as_str() } else { "第一版\nsecond line" },
                stages[usize::try_from(version - 1).unwrap_or_default()],
                format!("s3://a-bucket-with-a-long-name-eu-central-1/{}/{run}/artifacts/model", "deep/".repeat(12)),
                run,
                if version == 4 { "FAILED_REGISTRATION" } else { "READY" },
            ],
        )?;
        for (key, value) in [
            ("validation_status", "passed"),
            ("approved_by", "Ana Ångström <ana.angstrom@example.org>"),
            (
                "metrics_json",
                r#"{"recall@10": 0.1234567890123, "ndcg": NaN, "slices": ["cold", "warm"]}"#,
            ),
            ("备注", "已审核"),
        ] {
            store.execute(
                "INSERT INTO model_version_tags (key, value, name, version) VALUES (?1, ?2, ?3, ?4)",
                params![key, value, name, version],
            )?;
        }
    }
    for (nth, alias) in [
        "champion",
        "challenger",
        "shadow-eu-central-1-canary-10-percent",
        "a",
        "b",
        "c",
        "d",
        "prod_blue",
    ]
    .iter()
    .enumerate()
    {
        // The last names a version that is not there.
        let version = if nth == 7 { 9 } else { nth % 3 + 1 };
        store.execute(
            "INSERT INTO registered_model_aliases (alias, version, name) VALUES (?1, ?2, ?3)",
            params![alias, i64::try_from(version).unwrap_or_default(), name],
        )?;
    }
    Ok(())
}
