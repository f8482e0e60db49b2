//! Charts, comparisons and tables written to new files.

mod tables;

pub use tables::{TableExport, TextRows};

use std::io::ErrorKind;
use std::path::PathBuf;

use tokio::task::spawn_blocking;

use super::RequestError;
use crate::analysis::{Comparison, RowKind};
use crate::chart::{CurveOptions, CurveSeries, Figure, ScaleKind, XAxis, curves};
use crate::domain::{MetricHistory, Run, RunId};
use crate::export::comparison::{ComparisonFormat, RowSelection, render_comparison};
use crate::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};
use crate::files;
use crate::lineage::Graph;
use crate::store::limits::BULK_POINTS;
use crate::store::{ReadStore, Resolution, Result};
use crate::text::quantity::format_bytes;
use crate::text::untrusted::clean;

/// A picture is dark when its file name has this suffix before the extension.
const DARK_SUFFIX: &str = "-dark";
/// The highest number that is tried for a free name.
const MAX_NUMBERED: u32 = 10_000;
/// How many charts an HTML page has at most.
const MAX_CHARTS: usize = 12;
/// How many runs a chart of an HTML page has at most.
const MAX_CHART_RUNS: usize = 20;

/// The content of a file.
#[derive(Clone, Debug)]
pub enum Export {
    /// Charts, as PNG or SVG.
    Charts(Vec<Figure>),
    /// A comparison, as Markdown, CSV, JSON or HTML; `true` leaves equal rows out.
    Comparison(Comparison, bool),
    /// A table, as CSV, Markdown or JSON.
    Table(TableExport),
    /// A lineage, as Markdown, DOT or JSON.
    Lineage(Graph),
}

/// Writes a new file in the format of its extension. Returns a line that reports it.
///
/// # Errors
/// When the extension is unknown, or the file exists or cannot be written.
pub async fn export_to_file(
    reader: &dyn ReadStore,
    path: String,
    content: Export,
) -> Result<String, RequestError> {
    let figures = match &content {
        Export::Comparison(comparison, _)
            if ComparisonFormat::from_path(&path) == Some(ComparisonFormat::Html) =>
        {
            metric_charts(reader, comparison).await
        }
        _ => Vec::new(),
    };
    let write = move || {
        let (file, warning) = render_export(&path, &content, &figures)?;
        let report = write_new_file(&path, &file)?;
        Ok(match warning {
            Some(warning) => format!("{report}; {warning}"),
            None => report,
        })
    };
    spawn_blocking(write).await?
}

/// Charts of the metrics that differ and have more than one point. Metrics that cannot be read are left out.
pub async fn metric_charts(reader: &dyn ReadStore, comparison: &Comparison) -> Vec<Figure> {
    let runs = &comparison.runs[..comparison.runs.len().min(MAX_CHART_RUNS)];
    let options = CurveOptions {
        x_axis: XAxis::Step,
        scale: ScaleKind::Linear,
        smoothing: 0.0,
        clip_outliers: false,
        x_window: None,
        columns: 800,
        marker_count: 4,
        max_bars: MAX_CHART_RUNS,
        zone: jiff::tz::TimeZone::system(),
    };
    let metrics = comparison.rows.iter().filter(|row| {
        row.kind == RowKind::Metric && row.differs && !row.key.raw().starts_with("system/")
    });
    let mut figures = Vec::new();
    for metric in metrics.take(2 * MAX_CHARTS) {
        let (key, title) = (metric.key.raw(), metric.key.clean());
        let resolution = Resolution::Points(BULK_POINTS);
        let Ok(histories) = read_histories(reader, runs, key, resolution).await else {
            continue;
        };
        if histories.iter().any(|history| history.points.len() > 1) && figures.len() < MAX_CHARTS {
            figures.push(curve_chart(&title, runs, &histories, &options));
        }
    }
    figures
}

/// Reads the histories of one metric.
///
/// # Errors
/// When the store cannot be read.
pub async fn read_histories(
    reader: &dyn ReadStore,
    runs: &[Run],
    metric: &str,
    resolution: Resolution,
) -> Result<Vec<MetricHistory>> {
    let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
    reader.histories(&ids, metric, resolution).await
}

