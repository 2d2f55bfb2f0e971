//! Does to files what it is told, step by step, straight through WASI.
use std::collections::BTreeSet;

use ares_sdk::Failure;

use crate::raw::wasi::{
    filesystem::{
        preopens,
        types::{
            Descriptor, DescriptorFlags, DirectoryEntryStream, ErrorCode, OpenFlags, PathFlags,
            filesystem_error_code,
        },
    },
    io::streams::{OutputStream, StreamError},
};

/// What to do.
#[ares_sdk::data]
pub(crate) struct Script {
    /// One after the other; `{n}` in a path is the number of the time.
    steps: Vec<Step>,
}

/// One step.
#[ares_sdk::data]
pub(crate) struct Step {
    /// Its name.
    act: String,
    /// Which of the granted folders.
    #[serde(default)]
    folder: usize,
    /// What to do it to.
    #[serde(default)]
    path: String,
    /// The other path, for those that take two.
    #[serde(default)]
    to: String,
    /// The folder of the other path.
    #[serde(default)]
    to_folder: usize,
    /// Bytes, levels or a size.
    #[serde(default)]
    amount: u64,
    /// Where in the file.
    #[serde(default)]
    at: u64,
    /// How often; the first error ends it.
    #[serde(default)]
    times: Option<u64>,
}

type Done = Result<String, String>;

/// Does the steps and answers what each gave: the last time's answer, or `error (after N times): CODE`.
#[ares_sdk::capability(effect = "write")]
pub(crate) fn script(input: Script) -> Result<Vec<String>, Failure> {
    let folders: Vec<Descriptor> =
        preopens::get_directories().into_iter().map(|(folder, _)| folder).collect();
    let mut held = Held::default();
    let mut said = Vec::new();
    for step in &input.steps {
        let mut last = String::new();
        for time in 0..step.times.unwrap_or(1) {
            let numbered = |path: &str| path.replace("{n}", &time.to_string());
            let (path, to) = (numbered(&step.path), numbered(&step.to));
            let (Some(folder), Some(to_folder)) = (folders.get(step.folder), folders.get(step.to_folder))
            else {
                return Err(Failure::new("no-folder", "there is no such folder"));
            };
            match act(step, (folder, &path), (to_folder, &to), &mut held) {
                Ok(done) => last = done,
                Err(error) => {
                    last = format!("error (after {time} times): {error}");
                    break;
                }
            }
        }
        said.push(last);
    }
    Ok(said)
}

/// What is kept open to the end.
#[derive(Default)]
struct Held {
    files: Vec<Descriptor>,
    streams: Vec<OutputStream>,
    listings: Vec<DirectoryEntryStream>,
}

type Place<'a> = (&'a Descriptor, &'a str);

