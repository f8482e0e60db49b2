//! Choosing what is drawn: properties by lists, or one after the other.

use super::{Drivers, Page};
use crate::chart::Property;
use crate::domain::Goal;
use crate::tui::app::overlays::{Item, Overlay, Picker};
use crate::tui::app::shared::{Choice, Context, Go};

/// What was asked for, until it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    /// The goal.
    #[default]
    Goal,
    /// A goal of the front, to be added or taken away.
    FrontGoal,
    /// The property from left to right.
    X,
    /// The property from bottom to top.
    Y,
    /// The property that marks tell.
    Mark,
}

impl Drivers {
    /// Opens the list of properties.
    pub(super) fn ask_property(&mut self, asking: Asking, context: &mut Context<'_>) {
        self.asking = asking;
        let title = match asking {
            Asking::X => "from left to right",
            Asking::Y => "from bottom to top",
            _ => "what marks tell",
        };
        let item = |property: &Property| {
            let detail = match property {
                Property::Param(_) => "param",
                Property::Metric(_) => "metric",
                Property::Duration => "",
            };
            Item {
                label: property.title(),
                detail: detail.into(),
                choice: Choice::Property(property.clone()),
            }
        };
        let picker = Picker::new(title, self.properties.iter().map(item).collect());
        context.go.push(Go::Over(Box::new(Overlay::Picker(picker))));
    }

    /// Opens the list of goals.
    pub(super) fn ask_goal(&mut self, asking: Asking, context: &mut Context<'_>) {
        self.asking = asking;
        let metrics = self
            .properties
            .iter()
            .filter_map(|property| match property {
                Property::Metric(key) => Some(key.clone()),
                _ => None,
            });
        context
            .go
            .push(Go::Over(Box::new(Overlay::goals(metrics.collect()))));
    }

    /// Takes a property that was chosen.
    pub(super) fn take_property(&mut self, property: Property) {
        match self.asking {
            Asking::X => self.x = property,
            Asking::Y => self.y = property,
            _ if self.mark.as_ref() == Some(&property) => self.mark = None,
            _ => self.mark = Some(property),
        }
    }

    /// Takes a goal that was chosen: as the goal, or into the front's or out of it.
    pub(super) fn take_goal(&mut self, goal: Goal, context: &mut Context<'_>) {
        if self.asking == Asking::FrontGoal {
            match self
                .goals
                .iter()
                .position(|known| known.metric == goal.metric)
            {
                Some(0) => context.say("the first goal of the front is the goal: M changes it"),
                Some(at) if self.goals.len() > 2 => drop(self.goals.remove(at)),
                Some(at) => self.goals[at] = goal,
                None => self.goals.push(goal),
            }
        } else {
            self.y = Property::Metric(goal.metric.clone());
            self.goals.retain(|known| known.metric != goal.metric);
            self.goals.insert(0, goal.clone());
            self.goals.truncate(2);
            self.goal = goal;
            if self.goals.len() < 2 {
                self.second_goal();
            }
            self.ask(context);
        }
        self.refresh();
    }

    /// The next property on an axis, or the one before.
    pub(super) fn step_property(&mut self, across: bool, forward: bool) {
        let page = self.page;
        let is_fit =
            |property: &&Property| page != Page::Contour || matches!(property, Property::Param(_));
        let all: Vec<&Property> = self.properties.iter().filter(is_fit).collect();
        let now = if across { &self.x } else { &self.y };
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
        *(if across { &mut self.x } else { &mut self.y }) = next;
    }
}
