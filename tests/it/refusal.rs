//! What a refusal means: of one thing, of several, of a family, before and after it answered; and that neither the
//! number of workers nor an interruption makes a difference.

pub mod kinds;
mod memory;
mod order;
mod tokens;
