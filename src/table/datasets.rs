//! The datasets of runs. Many runs share a list of datasets, so each distinct list is stored once.

use std::collections::HashMap;

use super::column_vec::ColumnVec;
use super::interner::Interner;
use crate::domain::DatasetInput;

/// A dataset, as ids of interned texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Dataset {
    pub(super) name: u32,
    pub(super) digest: u32,
    pub(super) context: Option<u32>,
}

/// The datasets of all rows, by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Datasets {
    list_ids: HashMap<Vec<Dataset>, u32>,
    lists: Vec<Vec<Dataset>>,
    /// The text of each list, `name@digest, …`, interned.
    labels: Vec<u32>,
    rows: ColumnVec<u32>,
}

impl Datasets {
    pub(super) fn set(&mut self, row: u32, inputs: &[DatasetInput], texts: &mut Interner) {
        if inputs.is_empty() {
            return self.rows.clear(row);
        }
        let list: Vec<Dataset> = inputs
            .iter()
            .map(|input| Dataset {
                name: texts.intern(input.name.raw()),
                digest: texts.intern(input.digest.raw()),
                context: input
                    .context
                    .as_ref()
                    .map(|context| texts.intern(context.raw())),
            })
            .collect();
        let id = if let Some(id) = self.list_ids.get(&list) {
            *id
        } else {
            let label: Vec<String> = inputs
                .iter()
                .map(|input| format!("{}@{}", input.name.raw(), input.digest.raw()))
                .collect();
            let id = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
            self.labels.push(texts.intern(&label.join(", ")));
            self.lists.push(list.clone());
            self.list_ids.insert(list, id);
            id
        };
        self.rows.set(row, id);
    }

    pub(super) fn get(&self, row: u32) -> &[Dataset] {
        self.rows
            .get(row)
            .and_then(|id| self.lists.get(id as usize))
            .map_or(&[], Vec::as_slice)
    }

    /// The interned text of a row's datasets.
    pub(super) fn label_id(&self, row: u32) -> Option<u32> {
        self.rows
            .get(row)
            .and_then(|id| self.labels.get(id as usize))
            .copied()
    }

    /// The number of rows with datasets.
    pub(super) fn count(&self) -> usize {
        self.rows.count()
    }
}
