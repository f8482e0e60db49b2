//! The log of a W&B run: LevelDB's log format with W&B's own header.
//!
//! The header is seven bytes: `:W&B`, the number 0xBEE1, and a version that has always been 0.
//! Blocks of 32 KiB follow. A fragment is a checksum (zlib's CRC-32 over kind and data, unmasked,
//! since wandb 0.12), a length, a kind and the data; a record that does not fit into a block is
//! split into several.
//!
//! A killed run leaves a truncated end: the whole records before it are returned, and reading
//! resumes there once the file has grown. After damage, reading resumes with the next block.

use std::io::{self, Read, Seek, SeekFrom};

use crate::store::limits;

const FILE_HEADER: [u8; 7] = [b':', b'W', b'&', b'B', 0xE1, 0xBE, 0];
const BLOCK_BYTES: usize = 32 << 10;
const FRAGMENT_HEADER_BYTES: usize = 7;
/// Read at once: few enough blocks to stay in the CPU cache. The first chunk is one block, which
/// contains the header of a run.
const CHUNK_BYTES: usize = 8 * BLOCK_BYTES;

/// Kinds of fragments.
const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

enum RecordLocation {
    /// A range of the chunk.
    InChunk(usize, usize),
    /// In the buffer of assembled fragments.
    Assembled,
}

enum FragmentError {
    /// The file ends, perhaps within a fragment.
    EndOfFile,
    Corrupt,
}

pub(super) struct RecordLog<R> {
    source: R,
    chunk: Vec<u8>,
    /// The length of the chunk, unless the file ends in it.
    chunk_size: usize,
    /// The position of the chunk in the file, a multiple of the block size.
    chunk_start: u64,
    /// The position in the chunk.
    offset: usize,
    assembled: Vec<u8>,
    is_assembling: bool,
    position: u64,
    damage_count: u64,
    /// The bytes of damaged blocks.
    skipped_bytes: u64,
}

