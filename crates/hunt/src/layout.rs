//! Column layouts met so far, each bound to the rules once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use imker_detect::LogKind;
use imker_sigma::{Bound, RuleSet};

use crate::formats::Shape;

/// The most layouts told apart in one reading: a forged log could change its columns with every line.
const LAYOUTS_MAX: usize = 512;

/// A shape with the rules bound to it.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Place in the list of layouts.
    pub(crate) id: u32,
    pub(crate) shape: Arc<Shape>,
    pub(crate) bound: Bound,
}

/// A line that names columns, and their layout.
type Named = (Box<[u8]>, Arc<Layout>);

/// All layouts met.
pub(crate) struct Layouts<'r> {
    rules: &'r RuleSet,
    known: Mutex<Known>,
    /// The line that named the columns last, for files of one kind begin alike.
    recent: Mutex<Option<Named>>,
}

#[derive(Default)]
struct Known {
    by_names: HashMap<(LogKind, Vec<Box<str>>), Arc<Layout>>,
    list: Vec<Arc<Layout>>,
}

impl<'r> Layouts<'r> {
    pub(crate) fn new(rules: &'r RuleSet) -> Self {
        Self {
            rules,
            known: Mutex::default(),
            recent: Mutex::default(),
        }
    }

    /// The layout that this line named, where it is the line met last.
    pub(crate) fn recent(&self, kind: LogKind, line: &[u8]) -> Option<Arc<Layout>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, layout) = recent.as_ref()?;
        (layout.shape.kind == kind && **known == *line).then(|| Arc::clone(layout))
    }

    /// Notes that this line named a layout.
    pub(crate) fn remember(&self, line: &[u8], layout: &Arc<Layout>) {
        *self.recent.lock().unwrap_or_else(PoisonError::into_inner) = Some((line.into(), Arc::clone(layout)));
    }

    /// The layout of a log with these columns; `None` where there are none or too many layouts.
    pub(crate) fn intern(&self, kind: LogKind, names: &[&str]) -> Option<Arc<Layout>> {
        let key = (kind, names.iter().map(|name| Box::from(*name)).collect());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layout) = known.by_names.get(&key) {
            return Some(Arc::clone(layout));
        }
        if known.list.len() >= LAYOUTS_MAX {
            return None;
        }
        let shape = Shape::new(kind, names.iter().copied())?;
        let bound = self.rules.bind(&shape.columns);
        let layout = Arc::new(Layout {
            id: known.list.len() as u32,
            shape: Arc::new(shape),
            bound,
        });
        known.list.push(Arc::clone(&layout));
        known.by_names.insert(key, Arc::clone(&layout));
        Some(layout)
    }

    /// All layouts, by id.
    pub(crate) fn list(&self) -> Vec<Arc<Layout>> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .list
            .clone()
    }
}
