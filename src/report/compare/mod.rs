//! What changed between two syncs.
//!
//! [`sides`] chooses the two. [`rows`] streams the rows that differ, for the published `C1ZDiffOutput`. [`review`]
//! says the same to people: who joined and left, who gained and lost what, and why; [`reached`] looks who gets to more
//! without a new grant, [`told`] has the words, and [`changes`] what a page and a sheet tell of a file.

mod causes;
pub mod changes;
mod details;
mod meaning;
pub mod reached;
pub mod review;
pub mod rows;
pub mod sides;
pub mod told;

pub use causes::Cause;
pub use details::Detail;
pub use sides::{Sides, SidesQuery};
