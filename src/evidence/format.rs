//! Parsing documents into JSON values. Size, depth and expansion are bounded: JSON nests at most 127 deep, the YAML parser has
//! its own budget.

use std::io::{Cursor, Read};

use serde_json::{Map, Value};

use super::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_VALUES, data_frame};

/// Rows of a table or lines of a log. Longer documents are refused: their last rows can matter most.
pub(super) const MAX_ROWS: usize = 20_000;
/// Members of an archive.
const MAX_ZIP_MEMBERS: usize = 10_000;

/// The format of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DocumentFormat {
    /// By the file's extension.
    #[default]
    ByExtension,
    /// JSON.
    Json,
    /// One JSON value per line, as a list.
    JsonLines,
    /// YAML; a list for several documents.
    Yaml,
    /// TOML.
    Toml,
    /// A list of rows by column. The levels of pandas' multi-level headers are joined with `_`.
    Csv,
    /// A data frame in CSV or in any JSON orientation: a list of rows by column, with numbers and booleans.
    Table,
    /// One string.
    Text,
    /// A member of a ZIP archive, parsed by its extension.
    Zip(String),
    /// Not read: its existence is the fact. The document is the path.
    Presence,
}

impl DocumentFormat {
    /// The format of a name in an integration.
    pub(super) fn from_name(name: &str, member: Option<&str>) -> Result<Self, String> {
        Ok(match name {
            "json" => Self::Json,
            "jsonl" => Self::JsonLines,
            "yaml" => Self::Yaml,
            "toml" => Self::Toml,
            "csv" => Self::Csv,
            "table" => Self::Table,
            "text" => Self::Text,
            "presence" => Self::Presence,
            "zip" => Self::Zip(member.ok_or("zip needs `member`")?.to_owned()),
            _ => {
                return Err(
                    "expected json, jsonl, yaml, toml, csv, table, text, zip or presence".into(),
                );
            }
        })
    }

    fn from_path(path: &str) -> Self {
        match path
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::JsonLines,
            "yaml" | "yml" | "dvc" | "lock" => Self::Yaml,
            "toml" => Self::Toml,
            "csv" => Self::Csv,
            _ => Self::Text,
        }
    }

    /// Parses a document.
    ///
    /// # Errors
    /// Why it cannot be parsed.
    pub fn parse(&self, path: &str, bytes: &[u8]) -> Result<Value, String> {
        match self {
            Self::ByExtension => Self::from_path(path).parse(path, bytes),
            Self::Presence => Ok(Value::String(path.to_owned())),
            Self::Zip(member) => {
                let bytes = read_zip_member(bytes, member)?;
                Self::from_path(member).parse(member, &bytes)
            }
            Self::Table => {
                let text = decode_text(bytes)?;
                if path.to_ascii_lowercase().ends_with("csv") {
                    parse_csv(&text).map(data_frame::infer_types)
                } else {
                    parse_table(&text)
                }
            }
            _ => self.parse_text(&decode_text(bytes)?),
        }
    }

    fn parse_text(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::Json => parse_json(text),
            Self::JsonLines => parse_json_lines(text),
            Self::Yaml => parse_yaml(text),
            Self::Toml => {
                check_value_count(text, b"=,[{")?;
                toml::from_str(text).map_err(|error| format!("invalid TOML: {}", error.message()))
            }
            Self::Csv => parse_csv(text),
            _ => Ok(Value::String(text.to_owned())),
        }
    }
}

/// Decodes UTF-8, or UTF-16 with a byte order mark.
fn decode_text(bytes: &[u8]) -> Result<String, String> {
    let utf16 = |order: fn([u8; 2]) -> u16| {
        let units = bytes
            .get(2..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| order([pair[0], pair[1]]));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map_err(|_| "invalid UTF-16".to_owned())
    };
    match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ if bytes.contains(&0) => Err("not text: it has zero bytes".into()),
        _ => {
            let text = std::str::from_utf8(bytes)
                .map_err(|error| format!("invalid UTF-8 at byte {}", error.valid_up_to()))?;
            Ok(text.trim_start_matches('\u{feff}').to_owned())
        }
    }
}

/// Refuses a document with too many values: it has at most one more than `marks` bytes.
fn check_value_count(text: &str, marks: &[u8]) -> Result<(), String> {
    let found = text.bytes().filter(|byte| marks.contains(byte)).count();
    if found > MAX_DOCUMENT_VALUES {
        Err(format!("more than {MAX_DOCUMENT_VALUES} values"))
    } else {
        Ok(())
    }
}

