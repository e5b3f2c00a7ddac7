use super::prelude::*;
use crate::directory::migrations::AreMigrationsApplied;
use crate::storage::migrations::{self, history};

impl Run for AreMigrationsApplied {
    type Answer = bool;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let applied: Vec<String> = history::table
            .select(history::version)
            .load(connection)
            .await?;
        Ok(migrations::are_all_in(&applied)?)
    }
}
