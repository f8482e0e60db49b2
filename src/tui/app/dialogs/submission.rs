//! Results of dialogs, delivered to the screen that opened the dialog.

use std::fmt;

use crate::tui::app::context::UpdateContext;
use crate::tui::app::navigation::Navigate;
use crate::tui::app::screen::Screen;

/// A screen's function that takes a result of type `T`.
pub type Handler<S, T> = fn(&mut S, T, &mut UpdateContext<'_>);

/// A boxed function that can be part of a `Debug` value.
pub(super) struct Callback<F: ?Sized>(pub Box<F>);

impl<F: ?Sized> fmt::Debug for Callback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// A result together with the screen's function that takes it. A dialog can't be opened without such a function, so that
/// no result is dropped.
#[derive(Debug)]
pub struct Submission(Callback<Delivery>);

type Delivery = dyn FnOnce(&mut dyn Screen, &mut UpdateContext<'_>);

impl Submission {
    pub(in crate::tui::app) fn deliver(
        self,
        screen: &mut dyn Screen,
        context: &mut UpdateContext<'_>,
    ) {
        (self.0.0)(screen, context);
    }
}

impl Navigate {
    /// Delivers `value` to the screen `S`. A dialog lies over the screen that opened it, so that the screen on top is an `S`.
    pub(super) fn submit<S: Screen, T: 'static>(handler: Handler<S, T>, value: T) -> Self {
        Self::Submit(Submission(Callback(Box::new(move |screen, context| {
            let screen = screen.downcast_mut::<S>();
            debug_assert!(screen.is_some(), "the opener of the dialog is not on top");
            if let Some(screen) = screen {
                handler(screen, value, context);
            }
        }))))
    }
}
