//! The scenes, as data: what is pressed, and what must then be on the screen.

use super::svg::{DARK, LIGHT, TerminalColors};

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
    /// The terminal's own colours.
    pub colors: TerminalColors,
}

/// What most scenes have.
const DEFAULT_SCENE: Scene<'static> = Scene {
    file: "",
    title: "frontrunner demo.db",
    arguments: &[],
    size: (120, 36),
    steps: &[],
    colors: DARK,
};

/// Opens the sweep's runs, whichever row it is in.
const SWEEP_ARGUMENTS: &[&str] = &["--experiment", "churn-sweep"];

/// Opens the image classifier's runs.
const IMAGE_ARGUMENTS: &[&str] = &["--experiment", "image-classifier"];

/// The way to the versions of the model.
const OPEN_VERSIONS: [(&str, &str); 3] = [
    ("", "churn-sweep"),
    ("4", "@champion"),
    ("enter", "✗ 3 of 6"),
];

/// Every picture of the README and the docs.
pub const SCENES: &[Scene<'static>] = &[
    Scene {
        file: "experiments",
        steps: &[("", "churn-sweep")],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "runs",
        arguments: SWEEP_ARGUMENTS,
        steps: &[
            ("", "trial-59"),
            ("l l s", "auc ↓"),
            ("j space j j space", "● 2"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "filter",
        arguments: SWEEP_ARGUMENTS,
        steps: &[
            ("", "trial-59"),
            ("f", "filter:"),
            (
                "metrics.auc space > space 0.88 space and space params.boosting space = space 'gbdt' space",
                "AND",
            ),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "curves",
        arguments: IMAGE_ARGUMENTS,
        steps: &[
            ("", "resnet50"),
            ("l l + enter", "best val/acc"),
            ("+ step enter", "best step"),
            ("+ verdict enter", "worse since"),
        ],
        size: (140, 20),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "preview",
        arguments: IMAGE_ARGUMENTS,
        steps: &[("", "resnet50"), ("p j j j j", "weight_decay")],
        size: (140, 36),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "run",
        arguments: IMAGE_ARGUMENTS,
        steps: &[("", "resnet50"), ("j j j j j enter", "[Overview]")],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "artifacts",
        arguments: &["--experiment", "churn-releases"],
        steps: &[
            ("", "release-6"),
            ("enter", "[Overview]"),
            ("tab tab tab tab tab", "evaluation"),
            ("enter", "metrics.json"),
            ("j j enter", "tenure_months"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "compare",
        arguments: IMAGE_ARGUMENTS,
        steps: &[
            ("", "resnet50"),
            ("j j j j j space j space j space", "● 3"),
            ("c", "only differences"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "charts",
        arguments: IMAGE_ARGUMENTS,
        steps: &[
            ("", "resnet50"),
            ("space j j space j j space j space", "● 4"),
            ("m", "points of 4 curves"),
        ],
        size: (140, 36),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "crosshair",
        arguments: IMAGE_ARGUMENTS,
        steps: &[
            ("", "resnet50"),
            ("space j j space j j space j space", "● 4"),
            ("m", "points of 4 curves"),
            ("enter", "› val/acc"),
            ("] ] d", "diverges from"),
            ("h h h h h h h h h h h h", "at "),
        ],
        size: (140, 30),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "importance",
        arguments: SWEEP_ARGUMENTS,
        steps: &[("", "trial-59"), ("i", "permutation importance")],
        size: (140, 28),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "parallel",
        arguments: SWEEP_ARGUMENTS,
        steps: &[
            ("", "trial-59"),
            ("i", "permutation importance"),
            ("tab", "params and auc"),
        ],
        size: (140, 32),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "pareto",
        arguments: SWEEP_ARGUMENTS,
        steps: &[
            ("", "trial-59"),
            ("i", "permutation importance"),
            ("tab tab tab tab", "on the front"),
        ],
        size: (140, 28),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "nearest",
        arguments: SWEEP_ARGUMENTS,
        steps: &[
            ("", "trial-59"),
            ("i tab tab tab tab tab", "nearest to"),
            ("j j", ""),
        ],
        size: (140, 32),
        ..DEFAULT_SCENE
    },
    Scene {
        file: "register-best",
        arguments: SWEEP_ARGUMENTS,
        steps: &[
            ("", "trial-59"),
            ("j R", "best run"),
            ("down enter", "churn-classifier"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "models",
        steps: &[("", "churn-sweep"), ("4", "@champion")],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "versions",
        steps: &OPEN_VERSIONS,
        ..DEFAULT_SCENE
    },
    Scene {
        file: "lineage",
        steps: &[
            OPEN_VERSIONS[0],
            OPEN_VERSIONS[1],
            OPEN_VERSIONS[2],
            ("L", "✓ signature"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "review",
        steps: &[
            OPEN_VERSIONS[0],
            OPEN_VERSIONS[1],
            OPEN_VERSIONS[2],
            ("D", "review churn-classifier/6 for"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "promote",
        steps: &[
            OPEN_VERSIONS[0],
            OPEN_VERSIONS[1],
            OPEN_VERSIONS[2],
            ("P", "now at"),
            ("champion enter", "latency_ms"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "journal",
        steps: &[
            OPEN_VERSIONS[0],
            OPEN_VERSIONS[1],
            OPEN_VERSIONS[2],
            ("P", "now at"),
            ("champion enter", "latency_ms"),
            (
                "better space on space the space holdout tab",
                "reason: better on",
            ),
            ("churn-classifier", "confirm: churn-classifier"),
            ("enter", "enter applies"),
            ("pause enter", "verified"),
            ("enter 6", "writes to this store"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "history",
        steps: &[
            OPEN_VERSIONS[0],
            OPEN_VERSIONS[1],
            OPEN_VERSIONS[2],
            ("H", "newest first"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "palette",
        steps: &[
            ("", "churn-sweep"),
            ("ctrl-p", "compare the marked runs side by side"),
        ],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "help",
        steps: &[("", "churn-sweep"), ("?", "Anywhere")],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "light",
        colors: LIGHT,
        arguments: SWEEP_ARGUMENTS,
        steps: &[("", "trial-59")],
        ..DEFAULT_SCENE
    },
    Scene {
        file: "small",
        arguments: SWEEP_ARGUMENTS,
        size: (40, 10),
        steps: &[("", "trial-59")],
        ..DEFAULT_SCENE
    },
];
