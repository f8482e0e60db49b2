use super::*;
use crate::domain::{KeyValue, Metric, MetricValue, Run};
use crate::table::RowId;
use crate::text::number::align_decimal;
use crate::tui::app::cell_text::column_text;

fn run(id: usize, metrics: &[(&str, f64)], params: &[(&str, &str)]) -> Run {
    let mut run = Run::bare(format!("{id:032}").as_str().into(), "1".into());
    let metric = |(key, value): &(&str, f64)| Metric {
        key: (*key).into(),
        value: MetricValue::new(*value),
        timestamp: 0,
        step: 0,
    };
    run.metrics = metrics.iter().map(metric).collect();
    let params = params.iter();
    run.params = params
        .map(|(key, value)| KeyValue::new(*key, *value))
        .collect();
    run
}

fn columns_of(runs: &[Run]) -> (RunTable, Columns) {
    let mut table = RunTable::default();
    table.upsert(runs);
    let mut columns = Columns::default();
    columns.update(&table);
    (table, columns)
}

/// The titles on a screen of a width, with the cells of each column.
fn titles(table: &RunTable, columns: &mut Columns, width: u16) -> Vec<(String, u16)> {
    columns.scroll_to_cursor(width, false, table);
    let visible = columns.visible();
    let placed = columns.layout(width, false);
    let title = |place: &PlacedColumn| {
        let column = visible[place.index?];
        Some((columns.title(&column.key), place.width))
    };
    placed.iter().filter_map(title).collect()
}

#[test]
fn column_is_as_wide_as_its_parts() {
    let mut runs: Vec<Run> = [12.5, 0.0213, 12345.0, f64::NAN]
        .iter()
        .enumerate()
        .map(|(id, loss)| run(id, &[("loss", *loss)], &[]))
        .collect();
    // The sample of the first rows has not seen this one.
    runs.extend((10..300).map(|id| run(id, &[("loss", 1.0)], &[])));
    runs.push(run(999, &[("loss", -1.25e-12)], &[]));
    let (table, mut columns) = columns_of(&runs);
    titles(&table, &mut columns, 120);
    let placed = columns.layout(120, false);
    let rows: Vec<RowId> = table.rows().collect();
    columns.include_rows(&placed, &rows, &table);
    let key = ColumnKey::Metric("loss".into());
    let texts: Vec<String> = rows
        .iter()
        .map(|row| column_text(table.cell(*row, &key, 0), &key, 0))
        .collect();
    let widest = align_decimal(&texts)[0].chars().count();
    let shown = titles(&table, &mut columns, 120);
    let (_, width) = shown.iter().find(|(title, _)| title == "loss").unwrap();
    assert_eq!(usize::from(*width), widest);
}

#[test]
fn decimal_points_stay_where_they_are_while_the_table_scrolls() {
    let mut runs: Vec<Run> = (0..300).map(|id| run(id, &[("loss", 0.5)], &[])).collect();
    runs.push(run(999, &[("loss", 12_345.678_91)], &[]));
    runs.push(run(1000, &[("loss", 0.000_123_4)], &[]));
    let (table, mut columns) = columns_of(&runs);
    titles(&table, &mut columns, 120);
    let placed = columns.layout(120, false);
    let last: Vec<RowId> = table.rows().skip(300).collect();
    columns.include_rows(&placed, &last, &table);
    // The wide ones are scrolled out again.
    let loss = columns.visible().into_iter().find(|c| c.is_numeric);
    let mut width = loss.unwrap().decimal_width();
    let before = width.pad("0.5");
    width.include("0.5");
    assert_eq!(width.pad("0.5"), before);
    assert_eq!(before.find('.'), Some(5), "{before:?}");
    assert_eq!(before.len(), "12345.0001234".len());
}

#[test]
fn equal_titles_name_their_kind_and_params_have_a_divider() {
    let runs = [run(1, &[("lr", 0.1), ("acc", 0.9)], &[("lr", "0.1")])];
    let (table, mut columns) = columns_of(&runs);
    let shown = titles(&table, &mut columns, 120);
    let names: Vec<&str> = shown.iter().map(|(title, _)| title.as_str()).collect();
    assert!(
        names.contains(&"metrics.lr") && names.contains(&"params.lr"),
        "{names:?}"
    );
    assert!(names.contains(&"acc"), "{names:?}");
    let placed = columns.layout(120, false);
    let dividers = placed.iter().filter(|place| place.has_divider).count();
    assert_eq!(dividers, 1);
}

#[test]
fn room_that_is_left_goes_to_long_values() {
    let long = "a value that is much longer than a column is by default";
    let (table, mut columns) = columns_of(&[run(1, &[], &[("note", long)])]);
    let note_width = |columns: &mut Columns, width| {
        let shown = titles(&table, columns, width);
        shown.iter().find(|(title, _)| title == "note").unwrap().1
    };
    assert_eq!(usize::from(note_width(&mut columns, 200)), long.len());
    assert!(note_width(&mut columns, 60) >= 24);
}

#[test]
fn more_columns_are_known_at_the_edges() {
    let keys: Vec<String> = (0..40).map(|key| format!("m{key:02}")).collect();
    let metrics: Vec<(&str, f64)> = keys.iter().map(|key| (key.as_str(), 0.123)).collect();
    let (table, mut columns) = columns_of(&[run(1, &metrics, &[])]);
    columns.scroll_to_cursor(80, false, &table);
    let (left, right) = columns.columns_beyond(&columns.layout(80, false));
    assert!(left == 0 && right > 0);
    columns.move_cursor(isize::MAX);
    columns.scroll_to_cursor(80, false, &table);
    let (left, right) = columns.columns_beyond(&columns.layout(80, false));
    assert!(left > 0 && right == 0, "{left} {right}");
}
