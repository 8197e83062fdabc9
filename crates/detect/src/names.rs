//! Server names by id.

use std::sync::Arc;

use crate::model::ServerId;

#[derive(Debug)]
pub(crate) struct Names(Vec<Arc<str>>);

impl Names {
    pub fn new(names: Vec<Arc<str>>) -> Self {
        Self(names)
    }

    pub fn of(&self, server: ServerId) -> String {
        match self.0.get(server.0 as usize) {
            Some(name) => name.to_string(),
            None => format!("#{}", server.0),
        }
    }

    /// All servers, by name.
    pub fn sorted(&self) -> Vec<ServerId> {
        let mut ids: Vec<ServerId> = (0..self.0.len()).map(|at| ServerId(at as u32)).collect();
        ids.sort_by_key(|id| (&self.0[id.0 as usize], *id));
        ids
    }
}
