//! The file that W&B writes a run to: a log of records, in LevelDB's form with a header of W&B's own.
//!
//! Seven bytes say what it is: `:W&B`, the number 0xBEE1, a version that has always been 0. Then follow blocks of 32 KiB. A
//! record is a checksum (the CRC-32 of zlib, over the kind and the data, unmasked, from 0.12 to this day), a length, a kind and
//! the data; one that does not fit into a block goes on in the next.
//!
//! A run that was killed leaves a torn end: every whole record before it is given, and reading can go on from there once there
//! is more. Where something in the middle is damaged, reading goes on with the next block.

use std::io::{self, Read, Seek, SeekFrom};

use crate::store::limits;

/// What a file begins with.
const HEADER: [u8; 7] = [b':', b'W', b'&', b'B', 0xE1, 0xBE, 0];
/// How long a block is, in bytes.
const BLOCK: usize = 32 << 10;
/// How long what stands before a record's data is, in bytes.
const HEAD: usize = 7;
/// How much is read at once, in bytes: whole blocks, few enough to stay in the processor's cache. The first time one block is, which
/// is all that is needed to know what a run is.
const CHUNK: usize = 8 * BLOCK;

/// The kinds of records.
const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// Where a whole record is.
enum Whole {
    /// In the chunk.
    Here(usize, usize),
    /// In the pieces that were put together.
    Joined,
}

/// Why no more can be read where something is.
enum Stop {
    /// The file ends here, in the middle or between two records.
    End,
    /// It is no record.
    Damage,
}

/// A log that is being read.
pub(super) struct Log<R> {
    source: R,
    chunk: Vec<u8>,
    /// How long the chunk is unless the file ends in it.
    size: usize,
    /// Where the chunk is in the file: at a block's beginning.
    base: u64,
    /// How far into the chunk was read.
    at: usize,
    joined: Vec<u8>,
    joining: bool,
    position: u64,
    lost: u64,
}

impl<R: Read + Seek> Log<R> {
    /// A log, from its beginning or from where reading ended ([`Self::position`]). Nothing where the file is empty yet.
    ///
    /// # Errors
    /// When it can't be read, or is no such file ([`io::ErrorKind::InvalidData`]).
    pub(super) fn open(mut source: R, from: u64) -> io::Result<Option<Self>> {
        let mut header = [0; HEADER.len()];
        let read = fill(&mut source, &mut header)?;
        if header[..read] != HEADER[..read] {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it does not begin as W&B's files do",
            ));
        }
        if read < HEADER.len() {
            return Ok(None);
        }
        let position = from.max(HEADER.len() as u64);
        let at = (position % BLOCK as u64) as usize;
        let base = position - at as u64;
        source.seek(SeekFrom::Start(base))?;
        let mut log = Self {
            source,
            chunk: Vec::new(),
            size: BLOCK,
            base,
            at,
            joined: Vec::new(),
            joining: false,
            position,
            lost: 0,
        };
        log.load()?;
        Ok(Some(log))
    }

    /// The next whole record; nothing at the end, or where the end is torn.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(super) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        Ok(match self.find()? {
            Some(Whole::Here(from, to)) => self.chunk.get(from..to),
            Some(Whole::Joined) => Some(&self.joined),
            None => None,
        })
    }

    /// Where the next record begins, in bytes from the file's beginning.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// How many places were damaged, or held a record that is larger than is taken.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    fn load(&mut self) -> io::Result<()> {
        self.chunk.resize(self.size, 0);
        let read = fill(&mut self.source, &mut self.chunk)?;
        self.chunk.truncate(read);
        Ok(())
    }

    fn find(&mut self) -> io::Result<Option<Whole>> {
        loop {
            if self.at == self.size && self.chunk.len() == self.size {
                self.base += self.size as u64;
                (self.at, self.size) = (0, CHUNK);
                self.load()?;
            }
            let left = BLOCK - self.at % BLOCK;
            if left < HEAD {
                // Too little for a record: the block's end is filled with zeros.
                if self.at + left > self.chunk.len() {
                    return Ok(None);
                }
                self.at += left;
                continue;
            }
            match self.piece(left) {
                Ok((kind, from, to)) => {
                    if let Some(whole) = self.join(kind, from, to) {
                        self.position = self.base + self.at as u64;
                        return Ok(Some(whole));
                    }
                }
                Err(Stop::End) => return Ok(None),
                Err(Stop::Damage) => {
                    self.joining = false;
                    if self.at + left > self.chunk.len() {
                        return Ok(None);
                    }
                    self.lost += 1;
                    self.at += left;
                    self.position = self.base + self.at as u64;
                }
            }
        }
    }

    /// The piece of a record at hand: its kind, and where its data is in the chunk.
    fn piece(&mut self, left: usize) -> Result<(u8, usize, usize), Stop> {
        let bytes = self.chunk.get(self.at..).unwrap_or_default();
        let Some(&[c0, c1, c2, c3, l0, l1, kind]) = bytes.first_chunk::<HEAD>() else {
            return Err(Stop::End);
        };
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        if HEAD + length > left || !(FULL..=LAST).contains(&kind) {
            return Err(Stop::Damage);
        }
        // The kind stands right before the data, and is summed with it.
        let Some(summed) = bytes.get(HEAD - 1..HEAD + length) else {
            return Err(Stop::End);
        };
        if crc32fast::hash(summed) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err(Stop::Damage);
        }
        let from = self.at + HEAD;
        self.at = from + length;
        Ok((kind, from, self.at))
    }

    /// Takes a piece; gives the record that it makes whole.
    fn join(&mut self, kind: u8, from: usize, to: usize) -> Option<Whole> {
        if kind == FULL {
            self.joining = false;
            return Some(Whole::Here(from, to));
        }
        if kind == FIRST {
            self.joined.clear();
            self.joining = true;
        }
        if !self.joining {
            // The rest of a record whose beginning is lost.
            return None;
        }
        if self.joined.len() + (to - from) > limits::WANDB_RECORD_BYTES {
            self.joining = false;
            self.lost += 1;
            self.joined = Vec::new();
            return None;
        }
        self.joined.extend_from_slice(self.chunk.get(from..to)?);
        if kind == MIDDLE || kind == FIRST {
            return None;
        }
        self.joining = false;
        Some(Whole::Joined)
    }
}

