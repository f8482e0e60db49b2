//! Output to stdout and stderr. All text is cleaned; a closed pipe (`| head`) is not an error.

pub mod error;
pub mod file;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;
use serde_json::Value;

use self::error::{CliError, ExitStatus};
use crate::config::{Alert, ColorChoice, EnvLookup};
use crate::export::{Sheet, json};
use crate::text::untrusted::{clean, clean_text};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// Aligned columns or text, for people.
    #[default]
    Table,
    Json,
    /// One JSON object per line.
    Jsonl,
    Csv,
    Markdown,
}

impl OutputFormat {
    /// Whether errors are JSON, too.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// The result of a subcommand in every output format.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandOutput {
    /// For `--json`; with `--jsonl`, one line per item of a list.
    json: Value,
    /// For `--csv`, `--markdown` and tables.
    sheet: Sheet,
    /// Replaces the table.
    lines: Option<Vec<String>>,
    /// How many columns are keys of their rows, if the table keeps every column on a narrow terminal.
    keys: Option<usize>,
}

impl CommandOutput {
    #[must_use]
    pub fn table(json: Value, sheet: Sheet) -> Self {
        Self {
            json,
            sheet,
            lines: None,
            keys: None,
        }
    }

    /// A table that is wrapped where it doesn't fit the terminal, or listed row by row, each after its first `keys` cells.
    #[must_use]
    pub fn complete_table(json: Value, sheet: Sheet, keys: usize) -> Self {
        Self {
            keys: Some(keys),
            ..Self::table(json, sheet)
        }
    }

    #[must_use]
    pub fn text(json: Value, sheet: Sheet, lines: Vec<String>) -> Self {
        Self {
            json,
            sheet,
            lines: Some(lines),
            keys: None,
        }
    }
}

/// Prints results to stdout; notes, prompts and errors to stderr.
pub struct Printer {
    pub format: OutputFormat,
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
    width: Option<usize>,
    bold_headers: bool,
    shows_progress: bool,
    is_progress_visible: bool,
    is_closed: bool,
}

impl Printer {
    /// The width of the terminal in cells; `None` if stdout is not a terminal.
    #[must_use]
    pub fn width(&self) -> Option<u16> {
        self.width
            .map(|width| u16::try_from(width).unwrap_or(u16::MAX))
    }

    #[must_use]
    pub fn stdio(format: OutputFormat) -> Self {
        let terminal = io::stdout().is_terminal();
        let width = terminal
            .then(crossterm::terminal::size)
            .and_then(Result::ok)
            .map(|(columns, _)| usize::from(columns));
        Self {
            format,
            stdout: Box::new(BufWriter::new(io::stdout())),
            stderr: Box::new(io::stderr()),
            width,
            bold_headers: false,
            shows_progress: io::stderr().is_terminal(),
            is_progress_visible: false,
            is_closed: false,
        }
    }

    /// Decides whether table headers are bold, the only style of tables.
    pub fn set_color(&mut self, choice: ColorChoice, lookup: EnvLookup<'_>) {
        let is_plain = || lookup("NO_COLOR").is_some() || lookup("TERM").as_deref() == Some("dumb");
        self.bold_headers = match choice {
            ColorChoice::Always => true,
            ColorChoice::Auto => io::stdout().is_terminal() && !is_plain(),
            ColorChoice::Never => false,
        };
    }

    /// Prints a result in the requested format.
    ///
    /// # Errors
    /// If stdout can't be written, except for a closed pipe.
    pub fn print(&mut self, output: &CommandOutput) -> Result<(), CliError> {
        match self.format {
            OutputFormat::Json => self.write_raw(&(json::to_string(&output.json) + "\n")),
            OutputFormat::Jsonl => match output.json.as_array() {
                Some(items) => items.iter().try_for_each(|item| self.print_json_line(item)),
                None => self.print_json_line(&output.json),
            },
            // On a terminal nothing may be reordered or hidden.
            OutputFormat::Csv if self.width.is_some() => {
                self.write_raw(&clean_text(&output.sheet.to_csv()))
            }
            OutputFormat::Csv => self.write_raw(&output.sheet.to_csv()),
            OutputFormat::Markdown => self.write_raw(&output.sheet.to_markdown()),
            OutputFormat::Table => match &output.lines {
                Some(lines) => self.print_lines(lines),
                None => self.print_table(&output.sheet, output.keys),
            },
        }
    }

