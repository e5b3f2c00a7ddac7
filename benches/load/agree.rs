//! That those compared do the same: asked once before anything is measured.

use std::error::Error;

use serde_json::Value;

use super::http::{self, Request};
use super::measure::{Contender, Kind};
use super::work::Item;

/// What of a document has to be the same.
type View = fn(&[u8]) -> Result<String, Box<dyn Error>>;

/// Fails where a server answers other than rolecall: the hand-written one byte
/// by byte but for the time of a change, peers in which resources they show.
pub fn check(items: &[Item], contenders: &[Contender], token: &str) -> Result<(), Box<dyn Error>> {
    let ours = contenders.iter().find(|one| one.kind == Kind::Rolecall);
    let ours = ours.ok_or("rolecall does not take part")?;
    for item in items.iter().filter(|item| !item.probes.is_empty()) {
        let expected = answers(item, ours, &ours.address, token)?;
        for other in contenders.iter().filter(|one| one.kind.takes(item)) {
            let view: View = match other.kind {
                Kind::Handwritten => timeless,
                Kind::Peer(_) => shown,
                Kind::Rolecall | Kind::Memory => continue,
            };
            let found = answers(item, other, &ours.address, token)?;
            for (expected, found) in expected.iter().zip(&found) {
                let (expected, found) = (view(expected)?, view(found)?);
                if expected != found {
                    let (item, name) = (item.name, other.kind.name());
                    return Err(format!(
                        "{item}: {name} answers other than rolecall:\n{found}\n{expected}"
                    )
                    .into());
                }
            }
        }
    }
    Ok(())
}

fn answers(
    item: &Item,
    server: &Contender,
    host: &str,
    token: &str,
) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let ask = |(method, body): &(&'static str, String)| {
        let request = Request {
            method,
            path: &item.path,
            token,
            body,
        };
        Ok(http::ask(&server.address, host, &request)?.body)
    };
    item.probes.iter().map(ask).collect()
}

/// The document without when it was changed.
fn timeless(document: &[u8]) -> Result<String, Box<dyn Error>> {
    const MARK: &str = "\"modified\":\"";
    let text = std::str::from_utf8(document)?;
    let mut parts = text.split(MARK);
    let mut view = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        view.push_str(MARK);
        view.push_str(part.split_once('"').unwrap_or_default().1);
    }
    Ok(view)
}

/// Which resources a document holds, and what they are called.
fn shown(document: &[u8]) -> Result<String, Box<dyn Error>> {
    let document: Value = serde_json::from_slice(document)?;
    let mut view = String::new();
    for member in ["data", "included"] {
        let found = match document.get(member) {
            Some(Value::Array(many)) => many.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        let mut lines: Vec<String> = found.into_iter().map(line).collect();
        if member == "included" {
            lines.sort();
        }
        view.push_str(&lines.join("\n"));
        view.push('\n');
    }
    Ok(view)
}

fn line(resource: &Value) -> String {
    let part = |path| {
        resource
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or("-")
    };
    format!(
        "{} {} {} {} {}",
        part("/type"),
        part("/id"),
        part("/attributes/username"),
        part("/attributes/surname"),
        part("/attributes/position")
    )
}
