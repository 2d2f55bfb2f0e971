//! Components: real ones with sections cut, doubled and flipped, and generated ones.

use std::path::Path;

use arbitrary::{Arbitrary as _, Unstructured};
use ares_registry::inspect::inspect;
use wasm_smith::{Component, Module};

use super::{Examine, Target, plain};
use crate::finding::Finding;
use crate::generate::{mutated_bytes, size};

pub(super) const TARGET: Target = Target { name: "component", open };

/// Magic, version and layer.
const HEADER: usize = 8;

/// Real components, each as its header and its sections.
struct Components(Vec<Vec<Vec<u8>>>);

fn open(root: &Path) -> anyhow::Result<Box<dyn Examine>> {
    let guests = root.join("target/guests");
    let mut all = Vec::new();
    for name in ["echo", "notes", "report", "caller", "other-world", "sockets"] {
        let component = fs_err::read(guests.join(name).join(format!("{name}.wasm")));
        all.push(sections(&component.map_err(|e| anyhow::anyhow!("{e}: run `cargo xtask guests`"))?));
    }
    Ok(Box::new(Components(all)))
}

impl Examine for Components {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        Ok(match u.int_in_range(0..=9)? {
            0 => Component::arbitrary(u)?.to_bytes(),
            1 => mutated_bytes(Component::arbitrary(u)?.to_bytes(), u)?,
            2 => [b"\0asm\x0d\0\x01\0".as_slice(), u.bytes(u.len().min(4000))?].concat(),
            3 => mutated_bytes(u.choose(&self.0)?.concat(), u)?,
            _ => self.rearranged(u)?,
        })
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        match inspect(input) {
            Ok(inspection) => {
                inspection.imports.iter().chain(&inspection.exports).try_for_each(|name| plain(name))
            }
            Err(error) => plain(&error.to_string()),
        }
    }
}

impl Components {
    /// Whole sections moved, doubled, left out, nested or put in.
    fn rearranged(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        let mut parts = u.choose(&self.0)?.clone();
        for _ in 0..u.int_in_range(1..=4)? {
            let at = 1 + u.choose_index(parts.len().max(2) - 1)?;
            match u.int_in_range(0..=6)? {
                0 if at < parts.len() => drop(parts.remove(at)),
                1 => {
                    let again = parts.get(at).cloned().unwrap_or_default();
                    // Small ones very often: what is cheap once must not be dear many times.
                    let most = (1 << 20) / again.len().max(1);
                    let times = size(u, most.clamp(1, 20_000))?;
                    parts.splice(at..at, std::iter::repeat_n(again, times));
                }
                2 if at < parts.len() => {
                    let other = 1 + u.choose_index(parts.len() - 1)?;
                    parts.swap(at, other);
                }
                3 => {
                    let from = u.choose(&self.0)?;
                    let other = u.choose(from)?.clone();
                    parts.insert(at.min(parts.len()), other);
                }
                4 => parts.insert(at.min(parts.len()), section(1, &Module::arbitrary(u)?.to_bytes())),
                5 => {
                    let inner = parts.concat();
                    let outer = b"\0asm\x0d\0\x01\0".to_vec();
                    parts = vec![outer, section(4, &inner)];
                }
                _ => {
                    let small: Vec<usize> = (1..parts.len())
                        .filter(|at| parts.get(*at).is_some_and(|part| part.len() < 5000))
                        .collect();
                    if let Some(part) = parts.get_mut(*u.choose(&small)?) {
                        *part = mutated_bytes(std::mem::take(part), u)?;
                    }
                }
            }
        }
        Ok(parts.concat())
    }
}

/// A component's header and its sections, each with its number and length.
fn sections(component: &[u8]) -> Vec<Vec<u8>> {
    let (header, mut rest) = component.split_at(HEADER.min(component.len()));
    let mut all = vec![header.to_vec()];
    while !rest.is_empty() {
        let (size, digits) = length(rest.get(1..).unwrap_or_default());
        let (section, after) = rest.split_at((1 + digits + size).min(rest.len()));
        all.push(section.to_vec());
        rest = after;
    }
    all
}

/// A number in LEB128, and how many bytes it has.
fn length(bytes: &[u8]) -> (usize, usize) {
    let (mut size, mut digits) = (0, 0);
    for byte in bytes.iter().take(5) {
        size |= usize::from(byte & 0x7f) << (7 * digits);
        digits += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    (size, digits)
}

fn section(number: u8, content: &[u8]) -> Vec<u8> {
    let (mut bytes, mut size) = (vec![number], content.len());
    while size >= 0x80 {
        bytes.push(0x80 | u8::try_from(size & 0x7f).unwrap_or(0));
        size >>= 7;
    }
    bytes.push(u8::try_from(size).unwrap_or(0));
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_and_made() {
        let component = [b"\0asm\x0d\0\x01\0".to_vec(), section(0, &[7; 300]), section(4, b"x")].concat();
        let found = sections(&component);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [8, 303, 3]);
        assert_eq!(found.concat(), component);
    }
}