fn parse_json_lines(text: &str) -> Result<Value, String> {
    check_value_count(text, b",:[{")?;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(MAX_ROWS + 1)
        .collect();
    if lines.len() > MAX_ROWS {
        return Err(format!("more than {MAX_ROWS} lines"));
    }
    lines
        .into_iter()
        .map(parse_json)
        .collect::<Result<_, _>>()
        .map(Value::Array)
}

fn parse_table(text: &str) -> Result<Value, String> {
    let value = parse_json(text).or_else(|why| parse_json_lines(text).map_err(|_| why))?;
    // A value that is not a table can be another tool's document.
    Ok(data_frame::to_rows(&value)?.unwrap_or(value))
}

/// Parses JSON. Python writes `NaN` and `Infinity`, which are not JSON: they become null.
fn parse_json(text: &str) -> Result<Value, String> {
    check_value_count(text, b",:[{")?;
    serde_json::from_str(text).or_else(|error| {
        let finite = replace_non_finite(text).ok_or_else(|| format!("invalid JSON: {error}"))?;
        serde_json::from_str(&finite).map_err(|_| format!("invalid JSON: {error}"))
    })
}

/// The text with `null` for `NaN` and `Infinity` outside of strings; absent if it has none.
fn replace_non_finite(text: &str) -> Option<String> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return None;
    }
    let (mut out, mut rest, mut inside) = (String::with_capacity(text.len()), text, false);
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|word| !inside && rest.starts_with(word));
        let taken = match (word, c) {
            (Some(word), _) => {
                out.push_str("null");
                word.len()
            }
            (None, '\\') if inside => {
                let pair: String = rest.chars().take(2).collect();
                out.push_str(&pair);
                pair.len()
            }
            (None, c) => {
                inside ^= c == '"';
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..)?;
    }
    Some(out)
}

fn parse_yaml(text: &str) -> Result<Value, String> {
    check_value_count(text, b":-,[{")?;
    let read = serde_saphyr::from_multiple::<Value>(text);
    let mut all = read.map_err(|error| {
        format!(
            "invalid YAML: {}",
            error.to_string().lines().next().unwrap_or_default()
        )
    })?;
    Ok(if all.len() == 1 {
        all.remove(0)
    } else {
        Value::Array(all)
    })
}

/// Parses CSV into a list of rows by column.
fn parse_csv(text: &str) -> Result<Value, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    check_value_count(text, b",\n")?;
    let rows = reader
        .records()
        .take(MAX_ROWS + 1)
        .collect::<Result<Vec<csv::StringRecord>, _>>()
        .map_err(|error| format!("invalid CSV: {error}"))?;
    if rows.len() > MAX_ROWS {
        return Err(format!("more than {MAX_ROWS} rows"));
    }
    let levels = header_rows(&rows);
    let columns = rows
        .iter()
        .take(levels)
        .map(csv::StringRecord::len)
        .max()
        .unwrap_or(0);
    let head = |column: usize| {
        let mut parts: Vec<&str> = rows
            .iter()
            .take(levels)
            .filter_map(|row| row.get(column))
            .filter(|text| !text.is_empty())
            .collect();
        parts.dedup();
        parts.join("_")
    };
    let heads: Vec<String> = (0..columns).map(head).collect();
    let row = |row: &csv::StringRecord| {
        let cells = heads
            .iter()
            .zip(row.iter())
            .filter(|(head, _)| !head.is_empty());
        Value::Object(
            cells
                .map(|(head, cell)| (head.clone(), Value::String(cell.to_owned())))
                .collect::<Map<_, _>>(),
        )
    };
    Ok(Value::Array(rows.iter().skip(levels).map(row).collect()))
}

/// The number of header rows. pandas repeats outer headers over inner columns, and header rows have no numbers or booleans.
fn header_rows(rows: &[csv::StringRecord]) -> usize {
    let is_head = |row: &csv::StringRecord| {
        let is_datum = |cell: &str| {
            cell.parse::<f64>().is_ok() || matches!(cell, "True" | "False" | "true" | "false")
        };
        !row.iter().any(is_datum)
    };
    let repeats = |row: &csv::StringRecord| {
        row.iter()
            .zip(row.iter().skip(1))
            .any(|(a, b)| a == b && !a.is_empty())
    };
    if !rows.first().is_some_and(repeats) {
        return rows.len().min(1);
    }
    rows.iter()
        .take(4)
        .take_while(|row| is_head(row))
        .count()
        .max(1)
}