impl<R: Read + Seek> RecordLog<R> {
    /// Opens a log at 0 or at an earlier [`Self::position`]. `None` while the header is incomplete.
    ///
    /// # Errors
    /// When it can't be read, or has another header ([`io::ErrorKind::InvalidData`]).
    pub(super) fn open(mut source: R, from: u64) -> io::Result<Option<Self>> {
        let mut header = [0; FILE_HEADER.len()];
        let read = read_up_to(&mut source, &mut header)?;
        if header[..read] != FILE_HEADER[..read] {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "not a W&B run log",
            ));
        }
        if read < FILE_HEADER.len() {
            return Ok(None);
        }
        let position = from.max(FILE_HEADER.len() as u64);
        let at = (position % BLOCK_BYTES as u64) as usize;
        let base = position - at as u64;
        source.seek(SeekFrom::Start(base))?;
        let mut log = Self {
            source,
            chunk: Vec::new(),
            chunk_size: BLOCK_BYTES,
            chunk_start: base,
            offset: at,
            assembled: Vec::new(),
            is_assembling: false,
            position,
            damage_count: 0,
            skipped_bytes: 0,
        };
        log.load_chunk()?;
        Ok(Some(log))
    }

    /// The next whole record; `None` at the end, which may be truncated, and after
    /// [`limits::WANDB_DAMAGE_BYTES`] of damage.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(super) fn next_record(&mut self) -> io::Result<Option<&[u8]>> {
        Ok(match self.find_record()? {
            Some(RecordLocation::InChunk(from, to)) => self.chunk.get(from..to),
            Some(RecordLocation::Assembled) => Some(&self.assembled),
            None => None,
        })
    }

    /// The position of the next record in the file.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// How many blocks were damaged and how many records were too large.
    pub(super) fn damage_count(&self) -> u64 {
        self.damage_count
    }

    fn load_chunk(&mut self) -> io::Result<()> {
        self.chunk.resize(self.chunk_size, 0);
        let read = read_up_to(&mut self.source, &mut self.chunk)?;
        self.chunk.truncate(read);
        Ok(())
    }

    fn find_record(&mut self) -> io::Result<Option<RecordLocation>> {
        loop {
            if self.offset == self.chunk_size && self.chunk.len() == self.chunk_size {
                self.chunk_start += self.chunk_size as u64;
                (self.offset, self.chunk_size) = (0, CHUNK_BYTES);
                self.load_chunk()?;
            }
            let block_left = BLOCK_BYTES - self.offset % BLOCK_BYTES;
            if block_left < FRAGMENT_HEADER_BYTES {
                // The end of a block that is too short for a fragment is filled with zeros.
                if self.offset + block_left > self.chunk.len() {
                    return Ok(None);
                }
                self.offset += block_left;
                continue;
            }
            match self.read_fragment(block_left) {
                Ok((kind, from, to)) => {
                    if let Some(location) = self.assemble(kind, from, to) {
                        self.position = self.chunk_start + self.offset as u64;
                        return Ok(Some(location));
                    }
                }
                Err(FragmentError::EndOfFile) => return Ok(None),
                Err(FragmentError::Corrupt) => {
                    self.is_assembling = false;
                    if self.offset + block_left > self.chunk.len() {
                        return Ok(None);
                    }
                    self.damage_count += 1;
                    self.skipped_bytes += block_left as u64;
                    self.offset += block_left;
                    self.position = self.chunk_start + self.offset as u64;
                    if self.skipped_bytes > limits::WANDB_DAMAGE_BYTES {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads a fragment: its kind, and the range of its data in the chunk.
    fn read_fragment(&mut self, block_left: usize) -> Result<(u8, usize, usize), FragmentError> {
        let bytes = self.chunk.get(self.offset..).unwrap_or_default();
        let Some(&[c0, c1, c2, c3, l0, l1, kind]) = bytes.first_chunk::<FRAGMENT_HEADER_BYTES>()
        else {
            return Err(FragmentError::EndOfFile);
        };
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        if FRAGMENT_HEADER_BYTES + length > block_left || !(FULL..=LAST).contains(&kind) {
            return Err(FragmentError::Corrupt);
        }
        // The kind, which is right before the data, is included in the checksum.
        let Some(checksummed) =
            bytes.get(FRAGMENT_HEADER_BYTES - 1..FRAGMENT_HEADER_BYTES + length)
        else {
            return Err(FragmentError::EndOfFile);
        };
        if crc32fast::hash(checksummed) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err(FragmentError::Corrupt);
        }
        let from = self.offset + FRAGMENT_HEADER_BYTES;
        self.offset = from + length;
        Ok((kind, from, self.offset))
    }

    /// Adds a fragment; returns the record that it completes.
    fn assemble(&mut self, kind: u8, from: usize, to: usize) -> Option<RecordLocation> {
        if kind == FULL {
            self.is_assembling = false;
            return Some(RecordLocation::InChunk(from, to));
        }
        if kind == FIRST {
            self.assembled.clear();
            self.is_assembling = true;
        }
        if !self.is_assembling {
            // The beginning of the record was damaged.
            return None;
        }
        if self.assembled.len() + (to - from) > limits::WANDB_RECORD_BYTES {
            self.is_assembling = false;
            self.damage_count += 1;
            self.assembled = Vec::new();
            return None;
        }
        self.assembled.extend_from_slice(self.chunk.get(from..to)?);
        if kind == MIDDLE || kind == FIRST {
            return None;
        }
        self.is_assembling = false;
        Some(RecordLocation::Assembled)
    }
}

/// Reads until the buffer is full or the source ends, and returns how much.
fn read_up_to(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
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

    /// Encodes records like W&B.
    pub(in crate::store::wandb) fn encode_log(records: &[Vec<u8>]) -> Vec<u8> {
        let mut file = FILE_HEADER.to_vec();
        for record in records {
            let mut rest = record.as_slice();
            let mut kind = FIRST;
            loop {
                let mut left = BLOCK_BYTES - file.len() % BLOCK_BYTES;
                if left < FRAGMENT_HEADER_BYTES {
                    file.resize(file.len() + left, 0);
                    left = BLOCK_BYTES;
                }
                let room = left - FRAGMENT_HEADER_BYTES;
                let (now, later) = rest.split_at(room.min(rest.len()));
                let is_last = later.is_empty();
                let fragment_kind = match (kind, is_last) {
                    (FIRST, true) => FULL,
                    (MIDDLE, true) => LAST,
                    (kind, _) => kind,
                };
                let summed = [&[fragment_kind], now].concat();
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

    fn decode_log(file: &[u8], from: u64) -> (Vec<Vec<u8>>, u64, u64) {
        let Some(mut log) = RecordLog::open(Cursor::new(file), from).unwrap() else {
            return (Vec::new(), from, 0);
        };
        let mut records = Vec::new();
        while let Some(record) = log.next_record().unwrap() {
            records.push(record.to_vec());
        }
        (records, log.position(), log.damage_count())
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
        fn round_trips_records(records in records()) {
            let file = encode_log(&records);
            prop_assert_eq!(decode_log(&file, 0), (records, file.len() as u64, 0));
        }

        #[test]
        fn resumes_after_a_truncated_end(records in records(), cut in any::<prop::sample::Index>()) {
            let file = encode_log(&records);
            let cut = cut.index(file.len() + 1);
            let (before, position, lost) = decode_log(&file[..cut], 0);
            prop_assert_eq!(lost, 0);
            prop_assert_eq!(&before[..], &records[..before.len()]);
            // The records that end before the cut.
            let whole = (0..=records.len()).rev().find(|count| encode_log(&records[..*count]).len() <= cut).unwrap_or(0);
            prop_assert_eq!(before.len(), whole);
            let (after, end, _) = decode_log(&file, position);
            prop_assert_eq!(&after[..], &records[whole..]);
            prop_assert_eq!(end, file.len() as u64);
        }

        #[test]
        fn damage_is_confined_to_its_blocks(records in records(), position in any::<prop::sample::Index>()) {
            let mut file = encode_log(&records);
            prop_assume!(file.len() > FILE_HEADER.len());
            let position = FILE_HEADER.len() + position.index(file.len() - FILE_HEADER.len());
            file[position] ^= 0x40;
            let (found, _, _) = decode_log(&file, 0);
            let mut all = records.iter();
            prop_assert!(found.iter().all(|record| all.any(|one| one == record)), "records are a subsequence of those that were written");
        }

        #[test]
        fn arbitrary_bytes_terminate(mut file in prop::collection::vec(any::<u8>(), 0..100_000)) {
            let begin = FILE_HEADER.len().min(file.len());
            file[..begin].copy_from_slice(&FILE_HEADER[..begin]);
            decode_log(&file, 0);
        }
    }

    #[test]
    fn rejects_other_files_and_accepts_empty_ones() {
        for other in [
            &b"SQLite format 3\0"[..],
            b":W&B\0\0\0",
            b":W&B\xe1\xbe\x01",
            b"x",
        ] {
            assert_eq!(
                RecordLog::open(Cursor::new(other), 0)
                    .err()
                    .map(|error| error.kind()),
                Some(io::ErrorKind::InvalidData)
            );
        }
        assert!(RecordLog::open(Cursor::new(b""), 0).unwrap().is_none());
        assert!(RecordLog::open(Cursor::new(b":W&"), 0).unwrap().is_none());
    }

    #[test]
    fn oversized_records_are_skipped_and_counted() {
        let huge = vec![7; limits::WANDB_RECORD_BYTES + 1];
        let file = encode_log(&[b"one".to_vec(), huge, b"two".to_vec()]);
        let (found, end, lost) = decode_log(&file, 0);
        assert_eq!(
            (found, end, lost),
            (vec![b"one".to_vec(), b"two".to_vec()], file.len() as u64, 1)
        );
    }

    #[test]
    fn skips_zeroed_blocks_after_a_crash() {
        let mut file = encode_log(&[b"one".to_vec()]);
        file.resize(3 * BLOCK_BYTES, 0);
        let more = encode_log(&[
            vec![1; BLOCK_BYTES - FILE_HEADER.len() - FRAGMENT_HEADER_BYTES],
            b"two".to_vec(),
        ]);
        file.extend(&more[BLOCK_BYTES..]);
        let (found, _, lost) = decode_log(&file, 0);
        assert_eq!((found, lost), (vec![b"one".to_vec(), b"two".to_vec()], 3));
    }
}
