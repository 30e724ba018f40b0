//! Damaged copies: an error, or the rows of the good one. Never other rows, and never a panic.

use baton_workato::baton::c1z::Limits;
use baton_workato::baton::error::Error;

use super::parts::{self, Parts};
use super::tables;

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn flip(&mut self, bytes: &mut [u8]) -> usize {
        let at = self.below(bytes.len());
        bytes[at] ^= u8::try_from(1 + self.below(255)).unwrap();
        at
    }

    /// A table or the MANIFEST: what else there is is empty, or read by nobody.
    fn counted_file<'a>(&mut self, parts: &'a mut Parts) -> &'a mut (String, Vec<u8>) {
        let is_counted = |name: &str| name.ends_with(".sst") || name.starts_with("MANIFEST");
        let mut files: Vec<_> = parts.files.iter_mut().filter(|(name, _)| is_counted(name)).collect();
        let number = self.below(files.len());
        files.swap_remove(number)
    }
}

fn read(file: Vec<u8>) -> Result<Vec<String>, Error> {
    parts::everything(&parts::open(file, &Limits::default())?)
}

/// How many copies were refused, and how many said the same.
#[derive(Default, Debug)]
struct Seen {
    refused: usize,
    same: usize,
}

impl Seen {
    fn look(&mut self, what: &str, good: &[String], copy: Vec<u8>) {
        match read(copy) {
            Ok(rows) => {
                assert_eq!(rows, good, "{what}");
                self.same += 1;
            }
            Err(error) => {
                parts::refused(&error);
                self.refused += 1;
            }
        }
    }
}

fn published() -> Vec<u8> {
    std::fs::read(tables::own().join("features.c1z")).unwrap()
}

#[test]
fn a_thousand_damaged_copies_are_refused_or_say_the_same() {
    let published = published();
    let good = read(published.clone()).unwrap();
    assert!(good.len() > 15, "{}", good.len());
    let small = Parts::cut_small(&published);
    assert!(small.files.len() > 5, "several tables");
    let copies = [
        ("published", published.clone()),
        ("frames", small.indexed()),
        ("archive", small.archive(false)),
        ("compressed archive", small.archive(true)),
    ];
    let mut chance = Chance(14);
    let mut changed = Seen::default();
    for (name, file) in &copies {
        assert_eq!(read(file.clone()).unwrap(), good, "{name}");
        for _ in 0..150 {
            let mut copy = file.clone();
            let at = chance.flip(&mut copy);
            changed.look(&format!("{name}: byte {at}"), &good, copy);
        }
    }
    let mut cut = Seen::default();
    for (name, file) in &copies {
        for _ in 0..25 {
            let end = chance.below(file.len());
            cut.look(&format!("{name}: cut at {end}"), &good, file[..end].to_vec());
        }
    }
    // What is changed within a file of the store, under frames and an index that agree with it.
    let mut inside = Seen::default();
    for good_parts in [Parts::of(&published), small] {
        for _ in 0..150 {
            let mut copy = good_parts.clone();
            let (name, content) = chance.counted_file(&mut copy);
            let at = chance.flip(content);
            let what = format!("{name}: byte {at}");
            inside.look(&what, &good, copy.indexed());
        }
    }
    let all = [&changed, &cut, &inside].map(|seen| seen.refused + seen.same);
    assert_eq!(all.iter().sum::<usize>(), 1_000);
    // What may say the same: damage in descriptors, options and times of files, which nobody reads, and in blocks of
    // indexes that these questions do not need.
    assert!(changed.refused > 480, "{changed:?}");
    assert!(cut.refused > 90, "{cut:?}");
    assert!(inside.refused > 200, "{inside:?}");
}

#[test]
fn damage_that_every_checksum_agrees_with_is_no_panic() {
    let published = published();
    let mut chance = Chance(15);
    let (mut refused, mut read_through) = (0, 0);
    for good in [Parts::of(&published), Parts::cut_small(&published)] {
        let seals = good.seals();
        let mut untouched = good.clone();
        untouched.seal(&seals);
        assert!(untouched.files == good.files, "the checksums were understood");
        for _ in 0..500 {
            let mut copy = good.clone();
            let (_, content) = chance.counted_file(&mut copy);
            chance.flip(content);
            if chance.below(2) == 0 {
                chance.flip(content);
            }
            copy.seal(&seals);
            match parts::open(copy.indexed(), &Limits::default()) {
                Ok(file) => {
                    match parts::everything(&file) {
                        Ok(_) => read_through += 1,
                        Err(error) => {
                            parts::refused(&error);
                            refused += 1;
                        }
                    }
                    parts::some(&file);
                }
                Err(error) => {
                    parts::refused(&error);
                    refused += 1;
                }
            }
        }
    }
    // Free text that is other text is not found out.
    assert!(refused > 200 && read_through > 0, "{refused} {read_through}");
}
