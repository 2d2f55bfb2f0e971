//! What the host's own configuration file says of plugins: the layer between a manifest's values
//! and those of the database.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::manifest::reader;

/// `[plugins.NAME]` of the file, by the names of plugins, which need not be registered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLayer(BTreeMap<String, FilePart>);

/// What the file says of one plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePart {
    /// File and line of the table.
    pub(crate) place: String,
    /// The values by key.
    pub(crate) values: BTreeMap<String, FileValue>,
}

/// One value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileValue {
    /// File and line.
    pub(crate) place: String,
    /// The value, or why it is none.
    pub(crate) value: Result<Value, String>,
}

/// Something under `plugins` that is no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: `plugins.{plugin}` takes a table of values, `[plugins.NAME]`")]
pub struct NoTable {
    /// File and line.
    place: String,
    /// What was written there, escaped.
    plugin: String,
}

impl FileLayer {
    /// Reads the table `plugins`. `place` makes file and line of a position in the text. What a
    /// plugin does not take is seen later, when it is known what that is.
    ///
    /// # Errors
    /// When an entry is no table.
    pub fn read(plugins: &DeTable<'_>, place: impl Fn(usize) -> String) -> Result<Self, NoTable> {
        let part = |(name, part): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let (name, place_of_table): (&toml::de::DeString<'_>, _) =
                (name.get_ref(), place(name.span().start));
            let Some(entries) = part.get_ref().as_table() else {
                let plugin = ares_kernel::text::escaped(name, 80);
                return Err(NoTable { place: place_of_table, plugin });
            };
            let values = entries.iter().map(|(key, value)| {
                let value =
                    FileValue { place: place(key.span().start), value: reader::json(value.get_ref()) };
                (key.get_ref().to_string(), value)
            });
            Ok((name.to_string(), FilePart { place: place_of_table, values: values.collect() }))
        };
        plugins.iter().map(part).collect::<Result<_, _>>().map(Self)
    }

    /// What it says of this plugin.
    pub(crate) fn of(&self, plugin: &str) -> Option<&FilePart> {
        self.0.get(plugin)
    }

    /// Every plugin it names, with file and line.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, part)| (name.as_str(), part.place.as_str()))
    }
}
