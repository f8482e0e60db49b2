//! Reducing a curve to the columns of a picture without losing a spike.

use super::figure::Xy;
use crate::domain::downsample::Extremes;

/// A line of at most four places a column: the first, the least, the greatest and the last of those that fall into it, in
/// their order (U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", 2014). A line through them covers the
/// same dots as one through all, so that no spike is lost. Places beyond the range are left out, but for the nearest one on each
/// side, from which and to which the line leads. What is no finite y is a gap.
#[must_use]
pub fn downsample(
    points: impl Iterator<Item = Xy>,
    (low, high): (f64, f64),
    columns: usize,
) -> Vec<Xy> {
    let per_unit = columns.max(1) as f64 / (high - low);
    let last = columns.max(1) - 1;
    let mut line = Vec::new();
    let mut column: Option<(usize, Extremes<(usize, Xy)>)> = None;
    let mut before: Option<Xy> = None;
    let mut after = false;
    for (order, (x, y)) in points.enumerate() {
        if !y.is_finite() {
            if let Some((_, whole)) = column.take() {
                line.extend(whole.by_index());
            }
            if line.last().is_some_and(|(_, y): &Xy| !y.is_nan()) {
                line.push((x, f64::NAN));
            }
            (before, after) = (None, false);
            continue;
        }
        if x < low {
            before = Some((x, y));
            continue;
        }
        if x > high {
            if !after && (column.is_some() || before.is_some()) {
                if let Some((_, whole)) = column.take() {
                    line.extend(whole.by_index());
                }
                line.extend(before.take());
                line.push((x, y));
            }
            after = true;
            continue;
        }
        line.extend(before.take());
        let at = (((x - low) * per_unit) as usize).min(last);
        match &mut column {
            Some((here, whole)) if *here == at => whole.add((order, (x, y)), |(_, (_, y))| y),
            _ => {
                if let Some((_, whole)) = column.replace((at, Extremes::new((order, (x, y))))) {
                    line.extend(whole.by_index());
                }
            }
        }
    }
    if let Some((_, whole)) = column {
        line.extend(whole.by_index());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_extends_to_neighbors_outside_the_range() {
        let all = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0)];
        assert_eq!(
            downsample(all.into_iter(), (1.5, 2.5), 10),
            [(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]
        );
        assert_eq!(
            downsample(all.into_iter(), (1.2, 1.8), 10),
            [(1.0, 2.0), (2.0, 3.0)],
            "between two points, the line still runs"
        );
    }

    #[test]
    fn non_finite_values_are_gaps() {
        let line = downsample(
            [
                (0.0, 1.0),
                (1.0, f64::NAN),
                (2.0, f64::INFINITY),
                (3.0, 2.0),
            ]
            .into_iter(),
            (0.0, 3.0),
            4,
        );
        assert_eq!(
            line.iter().map(|(_, y)| y.is_nan()).collect::<Vec<_>>(),
            [false, true, false]
        );
        assert!(downsample([(0.0, f64::NAN)].into_iter(), (0.0, 1.0), 4).is_empty());
    }

    proptest! {
        #[test]
        fn downsample_keeps_extremes_of_every_column(values in prop::collection::vec(-1e6_f64..1e6, 1..2_000), columns in 1_usize..60) {
            let high = values.len() as f64;
            let all: Vec<Xy> = values.iter().enumerate().map(|(x, y)| (x as f64, *y)).collect();
            let line = downsample(all.iter().copied(), (0.0, high), columns);
            prop_assert!(line.len() <= 4 * columns && line.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let column = |x: f64| ((x * (columns as f64 / high)) as usize).min(columns - 1);
            for at in 0..columns {
                let extremes = |places: &[Xy]| {
                    let of = |pick: fn(f64, f64) -> f64| places.iter().filter(|(x, _)| column(*x) == at).map(|(_, y)| *y).reduce(pick);
                    (of(f64::min), of(f64::max))
                };
                prop_assert_eq!(extremes(&all), extremes(&line));
            }
        }
    }
}