/// A chart with one curve per run that has a history. `title` is drawn cleaned.
#[must_use]
pub fn curve_chart(
    title: &str,
    runs: &[Run],
    histories: &[MetricHistory],
    options: &CurveOptions,
) -> Figure {
    let curve = |(series, run): (usize, &Run)| {
        let history = histories.iter().find(|history| history.run == run.id)?;
        Some(CurveSeries {
            label: run.label().clean().into_owned(),
            series,
            points: &history.points,
            start: run.start_time,
            is_sampled: history.is_sampled,
        })
    };
    let series: Vec<CurveSeries<'_>> = runs.iter().enumerate().filter_map(curve).collect();
    curves(clean(title), &series, options)
}

/// The file, and a warning about what could not be drawn.
fn render_export(
    path: &str,
    content: &Export,
    figures: &[Figure],
) -> Result<(Vec<u8>, Option<String>), RequestError> {
    let plain = |text: String| (text.into_bytes(), None);
    match content {
        Export::Table(table) => table.render(path).map(plain),
        Export::Lineage(graph) => tables::render_lineage(graph, path).map(plain),
        Export::Charts(figures) => {
            let format = PictureFormat::from_path(path).ok_or_else(|| {
                tables::unknown_extension("the name of a picture must end in .png or .svg")
            })?;
            let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
            let palette = if stem.ends_with(DARK_SUFFIX) {
                Palette::dark()
            } else {
                Palette::light()
            };
            let picture = render_picture(figures, &PictureOptions::new(format, palette))
                .map_err(|error| RequestError::new(error.to_string(), "export fewer charts"))?;
            Ok((picture.bytes, picture.warning))
        }
        Export::Comparison(comparison, only_differences) => {
            let format = ComparisonFormat::from_path(path).ok_or_else(|| {
                tables::unknown_extension("the name must end in .md, .csv, .json or .html")
            })?;
            let selection = RowSelection {
                only_differing: *only_differences,
                ..RowSelection::default()
            };
            let file = render_comparison(comparison, format, selection, figures);
            Ok((file.into_bytes(), None))
        }
    }
}

/// This path, or the first of `name-2.ext`, `name-3.ext` and so on that does not exist.
#[must_use]
pub fn free_name(path: &str) -> String {
    let is_free = |name: &String| !expand_home(name).exists();
    let (stem, extension) = match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') && !stem.is_empty() => {
            (stem, format!(".{extension}"))
        }
        _ => (path, String::new()),
    };
    let (stem, suffix) = match stem.strip_suffix(DARK_SUFFIX) {
        Some(stem) => (stem, DARK_SUFFIX),
        None => (stem, ""),
    };
    let numbered = (2..MAX_NUMBERED).map(|n| format!("{stem}-{n}{suffix}{extension}"));
    std::iter::once(path.to_owned())
        .chain(numbered)
        .find(is_free)
        .unwrap_or_else(|| path.to_owned())
}

pub(super) fn expand_home(path: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match path.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(path),
    }
}

fn write_new_file(path: &str, content: &[u8]) -> Result<String, RequestError> {
    let written = files::create(&expand_home(path), content);
    let raw = path;
    let path = clean(path);
    let failed = |message| RequestError::new(message, "press x to enter another name");
    match written {
        Ok(()) => Ok(format!(
            "wrote {path} ({})",
            format_bytes(content.len() as u64)
        )),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(RequestError::new(
            format!("{path} exists already"),
            format!("press x again: it offers {}", clean(&free_name(raw))),
        )),
        Err(error) => Err(failed(format!("cannot write {path}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_name_counts_up_and_keeps_what_the_name_means() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for (name, next) in [
            ("comparison.md", "comparison-2.md"),
            ("chart-dark.png", "chart-2-dark.png"),
            ("noext", "noext-2"),
        ] {
            assert_eq!(free_name(&path(name)), path(name));
            std::fs::write(path(name), "").unwrap();
            assert_eq!(free_name(&path(name)), path(next));
            std::fs::write(path(next), "").unwrap();
        }
        assert_eq!(free_name(&path("comparison.md")), path("comparison-3.md"));
    }
}
