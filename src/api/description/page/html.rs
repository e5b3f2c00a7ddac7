//! HTML helpers. All text goes through [`escape`].

/// Text that is safe between tags and in attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

pub fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

pub fn codes<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<_> = texts.into_iter().map(code).collect();
    all.join(" ")
}

pub fn paragraph(html: &str) -> String {
    format!("<p>{html}</p>\n")
}

/// Preformatted text.
pub fn block(text: &str) -> String {
    format!("<pre tabindex=\"0\"><code>{}</code></pre>\n", escape(text))
}

pub fn section(id: &str, title: &str, body: &str) -> String {
    let title = escape(title);
    format!("<section id=\"{id}\">\n<h2><a href=\"#{id}\">{title}</a></h2>\n{body}</section>\n")
}

pub fn part(id: &str, title: &str, body: &str) -> String {
    let title = escape(title);
    format!("<h3 id=\"{id}\"><a href=\"#{id}\">{title}</a></h3>\n{body}")
}

/// A table whose cells are HTML; on narrow screens each row is a block of its own.
/// Empty without rows.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: String = rows.into_iter().map(|cells| row(head, &cells)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let head: String = head
        .iter()
        .map(|name| format!("<th scope=\"col\">{name}</th>"))
        .collect();
    format!("<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

fn row(head: &[&str], cells: &[String]) -> String {
    let cells: String = head
        .iter()
        .zip(cells)
        .map(|(name, cell)| format!("<td data-head=\"{name}\">{cell}</td>"))
        .collect();
    format!("<tr>{cells}</tr>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_place() {
        assert_eq!(
            escape("<a href=\"x\">&"),
            "&lt;a href=&quot;x&quot;&gt;&amp;"
        );
        assert!(block("</pre><script>").contains("&lt;/pre&gt;&lt;script&gt;"));
        assert_eq!(table(&["x"], []), "");
    }
}
