//! What a screen says of a text while it is typed: completions, and what is wrong.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::table::filter::Completion;
use crate::text::fit::width;
use crate::tui::app::overlays::Prompt;
use crate::tui::view::paint::Paint;

/// How many completions are shown at once.
const COMPLETIONS: usize = 8;

/// What the screen says of a text that is typed in `field`: above it, what is wrong at which place; above that, what may
/// stand at the cursor.
pub fn draw(paint: &mut Paint<'_>, field: Rect, prompt: &Prompt) {
    let Some((caret, _)) = paint.caret else {
        return;
    };
    let (text, cursor) = (prompt.input.value(), prompt.cursor());
    // A place in the text as a column of the screen; the field may be scrolled, the caret says how far.
    let column = |at: usize| {
        let (low, high) = (at.min(cursor), at.max(cursor));
        let between = width(text.get(low..high).unwrap_or_default());
        if at < cursor {
            caret.saturating_sub(between).max(field.x)
        } else {
            (caret + between).min(field.right().saturating_sub(1))
        }
    };
    let mut y = field.y;
    if let Some(error) = prompt.advice.error.as_ref().filter(|_| y > 0) {
        y -= 1;
        let message = format!("{} {} ", paint.look.sign("▼", "v"), error.message);
        let line = Rect {
            x: 0,
            y,
            width: field.right(),
            height: 1,
        };
        paint.ground(line);
        // The place is pointed at, unless the words would then be cut.
        let x = column(error.at).min(line.width.saturating_sub(width(&message)));
        paint.text(
            Rect {
                x,
                width: line.width - x,
                ..line
            },
            &message,
            Role::Bad,
        );
    }
    let all = &prompt.advice.completions;
    let whole =
        |completion: &Completion| text.get(completion.start..cursor) == Some(&completion.insert);
    let rows = all
        .len()
        .min(COMPLETIONS)
        .min(usize::from(y.saturating_sub(1)));
    if rows == 0 || (all.len() == 1 && all.iter().any(whole)) {
        return;
    }
    let first = (prompt.picked + 1).saturating_sub(rows);
    let shown = &all[first..(first + rows).min(all.len())];
    let widest = shown
        .iter()
        .map(|completion| width(&completion.label) + 2)
        .max()
        .unwrap_or(0)
        .min(field.right());
    let x = column(shown[0].start)
        .saturating_sub(1)
        .min(field.right() - widest);
    for (offset, completion) in shown.iter().enumerate() {
        let line = Rect {
            x,
            y: y - rows as u16 + offset as u16,
            width: widest,
            height: 1,
        };
        paint.ground(line);
        paint.text(line, &format!(" {}", completion.label), Role::Info);
        if first + offset == prompt.picked {
            paint.over(line, Role::Selection);
        }
    }
}
