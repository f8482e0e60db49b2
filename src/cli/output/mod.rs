//! Printing: the one way to stdout and stderr. Everything is cleaned here once more, and a reader that goes away
//! (`| head`) ends the printing without a word.

mod command_output;
pub mod error;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

pub use command_output::CommandOutput;

use self::error::{CliError, ExitStatus};
use crate::config::{Alert, ColorChoice, EnvLookup};
use crate::export::{Sheet, json};
use crate::text::untrusted::clean;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// One JSON object a line, as they arrive.
    Jsonl,
    /// CSV.
    Csv,
    /// A Markdown table.
    Markdown,
}

impl OutputFormat {
    /// Whether errors are told as JSON, too.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// Where answers, notes and questions go.
pub struct Printer {
    /// The form of answers.
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
    /// How many cells a line of the terminal has; none where it is no terminal.
    #[must_use]
    pub fn width(&self) -> Option<u16> {
        self.width
            .map(|width| u16::try_from(width).unwrap_or(u16::MAX))
    }

    /// The process's own stdout and stderr.
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

    /// Sets whether heads stand out: no table has any other colour.
    pub fn set_color(&mut self, choice: ColorChoice, lookup: EnvLookup<'_>) {
        let is_plain = || lookup("NO_COLOR").is_some() || lookup("TERM").as_deref() == Some("dumb");
        self.bold_headers = match choice {
            ColorChoice::Always => true,
            ColorChoice::Auto => io::stdout().is_terminal() && !is_plain(),
            ColorChoice::Never => false,
        };
    }

    /// Prints an answer in the form that was asked for.
    ///
    /// # Errors
    /// When stdout can't be written, other than because nobody reads it any more.
    pub fn print(&mut self, report: &CommandOutput) -> Result<(), CliError> {
        match self.format {
            OutputFormat::Json => self.write_raw(&(json::to_string(&report.json) + "\n")),
            OutputFormat::Jsonl => match report.json.as_array() {
                Some(items) => items.iter().try_for_each(|item| self.print_json_line(item)),
                None => self.print_json_line(&report.json),
            },
            OutputFormat::Csv => self.write_raw(&report.sheet.to_csv()),
            OutputFormat::Markdown => self.write_raw(&report.sheet.to_markdown()),
            OutputFormat::Table => match &report.lines {
                Some(lines) => self.print_lines(lines),
                None => self.print_table(&report.sheet),
            },
        }
    }

    /// Prints one object of a list on its own line, at once.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn print_json_line(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        self.write_raw(&(json::to_line(value) + "\n"))?;
        self.flush()
    }

    /// Prints lines of text.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn print_lines(&mut self, lines: &[String]) -> Result<(), CliError> {
        lines
            .iter()
            .try_for_each(|line| self.write_raw(&format!("{}\n", clean(line))))
    }

    fn print_table(&mut self, sheet: &Sheet) -> Result<(), CliError> {
        let (lines, left_out) = sheet.to_aligned_lines(self.width);
        for (at, line) in lines.iter().enumerate() {
            let line = if at == 0 && self.bold_headers {
                format!("\u{1b}[1m{line}\u{1b}[0m\n")
            } else {
                format!("{line}\n")
            };
            self.write_raw(&line)?;
        }
        if left_out > 0 {
            self.flush()?;
            self.note(&format!(
                "{left_out} columns do not fit; --csv has them all"
            ));
        }
        Ok(())
    }

    /// Writes text that is safe already.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn write_raw(&mut self, text: &str) -> Result<(), CliError> {
        if self.is_closed {
            return Ok(());
        }
        let written = self.stdout.write_all(text.as_bytes());
        self.check_write(written)
    }

    /// Sends what was printed on its way.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn flush(&mut self) -> Result<(), CliError> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = self.stdout.flush();
        self.check_write(flushed)
    }

    /// Whether nobody reads any more, so that nothing more need be asked of a store.
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
                CliError::new(ExitStatus::Failed, "the answer can't be written")
                    .with_cause(error.to_string())
            }),
        }
    }

    /// Says something on stderr. Where that can't be written there is nobody to tell.
    pub fn note(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{}", clean(line));
    }

    /// Alerts whoever is at the terminal. Where there is none, nothing is written.
    pub fn alert(&mut self, how: Alert, text: &str) {
        if self.shows_progress {
            let _ = write!(self.stderr, "{}", how.escape_sequence(text));
            let _ = self.stderr.flush();
        }
    }

    /// Asks on stderr, on one line; the answer is typed after it.
    pub fn prompt(&mut self, question: &str) {
        let _ = write!(self.stderr, "{} ", clean(question));
        let _ = self.stderr.flush();
    }

    /// Shows how far something is, on a terminal only; the next text replaces it, and an empty one removes it.
    pub fn progress(&mut self, line: &str) {
        if self.shows_progress && (self.is_progress_visible || !line.is_empty()) {
            self.is_progress_visible = !line.is_empty();
            let _ = write!(self.stderr, "\r\u{1b}[K{}", clean(line));
            let _ = self.stderr.flush();
        }
    }

    /// Says what went wrong, in the form that was asked for.
    pub fn print_error(&mut self, failure: &CliError) {
        if self.format.is_json() {
            let _ = writeln!(
                self.stderr,
                "{}",
                json::to_line(&serde_json::json!({ "error": failure }))
            );
        } else {
            for line in failure.lines() {
                let _ = writeln!(self.stderr, "{line}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A reader that has gone away.
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
