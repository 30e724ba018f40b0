//! The workspace of a customer of a partner: the same lists below `/api/managed_users/:id`, with the partner's token
//! (`workato/fleet.md 2`). Where a list is there, and that some are not, stands here; how their answers differ, in
//! `decode.rs` and `field/held.rs`.

use std::fmt;

use super::endpoint::{Address, Endpoint, Envelope, PAGE_SIZE, Verb};
use super::odd::{Listed, Matter};
use super::paging::{count, may_be_cut, refused_page};
use super::{Answered, WorkatoClient};
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::workato::access_model::is_refusal;
use crate::workato::code;

/// The fact of an error that says: the API for partners has no such list.
pub const NO_MIRROR: &str = "no list below managed_users";
/// Lists that are answered as a whole are doubted where they have as many rows as pages of this size would. All limits
/// that are in use are multiples of it. One that is documented to be whole is only doubted at the limit of all others.
const SMALLEST_PAGE: usize = 25;

/// A customer, by the id that stands in paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Customer(String);

impl Customer {
    /// By its number, or by `E` and the external id as it is, not encoded: `91001`, `EA23`.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else.
    pub fn parse(text: &str) -> Result<Customer> {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_external = text
            .strip_prefix('E')
            .is_some_and(|external| !external.is_empty() && !external.contains(char::is_control));
        if (is_number || is_external) && text.len() <= 255 {
            return Ok(Customer(text.to_owned()));
        }
        Err(
            Error::new(Kind::InvalidArgument, format!("{text:?} is no id of a customer"))
                .hint("a number, or E and an external id: 91001, EA23"),
        )
    }

    /// As it stands in a path before it is encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an endpoint is below the customer; `None` where the API for partners has nothing of the kind in a form that is
/// known. The record of the customer itself stands for the workspace.
fn mirrored(endpoint: &Endpoint) -> Option<&'static str> {
    if endpoint.verb != Verb::Get {
        return None;
    }
    let path = endpoint.path.strip_prefix("/api/")?;
    match path {
        "users/me" => Some(""),
        // The first form of the API platform, whose clients have no keys but profiles, is not read.
        _ if path.starts_with("agentic/") || path.starts_with("v2/") => None,
        _ => Some(path.strip_prefix("mcp/").unwrap_or(path)),
    }
}

impl WorkatoClient {
    /// Where a request goes.
    pub(super) fn url(&self, at: &Address<'_>) -> Result<url::Url> {
        let Some(customer) = &self.customer else {
            return at.url(&self.base_url, at.endpoint.path);
        };
        let Some(path) = mirrored(at.endpoint) else {
            return Err(no_mirror(at.endpoint));
        };
        let below = Endpoint::below(&self.base_url, &["api", "managed_users", customer.as_str()])?;
        at.url(&below, path)
    }

    /// Whether this reads the workspace of a customer of a partner.
    pub fn is_of_customer(&self) -> bool {
        self.customer.is_some()
    }

    /// Whether a list is documented to come in one answer that says nothing of how many it has: a bare list. Others say
    /// their total, and one that does not is of a form that is not known.
    fn has_one_answer(&self, at: Address<'_>) -> bool {
        !self.is_of_customer() && matches!(at.endpoint.envelope, Envelope::Array)
    }

