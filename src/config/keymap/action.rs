//! Actions: everything that a key, the palette or the mouse can ask for.

use serde::Deserialize;

/// What an action needs of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but looking.
    Look,
    /// A writer: absent from keys, palette and help of a read-only session.
    Write,
}

/// Declares the actions once: the variant, its name in keymaps and the palette, what it needs, and its description.
macro_rules! actions {
    ($($variant:ident $name:literal $needs:ident $about:literal;)*) => {
        /// Everything that can be asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub enum Action {
            $(#[doc = $about] $variant,)*
        }

        impl Action {
            /// Every action, in the order of the palette.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in keymaps and the palette.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, in a few words.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// What it needs of the session.
            #[must_use]
            pub fn needs(self) -> Needs {
                match self { $(Self::$variant => Needs::$needs,)* }
            }
        }
    };
}

actions! {
    Open "open" Look "open what is under the cursor";
    Back "back" Look "go back one step";
    Close "close" Look "leave this screen";
    Up "up" Look "one line up";
    Down "down" Look "one line down";
    Left "left" Look "one column left";
    Right "right" Look "one column right";
    HalfPageUp "half-page-up" Look "half a page up";
    HalfPageDown "half-page-down" Look "half a page down";
    PageUp "page-up" Look "a page up";
    PageDown "page-down" Look "a page down";
    Top "top" Look "to the first line";
    Bottom "bottom" Look "to the last line";
    FirstColumn "first-column" Look "to the first column";
    LastColumn "last-column" Look "to the last column";
    Experiments "experiments" Look "go to the experiments";
    Runs "runs" Look "go to the runs";
    Compare "compare" Look "compare the marked";
    Models "models" Look "go to the registered models";
    Lineage "lineage" Look "lineage of this version";
    MadeFrom "made-from" Look "all versions that were made from this";
    Journal "journal" Look "go to the journal";
    History "history" Look "who moved this model's versions, and why";
    Mark "mark" Look "mark or unmark";
    MarkRange "mark-range" Look "mark from the last mark to here";
    ClearMarks "clear-marks" Look "clear all marks";
    Marks "marks" Look "list the marks of all experiments";
    Baseline "baseline" Look "make this the baseline";
    Sort "sort" Look "sort by this column; again: reverse";
    AddSort "add-sort" Look "add this column as a further sort key";
    FoldConstants "fold-constants" Look "fold columns that are the same in every run";
    Filter "filter" Look "filter";
    Find "find" Look "find by name";
    FindNext "find-next" Look "next match";
    FindPrevious "find-previous" Look "previous match";
    NextNew "next-new" Look "to the next run that is new";
    Columns "columns" Look "choose columns";
    HideColumn "hide-column" Look "hide this column";
    PinColumn "pin-column" Look "pin this column at the left, or let it go";
    Wider "wider" Look "make this column wider";
    Narrower "narrower" Look "make this column narrower";
    FitColumn "fit-column" Look "make this column as wide as what stands in it";
    FoldPrefix "fold-prefix" Look "fold columns with the same prefix before the / into one";
    Derive "derive" Look "columns of this curve: best, its step, verdict";
    ReadCurves "read-curves" Look "read the curves of all runs, for columns of curves";
    Group "group" Look "group";
    NextStatistic "next-statistic" Look "what groups show: mean, std, n, min, max, best";
    Fold "fold" Look "fold or unfold";
    SaveView "save-view" Look "save this view: columns, order, filter, groups";
    Views "views" Look "open or delete a saved view";
    Preview "preview" Look "show or hide the preview";
    NextPane "next-pane" Look "next pane";
    PreviousPane "previous-pane" Look "previous pane";
    DifferencesOnly "differences" Look "show only what differs";
    Goal "goal" Look "choose the goal";
    Charts "charts" Look "charts of the marked runs, or of this one";
    Drivers "drivers" Look "what drives the goal among these runs";
    AcrossProperty "across-property" Look "choose what goes from left to right";
    UpProperty "up-property" Look "choose what goes from bottom to top";
    MarkProperty "mark-property" Look "choose what marks tell";
    AddGoal "add-goal" Look "add a goal to the front, or take it away";
    NextPage "next-page" Look "next page of this screen";
    NextAxis "next-axis" Look "over steps, relative time or wall time";
    NextScale "next-scale" Look "linear, log or symlog";
    Smoother "smoother" Look "smoother curves";
    Rougher "rougher" Look "rougher curves";
    ClipOutliers "clip-outliers" Look "leave outliers out of the axis";
    Divergence "divergence" Look "tell where curves part from the first one";
    ZoomIn "zoom-in" Look "zoom in at the crosshair";
    ZoomOut "zoom-out" Look "zoom out";
    PanLeft "pan-left" Look "move to earlier points";
    PanRight "pan-right" Look "move to later points";
    WholeRange "whole-range" Look "show the whole axis";
    Picture "picture" Look "show the chart or the image as a picture";
    Transpose "transpose" Look "runs as lines, properties as columns; and back";
    Review "review" Look "candidate against champion, with what the gates say";
    Diff "diff" Look "what differs inside this row: text, structure, commits";
    Files "files" Look "compare a file that both runs have";
    Export "export" Look "write what is seen into a file";
    HideRun "hide-run" Look "hide or show a run in the charts";
    Register "register" Write "register this run as a model version";
    RegisterBest "register-best" Write "register the best run by the goal";
    Delete "delete" Write "delete the marked runs or this one, or this version";
    Restore "restore" Write "restore the marked runs, or this one";
    DeletedRuns "deleted-runs" Look "show deleted runs, or those in use";
    Stage "stage" Write "move to a stage";
    Request "request" Write "ask for a stage, on servers that have such requests";
    Alias "alias" Write "give or remove an alias";
    Approve "approve" Write "say that it may hold the place";
    Reject "reject" Write "say that it may not hold the place";
    Undo "undo" Write "undo this entry";
    GiveBack "give-back" Write "give its place back to who had it before";
    Recheck "recheck" Look "look again at an entry whose end is not known";
    CopyValue "copy-value" Look "copy the value";
    CopyId "copy-id" Look "copy the id";
    WebPage "web-page" Look "copy the web page's address";
    Refresh "refresh" Look "refresh now";
    Palette "palette" Look "all actions by name";
    Help "help" Look "all keys";
    Messages "messages" Look "all messages";
    NextTheme "next-theme" Look "next theme";
    Suspend "suspend" Look "suspend, as the shell does";
    Interrupt "interrupt" Look "cancel what is under way; twice: quit";
    Quit "quit" Look "quit";
    Next "next" Look "next field";
    Previous "previous" Look "previous field";
    Accept "accept" Look "accept";
    Complete "complete" Look "take the completion";
    Override "override-gates" Look "go past the gates that do not pass";
    ToggleArchive "toggle-archive" Look "archive what is in the stage now, or leave it";
    ShowMatching "show-matching" Look "show all columns that are listed";
    HideMatching "hide-matching" Look "hide all columns that are listed";
    MoveEarlier "move-earlier" Look "move this column to the left";
    MoveLater "move-later" Look "move this column to the right";
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.name() == name)
            .ok_or_else(|| format!("there is no action {name:?}"))
    }
}
