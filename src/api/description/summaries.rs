//! The ids, summaries and descriptions of operations.

use super::shape::Shape;
use super::types::Type;
use crate::api::resource::Relationship;

/// The summary of an operation.
pub struct Summary {
    /// The verb of the operation id.
    pub verb: &'static str,
    pub summary: String,
    /// One or two sentences.
    pub doc: String,
}

/// `None`: there is no such method.
pub fn of(shape: Shape, method: &str) -> Option<Summary> {
    match shape {
        Shape::Collection(kind) => of_collection(kind, method),
        Shape::Item(kind) if kind.is_trash() => of_trashed(kind, method),
        Shape::Item(kind) => of_item(kind, method),
        Shape::Related(kind, related) => of_related(kind, related, method),
        Shape::Linkage(kind, related) if related.to_many => of_linkage(kind, related, method),
        Shape::Linkage(kind, related) => of_linkage_to_one(kind, related, method),
    }
}

fn summary(verb: &'static str, summary: String, doc: String) -> Option<Summary> {
    Some(Summary { verb, summary, doc })
}

fn of_collection(kind: &Type, method: &str) -> Option<Summary> {
    let one = kind.singular_with_article();
    match method {
        "GET" => summary(
            "list",
            format!("List {}", kind.title()),
            format!(
                "Returns a page of the {} that the caller can see, filtered and sorted by the query.",
                kind.title(),
            ),
        ),
        "POST" => summary(
            "create",
            format!("Create {one}"),
            format!("Creates {one} and returns it."),
        ),
        _ => None,
    }
}

fn of_item(kind: &Type, method: &str) -> Option<Summary> {
    let one = kind.singular_with_article();
    match method {
        "GET" => summary("get", format!("Get {one}"), format!("Returns {one} by id.")),
        "PATCH" => summary(
            "update",
            format!("Update {one}"),
            "Changes the attributes and relationships in the document, and no others.".into(),
        ),
        "DELETE" => summary(
            "delete",
            format!("Delete {one}"),
            if kind.has_trash() {
                format!("Moves {one} to the trash, from which it can be restored.")
            } else {
                format!("Deletes {one}.")
            },
        ),
        _ => None,
    }
}

/// Resources in the trash.
fn of_trashed(kind: &Type, method: &str) -> Option<Summary> {
    let one = kind.singular_with_article();
    match method {
        "GET" => summary(
            "get",
            format!("Get {one}"),
            format!("Returns {one} by id, with the time and author of the deletion."),
        ),
        "PATCH" => summary(
            "restore",
            format!("Restore {one}"),
            "Takes it out of the trash; it keeps its id.".into(),
        ),
        "DELETE" => summary(
            "purge",
            format!("Permanently delete {one}"),
            "Removes it from the trash. It cannot be restored afterwards.".into(),
        ),
        _ => None,
    }
}

fn of_related(kind: &Type, related: &Relationship, method: &str) -> Option<Summary> {
    if method != "GET" {
        return None;
    }
    let (one, name) = (kind.singular_with_article(), related_name(related));
    if related.to_many {
        summary(
            "list",
            format!("List the {name} of {one}"),
            format!("Returns a page of the {name}, filtered and sorted by the query."),
        )
    } else {
        summary(
            "get",
            format!("Get the {name} of {one}"),
            format!("Returns the {name}, or null when there is none."),
        )
    }
}

fn of_linkage(kind: &Type, related: &Relationship, method: &str) -> Option<Summary> {
    let (one, name) = (kind.singular_with_article(), related_name(related));
    match method {
        "GET" => summary(
            "get_linkage",
            format!("List the ids of the {name} of {one}"),
            format!("Returns type and id of each of the {name}, without attributes."),
        ),
        "POST" => summary(
            "add",
            format!("Add {name} to {one}"),
            format!("Adds the {name} in the document; existing ones stay."),
        ),
        "PATCH" => summary(
            "replace",
            format!("Replace the {name} of {one}"),
            format!("Sets the {name} to those in the document, and removes all others."),
        ),
        "DELETE" => summary(
            "remove",
            format!("Remove {name} from {one}"),
            format!("Removes the {name} in the document; the others stay."),
        ),
        _ => None,
    }
}

fn of_linkage_to_one(kind: &Type, related: &Relationship, method: &str) -> Option<Summary> {
    let (one, name) = (kind.singular_with_article(), related_name(related));
    match method {
        "GET" => summary(
            "get_linkage",
            format!("Get the id of the {name} of {one}"),
            format!("Returns type and id of the {name}, or null when there is none."),
        ),
        "PATCH" => summary(
            "replace",
            format!("Set the {name} of {one}"),
            format!("Sets the {name}; null removes it if it is optional."),
        ),
        _ => None,
    }
}

fn related_name(related: &Relationship) -> &'static str {
    match related.name {
        "includes" => "included roles",
        "grant-rules" => "grant rules",
        name => name,
    }
}
