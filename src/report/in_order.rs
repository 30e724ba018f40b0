//! Work on many pieces by several threads, of which the results come in the order of the pieces.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::baton::error::{Error, Kind, Result};

/// Pieces that a thread has at most, with that it works on.
const PIECES: usize = 2;
/// Parts of a result that wait to be taken at most.
const PARTS: usize = 4;
/// Threads at most: each reads the file on its own, and remembers what it read.
const MOST: usize = 4;

/// As many threads as the machine works on at once.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST))
}

/// Where a thread has its pieces from, and gives results to.
pub struct Desk<I, O> {
    pieces: Receiver<I>,
    results: SyncSender<Result<Option<O>>>,
}

impl<I, O> Desk<I, O> {
    /// Calls `work` with every piece, and with what takes parts of its result.
    ///
    /// # Errors
    /// Those of `work`; `Internal` where nobody takes results any more.
    pub fn work(&self, mut work: impl FnMut(I, &mut dyn FnMut(O) -> Result<()>) -> Result<()>) -> Result<()> {
        let give = |result| self.results.send(Ok(result)).map_err(|_| gone());
        for piece in &self.pieces {
            work(piece, &mut |part| give(Some(part)))?;
            give(None)?;
        }
        Ok(())
    }
}

struct Lane<I, O> {
    pieces: SyncSender<I>,
    results: Receiver<Result<Option<O>>>,
}

/// Lets `count` threads work: each runs `worker` with a desk of its own. The pieces are those that `pieces` gives; `take` is
/// called, on this thread, with the parts of all results, in the order of pieces. Few pieces are on their way at any time.
///
/// # Errors
/// That of the first piece, in their order, that fails; otherwise those of `pieces` and `take`.
pub fn in_order<I: Send, O: Send>(
    count: usize,
    worker: impl Fn(&Desk<I, O>) -> Result<()> + Sync,
    pieces: impl FnOnce(&mut dyn FnMut(I) -> Result<()>) -> Result<()>,
    take: &mut dyn FnMut(O) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        let worker = &worker;
        let lane = |_| {
            let (pieces, to_work_on) = sync_channel(PIECES);
            let (done, results) = sync_channel(PARTS);
            scope.spawn(move || {
                let desk = Desk {
                    pieces: to_work_on,
                    results: done,
                };
                if let Err(error) = worker(&desk) {
                    // Where nobody is left to hear it, there is an error already.
                    let _ = desk.results.send(Err(error));
                }
            });
            Lane { pieces, results }
        };
        let lanes: Vec<Lane<I, O>> = (0..count.max(1)).map(lane).collect();
        let at = |number: usize| lanes.get(number % lanes.len()).ok_or_else(gone);
        let (mut given, mut taken) = (0, 0);
        pieces(&mut |piece| {
            if given - taken == lanes.len() * PIECES {
                take_result(at(taken)?, take)?;
                taken += 1;
            }
            if at(given)?.pieces.send(piece).is_err() {
                // It has ended before its time: why comes behind what it did before.
                loop {
                    take_result(at(taken)?, take)?;
                    taken += 1;
                }
            }
            given += 1;
            Ok(())
        })?;
        while taken < given {
            take_result(at(taken)?, take)?;
            taken += 1;
        }
        Ok(())
    })
}

/// Takes all parts of the result that comes next.
fn take_result<I, O>(lane: &Lane<I, O>, take: &mut dyn FnMut(O) -> Result<()>) -> Result<()> {
    loop {
        match lane.results.recv().map_err(|_| gone())?? {
            Some(part) => take(part)?,
            None => return Ok(()),
        }
    }
}

fn gone() -> Error {
    Error::new(Kind::Internal, "a thread that worked on this has stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(count: usize, fails_at: Option<u32>) -> (Vec<u32>, Result<()>) {
        let mut out = Vec::new();
        let worked = in_order(
            count,
            |desk| {
                desk.work(|piece: u32, give| {
                    if Some(piece) == fails_at {
                        return Err(Error::new(Kind::DataLoss, format!("piece {piece}")));
                    }
                    // Some take longer than others, some have many parts, some none.
                    if piece.is_multiple_of(7) {
                        thread::yield_now();
                    }
                    (0..piece % 9).try_for_each(|part| give(piece * 100 + part))
                })
            },
            |give| (0..500).try_for_each(give),
            &mut |part| {
                out.push(part);
                Ok(())
            },
        );
        (out, worked)
    }

    #[test]
    fn results_come_in_the_order_of_pieces_however_many_work() {
        let wanted: Vec<u32> = (0..500u32)
            .flat_map(|piece| (0..piece % 9).map(move |part| piece * 100 + part))
            .collect();
        for count in [0, 1, 2, 3, 8] {
            let (out, worked) = doubled(count, None);
            worked.unwrap();
            assert_eq!(out, wanted, "{count}");
        }
    }

    #[test]
    fn the_error_of_a_piece_comes_behind_what_was_done_before_it() {
        for count in [1, 2, 5] {
            for piece in [0, 1, 250, 499] {
                let (out, worked) = doubled(count, Some(piece));
                assert_eq!(worked.unwrap_err().to_string(), format!("piece {piece}"));
                let before: u32 = (0..piece).map(|piece| piece % 9).sum();
                assert_eq!(out.len() as u32, before, "{count} {piece}");
            }
        }
    }

    #[test]
    fn a_thread_that_cannot_begin_says_why_and_nobody_waits_for_those_that_are_not_needed() {
        let nothing = |_: &mut dyn FnMut(u32) -> Result<()>| Ok(());
        in_order(
            3,
            |desk| desk.work(|_, _: &mut dyn FnMut(u32) -> Result<()>| Ok(())),
            nothing,
            &mut |_| Ok(()),
        )
        .unwrap();
        let failed = in_order(
            2,
            |_: &Desk<u32, u32>| Err(Error::new(Kind::DataLoss, "no file")),
            |give| (0..100).try_for_each(give),
            &mut |_| Ok(()),
        );
        assert_eq!(failed.unwrap_err().to_string(), "no file");
    }

    #[test]
    fn whoever_takes_no_more_ends_the_work() {
        let mut left = 10;
        let failed = in_order(
            2,
            |desk| desk.work(|piece: u32, give| (0..1000).try_for_each(|_| give(piece))),
            |give| (0..1000).try_for_each(give),
            &mut |_| {
                left -= 1;
                match left {
                    0 => Err(Error::new(Kind::ResourceExhausted, "full")),
                    _ => Ok(()),
                }
            },
        );
        assert_eq!(failed.unwrap_err().to_string(), "full");
    }
}
