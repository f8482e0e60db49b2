//! Choosing what is drawn: properties by lists, or one after the other.

use super::DriversScreen;
use crate::chart::Property;
use crate::domain::Goal;
use crate::tui::app::dialogs::{Dialog, Picker, PickerItem};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

/// What was asked for, until it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PendingChoice {
    /// The goal.
    #[default]
    Goal,
    /// A goal of the front, to be added or taken away.
    ParetoGoal,
    /// The property from left to right.
    X,
    /// The property from bottom to top.
    Y,
    /// The property that marks tell.
    Color,
}

impl DriversScreen {
    /// Opens the list of properties.
    pub(super) fn choose_property(
        &mut self,
        asking: PendingChoice,
        context: &mut UpdateContext<'_>,
    ) {
        self.pending_choice = asking;
        let title = match asking {
            PendingChoice::X => "from left to right",
            PendingChoice::Y => "from bottom to top",
            _ => "what marks tell",
        };
        let item = |property: &Property| {
            let detail = match property {
                Property::Param(_) => "param",
                Property::Metric(_) => "metric",
                Property::Duration => "",
            };
            PickerItem {
                label: property.title(),
                detail: detail.into(),
                choice: Choice::Property(property.clone()),
            }
        };
        let picker = Picker::new(title, self.properties.iter().map(item).collect());
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Picker(picker))));
    }

    /// Opens the list of goals.
    pub(super) fn choose_goal(&mut self, asking: PendingChoice, context: &mut UpdateContext<'_>) {
        self.pending_choice = asking;
        let metrics = self
            .properties
            .iter()
            .filter_map(|property| match property {
                Property::Metric(key) => Some(key.clone()),
                _ => None,
            });
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::goals(
                metrics.collect(),
            ))));
    }

    /// Takes a property that was chosen.
    pub(super) fn set_property(&mut self, property: Property) {
        match self.pending_choice {
            PendingChoice::X => self.x = property,
            PendingChoice::Y => self.y = property,
            _ if self.color_by.as_ref() == Some(&property) => self.color_by = None,
            _ => self.color_by = Some(property),
        }
    }

    /// Takes a goal that was chosen: as the goal, or into the front's or out of it.
    pub(super) fn set_goal(&mut self, goal: Goal, context: &mut UpdateContext<'_>) {
        if self.pending_choice == PendingChoice::ParetoGoal {
            match self
                .pareto_goals
                .iter()
                .position(|known| known.metric == goal.metric)
            {
                Some(0) => context.notify("the first goal of the front is the goal: M changes it"),
                Some(at) if self.pareto_goals.len() > 2 => drop(self.pareto_goals.remove(at)),
                Some(at) => self.pareto_goals[at] = goal,
                None => self.pareto_goals.push(goal),
            }
        } else {
            self.y = Property::Metric(goal.metric.clone());
            self.pareto_goals
                .retain(|known| known.metric != goal.metric);
            self.pareto_goals.insert(0, goal.clone());
            self.pareto_goals.truncate(2);
            self.goal = goal;
            if self.pareto_goals.len() < 2 {
                self.add_second_goal();
            }
            self.fetch_importance(context);
        }
        self.update_derived();
    }

    /// The next property on an axis, or the one before.
    pub(super) fn cycle_property(&mut self, is_horizontal: bool, forward: bool) {
        let needs_param = self.figure_spec().has_param_axes;
        let is_fit = |property: &&Property| !needs_param || matches!(property, Property::Param(_));
        let all: Vec<&Property> = self.properties.iter().filter(is_fit).collect();
        let now = if is_horizontal { &self.x } else { &self.y };
        let at = all
            .iter()
            .position(|property| *property == now)
            .unwrap_or(0);
        let by = if forward {
            1
        } else {
            all.len().saturating_sub(1)
        };
        let Some(next) = all
            .get((at + by) % all.len().max(1))
            .map(|property| (*property).clone())
        else {
            return;
        };
        *(if is_horizontal {
            &mut self.x
        } else {
            &mut self.y
        }) = next;
    }
}
