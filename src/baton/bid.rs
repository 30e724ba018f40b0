//! Baton ids: how people and connectors name a resource in one word (`baton/c1z/format.md 5.7`).
//!
//! `bid:r:type/id`, or with what it lies in before it, `bid:r:type/id/type/id`. A slash, a colon or a backslash in a part
//! has a backslash before it.

use super::code;
use super::error::{Error, Kind, Result};
use super::proto::v2;

const RESOURCE: &str = "bid:r:";

/// A resource by its Baton id, and what it lies in; `type:id` is taken as well.
///
/// # Errors
/// `Unknown` (exit code 2) for anything else, with the place.
pub fn resource(text: &str) -> Result<(v2::ResourceId, Option<v2::ResourceId>)> {
    let Some(path) = text.strip_prefix(RESOURCE) else {
        if text.starts_with("bid:") {
            return Err(wrong(text, 4, "a resource begins with `bid:r:`"));
        }
        return match text.split_once(':') {
            Some((kind, id)) if !kind.is_empty() && !id.is_empty() => Ok((id_of(kind, id), None)),
            Some((kind, _)) => Err(wrong(
                text,
                if kind.is_empty() { 0 } else { text.len() },
                "something is missing here",
            )),
            None => Err(wrong(text, text.len(), "a colon and an id are missing here")),
        };
    };
    let parts = parts(text, path)?;
    match parts.as_slice() {
        [kind, id] => Ok((id_of(kind, id), None)),
        [outer_kind, outer_id, kind, id] => Ok((id_of(kind, id), Some(id_of(outer_kind, outer_id)))),
        _ => Err(wrong(
            text,
            text.len(),
            "a type and an id, or two such pairs, are wanted, with slashes between them",
        )),
    }
}

fn id_of(kind: &str, id: &str) -> v2::ResourceId {
    v2::ResourceId {
        resource_type: kind.to_owned(),
        resource: id.to_owned(),
        baton_resource: false,
    }
}

fn parts(text: &str, path: &str) -> Result<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut chars = path.char_indices();
    while let Some((at, c)) = chars.next() {
        let at = RESOURCE.len() + at;
        let part = match c {
            '/' => {
                if parts.last().is_some_and(String::is_empty) {
                    return Err(wrong(text, at, "a part is empty before this slash"));
                }
                parts.push(String::new());
                continue;
            }
            ':' => return Err(wrong(text, at, "a colon in an id is written `\\:`")),
            '\\' => match chars.next() {
                Some((_, escaped @ ('\\' | '/' | ':'))) => escaped,
                _ => {
                    return Err(wrong(
                        text,
                        at,
                        "a backslash goes before a slash, a colon or a backslash",
                    ));
                }
            },
            other => other,
        };
        if let Some(last) = parts.last_mut() {
            last.push(part);
        }
    }
    if parts.last().is_some_and(String::is_empty) {
        return Err(wrong(text, text.len(), "something is missing here"));
    }
    Ok(parts)
}

/// The text with a mark below the place.
fn wrong(text: &str, at: usize, why: &str) -> Error {
    let before = text.get(..at).unwrap_or(text).chars().count();
    let shown = format!(
        "{text:?} does not name a resource\n  {text}\n  {}^ {why}",
        " ".repeat(before)
    );
    Error::new(Kind::Unknown, shown)
        .code(code::SETTING_VALUE)
        .hint("write it as bid:r:TYPE/ID or TYPE:ID, such as bid:r:project/1001")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match resource(text) {
            Ok((id, None)) => format!("{}|{}", id.resource_type, id.resource),
            Ok((id, Some(outer))) => format!(
                "{}|{} in {}|{}",
                id.resource_type, id.resource, outer.resource_type, outer.resource
            ),
            Err(error) => format!(
                "column {}",
                error.to_string().lines().last().unwrap().find('^').unwrap() - 2
            ),
        }
    }

    #[test]
    fn ids_are_read_and_mistakes_are_pointed_at() {
        for (text, expected) in [
            ("bid:r:project/1001", "project|1001"),
            ("project:1001", "project|1001"),
            ("role:admin:dev", "role|admin:dev"),
            ("bid:r:project/1/folder/2", "folder|2 in project|1"),
            (r"bid:r:role/a\:b\/c\\d", r"role|a:b/c\d"),
            ("bid:e:role/1", "column 4"),
            ("bid:r:", "column 6"),
            ("bid:r:role/", "column 11"),
            ("bid:r:/1", "column 6"),
            ("bid:r:role", "column 10"),
            ("bid:r:a/1/b", "column 11"),
            ("bid:r:role/1:member", "column 12"),
            (r"bid:r:role/\x", "column 11"),
            ("project", "column 7"),
            ("project:", "column 8"),
            (":1", "column 0"),
            ("", "column 0"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