/// Reads one member of an archive by its exact name. Nothing is written to disk.
fn read_zip_member(bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| format!("invalid ZIP: {error}"))?;
    if archive.len() > MAX_ZIP_MEMBERS {
        return Err(format!("more than {MAX_ZIP_MEMBERS} members"));
    }
    let member = archive
        .by_name(name)
        .map_err(|_| format!("no member {name}"))?;
    let mut found = Vec::new();
    member
        .take(MAX_DOCUMENT_BYTES + 1)
        .read_to_end(&mut found)
        .map_err(|error| format!("cannot unpack {name}: {error}"))?;
    if found.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(format!(
            "{name} is larger than {} MB",
            MAX_DOCUMENT_BYTES >> 20
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_format_parses_to_json_values() {
        let read = |path: &str, text: &str| {
            DocumentFormat::ByExtension
                .parse(path, text.as_bytes())
                .unwrap()
        };
        assert_eq!(
            read("a.json", r#"{"a": NaN, "b": "NaN \" NaN", "c": -Infinity}"#),
            json!({"a": null, "b": "NaN \" NaN", "c": null})
        );
        assert_eq!(
            read("a.yaml", "a: 1\n---\nb: x\n"),
            json!([{"a": 1}, {"b": "x"}])
        );
        assert_eq!(
            read("a.jsonl", "{\"a\":1}\n\n{\"a\":2}\n"),
            json!([{"a": 1}, {"a": 2}])
        );
        assert_eq!(read("a.csv", "a,b\n1,x\n"), json!([{"a": "1", "b": "x"}]));
        assert_eq!(
            read(
                "a.csv",
                "chunk,chunk,age\nkey,period,alert\n1,analysis,True\n"
            ),
            json!([
                {"chunk_key": "1", "chunk_period": "analysis", "age_alert": "True"}
            ])
        );
        assert_eq!(
            DocumentFormat::ByExtension
                .parse("a.json", b"\xff\xfe{\0}\0")
                .unwrap(),
            json!({})
        );
    }

    #[test]
    fn hostile_input_is_an_error() {
        let wrong = |format: &DocumentFormat, bytes: &[u8]| format.parse("x", bytes).unwrap_err();
        assert!(
            wrong(&DocumentFormat::Json, "[".repeat(100_000).as_bytes())
                .starts_with("invalid JSON")
        );
        assert!(wrong(&DocumentFormat::Json, b"{\"a\": \"\xe9\"}").contains("byte 7"));
        assert!(wrong(&DocumentFormat::Json, b"{\0}").contains("zero bytes"));
        let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
            let before = n - 1;
            format!(
                "{text}a{n}: &a{n} [{}]\n",
                vec![format!("*a{before}"); 10].join(",")
            )
        });
        assert!(wrong(&DocumentFormat::Yaml, bomb.as_bytes()).starts_with("invalid YAML"));
        assert!(
            wrong(&DocumentFormat::Yaml, "[".repeat(100_000).as_bytes())
                .starts_with("invalid YAML")
        );
        assert!(
            wrong(&DocumentFormat::Zip("a.json".into()), b"PK nothing").starts_with("invalid ZIP")
        );
    }

    #[test]
    fn zip_reads_one_member_up_to_the_limit() {
        let mut bytes = Vec::new();
        let mut writer = zip::ZipWriter::new(Cursor::new(&mut bytes));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in [
            ("M/a.json", "{\"a\": 1}".to_owned()),
            ("../up.json", "{}".into()),
            ("big.json", " ".repeat(64 << 20)),
        ] {
            writer.start_file(name, options).unwrap();
            std::io::Write::write_all(&mut writer, text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        let read = |member: &str| DocumentFormat::Zip(member.into()).parse("x.zip", &bytes);
        assert_eq!(read("M/a.json").unwrap(), json!({"a": 1}));
        assert!(read("big.json").unwrap_err().contains("larger than 4 MB"));
        assert!(read("none").unwrap_err().contains("no member"));
    }

    proptest! {
        #[test]
        fn parsing_arbitrary_bytes_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), format in 0..8_usize) {
            let formats = [DocumentFormat::Json, DocumentFormat::JsonLines, DocumentFormat::Yaml, DocumentFormat::Toml, DocumentFormat::Csv, DocumentFormat::Text, DocumentFormat::Zip("a".into()), DocumentFormat::Table];
            let _ = formats[format].parse("x", &bytes);
        }
    }
}