fn act(step: &Step, from: Place<'_>, to: Place<'_>, held: &mut Held) -> Done {
    let (folder, path) = from;
    let plain = |done: Result<(), ErrorCode>| done.map(|()| "done".to_owned()).map_err(name);
    match step.act.as_str() {
        "create" => open(from, OpenFlags::CREATE).map(|_| "done".to_owned()),
        "hold" => {
            held.files.push(open(from, OpenFlags::CREATE)?);
            Ok("held".to_owned())
        }
        "hold_listing" => {
            let listing = folder.read_directory().map_err(name)?;
            listing.read_directory_entry().map_err(name)?;
            held.listings.push(listing);
            Ok("held".to_owned())
        }
        "hold_stream" => {
            held.streams.push(open(from, OpenFlags::CREATE)?.write_via_stream(step.at).map_err(name)?);
            Ok("held".to_owned())
        }
        "write_held" => match held.streams.first() {
            Some(stream) => into_stream(stream, step.amount),
            None => Err("nothing is held".to_owned()),
        },
        "truncate" => open(from, OpenFlags::TRUNCATE).map(|_| "done".to_owned()),
        "write" => write(&open(from, OpenFlags::CREATE)?, step),
        "size" => plain(open(from, OpenFlags::CREATE)?.set_size(step.amount)),
        "stream" => {
            into_stream(&open(from, OpenFlags::CREATE)?.write_via_stream(step.at).map_err(name)?, step.amount)
        }
        "append" => {
            into_stream(&open(from, OpenFlags::CREATE)?.append_via_stream().map_err(name)?, step.amount)
        }
        "asked" => {
            asked(&open(from, OpenFlags::CREATE)?.write_via_stream(step.at).map_err(name)?, step.amount)
        }
        "zeroes" => {
            zeroes(&open(from, OpenFlags::CREATE)?.write_via_stream(step.at).map_err(name)?, step.amount)
        }
        "splice" => splice(from, to, step.amount),
        "folder" => plain(folder.create_directory_at(path)),
        "deep" => deep(from, step.amount),
        "rename" => plain(folder.rename_at(path, to.0, to.1)),
        "link" => plain(folder.link_at(PathFlags::empty(), path, to.0, to.1)),
        "symlink" => plain(folder.symlink_at(to.1, path)),
        "unlink" => plain(folder.unlink_file_at(path)),
        "rmdir" => plain(folder.remove_directory_at(path)),
        "stat" => {
            let stat = folder.stat_at(PathFlags::empty(), path).map_err(name)?;
            Ok(format!("{:?} {}", stat.type_, stat.size))
        }
        "list" => list(folder),
        "read" => {
            let (bytes, _) = open(from, OpenFlags::empty())?.read(1 << 16, step.at).map_err(name)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        "look" => Ok(look(from, step.amount)),
        other => Err(format!("no act `{other}`")),
    }
}

fn name(code: ErrorCode) -> String {
    code.name().to_owned()
}

fn failed(error: &StreamError) -> String {
    match error {
        StreamError::LastOperationFailed(error) => filesystem_error_code(error).map_or("?".to_owned(), name),
        StreamError::Closed => "closed".to_owned(),
    }
}

fn open((folder, path): Place<'_>, how: OpenFlags) -> Result<Descriptor, String> {
    let flags = if how == OpenFlags::empty() {
        DescriptorFlags::READ
    } else {
        DescriptorFlags::READ | DescriptorFlags::WRITE
    };
    folder.open_at(PathFlags::SYMLINK_FOLLOW, path, how, flags).map_err(name)
}

fn write(file: &Descriptor, step: &Step) -> Done {
    let piece = vec![b'w'; 32 << 10];
    let mut written = 0;
    while written < step.amount {
        let part = usize::try_from(step.amount - written).unwrap_or(usize::MAX).min(piece.len());
        let done = file.write(piece.get(..part).unwrap_or_default(), step.at + written);
        written += done.map_err(|code| format!("{} after {written} bytes", name(code)))?;
    }
    Ok(format!("{written} bytes"))
}

fn into_stream(stream: &OutputStream, amount: u64) -> Done {
    let mut written = 0;
    while written < amount {
        let part = usize::try_from(amount - written).unwrap_or(usize::MAX).min(4096);
        let done = stream.blocking_write_and_flush(&vec![b's'; part]);
        done.map_err(|error| format!("{} after {written} bytes", failed(&error)))?;
        written += part as u64;
    }
    Ok(format!("{written} bytes"))
}

/// Writes what may be written, as often as that is something.
fn asked(stream: &OutputStream, amount: u64) -> Done {
    let mut written = 0;
    let failed = |error: &StreamError, written: u64| format!("{} after {written} bytes", failed(error));
    while written < amount {
        stream.subscribe().block();
        let part = stream.check_write().map_err(|error| failed(&error, written))?.min(amount - written);
        let bytes = vec![b'a'; usize::try_from(part).unwrap_or(0)];
        stream.write(&bytes).map_err(|error| failed(&error, written))?;
        written += part;
    }
    stream.blocking_flush().map_err(|error| failed(&error, written))?;
    Ok(format!("{written} bytes"))
}

fn zeroes(stream: &OutputStream, amount: u64) -> Done {
    let mut written = 0;
    while written < amount {
        let part = (amount - written).min(4096);
        let done = stream.blocking_write_zeroes_and_flush(part);
        done.map_err(|error| format!("{} after {written} bytes", failed(&error)))?;
        written += part;
    }
    Ok(format!("{written} bytes"))
}

/// Pours one file into another, again from its beginning when it is empty.
fn splice(from: Place<'_>, to: Place<'_>, amount: u64) -> Done {
    let source = open(from, OpenFlags::empty())?;
    let sink = open(to, OpenFlags::CREATE)?.write_via_stream(0).map_err(name)?;
    let mut written = 0;
    while written < amount {
        let stream = source.read_via_stream(0).map_err(name)?;
        let done = sink.blocking_splice(&stream, amount - written);
        written += done.map_err(|error| format!("{} after {written} bytes", failed(&error)))?;
    }
    Ok(format!("{written} bytes"))
}

/// Makes a folder in a folder in a folder, each from the handle of the last.
fn deep((folder, path): Place<'_>, levels: u64) -> Done {
    let mut here = None;
    for level in 0..levels {
        let above = here.as_ref().unwrap_or(folder);
        above.create_directory_at(path).map_err(|code| format!("{} after {level} levels", name(code)))?;
        let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
        let below = above.open_at(PathFlags::empty(), path, OpenFlags::DIRECTORY, flags);
        here = Some(below.map_err(|code| format!("{} after {level} levels", name(code)))?);
    }
    Ok(format!("{levels} levels"))
}

/// Reads and writes the same path again and again, and answers everything it saw, each once.
fn look(from: Place<'_>, times: u64) -> String {
    let mut seen = BTreeSet::new();
    for _ in 0..times {
        let flags = OpenFlags::empty();
        seen.insert(open(from, flags).and_then(|file| file.read(100, 0).map_err(name)).map_or_else(
            |error| format!("error: {error}"),
            |(bytes, _)| String::from_utf8_lossy(&bytes).into_owned(),
        ));
        // Says nothing about where it went: whoever runs this looks there.
        let _ = open((from.0, &format!("{}-new", from.1)), OpenFlags::CREATE);
    }
    seen.into_iter().collect::<Vec<_>>().join(", ")
}

fn list(folder: &Descriptor) -> Done {
    let entries = folder.read_directory().map_err(name)?;
    let mut seen = 0_u64;
    while entries.read_directory_entry().map_err(name)?.is_some() {
        seen += 1;
    }
    Ok(format!("{seen} entries"))
}
