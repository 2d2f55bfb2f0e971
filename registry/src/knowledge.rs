//! The five documents the host carries: parts of the program, so that nothing it runs can change them.

/// One document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// What it is asked for by.
    pub id: &'static str,
    /// The text, in Markdown; its first line is its title.
    pub text: &'static str,
}

/// All of them.
pub static KNOWLEDGE: &[Document] = &[
    Document { id: "patterns", text: include_str!("../knowledge/patterns.md") },
    Document { id: "decision-causality", text: include_str!("../knowledge/decision-causality.md") },
    Document { id: "tech-matrix", text: include_str!("../knowledge/tech-matrix.md") },
    Document { id: "project-evolution", text: include_str!("../knowledge/project-evolution.md") },
    Document { id: "directives", text: include_str!("../knowledge/directives.md") },
];

impl Document {
    /// The document of this id.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Self> {
        KNOWLEDGE.iter().find(|document| document.id == id)
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_five_and_each_is_the_file_in_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
        let files = fs_err::read_dir(&folder).unwrap().count();
        assert_eq!((KNOWLEDGE.len(), files), (5, 5));
        for document in KNOWLEDGE {
            let file = fs_err::read_to_string(folder.join(format!("{}.md", document.id))).unwrap();
            assert_eq!(file, document.text, "{}", document.id);
            assert!(document.text.starts_with("# ") && document.title().len() > 4, "{}", document.id);
        }
        assert_eq!(Document::of("directives").unwrap().title(), "Directives");
        assert_eq!(Document::of("nothing"), None);
    }
}
