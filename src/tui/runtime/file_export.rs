//! Writing what is seen into a file: a picture, a comparison. A file that is there is never written over.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use crate::analysis::{Comparison, RowKind};
use crate::chart::{CurveOptions, CurveSeries, Figure, ScaleKind, XAxis, curves};
use crate::domain::{MetricHistory, RunId};
use crate::export::comparison::{ComparisonFormat, render_comparison};
use crate::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};
use crate::store::limits::BULK_POINTS;
use crate::store::{ReadStore, Resolution};
use crate::text::untrusted::clean;
use crate::tui::app::message::{Export, RequestError};

/// What the name of a dark picture ends with, before the point.
const DARK_SUFFIX: &str = "-dark";
/// The most curves of metrics in a page.
const MAX_CHARTS: usize = 12;
/// The most runs whose curves are drawn in a page.
const MAX_CHART_RUNS: usize = 20;

/// Writes the file. Returns what was written, in a line.
pub(super) async fn export_to_file(
    reader: &dyn ReadStore,
    path: String,
    what: Export,
) -> Result<String, RequestError> {
    let figures = match &what {
        Export::Comparison(data, _)
            if ComparisonFormat::from_path(&path) == Some(ComparisonFormat::Html) =>
        {
            metric_charts(reader, data).await
        }
        _ => Vec::new(),
    };
    let work = move || {
        let file = render_export(&path, &what, &figures)?;
        write_new_file(&path, &file)
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|stopped| Err(refused(stopped.to_string(), "try it again")))
}

/// The curves of the metrics that differ, for a page: those that have more than a point. What can't be read is left out.
pub async fn metric_charts(reader: &dyn ReadStore, comparison: &Comparison) -> Vec<Figure> {
    let ids: Vec<RunId> = comparison
        .runs
        .iter()
        .take(MAX_CHART_RUNS)
        .map(|run| run.id.clone())
        .collect();
    let metrics = comparison.rows.iter().filter(|row| {
        row.kind == RowKind::Metric && row.differs && !row.key.raw().starts_with("system/")
    });
    let mut figures = Vec::new();
    for metric in metrics.take(2 * MAX_CHARTS) {
        let Ok(histories) = reader
            .histories(&ids, metric.key.raw(), Resolution::Points(BULK_POINTS))
            .await
        else {
            continue;
        };
        let curve = |(series, id): (usize, &RunId)| {
            let MetricHistory {
                points,
                is_sampled: sampled,
                ..
            } = histories.iter().find(|history| history.run == *id)?;
            let run = &comparison.runs[series];
            Some(CurveSeries {
                label: run.label().clean().into_owned(),
                series,
                points,
                start: run.start_time,
                is_sampled: *sampled,
            })
        };
        let all: Vec<CurveSeries<'_>> = ids.iter().enumerate().filter_map(curve).collect();
        if all.iter().all(|curve| curve.points.len() < 2) || figures.len() == MAX_CHARTS {
            continue;
        }
        let options = CurveOptions {
            x_axis: XAxis::Step,
            scale: ScaleKind::Linear,
            smoothing: 0.0,
            clip_outliers: false,
            x_window: None,
            columns: 800,
            marker_count: 4,
            zone: jiff::tz::TimeZone::system(),
        };
        figures.push(curves(metric.key.clean().into_owned(), &all, &options));
    }
    figures
}

fn render_export(path: &str, what: &Export, figures: &[Figure]) -> Result<Vec<u8>, RequestError> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    match what {
        Export::Charts(figures) => {
            let format = PictureFormat::from_path(path);
            let format = format.ok_or_else(|| {
                refused(
                    "a picture's name ends in .png or .svg",
                    "x asks for the name again",
                )
            })?;
            let palette = if stem.ends_with(DARK_SUFFIX) {
                Palette::dark()
            } else {
                Palette::light()
            };
            let options = PictureOptions::new(format, palette);
            render_picture(figures, &options)
                .map_err(|error| refused(error.to_string(), "try fewer charts at once"))
        }
        Export::Comparison(data, differing) => {
            let format = ComparisonFormat::from_path(path);
            let format = format.ok_or_else(|| {
                refused(
                    "the name ends in .md, .csv, .json or .html",
                    "x asks for the name again",
                )
            })?;
            Ok(render_comparison(data, format, *differing, figures).into_bytes())
        }
    }
}

fn write_new_file(path: &str, file: &[u8]) -> Result<String, RequestError> {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    let target = match path.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(path),
    };
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&target)
        .and_then(|mut open| open.write_all(file));
    let shown = clean(path).into_owned();
    match written {
        Ok(()) => Ok(format!(
            "written: {shown} ({})",
            crate::text::quantity::format_bytes(file.len() as u64)
        )),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(refused(
            format!("{shown} is there already, and is left as it is"),
            "x asks for another name",
        )),
        Err(error) => Err(refused(
            format!("{shown} can't be written: {error}"),
            "x asks for another name",
        )),
    }
}

fn refused(why: impl Into<String>, next: &str) -> RequestError {
    RequestError {
        message: why.into(),
        hint: next.to_owned(),
    }
}
