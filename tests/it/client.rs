//! The Workato client against a scripted server: envelopes, paging, ids, faults, waits, and what never may leak.

mod codes;
mod cut;
mod data_center;
mod faults;
mod gzip;
mod pacing;
mod paging;
mod rows;
mod safety;
mod scripted;
mod waiting;
