//! Stable codes of failures that only a connector of Workato has. How numbers are given: [`code`](crate::baton::code).
//!
//! 10 is settings, the key and its permissions; 11 what Workato answers; 12 writes; 19 warnings of a sync.

use crate::baton::code::codes;

codes! {
    /// The key is not accepted.
    KEY_REJECTED = "1001";
}
