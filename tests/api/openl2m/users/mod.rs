//! `/api/admin/users/`

mod create;
mod fields;
mod get;
mod list;
mod roles;
mod update;
