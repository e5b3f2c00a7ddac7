use std::collections::HashMap;

use crate::directory::batch::CreatedIds;
use crate::jsonapi::{Error, kinds};

/// The resources that earlier operations create, by type and local id.
#[derive(Debug, Default)]
pub struct Lids(HashMap<(String, String), usize>);

impl Lids {
    /// The placeholder for the id until the resource is created.
    pub fn find(&self, kind: &str, lid: &str, pointer: &str) -> Result<i64, Error> {
        let step = self.0.get(&(kind.to_owned(), lid.to_owned()));
        step.map(|step| CreatedIds::placeholder(*step))
            .ok_or_else(|| {
                let detail = format!(
                    "No earlier operation makes a resource of the type {kind} with this lid."
                );
                kinds::INVALID_LID.error(detail).at_pointer(pointer)
            })
    }

    pub fn define(
        &mut self,
        kind: &str,
        lid: &str,
        step: usize,
        pointer: &str,
    ) -> Result<(), Error> {
        let name = (kind.to_owned(), lid.to_owned());
        match self.0.insert(name, step) {
            None => Ok(()),
            Some(_) => {
                let detail = "An earlier operation gave this lid to another resource.";
                Err(kinds::INVALID_LID.error(detail).at_pointer(pointer))
            }
        }
    }
}
