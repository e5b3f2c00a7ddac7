//! The sections that apply to all resource types.

use super::html::{block, code, codes, escape, paragraph, part, table};
use crate::api::description::capabilities::{PAGES, is_served};
use crate::api::description::context::DescriptionContext;
use crate::api::description::errors::by_status;
use crate::api::description::headers::Header;
use crate::api::description::parameters::meaning;
use crate::directory::permissions::Permission;
use crate::jsonapi::query::Operator;
use crate::jsonapi::{MEDIA_TYPE, PLAIN_JSON};

pub fn start(context: &DescriptionContext) -> String {
    let base = context.address();
    let commands = format!(
        "\
A='admin:THE-PASSWORD'; J='Content-Type: {MEDIA_TYPE}'

# all users, a page at a time
curl -u \"$A\" {base}/users

# a new user; jq extracts the id from the response
JANE=$(curl -s -u \"$A\" -H \"$J\" {base}/users -d '
  {{\"data\": {{\"type\": \"users\", \"attributes\": {{\"username\": \"janedoe\", \"password\": \"tulips-in-may\"}}}}}}' | jq -r .data.id)

# a new role, which Jane then holds
DESK=$(curl -s -u \"$A\" -H \"$J\" {base}/roles -d '
  {{\"data\": {{\"type\": \"roles\", \"attributes\": {{\"name\": \"front desk\", \"permissions\": [\"users:read\"]}}}}}}' | jq -r .data.id)
curl -u \"$A\" -H \"$J\" {base}/users/$JANE/relationships/roles -d '{{\"data\": [{{\"type\": \"roles\", \"id\": \"'$DESK'\"}}]}}'

# she can read all users: who holds which role, sorted, with few attributes
curl -g -u janedoe:tulips-in-may '{base}/users?include=roles&sort=surname,name&fields[users]=username,roles'

# clean up: move the user to the trash, purge it, and delete the role
curl -u \"$A\" -X DELETE {base}/users/$JANE
curl -u \"$A\" -X DELETE {base}/trash/users/$JANE
curl -u \"$A\" -X DELETE {base}/roles/$DESK"
    );
    block(&commands)
        + &paragraph(&format!(
            "Bodies are {}{}, and need that as their Content-Type. Responses are {}, or {} for clients that accept only that. \
             Times are RFC 3339 with an offset; ids are strings. Responses contain links to follow: \
             the pages of a list, the relationships of a resource, and this description as {}.",
            code(MEDIA_TYPE),
            if context.is_strict {
                String::new()
            } else {
                format!(" or {}", code(PLAIN_JSON))
            },
            code(MEDIA_TYPE),
            code(PLAIN_JSON),
            code("links.describedby"),
        ))
        + &paragraph(&format!(
            "In a browser, only pages of the service's own origin and of the origins in {} can change \
             anything; requests from pages of other origins are refused (403). Responses about users are \
             not cached ({}); clients that store an ETag themselves can send it in If-None-Match.",
            code("server.cors_origins"),
            code("Cache-Control: no-store"),
        ))
}

pub fn authentication() -> String {
    let ways = table(
        &["way", "header", "for"],
        [
            [
                code("Basic"),
                code("Authorization: Basic base64(username:password)"),
                "people".into(),
            ]
            .into(),
            [
                code("Bearer"),
                code("Authorization: Bearer rc_..."),
                "programs, with the secret of an API token or an access token from <code>POST /auth</code>".into(),
            ]
            .into(),
            [
                code("Token"),
                code("Authorization: Token rc_..."),
                "the same, for clients that know only this".into(),
            ]
            .into(),
        ],
    );
    let permissions = table(
        &["permission", "its holders can"],
        Permission::ALL
            .iter()
            .map(|(_, name, meaning)| vec![code(name), escape(meaning)]),
    );
    ways + &paragraph(
        "Holders of the role <code>admin</code> can do everything. Others can do what the \
         <code>permissions</code> of their roles allow; everybody can see and edit their own record, \
         and has their own tokens. The scopes of a token only narrow what its user can do. \
         Missing or wrong credentials are a 401; a record that the caller cannot see is a 404, \
         an operation that they lack the permission for is a 403.",
    ) + &part("permissions", "Permissions", &permissions)
}

pub fn query(context: &DescriptionContext) -> String {
    let intro = paragraph(
        "A parameter that an address does not understand is a 400 that names it; nothing is ignored. \
         Names and values are percent-encoded; curl needs <code>-g</code> to send brackets as they are.",
    );
    intro
        + &part("paging", "Pages", &paging(context))
        + &part(
            "sorting",
            "Order",
            &paragraph(
                "<code>sort=surname,-created</code>: the most significant key first; a minus sorts in descending order.",
            ),
        )
        + &part(
            "including",
            "Related resources",
            &paragraph(&format!(
                "<code>include=roles,roles.users</code> adds related resources to the response, along paths of at most \
             {} relationships. <code>include=</code> adds none.",
                context.query.include_depth
            )),
        )
        + &part(
            "fields",
            "Sparse fieldsets",
            &paragraph(
                "<code>fields[users]=username,roles</code> restricts the resources of a type to these \
             attributes and relationships, in the whole response. It applies to the responses to POST and PATCH too.",
            ),
        )
        + &part("filtering", "Filters", &filtering(context))
}

fn paging(context: &DescriptionContext) -> String {
    let rows = PAGES.iter().map(|page| {
        vec![
            code(page.name),
            codes(page.values.iter().copied()),
            escape(page.doc),
        ]
    });
    table(&["parameter", "for example", "meaning"], rows)
        + &paragraph(&format!(
            "A page has {} items by default, at most {}. Follow <code>links.next</code> until it is null. \
             <code>meta.pagination</code> has count, page, page_count, page_items and page_size; <code>meta.total</code> is the same as its count.",
            context.query.default_page_size, context.query.max_page_size
        ))
}

fn filtering(context: &DescriptionContext) -> String {
    let rows = Operator::ALL
        .iter()
        .filter(|operator| is_served(**operator, &context.query))
        .map(|operator| {
            vec![
                code(&format!("filter[name][{}]", operator.name())),
                meaning(*operator).into(),
            ]
        });
    paragraph(
        "<code>filter[name]=John</code> selects records with this value, <code>filter[name]=John,Jane</code> \
         those with one of these values; so do <code>filter[name]=John&amp;filter[name]=Jane</code>, <code>filter[name][]=John&amp;filter[name][]=Jane</code> and <code>filter[name][0]=John&amp;filter[name][1]=Jane</code>, where commas belong to the values. \
         All filters must match; comparisons are exact.",
    ) + &table(&["with an operator", "the attribute"], rows)
        + &paragraph(
            "<code>[or][N]</code> before the attribute puts a filter into group N, and one of the groups must match: \
             <code>filter[or][0][name]=John&amp;filter[or][1][surname]=Doe</code>.",
        )
}

pub fn headers() -> String {
    let rows = Header::ALL.iter().map(|header| {
        vec![
            code(header.name()),
            code(header.example()),
            escape(header.doc()),
        ]
    });
    paragraph("The tables of addresses say which headers each operation supports.")
        + &table(&["header", "for example", "meaning"], rows)
}

pub fn errors(context: &DescriptionContext) -> String {
    let statuses = by_status(context);
    let rows = statuses.iter().flat_map(|(status, kinds)| {
        kinds
            .iter()
            .map(move |kind| vec![status.to_string(), code(kind.code), escape(kind.meaning)])
    });
    paragraph(
        "Errors are documents with <code>errors</code>: each has <code>status</code>, <code>code</code>, \
         <code>title</code>, <code>detail</code> and usually a <code>source</code>: the pointer, \
         parameter or header that is wrong. There is one error for each invalid attribute.",
    ) + &table(&["status", "code", "when"], rows)
}

pub fn limits(context: &DescriptionContext) -> String {
    let rows = context
        .limits()
        .into_iter()
        .map(|limit| vec![escape(limit.what), limit.most, escape(limit.otherwise)]);
    table(&["what", "at most", "above"], rows)
}
