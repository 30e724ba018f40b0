//! The pages of a list in the session of a sync, from where a run that goes on after a stopped one has them again.
//!
//! Pages of two moments are not one list: who moved from a page that comes to one that was read would be on neither, and
//! the total would still agree. So pages carry the number of the reading that they are of. Where one is missing, or is of
//! an earlier reading, nothing that was found counts, and the list is read anew from its first page, as the next reading.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::List;
use crate::baton::error::Result;
use crate::workato::client::{ApiPage, Claims, Listed};
use crate::workato::tables::{asked, found};

/// One page as a session keeps it.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredPage<T> {
    pub(super) rows: Vec<T>,
    pub(super) next: Option<u32>,
    #[serde(default)]
    pub(super) total: Option<u64>,
    #[serde(default, skip_serializing_if = "Claims::is_silent")]
    pub(super) claims: Claims,
    /// Which reading it is of: most lists are read once.
    #[serde(default, skip_serializing_if = "is_first")]
    pub(super) reading: u32,
}

fn is_first(reading: &u32) -> bool {
    *reading == 0
}

impl<T> From<ApiPage<T>> for StoredPage<T> {
    fn from(page: ApiPage<T>) -> Self {
        StoredPage {
            rows: page.rows,
            next: page.next,
            total: page.total,
            claims: page.claims,
            reading: 0,
        }
    }
}

/// Whether an answer of a session is a page of a list that had to be read anew.
pub fn was_read_anew(answer: &[u8]) -> bool {
    serde_json::from_slice::<Value>(answer).is_ok_and(|page| page.get("reading").is_some())
}

/// Which reading the pages are of.
#[derive(Debug, Default)]
pub(super) struct Reading {
    number: u32,
    /// Whether a page of it was found in the session.
    found: bool,
    /// Whether nothing is looked for there any more.
    anew: bool,
}

impl Reading {
    /// The one after it, every page of which is asked for.
    pub(super) fn next(&self) -> Reading {
        Reading {
            number: self.number.saturating_add(1),
            found: false,
            anew: true,
        }
    }
}

impl List<'_> {
    /// Page `page` of a reading; `None` where it would not be of the same moment as those before it.
    pub(super) async fn kept_page<T: Listed>(
        &self,
        pass: u32,
        page: u32,
        reading: &mut Reading,
    ) -> Result<Option<StoredPage<T>>> {
        let Some((cx, key)) = self.kept else {
            return self.ask(page).await.map(Some);
        };
        let key = match pass {
            1 => format!("{key}/{page}"),
            _ => format!("{key}#{pass}/{page}"),
        };
        if !reading.anew {
            match found::<StoredPage<T>>(cx, &key).await? {
                Some(known) if page == 1 || (reading.found && known.reading == reading.number) => {
                    reading.number = known.reading;
                    reading.found = true;
                    return Ok(Some(known));
                }
                _ if reading.found => return Ok(None),
                _ => reading.anew = true,
            }
        }
        let number = reading.number;
        let ask = || async {
            let mut page: StoredPage<T> = self.ask(page).await?;
            page.reading = number;
            Ok(page)
        };
        asked(cx, &key, ask).await.map(Some)
    }
}