    /// Prints and flushes one JSON object on its own line.
    ///
    /// # Errors
    /// As for [`Self::print`].
    pub fn print_json_line(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        self.write_raw(&(json::to_line(value) + "\n"))?;
        self.flush()
    }

    /// Cleans and prints lines.
    ///
    /// # Errors
    /// As for [`Self::print`].
    pub fn print_lines(&mut self, lines: &[String]) -> Result<(), CliError> {
        lines
            .iter()
            .try_for_each(|line| self.write_raw(&format!("{}\n", clean(line))))
    }

    fn print_table(&mut self, sheet: &Sheet, keys: Option<usize>) -> Result<(), CliError> {
        let (lines, has_headers, hidden) = match (self.width, keys) {
            (Some(width), Some(keys)) => {
                let (lines, has_headers) = sheet.to_complete_lines(width, keys);
                (lines, has_headers, 0)
            }
            (width, _) => {
                let (lines, hidden) = sheet.to_aligned_lines(width);
                (lines, true, hidden)
            }
        };
        for (at, line) in lines.iter().enumerate() {
            let line = if at == 0 && has_headers && self.bold_headers {
                format!("\u{1b}[1m{line}\u{1b}[0m\n")
            } else {
                format!("{line}\n")
            };
            self.write_raw(&line)?;
        }
        if hidden > 0 {
            self.flush()?;
            self.note(&format!("{hidden} columns don't fit; --csv prints all"));
        }
        Ok(())
    }

    /// Prints text without cleaning it.
    ///
    /// # Errors
    /// As for [`Self::print`].
    pub fn write_raw(&mut self, text: &str) -> Result<(), CliError> {
        if self.is_closed {
            return Ok(());
        }
        let written = self.stdout.write_all(text.as_bytes());
        self.check_write(written)
    }

    /// Flushes stdout.
    ///
    /// # Errors
    /// As for [`Self::print`].
    pub fn flush(&mut self) -> Result<(), CliError> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = self.stdout.flush();
        self.check_write(flushed)
    }

    /// Whether the reader of stdout has closed it, so that further reads of the store are useless.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn check_write(&mut self, result: io::Result<()>) -> Result<(), CliError> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            other => other.map_err(|error| {
                CliError::new(ExitStatus::Failed, "can't write to stdout")
                    .with_cause(error.to_string())
            }),
        }
    }

    /// Prints a line to stderr; failures to do so are ignored.
    pub fn note(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{}", clean(line));
    }

    /// Sends an alert if stderr is a terminal.
    pub fn alert(&mut self, how: Alert, text: &str) {
        if self.shows_progress {
            let _ = write!(self.stderr, "{}", how.escape_sequence(text));
            let _ = self.stderr.flush();
        }
    }

    /// Prints a question to stderr without a line end.
    pub fn prompt(&mut self, question: &str) {
        let _ = write!(self.stderr, "{} ", clean(question));
        let _ = self.stderr.flush();
    }

    /// Shows progress if stderr is a terminal. The next text replaces it; an empty text clears it.
    pub fn progress(&mut self, line: &str) {
        if self.shows_progress && (self.is_progress_visible || !line.is_empty()) {
            self.is_progress_visible = !line.is_empty();
            let _ = write!(self.stderr, "\r\u{1b}[K{}", clean(line));
            let _ = self.stderr.flush();
        }
    }

    /// Prints an error to stderr in the requested format.
    pub fn print_error(&mut self, error: &CliError) {
        if self.format.is_json() {
            let _ = writeln!(
                self.stderr,
                "{}",
                json::to_line(&serde_json::json!({ "error": error }))
            );
        } else {
            for line in error.lines() {
                let _ = writeln!(self.stderr, "{line}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn closed_pipe_is_not_an_error() {
        let mut printer = Printer {
            format: OutputFormat::Jsonl,
            stdout: Box::new(ClosedPipe),
            stderr: Box::new(io::sink()),
            width: None,
            bold_headers: false,
            shows_progress: false,
            is_progress_visible: false,
            is_closed: false,
        };
        assert_eq!(
            printer.print(&CommandOutput::table(json!([1, 2, 3]), Sheet::default())),
            Ok(())
        );
        assert!(printer.is_closed());
    }
}
