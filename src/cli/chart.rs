//! `chart RUN… --metric M --out FILE`: the curves of metrics as a picture.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::context::Context;
use crate::chart::{Curve, CurveOptions, Figure, Over, ScaleKind, curves};
use crate::cli::output::Report;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::domain::{History, Run};
use crate::export::Sheet;
use crate::export::picture::{Palette, PictureFormat, PictureOptions, picture};
use crate::store::{Read, Resolution};

/// How many marks a line has along its way.
const MARKS: usize = 4;

/// What can be said to `chart`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The runs: ids, beginnings of ids, or names.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// The metric; given again, another chart beside it.
    #[arg(long, value_name = "METRIC", required = true)]
    metric: Vec<String>,
    /// Where the picture goes: its end, .png or .svg, is its format.
    #[arg(long, value_name = "FILE")]
    out: String,
    /// What curves are drawn over.
    #[arg(long, value_name = "AXIS", default_value = "step")]
    over: Axis,
    /// How values are spread.
    #[arg(long, value_name = "SCALE", default_value = "linear")]
    scale: Spread,
    /// Draw a smooth line over the raw one: the weight of what came before, from 0 to 1.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    smooth: f64,
    /// Leave the outermost hundredth of the values out of the axis.
    #[arg(long)]
    clip: bool,
    /// Its width and height in px of an SVG, such as 1000x600; a PNG has twice as many.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    size: Option<(u32, u32)>,
    /// On a dark ground.
    #[arg(long)]
    dark: bool,
    /// What stands above it; else the metric.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

/// What curves are drawn over.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Axis {
    /// Steps.
    Step,
    /// The time since each run's start.
    Relative,
    /// The time of day.
    Wall,
}

/// How values are spread.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spread {
    /// Evenly.
    Linear,
    /// By magnitude.
    Log,
    /// By magnitude on both sides of 0.
    Symlog,
}

/// Draws the picture.
///
/// # Errors
/// When a run is not there, none of them has the metric, or the file can't be written.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let format = PictureFormat::of(&arguments.out).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "--out is to end in .png or .svg: that is the picture's format",
        )
    })?;
    let palette = if arguments.dark {
        Palette::dark()
    } else {
        Palette::light()
    };
    let options = PictureOptions {
        size: arguments.size,
        ..PictureOptions::new(format, palette)
    };
    let session = context.open_beside().await?;
    let reader = session.reader.as_ref();
    let within = resolve::within(reader, context.flags.experiment.as_deref()).await?;
    let runs = resolve::runs(reader, &arguments.runs, within.as_ref()).await?;
    let mut figures = Vec::new();
    for metric in &arguments.metric {
        let figure = figure(
            reader,
            &runs,
            metric,
            arguments,
            options.columns(arguments.metric.len()),
        )
        .await?;
        figures.push(figure);
    }
    let file = picture(&figures, &options)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    std::fs::write(&arguments.out, &file).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("{} can't be written: {error}", arguments.out),
        )
    })?;
    let notes: Vec<String> = figures
        .iter()
        .map(|figure| figure.notes.join("; "))
        .collect();
    let mut sheet = Sheet::new(["file", "bytes", "notes"]);
    sheet.row([
        arguments.out.clone(),
        file.len().to_string(),
        notes.join(" | "),
    ]);
    context.output.report(&Report::table(
        json!({ "file": arguments.out, "bytes": file.len(), "notes": notes }),
        sheet,
    ))
}

async fn figure(
    reader: &dyn Read,
    runs: &[Run],
    metric: &str,
    arguments: &Arguments,
    columns: usize,
) -> Result<Figure, Failure> {
    let ids: Vec<_> = runs.iter().map(|run| run.id.clone()).collect();
    let histories = reader.histories(&ids, metric, Resolution::Exact).await?;
    if histories.iter().all(|history| history.points.is_empty()) {
        return Err(Failure::new(
            Exit::NoMatch,
            format!("none of the runs has the metric {metric}"),
        ));
    }
    let curve = |(series, run): (usize, &Run)| {
        let History {
            points, sampled, ..
        } = histories.iter().find(|history| history.run == run.id)?;
        Some(Curve {
            label: run.label().clean().into_owned(),
            series,
            points,
            start: run.start_time,
            sampled: *sampled,
        })
    };
    let all: Vec<Curve<'_>> = runs.iter().enumerate().filter_map(curve).collect();
    let options = CurveOptions {
        over: match arguments.over {
            Axis::Step => Over::Step,
            Axis::Relative => Over::Relative,
            Axis::Wall => Over::Wall,
        },
        scale: match arguments.scale {
            Spread::Linear => ScaleKind::Linear,
            Spread::Log => ScaleKind::Log,
            Spread::Symlog => ScaleKind::Symlog,
        },
        smoothing: arguments.smooth.clamp(0.0, 0.999),
        clip: arguments.clip,
        window: None,
        columns,
        marks: MARKS,
        zone: jiff::tz::TimeZone::system(),
    };
    let title = arguments.title.as_deref().unwrap_or(metric);
    Ok(curves(crate::text::untrusted::clean(title), &all, &options))
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "a size is a width and a height in px, such as 1000x600".to_owned())
}
