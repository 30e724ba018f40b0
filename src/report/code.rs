//! Stable codes of what can go wrong with a question to a file. How numbers are given: [`code`](crate::baton::code).

use crate::baton::code::codes;

codes! {
    /// Nothing in the sync has the id or name.
    NO_MATCH = "0601";
    /// Several things of the sync fit.
    AMBIGUOUS = "0602";
    /// The sync has no such resource type.
    UNKNOWN_TYPE = "0603";
    /// A condition that cannot be read.
    CONDITION = "0604";
    /// `--fail-if`, and something fits.
    CONDITION_HIT = "0605";
    /// `--fail-if-gained`, and somebody gained access.
    GAINED = "0606";
    /// There is nothing older to compare with.
    NO_OLDER_SYNC = "0607";
    /// A time that cannot be read.
    NO_TIME = "0608";
    /// `verify` found problems.
    FORMAT_PROBLEMS = "0609";
    /// A format of export that does not exist.
    EXPORT_FORMAT = "0610";
    /// The port of the explorer cannot be used.
    EXPLORE_PORT = "0611";
    /// Things lie in each other too deeply for a page.
    TOO_DEEP = "0612";
    /// `--fail-on`, and something is found.
    FOUND = "0613";
    /// A policy that cannot be read.
    POLICY = "0614";
    /// A folder that is no review, cannot become one, or is being worked on.
    REVIEW_FOLDER = "0615";
    /// A workbook of a review that does not fit what was handed out.
    REVIEW_WORKBOOK = "0616";
    /// The sync that a review was made of is not there as it was.
    REVIEW_STALE = "0617";
    /// Decisions of a review that could not be carried out.
    REVIEW_LEFT = "0618";
}
