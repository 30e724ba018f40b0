//! Grant expansion.
