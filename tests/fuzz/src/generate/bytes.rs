//! Bytes with some of them flipped, cut out, put in and doubled.

use arbitrary::{Result, Unstructured};

/// The bytes, changed in a few places.
pub(crate) fn mutated(mut bytes: Vec<u8>, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    for _ in 0..u.int_in_range(1..=8)? {
        if bytes.is_empty() {
            return Ok(u.bytes(u.len().min(100))?.to_vec());
        }
        let at = u.choose_index(bytes.len())?;
        let end = at + u.int_in_range(1..=64)?.min(bytes.len() - at);
        match u.int_in_range(0..=5)? {
            0 | 1 => {
                let flip = u.int_in_range(1..=255)?;
                bytes.get_mut(at).into_iter().for_each(|byte: &mut u8| *byte ^= flip);
            }
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes.get(at..end).unwrap_or_default().repeat(u.int_in_range(1..=50)?);
                bytes.splice(at..at, piece);
            }
            4 => {
                let length = u.int_in_range(0..=16)?.min(u.len());
                let new = u.bytes(length)?;
                bytes.splice(at..end, new.iter().copied());
            }
            _ => bytes.truncate(at),
        }
    }
    Ok(bytes)
}
