//! Which program the kit works in. The kit itself has no name, no version and no mark: whoever builds a connector with
//! it hands them in, once, and everything that introduces the program to others takes them from there.

use crate::baton::code::Code;

/// A program that is built with the kit. There is one of these per program, beside its map of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// What is typed to run it: `baton-rota`.
    pub name: &'static str,
    /// Its version, without a `v`: `1.2.3`. A sync is resumed only by the version that began it.
    pub version: &'static str,
    /// Where its source is, as an address. Hello tells it to ConductorOne.
    pub repository: &'static str,
    /// The version of Rust that it asks for: `1.90`. Hello tells it, too.
    pub rust_version: &'static str,
    /// What its codes begin with, so that one in a log is found and not taken for a number of something else: `RO-`.
    pub mark: &'static str,
}

impl About {
    /// Name and version as HTTP has them: `baton-rota/1.2.3`.
    pub fn user_agent(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// The whole name of a code, as people and programs meet it: `RO-0101`.
    pub fn code(&self, code: Code) -> String {
        format!("{}{}", self.mark, code.digits())
    }
}

/// A program for unit tests.
#[cfg(test)]
pub(crate) const EXAMPLE: About = About {
    name: "baton-rota",
    version: "1.2.3",
    repository: "https://example.org/rota",
    rust_version: "1.90",
    mark: "RO-",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::code;

    #[test]
    fn it_introduces_the_program() {
        assert_eq!(EXAMPLE.user_agent(), "baton-rota/1.2.3");
        assert_eq!(EXAMPLE.code(code::UNAUTHENTICATED), "RO-0016");
    }
}
