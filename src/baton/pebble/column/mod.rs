//! Columns: the four ways a columnar block stores one field of all its rows.
//!
//! Decoding a column finds where its parts lie and checks that they fit; a row is looked up when it is asked for.
//! A look-up never trusts what was not checked: it gives `None` where the bytes contradict themselves.

mod bits;
mod prefixed;
mod slices;
mod uints;

pub(super) use bits::{Bits, put_bits};
pub(super) use prefixed::{Prefixed, put_prefixed};
pub(super) use slices::{Slices, put_slices};
pub(super) use uints::{Uints, put_uints};

use super::error::{Error, Result};

/// The error of a row that its column has no sound value for.
pub(super) fn broken_row() -> Error {
    Error::corrupt("a row points outside of its column")
}

/// The offset of `at` rounded up to a multiple of `width`, if the bytes between are there and zero.
fn aligned(block: &[u8], at: usize, width: usize) -> Result<usize> {
    let start = at.next_multiple_of(width.max(1));
    match block.get(at..start) {
        Some(padding) if padding.iter().all(|byte| *byte == 0) => Ok(start),
        Some(_) => Err(Error::corrupt("the padding of a column is not zero")),
        None => Err(ends_early()),
    }
}

/// Appends zeroes up to a multiple of `width`.
fn align(out: &mut Vec<u8>, width: usize) {
    out.resize(out.len().next_multiple_of(width.max(1)), 0);
}

fn byte(block: &[u8], at: usize) -> Result<u8> {
    block.get(at).copied().ok_or_else(ends_early)
}

fn ends_early() -> Error {
    Error::corrupt("a block ends before its columns do")
}
