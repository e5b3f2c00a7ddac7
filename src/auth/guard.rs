use std::sync::Arc;

use super::authenticate::Auth;
use super::policy::Governed;
use super::principal::Principal;
use crate::directory::{Context, DirectoryError, Execute};

/// Why a known caller does not get what was asked.
#[derive(Debug)]
pub enum Refusal {
    /// May not. The text says what is lacking, safe to show.
    Forbidden(String),
    Directory(DirectoryError),
}

impl From<DirectoryError> for Refusal {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

/// The directory as one principal may use it.
pub struct Guard {
    auth: Arc<Auth>,
    principal: Arc<Principal>,
    context: Context,
}

impl Guard {
    pub fn new(auth: Arc<Auth>, principal: Arc<Principal>, mut context: Context) -> Self {
        context.actor = Some(principal.actor());
        Self {
            auth,
            principal,
            context,
        }
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Whether the policy lets this through, without doing it.
    pub fn permits<O: Governed>(&self, operation: &mut O) -> Result<(), Refusal> {
        operation.govern(&self.principal)
    }

    pub async fn read<O: Execute + Governed>(
        &self,
        mut operation: O,
    ) -> Result<O::Output, Refusal> {
        operation.govern(&self.principal)?;
        Ok(self.auth.directory.read(&self.context, operation).await?)
    }

    pub async fn write<O: Execute + Governed>(
        &self,
        mut operation: O,
    ) -> Result<O::Output, Refusal> {
        operation.govern(&self.principal)?;
        Ok(self.auth.directory.write(&self.context, operation).await?)
    }
}
