//! The scenes, as data: what is pressed, and what must then be on the screen.

/// One picture.
pub struct Scene<'s> {
    /// The name of its files.
    pub file: &'s str,
    /// What stands over the window.
    pub title: &'s str,
    /// What follows the store on the command line.
    pub arguments: &'s [&'s str],
    /// Columns and rows.
    pub size: (u16, u16),
    /// Keys to press, and a text that is on the screen once they have done their work. Both may be empty.
    pub steps: &'s [(&'s str, &'s str)],
}

/// What most scenes have.
const WINDOW: Scene<'static> = Scene { file: "", title: "frontrunner demo.db", arguments: &[], size: (120, 36), steps: &[] };

/// Opens the sweep's runs, whichever row it is in.
const SWEEP: &[&str] = &["--experiment", "churn-sweep"];

/// Every picture of the README and the docs.
pub const SCENES: &[Scene<'static>] = &[
    Scene { file: "experiments", steps: &[("", "churn-sweep")], ..WINDOW },
    Scene { file: "runs", arguments: SWEEP, steps: &[("", "trial-59")], ..WINDOW },
    Scene { file: "run", arguments: SWEEP, steps: &[("", "trial-59"), ("enter", "learning_rate")], ..WINDOW },
    Scene { file: "compare", arguments: SWEEP, steps: &[("", "trial-59"), ("space down space down space c", "num_leaves")], ..WINDOW },
    Scene { file: "register-best", arguments: SWEEP, steps: &[("", "trial-59"), ("R", "auc")], ..WINDOW },
    Scene { file: "models", steps: &[("", "churn-sweep"), ("4", "churn-classifier")], ..WINDOW },
    Scene { file: "versions", steps: &[("", "churn-sweep"), ("4", "churn-classifier"), ("enter", "challenger")], ..WINDOW },
    Scene {
        file: "lineage",
        steps: &[("", "churn-sweep"), ("4", "churn-classifier"), ("enter", "challenger"), ("L", "customers")],
        ..WINDOW
    },
    Scene { file: "journal", steps: &[("", "churn-sweep"), ("6", "ournal")], ..WINDOW },
    Scene { file: "palette", steps: &[("", "churn-sweep"), ("ctrl-p", "compare")], ..WINDOW },
    Scene { file: "help", steps: &[("", "churn-sweep"), ("?", "palette")], ..WINDOW },
    Scene { file: "small", size: (60, 18), steps: &[("", "churn-sweep")], ..WINDOW },
];
