//! One page of a tree.

/// What a page is, as its first byte says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    IndexInner = 2,
    TableInner = 5,
    IndexLeaf = 10,
    TableLeaf = 13,
}

impl Kind {
    fn is_inner(self) -> bool {
        matches!(self, Kind::IndexInner | Kind::TableInner)
    }

    fn header(self) -> usize {
        if self.is_inner() { 12 } else { 8 }
    }
}

/// A page that is being filled.
#[derive(Debug)]
pub(super) struct Page {
    kind: Kind,
    bytes: Vec<u8>,
    /// Where each cell begins, the last one lowest.
    cells: Vec<usize>,
    /// The child behind the last cell.
    last_child: u32,
}

/// Bytes of the place of a cell.
const PLACE: usize = 2;

impl Page {
    pub(super) fn new(kind: Kind, size: usize) -> Self {
        Page {
            kind,
            bytes: vec![0; size],
            cells: Vec::new(),
            last_child: 0,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(super) fn set_last_child(&mut self, child: u32) {
        self.last_child = child;
    }

    pub(super) fn last_child(&self) -> u32 {
        self.last_child
    }

    fn begin(&self) -> usize {
        self.cells.last().copied().unwrap_or(self.bytes.len())
    }

    /// Adds a cell behind the others. `false`: it does not fit.
    pub(super) fn push(&mut self, cell: &[u8]) -> bool {
        let places = self.kind.header() + (self.cells.len() + 1) * PLACE;
        let end = self.begin();
        let Some(at) = end.checked_sub(cell.len()).filter(|at| *at >= places) else {
            return false;
        };
        if let Some(room) = self.bytes.get_mut(at..end) {
            room.copy_from_slice(cell);
        }
        self.cells.push(at);
        true
    }

    /// Takes the last cell off.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let at = self.cells.pop()?;
        let end = self.begin();
        let cell = self.bytes.get_mut(at..end)?;
        let taken = cell.to_vec();
        cell.fill(0);
        Some(taken)
    }

    /// Begins anew, with the room of the old page.
    pub(super) fn clear(&mut self) {
        self.bytes.fill(0);
        self.cells.clear();
        self.last_child = 0;
    }

    /// The page, with its header.
    pub(super) fn finish(&mut self) -> &[u8] {
        let count = (self.cells.len() as u16).to_be_bytes();
        // A begin at 65536 is written as 0, which is what is left of it.
        let begin = (self.begin() as u16).to_be_bytes();
        let child = self.last_child.to_be_bytes();
        let header = [
            self.kind as u8,
            0,
            0,
            count[0],
            count[1],
            begin[0],
            begin[1],
            0,
            child[0],
            child[1],
            child[2],
            child[3],
        ];
        let length = self.kind.header();
        let places = self.cells.iter().flat_map(|at| (*at as u16).to_be_bytes());
        let all = header.into_iter().take(length).chain(places);
        self.bytes.iter_mut().zip(all).for_each(|(byte, value)| *byte = value);
        &self.bytes
    }
}