    /// Makes sure that a list which is answered as a whole is one, and not the first page of several; says what still
    /// speaks against it. The forms of a customer's lists are not documented, so their rows of people must say something of
    /// roles, too, or those who only seem to have none would be taken for people without access.
    ///
    /// # Errors
    /// `Internal` for rows without roles; `Unavailable` if there are more rows, or a second page is refused as whatever the
    /// token may not read is; those of the client.
    pub async fn check_whole<T: Listed>(&self, at: Address<'_>, list: &Answered<T>) -> Result<Option<String>> {
        if self.is_of_customer() {
            says_roles(at, &list.rows)?;
        }
        let rows = &list.rows;
        let seen = count(rows);
        let smallest = match self.has_one_answer(at) {
            true => PAGE_SIZE as usize,
            false => SMALLEST_PAGE,
        };
        let is_round = list.total.is_none() && !rows.is_empty() && rows.len().is_multiple_of(smallest);
        if !list.claims.more_than(seen) && !is_round {
            return Ok(None);
        }
        if at.with.is_some() {
            return Ok(may_be_cut(seen, list.total, list.claims, false));
        }
        let second = Address {
            with: Some(("page", "2")),
            ..at
        };
        let claimed = may_be_cut(seen, list.total, list.claims, false);
        let more = match self.list::<T>(&second, 1).await {
            Ok((_, more)) => more,
            // Whoever takes no pages says so in this way, too.
            Err(error) if knows_no_pages(&error) => {
                let doubtful = !self.has_one_answer(at);
                return Ok(claimed.or_else(|| doubtful.then(|| format!("{seen} rows, and page 2 is refused"))));
            }
            Err(error) if is_refusal(&error) => return Err(refused_page(2).source(error)),
            Err(error) => return Err(error),
        };
        let is_known = |row: &T| rows.iter().any(|known| known.id_text() == row.id_text());
        if more.rows.iter().all(is_known) {
            let repeats = !more.rows.is_empty() && !self.has_one_answer(at);
            return Ok(may_be_cut(seen, list.total, list.claims, repeats));
        }
        let of = if self.is_of_customer() { " of this customer" } else { "" };
        Err(Error::new(
            Kind::Unavailable,
            format!(
                "{}{of} come in pages of {} rows at most, which is not how they are documented",
                at.endpoint.name, PAGE_SIZE
            ),
        )
        .code(code::LIST_SHORT)
        .retry(Retry::Never)
        .hint("report this message: the form of this list has to be known before it can be read"))
    }
}

/// Whether a server refuses the number of a page as something that it does not know.
fn knows_no_pages(error: &Error) -> bool {
    matches!(error.fact_value("status"), Some("400" | "404" | "422"))
}

fn says_roles<T: Listed>(at: Address<'_>, rows: &[T]) -> Result<()> {
    let is_silent = |row: &&T| row.odd().iter().any(|odd| odd.matter == Matter::NoRoles);
    let silent = rows.iter().filter(is_silent).count();
    if silent > 0 {
        let message = format!(
            "{silent} of {} {} of this customer have neither roles nor a role_name: a form of the list that is not known",
            rows.len(),
            at.endpoint.name
        );
        return Err(Error::new(Kind::Internal, message)
            .code(code::UNREADABLE)
            .hint("report this message, and what this list of the customer answers, without names"));
    }
    Ok(())
}

fn no_mirror(endpoint: &Endpoint) -> Error {
    if endpoint.verb != Verb::Get {
        return Error::new(
            Kind::Unimplemented,
            format!("{} {} of a customer is not possible", endpoint.doing, endpoint.name),
        )
        .code(crate::baton::code::WRITE_UNSUPPORTED)
        .hint("workspaces of a partner's customers are only read");
    }
    Error::new(
        Kind::NotFound,
        format!(
            "the API for partners has no list of {} that is documented well enough to be read",
            endpoint.name
        ),
    )
    .code(code::NOT_THERE)
    .fact(NO_MIRROR, endpoint.name)
}

#[cfg(test)]
mod tests {
    use super::super::endpoint;
    use super::*;

    #[test]
    fn a_customer_is_a_number_or_an_external_id() {
        for good in ["91001", "EA23", "E../x y", " 7 "] {
            assert_eq!(Customer::parse(good).unwrap().as_str(), good.trim());
        }
        for bad in ["", "E", "A23", "-7", "9 1", "e1", "E\n"] {
            Customer::parse(bad).unwrap_err();
        }
    }

    #[test]
    fn every_list_is_where_the_facts_say() {
        let at = |endpoint: &Endpoint| mirrored(endpoint);
        assert_eq!(at(&endpoint::MEMBERS), Some("members"));
        assert_eq!(at(&endpoint::MEMBER_PRIVILEGES), Some("members/{id}/privileges"));
        assert_eq!(at(&endpoint::MCP_SERVER), Some("mcp_servers/{id}"));
        assert_eq!(at(&endpoint::IDENTITY_GROUPS), Some("iam/user_groups"));
        assert_eq!(at(&endpoint::WORKSPACE_DETAILS), Some(""));
        assert_eq!(at(&endpoint::GENIES), None);
        assert_eq!(at(&endpoint::API_KEYS), None);
        for endpoint in endpoint::WRITES {
            assert_eq!(at(endpoint), None, "{}", endpoint.path);
        }
    }
}
