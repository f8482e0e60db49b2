//! The scenes, as data: what is pressed, and what must then be on the screen.

use super::svg::{DARK, Ground, LIGHT};

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
    pub ground: Ground,
}

/// What most scenes have.
const WINDOW: Scene<'static> = Scene {
    file: "",
    title: "frontrunner demo.db",
    arguments: &[],
    size: (120, 36),
    steps: &[],
    ground: DARK,
};

/// Opens the sweep's runs, whichever row it is in.
const SWEEP: &[&str] = &["--experiment", "churn-sweep"];

/// Opens the image classifier's runs.
const IMAGES: &[&str] = &["--experiment", "image-classifier"];

/// The way to the versions of the model.
const TO_VERSIONS: [(&str, &str); 3] = [
    ("", "churn-sweep"),
    ("4", "@champion"),
    ("enter", "champion  release"),
];

/// Every picture of the README and the docs.
pub const SCENES: &[Scene<'static>] = &[
    Scene {
        file: "experiments",
        steps: &[("", "churn-sweep")],
        ..WINDOW
    },
    Scene {
        file: "runs",
        arguments: SWEEP,
        steps: &[
            ("", "trial-59"),
            ("l l s", "auc ↓"),
            ("j space j j space", "● 2"),
        ],
        ..WINDOW
    },
    Scene {
        file: "filter",
        arguments: SWEEP,
        steps: &[
            ("", "trial-59"),
            ("f", "filter:"),
            (
                "metrics.auc space > space 0.88 space and space params.boosting space = space 'gbdt' space",
                "AND",
            ),
        ],
        ..WINDOW
    },
    Scene {
        file: "curves",
        arguments: IMAGES,
        steps: &[
            ("", "resnet50"),
            ("l l D enter", "best val/acc"),
            ("D step enter", "best step"),
            ("D verdict enter", "worse since"),
        ],
        size: (140, 20),
        ..WINDOW
    },
    Scene {
        file: "preview",
        arguments: IMAGES,
        steps: &[("", "resnet50"), ("p j j j j", "weight_decay")],
        size: (140, 36),
        ..WINDOW
    },
    Scene {
        file: "run",
        arguments: IMAGES,
        steps: &[("", "resnet50"), ("j j j j j enter", "[Overview]")],
        ..WINDOW
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
        ..WINDOW
    },
    Scene {
        file: "compare",
        arguments: IMAGES,
        steps: &[
            ("", "resnet50"),
            ("j j j j j space j space j space", "● 3"),
            ("c", "only what differs"),
        ],
        ..WINDOW
    },
    Scene {
        file: "charts",
        arguments: IMAGES,
        steps: &[
            ("", "resnet50"),
            ("space j j space j j space j space", "● 4"),
            ("m", "points of 4 curves"),
        ],
        size: (140, 36),
        ..WINDOW
    },
    Scene {
        file: "crosshair",
        arguments: IMAGES,
        steps: &[
            ("", "resnet50"),
            ("space j j space j j space j space", "● 4"),
            ("m", "points of 4 curves"),
            ("enter", "› val/acc"),
            ("] ] d", "parts from"),
            ("h h h h h h h h h h h h", "at "),
        ],
        size: (140, 30),
        ..WINDOW
    },
    Scene {
        file: "importance",
        arguments: SWEEP,
        steps: &[("", "trial-59"), ("i", "permutation importance")],
        size: (140, 28),
        ..WINDOW
    },
    Scene {
        file: "parallel",
        arguments: SWEEP,
        steps: &[("", "trial-59"), ("i tab", "params and auc")],
        size: (140, 32),
        ..WINDOW
    },
    Scene {
        file: "pareto",
        arguments: SWEEP,
        steps: &[("", "trial-59"), ("i tab tab tab tab", "on the front")],
        size: (140, 28),
        ..WINDOW
    },
    Scene {
        file: "nearest",
        arguments: SWEEP,
        steps: &[
            ("", "trial-59"),
            ("i tab tab tab tab tab", "nearest to"),
            ("j j", ""),
        ],
        size: (140, 32),
        ..WINDOW
    },
    Scene {
        file: "register-best",
        arguments: SWEEP,
        steps: &[("", "trial-59"), ("R", "churn-classifier")],
        ..WINDOW
    },
    Scene {
        file: "models",
        steps: &[("", "churn-sweep"), ("4", "@champion")],
        ..WINDOW
    },
    Scene {
        file: "versions",
        steps: &TO_VERSIONS,
        ..WINDOW
    },
    Scene {
        file: "lineage",
        steps: &[
            TO_VERSIONS[0],
            TO_VERSIONS[1],
            TO_VERSIONS[2],
            ("L", "✓ signature"),
        ],
        ..WINDOW
    },
    Scene {
        file: "review",
        steps: &[
            TO_VERSIONS[0],
            TO_VERSIONS[1],
            TO_VERSIONS[2],
            ("D", "not as it should be"),
        ],
        ..WINDOW
    },
    Scene {
        file: "promote",
        steps: &[
            TO_VERSIONS[0],
            TO_VERSIONS[1],
            TO_VERSIONS[2],
            ("a", "now at"),
            ("enter", "latency_ms"),
        ],
        ..WINDOW
    },
    Scene {
        file: "journal",
        steps: &[
            TO_VERSIONS[0],
            TO_VERSIONS[1],
            TO_VERSIONS[2],
            ("a", "now at"),
            ("enter", "latency_ms"),
            (
                "better space on space the space holdout tab",
                "reason: better on",
            ),
            ("churn-classifier", "confirm: churn-classifier"),
            ("enter", "enter applies"),
            ("pause enter", "verified"),
            ("enter 6", "writes to this store"),
        ],
        ..WINDOW
    },
    Scene {
        file: "palette",
        steps: &[("", "churn-sweep"), ("ctrl-p", "compare")],
        ..WINDOW
    },
    Scene {
        file: "help",
        steps: &[("", "churn-sweep"), ("?", "Anywhere")],
        ..WINDOW
    },
    Scene {
        file: "light",
        ground: LIGHT,
        arguments: SWEEP,
        steps: &[("", "trial-59")],
        ..WINDOW
    },
    Scene {
        file: "small",
        arguments: SWEEP,
        size: (40, 10),
        steps: &[("", "trial-59")],
        ..WINDOW
    },
];
