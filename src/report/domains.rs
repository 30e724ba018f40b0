//! Which e-mail domains are the organization's own.

/// The organization's own domains.
#[derive(Debug, Clone, Copy)]
pub enum Own<'d> {
    /// The one most people have, and what is below it: nobody said which are.
    Main(&'d str),
    /// Those that a policy allows, in lower case; `*.` at the beginning stands for everything below.
    Allowed(&'d [String]),
}

impl Own<'_> {
    /// Whether a domain, in lower case, is one of them.
    pub fn includes(&self, domain: &str) -> bool {
        let is_below = |above: &str| domain.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'));
        match self {
            Own::Main(main) => domain == *main || is_below(main),
            Own::Allowed(allowed) => allowed.iter().any(|allowed| match allowed.strip_prefix("*.") {
                Some(above) => is_below(above),
                None => domain == allowed,
            }),
        }
    }

    /// In words: `acme.com, *.acme.com`.
    pub fn told(&self) -> String {
        match self {
            Own::Main(main) => (*main).to_owned(),
            Own::Allowed(allowed) => allowed.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Own;

    #[test]
    fn a_star_stands_for_what_is_below() {
        let is_in = |domain: &str, allowed: &str| Own::Allowed(&[allowed.to_owned()]).includes(domain);
        assert!(is_in("acme.com", "acme.com") && is_in("eu.acme.com", "*.acme.com"));
        assert!(!is_in("acme.com", "*.acme.com") && !is_in("notacme.com", "*.acme.com"));
        assert!(!is_in("eu.acme.com", "acme.com"));
    }

    #[test]
    fn the_main_domain_includes_what_is_below() {
        let own = Own::Main("acme.com");
        assert!(own.includes("acme.com") && own.includes("eu.acme.com"));
        assert!(!own.includes("notacme.com") && !own.includes("evil.com"));
    }
}
