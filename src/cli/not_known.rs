//! What a file does not tell, said on stderr beside answers that have no place for it: rows, CSV, JSON lines, exports.

use crate::report::reach::Gap;
use crate::term::Terminal;

/// Gaps that are told unless all are asked for.
pub const MOST: usize = 6;

/// Says each in a line of its own, at most so many of them. `rest` says where the others are.
pub fn say(terminal: &Terminal, gaps: &[Gap], most: usize, rest: &str) {
    for gap in gaps.iter().take(most) {
        terminal.say_line(&format!("Not known: {}", told(gap)));
    }
    if let Some(more) = gaps.len().checked_sub(most).filter(|more| *more > 0) {
        terminal.say_line(&format!("Not known: {more} more things{rest}"));
    }
}

/// The first of them in few words, and how many there are besides; nothing where there is none.
pub fn first(gaps: &[Gap]) -> Option<String> {
    let (first, others) = gaps.split_first()?;
    Some(match others.len() {
        0 => told(first),
        1 => format!("{}; and 1 more thing", told(first)),
        more => format!("{}; and {more} more things", told(first)),
    })
}

fn told(gap: &Gap) -> String {
    match &gap.code {
        Some(code) => format!("{} ({code})", gap.message),
        None => gap.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gap_is_named_and_the_others_are_counted() {
        let gaps = [Gap::new("who holds anything"), Gap::new("why"), Gap::new("when")];
        assert_eq!(first(&[]), None);
        assert_eq!(first(&gaps[..1]).as_deref(), Some("who holds anything"));
        assert_eq!(
            first(&gaps[..2]).as_deref(),
            Some("who holds anything; and 1 more thing")
        );
        assert_eq!(first(&gaps).as_deref(), Some("who holds anything; and 2 more things"));
    }
}
