//! The reference as an HTML page: no script, no other host, one style sheet. Also the
//! HTML page for unknown paths.

mod guide;
mod html;
mod reference;

use super::capabilities::QueryCapabilities;
use super::context::DescriptionContext;
use super::operations::{self, Operation};
use super::types;
use super::{PAGE, STYLE as STYLE_SHEET};
use html::{escape, section};

pub const STYLE: &str = include_str!("style.css");

pub fn html(context: &DescriptionContext) -> String {
    let operations = operations::all(context);
    let mut body = section("start", "Getting started", &guide::start(context));
    body += &section("authentication", "Authentication", &guide::authentication());
    for kind in types::all() {
        let own: Vec<&Operation> = operations
            .iter()
            .filter(|operation| {
                operation
                    .shape
                    .is_some_and(|s| s.section().name == kind.name)
            })
            .collect();
        let capabilities = QueryCapabilities::of(kind, &context.query);
        let text = reference::of_type(kind, &own, &capabilities, context);
        body += &section(kind.name, kind.title(), &text);
    }
    let service: Vec<&Operation> = operations.iter().filter(|o| o.shape.is_none()).collect();
    body += &section("service", "The service", &reference::addresses(&service));
    body += &section("query", "Query parameters", &guide::query(context));
    body += &section("headers", "Headers", &guide::headers());
    body += &section("errors", "Errors", &guide::errors(context));
    body += &section("limits", "Limits", &guide::limits(context));
    whole(context, &body)
}

/// The page for unknown paths.
pub fn not_found_page(project: &str, base: &str) -> String {
    let (project, base) = (escape(project), escape(base));
    format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>{project}: there is no such page</title>
<link rel=\"stylesheet\" href=\"{base}{STYLE_SHEET}\">
</head>
<body>
<header>
<h1>{project}</h1>
</header>
<main>
<h2>404: there is no such page</h2>
<p>Nothing is served at this address. The <a href=\"{base}{PAGE}\">reference</a> lists every address
that is, and <a href=\"{base}/home\">/home</a> lists them for programs.</p>
</main>
</body>
</html>
"
    )
}

fn whole(context: &DescriptionContext, body: &str) -> String {
    let project = escape(&context.project);
    let version = env!("CARGO_PKG_VERSION");
    let navigation = navigation();
    format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>{project}: reference</title>
<link rel=\"stylesheet\" href=\"docs/style.css\">
</head>
<body>
<header>
<h1>{project} <small>{version}</small></h1>
<p>People, the roles they hold and what those roles permit, as
<a href=\"https://jsonapi.org/format/1.1/\">JSON:API 1.1</a>.
For programs: <a href=\"openapi.json\">openapi.json</a>.</p>
</header>
<nav aria-label=\"Sections\">{navigation}</nav>
<main>
{body}</main>
</body>
</html>
"
    )
}

fn navigation() -> String {
    let first = [
        ("start", "Getting started"),
        ("authentication", "Authentication"),
    ];
    let last = [
        ("service", "The service"),
        ("query", "Query parameters"),
        ("headers", "Headers"),
        ("errors", "Errors"),
        ("limits", "Limits"),
    ];
    let types = types::all().map(|kind| (kind.name, kind.title()));
    let links: String = first
        .into_iter()
        .chain(types)
        .chain(last)
        .map(|(id, title)| format!("<li><a href=\"#{id}\">{title}</a></li>"))
        .collect();
    format!("<ul>{links}</ul>")
}
