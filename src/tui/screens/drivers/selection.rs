//! Choosing goals and axes.

use super::DriversScreen;
use crate::chart::Property;
use crate::domain::Goal;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{Handler, Picker, PickerItem, goals};

impl DriversScreen {
    /// Opens the list of properties.
    pub(super) fn choose_property(
        &self,
        title: &str,
        handler: Handler<Self, Property>,
        context: &mut UpdateContext<'_>,
    ) {
        let item = |property: &Property| {
            let detail = match property {
                Property::Param(_) => "param",
                Property::Metric(_) => "metric",
                Property::Duration => "",
            };
            PickerItem::new(property.title(), detail, property.clone())
        };
        let picker = Picker::new(title, self.properties.iter().map(item));
        context.open(picker.submit_to(handler));
    }

    /// Opens the list of goals.
    pub(super) fn choose_goal(
        &self,
        handler: Handler<Self, Goal>,
        context: &mut UpdateContext<'_>,
    ) {
        let metrics = self
            .properties
            .iter()
            .filter_map(|property| match property {
                Property::Metric(key) => Some(key.clone()),
                _ => None,
            });
        context.open(goals(metrics.collect(), None).submit_to(handler));
    }

    /// Colors by a property; by none if it is chosen again.
    pub(super) fn toggle_color(&mut self, property: Property, _: &mut UpdateContext<'_>) {
        let is_same = self.color_by.as_ref() == Some(&property);
        self.color_by = (!is_same).then_some(property);
    }

    /// Adds a goal to the Pareto front, removes it, or replaces its direction in a front of two.
    pub(super) fn toggle_pareto_goal(&mut self, goal: Goal, context: &mut UpdateContext<'_>) {
        let mut goals = self.pareto_goals.iter();
        match goals.position(|known| known.metric == goal.metric) {
            Some(0) => context.notify("the first goal of the front is the goal: M changes it"),
            Some(at) if self.pareto_goals.len() > 2 => drop(self.pareto_goals.remove(at)),
            Some(at) => self.pareto_goals[at] = goal,
            None => self.pareto_goals.push(goal),
        }
        self.update_derived();
    }

    pub(super) fn set_goal(&mut self, goal: Goal, context: &mut UpdateContext<'_>) {
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
        self.update_derived();
    }

    /// Steps an axis to the next or previous property.
    pub(super) fn cycle_property(&mut self, is_horizontal: bool, forward: bool) {
        let needs_param = self.figure_spec().has_param_axes;
        let is_usable =
            |property: &&Property| !needs_param || matches!(property, Property::Param(_));
        let all: Vec<&Property> = self.properties.iter().filter(is_usable).collect();
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
