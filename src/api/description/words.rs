//! What operations are called, and what they do in a sentence.

use super::shape::Shape;
use super::types::Type;
use crate::api::resource::Relationship;

/// How an operation is called.
pub struct Words {
    /// The verb of its id.
    pub verb: &'static str,
    pub summary: String,
    /// A sentence or two.
    pub doc: String,
}

/// `None`: there is no such method.
pub fn of(shape: Shape, method: &str) -> Option<Words> {
    match shape {
        Shape::Collection(kind) => of_collection(kind, method),
        Shape::Item(kind) if kind.is_trash() => of_trashed(kind, method),
        Shape::Item(kind) => of_item(kind, method),
        Shape::Related(kind, related) => of_related(kind, related, method),
        Shape::Linkage(kind, related) if related.to_many => of_linkage(kind, related, method),
        Shape::Linkage(kind, related) => of_linkage_to_one(kind, related, method),
    }
}

fn words(verb: &'static str, summary: String, doc: String) -> Option<Words> {
    Some(Words { verb, summary, doc })
}

fn of_collection(kind: &Type, method: &str) -> Option<Words> {
    let one = kind.one_of_them();
    match method {
        "GET" => words(
            "list",
            format!("List {}", kind.title()),
            format!(
                "Returns a page of the {} that the caller may see, filtered and sorted as the query says.",
                kind.title(),
            ),
        ),
        "POST" => words(
            "create",
            format!("Create {one}"),
            format!("Creates {one} and returns it."),
        ),
        _ => None,
    }
}

fn of_item(kind: &Type, method: &str) -> Option<Words> {
    let one = kind.one_of_them();
    match method {
        "GET" => words("get", format!("Get {one}"), format!("Returns {one} by id.")),
        "PATCH" => words(
            "update",
            format!("Update {one}"),
            "Changes the attributes and relationships that the document names, and no others."
                .into(),
        ),
        "DELETE" => words(
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

/// What is in the trash.
fn of_trashed(kind: &Type, method: &str) -> Option<Words> {
    let one = kind.one_of_them();
    match method {
        "GET" => words(
            "get",
            format!("Get {one}"),
            format!("Returns {one} by id, with when and by whom it was deleted."),
        ),
        "PATCH" => words(
            "restore",
            format!("Restore {one}"),
            "Takes it out of the trash; it has the same id as before.".into(),
        ),
        "DELETE" => words(
            "purge",
            format!("Delete {one} for good"),
            "Removes it from the trash. It cannot be restored afterwards.".into(),
        ),
        _ => None,
    }
}

fn of_related(kind: &Type, related: &Relationship, method: &str) -> Option<Words> {
    if method != "GET" {
        return None;
    }
    let (one, name) = (kind.one_of_them(), noun(related));
    if related.to_many {
        words(
            "list",
            format!("List the {name} of {one}"),
            format!("Returns a page of the {name}, filtered and sorted as the query says."),
        )
    } else {
        words(
            "get",
            format!("Get the {name} of {one}"),
            format!("Returns the {name}, or null when there is none."),
        )
    }
}

fn of_linkage(kind: &Type, related: &Relationship, method: &str) -> Option<Words> {
    let (one, name) = (kind.one_of_them(), noun(related));
    match method {
        "GET" => words(
            "get_linkage",
            format!("List the ids of the {name} of {one}"),
            format!("Returns type and id of each of the {name}, without attributes."),
        ),
        "POST" => words(
            "add",
            format!("Add {name} to {one}"),
            format!("Adds the {name} that the document names; those that are there already stay."),
        ),
        "PATCH" => words(
            "replace",
            format!("Replace the {name} of {one}"),
            format!("Sets the {name} to those that the document names, and removes all others."),
        ),
        "DELETE" => words(
            "remove",
            format!("Remove {name} from {one}"),
            format!("Removes the {name} that the document names; the others stay."),
        ),
        _ => None,
    }
}

fn of_linkage_to_one(kind: &Type, related: &Relationship, method: &str) -> Option<Words> {
    let (one, name) = (kind.one_of_them(), noun(related));
    match method {
        "GET" => words(
            "get_linkage",
            format!("Get the id of the {name} of {one}"),
            format!("Returns type and id of the {name}, or null when there is none."),
        ),
        "PATCH" => words(
            "replace",
            format!("Set the {name} of {one}"),
            format!("Sets the {name}; null removes it where it may be empty."),
        ),
        _ => None,
    }
}

fn noun(related: &Relationship) -> &'static str {
    match related.name {
        "includes" => "included roles",
        "grant-rules" => "grant rules",
        name => name,
    }
}
