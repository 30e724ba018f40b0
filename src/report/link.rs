//! Addresses inside of the web page. Both the explorer and the self-contained report know these routes.

/// The page of a resource: `#/thing/collaborator/1004`.
pub fn thing(kind: &str, id: &str) -> String {
    format!("#/thing/{}/{}", encoded(kind), encoded(id))
}

/// The list of a type, narrowed by words: `#/list/collaborator?q=example.com`.
pub fn list(kind: &str, words: &str) -> String {
    format!("#/list/{}?q={}", encoded(kind), encoded(words))
}

/// A finding with all its items: `#/finding/moderators`.
pub fn finding(key: &str) -> String {
    format!("#/finding/{}", encoded(key))
}

/// Everything but unreserved characters as `%XX`, as `encodeURIComponent` of browsers.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_break_out_of_an_address() {
        assert_eq!(thing("project", "12"), "#/thing/project/12");
        assert_eq!(thing("a/b", "x?q=\"<ü"), "#/thing/a%2Fb/x%3Fq%3D%22%3C%C3%BC");
        assert_eq!(list("role", "Environment admin"), "#/list/role?q=Environment%20admin");
    }
}
