//! The room of app.
