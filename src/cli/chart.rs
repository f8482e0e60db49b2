//! `chart RUN… --metric M --out FILE`: draws the curves of metrics.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::context::CommandContext;
use crate::chart::{CurveOptions, Figure, ScaleKind, XAxis};
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::file::write_output;
use crate::cli::resolve;
use crate::domain::Run;
use crate::export::Sheet;
use crate::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};
use crate::ops::export::{curve_chart, read_histories};
use crate::store::{ReadStore, Resolution};

/// How many markers a curve has, besides the one at its end.
const MARKS_PER_CURVE: usize = 4;

#[derive(Debug, Args)]
pub struct ChartArgs {
    /// Runs: IDs, ID prefixes of at least 6 characters, or names.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// Metric to plot; repeat for one chart per metric.
    #[arg(long, value_name = "METRIC", required = true)]
    metric: Vec<String>,
    /// Output file; its extension, .png or .svg, selects the format.
    #[arg(long, value_name = "FILE")]
    out: String,
    /// Replace the file of --out if it exists.
    #[arg(long)]
    overwrite: bool,
    /// X axis.
    #[arg(long, value_name = "AXIS", default_value = "step")]
    over: XAxisArg,
    /// Scale of the y axis.
    #[arg(long, value_name = "SCALE", default_value = "linear")]
    scale: ScaleArg,
    /// Draw a moving average over the raw curve; WEIGHT, from 0 to 1, is the weight of earlier values.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    smooth: f64,
    /// Leave the outermost 1% of the values out of the axis range.
    #[arg(long)]
    clip: bool,
    /// Width and height in px, such as 1000x600; a PNG has twice as many.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Use a dark background.
    #[arg(long)]
    dark: bool,
    /// Title [default: the metric].
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum XAxisArg {
    /// Steps
    Step,
    /// Time since the start of each run
    Relative,
    /// Wall-clock time
    Wall,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScaleArg {
    /// Linear
    Linear,
    /// Logarithmic
    Log,
    /// Logarithmic on both sides of zero
    Symlog,
}

/// Writes the picture.
///
/// # Errors
/// When a run is missing, no run has the metric, or the file cannot be written.
pub async fn run(arguments: &ChartArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let format = PictureFormat::from_path(&arguments.out)
        .ok_or_else(|| CliError::new(ExitStatus::Usage, "--out must end in .png or .svg"))?;
    let palette = if arguments.dark {
        Palette::dark()
    } else {
        Palette::light()
    };
    let options = PictureOptions {
        size: arguments.size,
        ..PictureOptions::new(format, palette)
    };
    let store = context.open_merged().await?;
    let reader = store.reader.as_ref();
    let within =
        resolve::experiment_scope(reader, context.global_args.experiment.as_deref()).await?;
    let runs = resolve::runs(reader, &arguments.runs, within.as_ref()).await?;
    let mut figures = Vec::new();
    for metric in &arguments.metric {
        let figure = build_figure(reader, &runs, metric, arguments, &options).await?;
        figures.push(figure);
    }
    let picture = render_picture(&figures, &options)
        .map_err(|error| CliError::new(ExitStatus::Failed, error.to_string()))?;
    write_output(arguments.out.as_ref(), &picture.bytes, arguments.overwrite)?;
    let notes: Vec<String> = figures
        .iter()
        .map(|figure| figure.notes.join("; "))
        .collect();
    let described: Vec<String> = picture.warning.iter().chain(&notes).cloned().collect();
    let mut sheet = Sheet::new(["file", "bytes", "notes"]);
    sheet.push_row([
        arguments.out.clone(),
        picture.bytes.len().to_string(),
        described.join(" | "),
    ]);
    context.printer.print(&CommandOutput::table(
        json!({
            "file": arguments.out,
            "bytes": picture.bytes.len(),
            "notes": notes,
            "warning": picture.warning,
        }),
        sheet,
    ))
}

async fn build_figure(
    reader: &dyn ReadStore,
    runs: &[Run],
    metric: &str,
    arguments: &ChartArgs,
    picture: &PictureOptions,
) -> Result<Figure, CliError> {
    let histories = read_histories(reader, runs, metric, Resolution::Full).await?;
    if histories.iter().all(|history| history.points.is_empty()) {
        return Err(CliError::new(
            ExitStatus::NoMatch,
            format!("no run has the metric {metric}"),
        ));
    }
    let options = CurveOptions {
        x_axis: match arguments.over {
            XAxisArg::Step => XAxis::Step,
            XAxisArg::Relative => XAxis::Relative,
            XAxisArg::Wall => XAxis::Wall,
        },
        scale: match arguments.scale {
            ScaleArg::Linear => ScaleKind::Linear,
            ScaleArg::Log => ScaleKind::Log,
            ScaleArg::Symlog => ScaleKind::Symlog,
        },
        smoothing: arguments.smooth.clamp(0.0, 0.999),
        clip_outliers: arguments.clip,
        x_window: None,
        columns: picture.curve_columns(arguments.metric.len()),
        marker_count: MARKS_PER_CURVE,
        max_bars: picture.max_bars(arguments.metric.len()),
        zone: jiff::tz::TimeZone::system(),
    };
    let title = arguments.title.as_deref().unwrap_or(metric);
    Ok(curve_chart(title, runs, &histories, &options))
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "expected a width and a height in px, such as 1000x600".to_owned())
}
