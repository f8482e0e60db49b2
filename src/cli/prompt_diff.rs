//! `compare PROMPT/VERSION PROMPT/VERSION`: the lines that differ between the texts of two prompts.

use serde_json::json;

use super::context::CommandContext;
use crate::analysis::value_diff::{DiffLine, LineKind, diff_text};
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::cli::resolve;
use crate::domain::ModelVersion;
use crate::export::Sheet;
use crate::store::ReadStore;

/// The versions of prompts that two arguments name; `None` if they name anything else.
pub(super) async fn named_prompts(
    reader: &dyn ReadStore,
    arguments: &[String],
) -> Option<[ModelVersion; 2]> {
    let [before, after] = arguments else {
        return None;
    };
    Some([
        named_prompt(reader, before).await?,
        named_prompt(reader, after).await?,
    ])
}

async fn named_prompt(reader: &dyn ReadStore, text: &str) -> Option<ModelVersion> {
    if !text.contains(['/', '@']) {
        return None;
    }
    let (model, number) = resolve::version(reader, text).await.ok()?;
    if !model.is_prompt() {
        return None;
    }
    let versions = reader.versions(&model.name).await.ok()?;
    versions.into_iter().find(|known| known.version == number)
}

/// Prints the difference between two texts.
pub(super) fn print(
    [before, after]: &[ModelVersion; 2],
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let text = |version: &ModelVersion| version.prompt_text().unwrap_or_default();
    let lines = diff_text(text(before).raw(), text(after).raw());
    let label = |version: &ModelVersion| format!("{}/{}", version.name.clean(), version.version);
    let mut sheet = Sheet::new(["change", "line"]);
    let mut printed = vec![
        format!("--- {}", label(before)),
        format!("+++ {}", label(after)),
    ];
    if lines.iter().all(|line| mark(line) == " ") {
        printed.push("the texts are equal".to_owned());
    }
    for line in &lines {
        sheet.push_row([mark(line).to_owned(), line.text()]);
        printed.push(format!("{}{}", mark(line), line.text()));
    }
    let records = lines
        .iter()
        .map(|line| json!({"change": mark(line), "line": line.text()}));
    let value = json!({
        "before": label(before),
        "after": label(after),
        "lines": records.collect::<Vec<_>>(),
    });
    context
        .printer
        .print(&CommandOutput::text(value, sheet, printed))
}

fn mark(line: &DiffLine) -> &'static str {
    match line.kind {
        LineKind::Added => "+",
        LineKind::Removed => "-",
        _ => " ",
    }
}
