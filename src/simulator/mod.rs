//! A Workato workspace in memory behind HTTP.
