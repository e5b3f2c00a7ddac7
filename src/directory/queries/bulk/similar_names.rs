//! Names of a batch beside each other and beside those that there are: one query
//! for all of them.

use std::collections::HashMap;

use super::super::prelude::*;
use super::env;
use crate::directory::names::{Clash, clash, folded, refused, skeleton, unfit};
use crate::storage::schema::users;

/// Which of a user's two names.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    Username,
    Uname,
}

/// Names by what they have in common with others.
#[derive(Default)]
pub struct Alike(HashMap<String, Vec<String>>);

impl Alike {
    fn keys(name: &str) -> [String; 2] {
        [folded(name), format!("~{}", skeleton(name))]
    }

    /// Those of the living that any of these names could be taken for.
    pub async fn load(
        which: Which,
        names: &[String],
        connection: &mut Conn,
    ) -> Result<Self, DirectoryError> {
        let skeletons: Vec<String> = names.iter().map(|name| skeleton(name)).collect();
        let living = users::table.filter(users::deleted_at.is_null());
        let found: Vec<String> = match which {
            Which::Username => {
                let letters: Vec<String> = names.iter().map(|name| folded(name)).collect();
                let same = env::text_in(users::username_folded.assume_not_null(), &letters);
                let mut found: Vec<String> = living
                    .filter(same)
                    .select(users::username)
                    .load(connection)
                    .await?;
                let like = env::text_in(users::username_skeleton.assume_not_null(), &skeletons);
                let like = living.filter(like).select(users::username);
                found.extend(like.load::<String>(connection).await?);
                found
            }
            Which::Uname => {
                let like = env::text_in(users::uname_skeleton.assume_not_null(), &skeletons);
                let like = living.filter(like).select(users::uname);
                like.load(connection).await?
            }
        };
        let mut alike = Self::default();
        found.iter().for_each(|name| alike.add(name));
        Ok(alike)
    }

    pub fn add(&mut self, name: &str) {
        for key in Self::keys(name) {
            let names = self.0.entry(key).or_default();
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }

    /// Which of those known so far a name cannot stand beside, and why.
    fn rival(&self, name: &str) -> Option<(&str, Clash)> {
        let keys = Self::keys(name);
        let mut like = keys.iter().filter_map(|key| self.0.get(key)).flatten();
        like.find_map(|other| Some((other.as_str(), clash(name, other)?)))
    }

    pub fn clash(&self, name: &str) -> Option<Clash> {
        self.rival(name).map(|(_, clash)| clash)
    }

    /// What is wrong with a new name; it is known from now on when nothing is.
    pub fn take(&mut self, field: &'static str, name: &str) -> Option<FieldError> {
        let problem = unfit(field, name).or_else(|| {
            let (other, clash) = self.rival(name)?;
            Some(refused(field, name, other, clash))
        });
        if problem.is_none() {
            self.add(name);
        }
        problem
    }
}
