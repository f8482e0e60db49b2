//! A comparison as one page: no script, nothing from elsewhere, its pictures inside.

use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::chart::Figure;
use crate::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};
use crate::text::number::{format_short, format_signed};
use crate::text::untrusted::clean;

/// How the page looks, by day and by night.
const STYLE: &str = "\
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem;color:#1c1c1c;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid #ddd;white-space:pre-wrap;vertical-align:top;max-width:32rem}\
th:first-child,td:first-child{position:sticky;left:0;background:#fff}\
.best{font-weight:700;color:#00694b}.worse{color:#a33c00}.same,.none,small{color:#777}\
svg{max-width:100%;height:auto;margin:.5rem 0}\
@media(prefers-color-scheme:dark){body,th:first-child,td:first-child{background:#16181d;color:#e6e6e6}th,td{border-color:#333}\
.best{color:#2fc99b}.worse{color:#ff9f6f}svg{background:#fff;border-radius:6px}}";

/// The page; with `differing`, only what differs.
#[must_use]
pub fn html(comparison: &Comparison, only_differing: bool, figures: &[Figure]) -> String {
    let title = format!("{} runs compared", comparison.runs.len());
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    page.push_str(&format!(
        "<p>{} properties differ, {} are equal.</p>\n",
        comparison.different_count(),
        comparison.equal_count()
    ));
    let rows: Vec<&ComparisonRow> = comparison
        .rows
        .iter()
        .filter(|row| row.differs || !only_differing)
        .collect();
    for kind in [
        RowKind::Metric,
        RowKind::Param,
        RowKind::Dataset,
        RowKind::Code,
        RowKind::Environment,
        RowKind::Tag,
        RowKind::Attribute,
    ] {
        write_table(
            &mut page,
            comparison,
            kind,
            rows.iter().copied().filter(|row| row.kind == kind),
        );
    }
    if !figures.is_empty() {
        page.push_str("<h2>curves</h2>\n");
    }
    let options = PictureOptions::new(PictureFormat::Svg, Palette::light());
    for figure in figures {
        match render_picture(std::slice::from_ref(figure), &options).map(String::from_utf8) {
            Ok(Ok(svg)) => page.push_str(&svg),
            _ => page.push_str(&format!(
                "<p>{} can't be drawn</p>\n",
                escape_html(&figure.title)
            )),
        }
    }
    page.push_str("</body></html>\n");
    page
}

fn write_table<'a>(
    page: &mut String,
    comparison: &Comparison,
    kind: RowKind,
    rows: impl Iterator<Item = &'a ComparisonRow>,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    page.push_str(&format!(
        "<h2>{}</h2>\n<div class=\"wide\"><table><tr><th></th>",
        kind.as_str()
    ));
    for (at, run) in comparison.runs.iter().enumerate() {
        let mark = if at == comparison.baseline {
            " <small>baseline</small>"
        } else {
            ""
        };
        page.push_str(&format!(
            "<th>{}{mark}</th>",
            escape_html(run.label().raw())
        ));
    }
    page.push_str("</tr>\n");
    for row in rows {
        let arrow = row
            .direction
            .map(|direction| format!(" {}", direction.arrow()))
            .unwrap_or_default();
        page.push_str(&format!(
            "<tr><td>{}{arrow}</td>",
            escape_html(row.key.raw())
        ));
        (0..comparison.runs.len())
            .for_each(|at| page.push_str(&cell(row, at, comparison.baseline)));
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n");
}

fn cell(row: &ComparisonRow, at: usize, baseline: usize) -> String {
    let value = row.values.get(at).and_then(Option::as_ref);
    if let Some(number) = row.numbers.get(at).copied().flatten() {
        let class = match (row.best_runs.contains(&at), row.is_better(at)) {
            (true, _) => " class=\"best\"",
            (false, Some(false)) => " class=\"worse\"",
            _ => "",
        };
        let delta = row
            .delta
            .get(at)
            .copied()
            .flatten()
            .filter(|delta| *delta != 0.0);
        let percent = row
            .delta_percent(at)
            .map(|percent| format!(" {}%", format_signed(percent, 2)))
            .unwrap_or_default();
        let delta = delta
            .map(|delta| format!(" <small>{}{percent}</small>", format_signed(delta, 3)))
            .unwrap_or_default();
        return format!("<td{class}>{}{delta}</td>", format_short(number));
    }
    match value {
        None => "<td class=\"none\">—</td>".into(),
        Some(value) if value.is_empty() => "<td class=\"none\">(empty)</td>".into(),
        Some(value) => {
            let same =
                at != baseline && row.values.get(baseline).and_then(Option::as_ref) == Some(value);
            format!(
                "<td{}>{}</td>",
                if same { " class=\"same\"" } else { "" },
                escape_html(value.raw())
            )
        }
    }
}

fn escape_html(text: &str) -> String {
    let cleaned = clean(text);
    cleaned
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::compare;
    use crate::domain::{KeyValue, Run};

    #[test]
    fn store_text_is_html_escaped() {
        let run = |id: &str, value: &str| {
            let mut run = Run::bare(id.into(), "1".into());
            run.name = "<script>alert(1)</script>".into();
            run.params = vec![KeyValue {
                key: "\"onload=".into(),
                value: value.into(),
            }];
            run
        };
        let page = html(
            &compare(vec![run("a", "<b>"), run("b", "'")], None),
            true,
            &[],
        );
        assert!(
            !page.contains("<script") && !page.contains("<b>") && page.contains("&lt;script&gt;"),
            "{page}"
        );
    }
}
