//! Lists, reads, searches and changes the files of one granted folder.

mod edit;
mod glob;
mod list;
mod place;
mod read;
mod search;
mod walk;
mod write;

#[cfg(test)]
mod tests;

/// The granted folder, as the host shows it to this plugin.
const ROOT: &str = "/workspace";
/// The largest file that is read or written as a whole, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

ares_sdk::plugin! {
    capabilities: [
        list::list_files, read::read_file, search::search_files, write::write_file, edit::replace_in_file,
        write::remove_file,
    ]
}
