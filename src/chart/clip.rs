//! Clipping of lines at the edges of a figure.

use super::figure::Xy;

/// The part of a segment within 0 and 1 on both axes, if any (Y. Liang, B. Barsky, "A new concept and method for line clipping",
/// 1984).
fn clip_segment(from: Xy, to: Xy) -> Option<(Xy, Xy)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    if !(dx.is_finite() && dy.is_finite()) {
        return None;
    }
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in [
        (-dx, from.0),
        (dx, 1.0 - from.0),
        (-dy, from.1),
        (dy, 1.0 - from.1),
    ] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    // Distant ends lose digits, so the result is clamped.
    let at = |part: f64| {
        (
            (from.0 + part * dx).clamp(0.0, 1.0),
            (from.1 + part * dy).clamp(0.0, 1.0),
        )
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// A line through points, clipped at the edges into strokes; `None` is a gap. A single point is a stroke of one.
pub(super) fn clip_polyline(points: impl Iterator<Item = Option<Xy>>) -> Vec<Vec<Xy>> {
    let mut strokes: Vec<Vec<Xy>> = Vec::new();
    let mut stroke: Vec<Xy> = Vec::new();
    let mut before: Option<Xy> = None;
    let is_inside = |at: Xy| (0.0..=1.0).contains(&at.0) && (0.0..=1.0).contains(&at.1);
    for at in points {
        match (before, at) {
            (Some(before), Some(at)) => match clip_segment(before, at) {
                Some((from, to)) => {
                    if stroke.last() != Some(&from) {
                        strokes.push(std::mem::replace(&mut stroke, vec![from]));
                    }
                    stroke.push(to);
                }
                None => strokes.push(std::mem::take(&mut stroke)),
            },
            (None, Some(at)) if is_inside(at) => stroke.push(at),
            (_, None) => strokes.push(std::mem::take(&mut stroke)),
            _ => {}
        }
        before = at;
    }
    strokes.push(stroke);
    strokes.retain(|stroke| !stroke.is_empty());
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_is_split_where_it_leaves_the_figure() {
        let line = [
            Some((0.0, 0.5)),
            Some((0.5, 1.5)),
            Some((1.0, 0.5)),
            None,
            Some((0.2, 0.2)),
        ];
        let strokes = clip_polyline(line.into_iter());
        assert_eq!(
            strokes,
            [
                vec![(0.0, 0.5), (0.25, 1.0)],
                vec![(0.75, 1.0), (1.0, 0.5)],
                vec![(0.2, 0.2)]
            ]
        );
    }

    proptest! {
        #[test]
        fn clipped_lines_stay_inside(line in prop::collection::vec(prop::option::of((any::<f64>(), -3.0_f64..3.0)), 0..40)) {
            for (x, y) in clip_polyline(line.into_iter()).into_iter().flatten() {
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y), "{x} {y}");
            }
        }
    }
}
