//! `download SOURCE [PATH] --out FOLDER`: copies artifacts to a new folder, with a manifest.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::domain::ArtifactOwner;
use crate::export::Sheet;
use crate::ops::download::{
    Download, DownloadError, DownloadProgress, DownloadSource, download, version_source,
};
use crate::store::ReadStore;

#[derive(Debug, Args)]
pub struct DownloadArgs {
    /// Run (ID, ID prefix or name), version (MODEL/VERSION, MODEL/latest or MODEL@alias), or ID of a logged model.
    #[arg(value_name = "RUN|MODEL/VERSION")]
    source: String,
    /// File or folder of the run or model [default: all files].
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// Folder for the files, which is created. A file that exists is never replaced.
    #[arg(long, value_name = "FOLDER")]
    out: String,
}

/// Downloads the files.
///
/// # Errors
/// When the run, version or path does not exist, the store cannot be read, or a file exists or cannot be written.
pub async fn run(
    arguments: &DownloadArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_merged().await?;
    let reader = store.reader.as_ref();
    let mut source = resolve_source(&arguments.source, reader, context).await?;
    source.path = arguments.path.clone().unwrap_or_default();
    let result = {
        let printer = &mut *context.printer;
        let progress = |progress: &DownloadProgress| printer.progress(&progress.describe());
        let work = download(reader, &source, &arguments.out, progress);
        tokio::select! {
            result = work => Some(result),
            _ = tokio::signal::ctrl_c() => None,
        }
    };
    context.printer.progress("");
    let done = match result {
        Some(result) => result.map_err(|error| explain(error, &arguments.out))?,
        None => {
            return Err(
                CliError::new(ExitStatus::Failed, "the download was cancelled")
                    .with_hint(incomplete_hint(&arguments.out)),
            );
        }
    };
    context.printer.print(&output(&done))?;
    context.printer.flush()?;
    if context.printer.format == OutputFormat::Table {
        let check = format!("check them there with `sha256sum -c {}`", done.manifest);
        context.printer.note(&check);
    }
    Ok(())
}

/// The artifacts of a run, version or logged model. Run names may look like versions.
async fn resolve_source(
    text: &str,
    reader: &dyn ReadStore,
    context: &CommandContext<'_>,
) -> Result<DownloadSource, CliError> {
    let all = |owner| DownloadSource {
        owner,
        root: String::new(),
        path: String::new(),
    };
    let is_logged_model = |id: &str| {
        let rest = id.strip_prefix("m-");
        rest.is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    if is_logged_model(text) {
        return Ok(all(ArtifactOwner::LoggedModel(text.into())));
    }
    let mut no_version = None;
    if text.contains(['/', '@']) {
        match resolve::version(reader, text).await {
            Ok((model, version)) => {
                return Ok(version_source(reader, &model.name, version).await?);
            }
            Err(error) if matches!(error.exit, ExitStatus::NoMatch | ExitStatus::Usage) => {
                no_version = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    let named = context.global_args.experiment.as_deref();
    let within = resolve::experiment_scope(reader, named).await?;
    match resolve::run(reader, text, within.as_ref()).await {
        Ok(run) => Ok(all(ArtifactOwner::Run(run.id))),
        Err(error) => Err(no_version.unwrap_or(error)),
    }
}

fn incomplete_hint(folder: &str) -> String {
    format!(
        "files in {folder} that have their names are complete; name another folder to try again"
    )
}

fn explain(error: DownloadError, folder: &str) -> CliError {
    match error {
        DownloadError::Store(error) => error.into(),
        error @ DownloadError::UnsafePath(_) => {
            CliError::new(ExitStatus::Failed, error.to_string()).with_hint("nothing was written")
        }
        error @ DownloadError::Exists(_) => CliError::new(ExitStatus::Failed, error.to_string())
            .with_cause("nothing was written")
            .with_hint("name another folder"),
        error @ DownloadError::Write(..) => {
            CliError::new(ExitStatus::Failed, error.to_string()).with_hint(incomplete_hint(folder))
        }
    }
}

fn output(done: &Download) -> CommandOutput {
    let mut sheet = Sheet::new(["path", "bytes", "sha256"]);
    for file in &done.files {
        sheet.push_row([
            file.path.clone(),
            file.size.to_string(),
            file.sha256.clone(),
        ]);
    }
    let files: Vec<_> = done
        .files
        .iter()
        .map(|file| json!({"path": file.path, "bytes": file.size, "sha256": file.sha256}))
        .collect();
    let value = json!({
        "folder": done.folder.display().to_string(),
        "manifest": done.manifest,
        "bytes": done.bytes(),
        "files": files,
    });
    CommandOutput::text(value, sheet, vec![done.describe()])
}
