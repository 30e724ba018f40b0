//! What changed between two syncs.
//!
//! [`sides`] chooses the two. [`rows`] streams the rows that differ, for the published `C1ZDiffOutput`. [`review`]
//! says the same to people: who joined and left, who gained and lost what, and why.

mod causes;
mod details;
mod meaning;
pub mod review;
pub mod rows;
pub mod sides;

pub use causes::Cause;
pub use details::Detail;
pub use sides::{Sides, SidesQuery};