/// Reads until the buffer is full or the source ends; says how much.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    /// A file of records, written as W&B writes it.
    pub(in crate::store::wandb) fn written(records: &[Vec<u8>]) -> Vec<u8> {
        let mut file = HEADER.to_vec();
        for record in records {
            let mut rest = record.as_slice();
            let mut kind = FIRST;
            loop {
                let mut left = BLOCK - file.len() % BLOCK;
                if left < HEAD {
                    file.resize(file.len() + left, 0);
                    left = BLOCK;
                }
                let room = left - HEAD;
                let (now, later) = rest.split_at(room.min(rest.len()));
                let is_last = later.is_empty();
                let told = match (kind, is_last) {
                    (FIRST, true) => FULL,
                    (MIDDLE, true) => LAST,
                    (kind, _) => kind,
                };
                let summed = [&[told], now].concat();
                file.extend(crc32fast::hash(&summed).to_le_bytes());
                file.extend(u16::try_from(now.len()).unwrap().to_le_bytes());
                file.extend(&summed);
                (rest, kind) = (later, MIDDLE);
                if is_last {
                    break;
                }
            }
        }
        file
    }

    fn read(file: &[u8], from: u64) -> (Vec<Vec<u8>>, u64, u64) {
        let Some(mut log) = Log::open(Cursor::new(file), from).unwrap() else {
            return (Vec::new(), from, 0);
        };
        let mut records = Vec::new();
        while let Some(record) = log.next().unwrap() {
            records.push(record.to_vec());
        }
        (records, log.position(), log.lost())
    }

    fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let size =
            prop_oneof![4 => 0_usize..300, 2 => 32_700_usize..32_800, 1 => 60_000_usize..600_000];
        prop::collection::vec(
            (size, any::<u8>()).prop_map(|(size, byte)| vec![byte; size]),
            0..12,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_written_is_read(records in records()) {
            let file = written(&records);
            prop_assert_eq!(read(&file, 0), (records, file.len() as u64, 0));
        }

        #[test]
        fn a_torn_end_costs_only_what_is_torn_and_reading_goes_on_from_it(records in records(), cut in any::<prop::sample::Index>()) {
            let file = written(&records);
            let cut = cut.index(file.len() + 1);
            let (before, position, lost) = read(&file[..cut], 0);
            prop_assert_eq!(lost, 0);
            prop_assert_eq!(&before[..], &records[..before.len()]);
            // As many as end before the cut.
            let whole = (0..=records.len()).rev().find(|count| written(&records[..*count]).len() <= cut).unwrap_or(0);
            prop_assert_eq!(before.len(), whole);
            let (after, end, _) = read(&file, position);
            prop_assert_eq!(&after[..], &records[whole..]);
            prop_assert_eq!(end, file.len() as u64);
        }

        #[test]
        fn damage_costs_no_record_beyond_its_blocks(records in records(), place in any::<prop::sample::Index>()) {
            let mut file = written(&records);
            prop_assume!(file.len() > HEADER.len());
            let place = HEADER.len() + place.index(file.len() - HEADER.len());
            file[place] ^= 0x40;
            let (found, _, _) = read(&file, 0);
            let mut all = records.iter();
            prop_assert!(found.iter().all(|record| all.any(|one| one == record)), "what is found was written, in its order");
        }

        #[test]
        fn any_bytes_are_read_to_an_end(mut file in prop::collection::vec(any::<u8>(), 0..100_000)) {
            let begin = HEADER.len().min(file.len());
            file[..begin].copy_from_slice(&HEADER[..begin]);
            read(&file, 0);
        }
    }

    #[test]
    fn another_file_is_no_log_and_an_empty_one_is_none_yet() {
        for other in [
            &b"SQLite format 3\0"[..],
            b":W&B\0\0\0",
            b":W&B\xe1\xbe\x01",
            b"x",
        ] {
            assert_eq!(
                Log::open(Cursor::new(other), 0)
                    .err()
                    .map(|error| error.kind()),
                Some(io::ErrorKind::InvalidData)
            );
        }
        assert!(Log::open(Cursor::new(b""), 0).unwrap().is_none());
        assert!(Log::open(Cursor::new(b":W&"), 0).unwrap().is_none());
    }

    #[test]
    fn a_record_larger_than_is_taken_is_left_out_and_counted() {
        let huge = vec![7; limits::WANDB_RECORD_BYTES + 1];
        let file = written(&[b"one".to_vec(), huge, b"two".to_vec()]);
        let (found, end, lost) = read(&file, 0);
        assert_eq!(
            (found, end, lost),
            (vec![b"one".to_vec(), b"two".to_vec()], file.len() as u64, 1)
        );
    }

    #[test]
    fn zeros_that_a_crash_left_end_nothing() {
        let mut file = written(&[b"one".to_vec()]);
        file.resize(3 * BLOCK, 0);
        let more = written(&[vec![1; BLOCK - HEADER.len() - HEAD], b"two".to_vec()]);
        file.extend(&more[BLOCK..]);
        let (found, _, lost) = read(&file, 0);
        assert_eq!((found, lost), (vec![b"one".to_vec(), b"two".to_vec()], 3));
    }
}
