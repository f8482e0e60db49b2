//! The registry of figures about a set of runs. A new figure is a file with a `build` function, and a row here.
//!
//! Curves are not in it: they are drawn from metric histories, not from runs ([`super::curves`]).

use super::figure::Figure;
use super::property::Property;
use super::{contour, importance, parallel, scatter};
use crate::analysis::importance::Importance;
use crate::domain::{Goal, Run};

/// What figures are built from.
#[derive(Clone, Copy, Debug)]
pub struct FigureInput<'a> {
    /// The runs.
    pub runs: &'a [Run],
    /// The goals, the main one first.
    pub goals: &'a [Goal],
    /// The properties that differ between the runs.
    pub properties: &'a [Property],
    /// The chosen property on the x axis.
    pub x: &'a Property,
    /// The chosen property on the y axis.
    pub y: &'a Property,
    /// The property that marks distinguish.
    pub color_by: Option<&'a Property>,
    /// The importance of params for the main goal, once it is computed.
    pub importance: Option<&'a Importance>,
    /// The Pareto front of each run, counted from 1.
    pub fronts: &'a [Option<usize>],
    /// The most columns and rows of boxes that have room for a label.
    pub max_cells: (usize, usize),
    /// The most bars that have room for a label.
    pub max_bars: usize,
}

/// The list that belongs to a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideList {
    /// None.
    None,
    /// Params by importance.
    Params,
    /// The runs on the Pareto front.
    ParetoFront,
    /// The runs nearest to the reference run.
    Neighbors,
}

/// A row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct FigureSpec {
    /// Lower case, as in file names.
    pub name: &'static str,
    /// The title of its page.
    pub title: &'static str,
    /// Its list.
    pub list: SideList,
    /// Whether both axes are params.
    pub has_param_axes: bool,
    /// The reason if there is nothing to draw.
    pub empty_message: &'static str,
    /// Builds the figure; absent for a page that is a list only.
    pub build: Option<fn(&FigureInput<'_>) -> Option<Figure>>,
}

const NO_DIFFERENCE: &str = "no param differs between these runs, or no run has the goal's metric";

/// Every figure, in the order of its pages.
pub static FIGURES: [FigureSpec; 6] = [
    FigureSpec {
        name: "importance",
        title: "Importance",
        list: SideList::Params,
        has_param_axes: false,
        empty_message: NO_DIFFERENCE,
        build: Some(importance::build),
    },
    FigureSpec {
        name: "parallel",
        title: "Parallel",
        list: SideList::None,
        has_param_axes: false,
        empty_message: NO_DIFFERENCE,
        build: Some(parallel::build),
    },
    FigureSpec {
        name: "scatter",
        title: "Scatter",
        list: SideList::None,
        has_param_axes: false,
        empty_message: NO_DIFFERENCE,
        build: Some(scatter::build),
    },
    FigureSpec {
        name: "contour",
        title: "Contour",
        list: SideList::None,
        has_param_axes: true,
        empty_message: NO_DIFFERENCE,
        build: Some(contour::build),
    },
    FigureSpec {
        name: "pareto",
        title: "Pareto",
        list: SideList::ParetoFront,
        has_param_axes: false,
        empty_message: "a front needs two goals: + adds one",
        build: Some(scatter::build_pareto_front),
    },
    FigureSpec {
        name: "nearest",
        title: "Nearest",
        list: SideList::Neighbors,
        has_param_axes: false,
        empty_message: NO_DIFFERENCE,
        build: None,
    },
];

/// The index of a figure by its name; the first one for an unknown name.
#[must_use]
pub fn index_of(name: &str) -> usize {
    let index = FIGURES.iter().position(|figure| figure.name == name);
    index.unwrap_or_default()
}

impl<'a> FigureInput<'a> {
    pub(super) fn params(&self) -> impl Iterator<Item = &'a Property> {
        let is_param = |property: &&Property| matches!(property, Property::Param(_));
        self.properties.iter().filter(is_param)
    }
}
