//! The interactive part: state, screens, drawing, graphics, and the terminal itself.

pub mod app;
pub mod graphics;
pub mod runtime;
pub mod screens;
pub mod view;
