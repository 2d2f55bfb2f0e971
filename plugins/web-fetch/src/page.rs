//! From HTML to text that can be read: block by block, without scripts, styles and hidden parts.

use scraper::node::Element;
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use crate::{Link, Page};

/// Elements whose content is not read.
const UNREAD: [&str; 11] =
    ["script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "head", "nav"];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 27] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "p",
    "pre",
    "section",
    "tr",
];

/// How much is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    chars: usize,
    links: usize,
}

impl Bounds {
    pub(crate) fn new(chars: u32, links: u32) -> Self {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self { chars: size(chars), links: size(links) }
    }
}

/// Makes a page of plain text.
pub(crate) fn plain(text: &str, bounds: Bounds) -> Page {
    let (text, cut) = shortened(visible(text, true), bounds.chars);
    Page { title: String::new(), description: String::new(), text, links: Vec::new(), cut }
}

/// Reads a page.
pub(crate) fn read(html: &str, url: Option<&Url>, bounds: Bounds) -> Page {
    let document = Html::parse_document(html);
    let base = base(&document, url);
    let (text, cut_text) = shortened(text(&document), bounds.chars);
    let (links, cut_links) = links(&document, base.as_ref(), bounds.links);
    Page {
        title: first(&document, "title")
            .map(|title| line(&title.text().collect::<String>()))
            .unwrap_or_default(),
        description: first(&document, "meta[name=description]")
            .and_then(|meta| meta.value().attr("content"))
            .map(line)
            .unwrap_or_default(),
        text,
        links,
        cut: cut_text || cut_links,
    }
}

fn first<'a>(document: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    let selector = Selector::parse(selector).ok()?;
    document.select(&selector).next()
}

/// What links are relative to: the page's own word (HTML, section 4.2.3), or where it came from.
fn base(document: &Html, url: Option<&Url>) -> Option<Url> {
    let own = first(document, "base[href]").and_then(|base| base.value().attr("href"));
    match (own, url) {
        (Some(own), Some(url)) => url.join(own).ok(),
        (Some(own), None) => Url::parse(own).ok(),
        (None, url) => url.cloned(),
    }
}

fn is_hidden(element: &Element) -> bool {
    UNREAD.contains(&element.name())
        || element.attr("hidden").is_some()
        || element.attr("aria-hidden") == Some("true")
        || element.attr("style").is_some_and(|style| {
            let style: String = style.to_ascii_lowercase().split_whitespace().collect();
            style.contains("display:none") || style.contains("visibility:hidden")
        })
}

/// Walks without recursion: pages nest as deep as they like.
fn text(document: &Html) -> String {
    let mut out = String::new();
    let mut next = Some(document.tree.root());
    while let Some(node) = next {
        let element = node.value().as_element();
        let hidden = element.is_some_and(is_hidden);
        if element.is_some_and(|element| BLOCKS.contains(&element.name())) && !hidden {
            out.push('\n');
        }
        if let Node::Text(text) = node.value() {
            let kept =
                node.ancestors().any(|above| above.value().as_element().is_some_and(|e| e.name() == "pre"));
            let piece = visible(text, kept);
            out.push_str(&piece);
        }
        next = node.first_child().filter(|_| !hidden).or_else(|| {
            let mut at = node;
            loop {
                if at.value().as_element().is_some_and(|e| BLOCKS.contains(&e.name())) {
                    out.push('\n');
                }
                if let Some(after) = at.next_sibling() {
                    return Some(after);
                }
                at = at.parent()?;
            }
        });
    }
    tidied(&out)
}

/// Without control, bidirectional and zero-width characters: what a person does not see, a model
/// should not read either.
fn visible(text: &str, lines: bool) -> String {
    let shown = |c: &char| {
        !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let plain = |c: char| match c {
        '\n' if lines => '\n',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().filter(shown).map(plain).collect()
}

/// One space between words, no empty lines.
fn tidied(text: &str) -> String {
    let lines = text.lines().map(line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn line(text: &str) -> String {
    visible(text, false).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: String, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        None => (text, false),
        Some((at, _)) => (text.get(..at).unwrap_or_default().to_owned(), true),
    }
}

/// Each address once, in the page's order, and only those that can be fetched.
fn links(document: &Html, base: Option<&Url>, most: usize) -> (Vec<Link>, bool) {
    let Ok(selector) = Selector::parse("a[href]") else { return (Vec::new(), false) };
    let mut links: Vec<Link> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for anchor in document.select(&selector) {
        let Some(href) = anchor.value().attr("href") else { continue };
        let Ok(mut url) = base.map_or_else(|| Url::parse(href), |base| base.join(href)) else { continue };
        url.set_fragment(None);
        if !matches!(url.scheme(), "http" | "https") || !known.insert(url.to_string()) {
            continue;
        }
        if links.len() == most {
            return (links, true);
        }
        links.push(Link { url: url.into(), text: line(&anchor.text().collect::<String>()) });
    }
    (links, false)
}
