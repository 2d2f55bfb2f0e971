//! How records lie in a spool file: length, its complement, the record, seven bytes of its BLAKE3, a
//! mark. After the last one come zeros, for the file is lengthened ahead of what is written.
//!
//! The mark is not zero, so a record's end can be told from those zeros. A process that dies in the
//! middle of a write leaves the beginning of a record there, and nothing else: that is `torn` and
//! was never promised to anyone. Everything else that does not fit is damage.

/// The longest record, in bytes.
pub(crate) const RECORD_MAX: usize = 1 << 20;

const HEAD: usize = 8;
const CHECK: usize = 7;
const MARK: u8 = 0xFF;

/// What a spool file holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Records<'a> {
    /// The records that are whole, in order.
    pub(crate) whole: Vec<&'a [u8]>,
    /// Bytes after the last whole record, of one that was never finished and of none.
    pub(crate) torn: usize,
    /// Where reading had to stop, and why.
    pub(crate) damage: Option<Damage>,
}

/// Bytes no process ever wrote so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where the record begins that cannot be read.
    pub(crate) offset: usize,
    /// What is wrong with it.
    pub(crate) why: &'static str,
}

/// The record with its frame, or nothing when it is too long.
pub(crate) fn framed(record: &[u8]) -> Option<Vec<u8>> {
    if record.len() > RECORD_MAX {
        return None;
    }
    let length = u32::try_from(record.len()).ok()?;
    let mut frame = Vec::with_capacity(HEAD + record.len() + CHECK + 1);
    frame.extend(length.to_le_bytes());
    frame.extend((!length).to_le_bytes());
    frame.extend(record);
    frame.extend(check(record));
    frame.push(MARK);
    Some(frame)
}

/// Takes a spool file apart.
pub(crate) fn records(bytes: &[u8]) -> Records<'_> {
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let (bytes, zeros) = bytes.split_at_checked(written).unwrap_or((bytes, &[]));
    let mut records = Records { whole: Vec::new(), torn: zeros.len(), damage: None };
    let mut rest = bytes;
    while !rest.is_empty() {
        match next(rest) {
            Next::Whole(record, after) => {
                records.whole.push(record);
                rest = after;
            }
            Next::Torn => {
                records.torn += rest.len();
                break;
            }
            Next::Damaged(why) => {
                records.damage = Some(Damage { offset: bytes.len() - rest.len(), why });
                break;
            }
        }
    }
    records
}

enum Next<'a> {
    Whole(&'a [u8], &'a [u8]),
    Torn,
    Damaged(&'static str),
}

fn next(rest: &[u8]) -> Next<'_> {
    let Some((length, after)) = rest.split_first_chunk::<4>() else { return Next::Torn };
    let Some((complement, after)) = after.split_first_chunk::<4>() else { return Next::Torn };
    let length = u32::from_le_bytes(*length);
    if length != !u32::from_le_bytes(*complement) {
        return Next::Damaged("its length is not its length's complement");
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > RECORD_MAX {
        return Next::Damaged("it is longer than any record");
    }
    let Some((record, after)) = after.split_at_checked(length) else { return Next::Torn };
    let Some((found, after)) = after.split_first_chunk::<CHECK>() else { return Next::Torn };
    let Some((mark, after)) = after.split_first() else { return Next::Torn };
    if *found != check(record) {
        Next::Damaged("its checksum does not fit")
    } else if *mark != MARK {
        Next::Damaged("its end is not marked")
    } else {
        Next::Whole(record, after)
    }
}

fn check(record: &[u8]) -> [u8; CHECK] {
    let hash = blake3::hash(record);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        [b"one".as_slice(), b"", b"three"].iter().flat_map(|record| framed(record).unwrap()).collect()
    }

    #[test]
    fn records_come_back_in_order() {
        let file = file();
        let read = records(&file);
        assert_eq!(read, Records { whole: vec![b"one", b"", b"three"], torn: 0, damage: None });
        assert_eq!(records(&[]), Records { whole: vec![], torn: 0, damage: None });
        assert_eq!(framed(&vec![0; RECORD_MAX + 1]), None);
    }

    #[test]
    fn a_torn_last_record_is_ignored_at_every_byte() {
        let file = file();
        let last = file.len() - framed(b"three").unwrap().len();
        for end in last..file.len() {
            let read = records(&file[..end]);
            assert_eq!(read, Records { whole: vec![b"one", b""], torn: end - last, damage: None }, "{end}");
            let mut ahead = file[..end].to_vec();
            ahead.resize(file.len() + 100, 0);
            let torn = ahead.len() - last;
            assert_eq!(records(&ahead), Records { torn, ..read }, "{end}, with zeros behind it");
        }
        let mut zeros = file.clone();
        zeros.extend([0; 100]);
        let read = records(&zeros);
        assert_eq!((read.whole.len(), read.torn, read.damage), (3, 100, None));
    }

    #[test]
    fn any_flipped_byte_is_damage() {
        let whole = file();
        for at in 0..whole.len() {
            let mut file = whole.clone();
            file[at] ^= 1;
            let read = records(&file);
            assert!(read.damage.is_some(), "{at}");
            assert!(
                read.whole.iter().all(|record| [b"one".as_slice(), b"", b"three"].contains(record)),
                "{at}"
            );
        }
    }
}
