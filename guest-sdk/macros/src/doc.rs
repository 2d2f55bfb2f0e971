//! Doc comments as text.
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment: lines of a paragraph joined by a space, paragraphs by an empty line.
pub(crate) fn text(attributes: &[Attribute]) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in attributes.iter().filter_map(line) {
        // `split`, not `lines`: an empty line has to come out as one.
        for line in line.split('\n').map(str::trim) {
            if line.is_empty() {
                paragraphs.push(String::new());
            } else if let Some(paragraph) = paragraphs.last_mut() {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n")
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("doc").then(|| text.value())
}
