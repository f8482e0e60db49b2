//! A document as one HTML page: no script, no external resource, figures embedded as SVG.

use super::escape::html as escape;
use super::{Answer, Block, Cell, Check, Document, Table, Tone};
use crate::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};

/// The style sheet, for light and dark mode.
const STYLE: &str = "\
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem;color:#1c1c1c;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid #ddd;white-space:pre-wrap;vertical-align:top;max-width:32rem}\
th:first-child,td:first-child{position:sticky;left:0;background:#fff}\
.best,.good{font-weight:700;color:#00694b}.worse,.bad,.warning{color:#a33c00}.muted,small{color:#777}\
svg{max-width:100%;height:auto;margin:.5rem 0}\
@media(prefers-color-scheme:dark){body,th:first-child,td:first-child{background:#16181d;color:#e6e6e6}th,td{border-color:#333}\
.best,.good{color:#2fc99b}.worse,.bad,.warning{color:#ff9f6f}svg{background:#fff;border-radius:6px}}";

impl Document {
    /// The page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        );
        page.extend(self.blocks.iter().map(Block::to_html));
        page + "</body></html>\n"
    }
}

impl Block {
    fn to_html(&self) -> String {
        match self {
            Self::Heading(text) => format!("<h2>{}</h2>\n", escape(text)),
            Self::Paragraph(text) => format!("<p>{}</p>\n", escape(text)),
            Self::Verdict(text, tone) => format!("<p{}>{}</p>\n", class(*tone), escape(text)),
            Self::Note(text) => format!("<p><small>{}</small></p>\n", escape(text)),
            Self::List(lines) => list(lines, ""),
            Self::Warnings(lines) => list(lines, " class=\"warning\""),
            Self::Diff(lines) => preformatted(lines),
            Self::Checks(checks) => check_table(checks),
            Self::Answers(answers) => answer_table(answers),
            Self::Table(table) => table.to_html(),
            Self::Graph { outline, .. } => {
                let mut sections = String::new();
                for (title, lines) in outline {
                    sections += &format!("<h2>{title}</h2>\n{}", preformatted(lines));
                }
                sections
            }
            Self::Details { summary, table } => format!(
                "<details><summary>{summary}</summary>\n{}</details>\n",
                table.to_html()
            ),
            Self::Figure(figure) => {
                let options = PictureOptions::new(PictureFormat::Svg, Palette::light());
                match render_picture(std::slice::from_ref(figure), &options)
                    .map(|picture| String::from_utf8(picture.bytes))
                {
                    Ok(Ok(svg)) => svg,
                    _ => format!("<p>cannot draw {}</p>\n", escape(&figure.title)),
                }
            }
        }
    }
}

fn list(lines: &[String], class: &str) -> String {
    let items = lines.iter();
    let items = items.map(|line| format!("<li>{}</li>\n", escape(line)));
    format!("<ul{class}>\n{}</ul>\n", items.collect::<String>())
}

fn preformatted(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    format!("<pre>{}</pre>\n", lines.join("\n"))
}

fn answer_table(answers: &[Answer]) -> String {
    let row = |answer: &Answer| {
        let lines: Vec<String> = answer.lines.iter().map(|line| escape(line)).collect();
        format!(
            "<tr><th>{}</th><td{}>{}</td></tr>\n",
            escape(answer.question),
            class(answer.tone),
            lines.join("<br>")
        )
    };
    let rows: String = answers.iter().map(row).collect();
    format!("<div class=\"wide\"><table>\n{rows}</table></div>\n")
}

fn check_table(checks: &[Check]) -> String {
    let row = |check: &Check| {
        format!(
            "<tr><td>{}</td><td{}>{}</td><td>{}</td></tr>\n",
            escape(&check.name),
            class(check.tone),
            escape(&check.state),
            escape(&check.explanation())
        )
    };
    let rows: String = checks.iter().map(row).collect();
    format!("<div class=\"wide\"><table>\n{rows}</table></div>\n")
}

impl Table {
    fn to_html(&self) -> String {
        let mut head = String::new();
        for header in &self.headers {
            head += &format!("<th>{}</th>", escape(header));
        }
        let mut out = format!("<div class=\"wide\"><table>\n<tr>{head}</tr>\n");
        let mut group = "";
        for row in &self.rows {
            if row.group != group {
                group = row.group;
                out += &format!(
                    "<tr><th colspan=\"{}\">{group}</th></tr>\n",
                    self.headers.len()
                );
            }
            let cells: String = row.cells.iter().map(cell).collect();
            out += &format!("<tr>{cells}</tr>\n");
        }
        out + "</table></div>\n"
    }
}

fn cell(cell: &Cell) -> String {
    let note = if cell.note.is_empty() {
        String::new()
    } else {
        format!(" <small>{}</small>", escape(&cell.note))
    };
    format!("<td{}>{}{note}</td>", class(cell.tone), escape(&cell.text))
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Title => "",
        Tone::Best => " class=\"best\"",
        Tone::Worse => " class=\"worse\"",
        Tone::Muted | Tone::Unknown => " class=\"muted\"",
        Tone::Good => " class=\"good\"",
        Tone::Warning => " class=\"warning\"",
        Tone::Bad => " class=\"bad\"",
    }
}
