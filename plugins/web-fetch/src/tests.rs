//! Pages, sound and odd.

use ares_sdk::native;

use super::*;

const PAGE: &str = "<!doctype html><html><head><title> A  page </title><meta name=description content='What it is.'>
<style>p { color: red }</style></head><body><nav><a href=/menu>Menu</a></nav><h1>Head</h1>
<p>One <b>two</b>\u{200b} three.</p><p hidden>not this</p><div style='display: none'>nor this</div>
<ul><li>first<li>second</ul><script>alert(1)</script><pre>a
  b</pre><a href='next?x=1#part'>Next</a> <a href='next?x=1'>again</a> <a href='javascript:x()'>no</a></body></html>";

fn source(html: &str, url: Option<&str>) -> Source {
    Source {
        html: html.to_owned(),
        url: url.map(str::to_owned),
        max_chars: TEXT_USUAL,
        max_links: LINKS_USUAL,
    }
}

fn address(url: &str) -> Address {
    Address { url: url.to_owned(), max_chars: TEXT_USUAL, max_links: LINKS_USUAL }
}

#[test]
fn a_page_becomes_title_text_and_links() {
    let page = extract_page(source(PAGE, Some("https://example.org/dir/page"))).unwrap();
    assert_eq!((page.title.as_str(), page.description.as_str()), ("A page", "What it is."));
    assert_eq!(page.text, "Head\nOne two three.\nfirst\nsecond\na\nb\nNext again no");
    let links: Vec<&str> = page.links.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(links, ["https://example.org/menu", "https://example.org/dir/next?x=1"]);
    assert!(!page.cut);
}

#[test]
fn text_and_links_have_a_bound() {
    let page =
        extract_page(Source { max_chars: 4, max_links: 1, ..source(PAGE, Some("https://example.org/")) })
            .unwrap();
    assert_eq!((page.text.as_str(), page.links.len(), page.cut), ("Head", 1, true));
}

#[test]
fn a_page_that_nests_without_end_is_read() {
    let deep = "<div>".repeat(2_000) + "x";
    assert_eq!(extract_page(source(&deep, None)).unwrap().text, "x");
}

#[test]
fn fetching_reads_text_and_refuses_what_is_no_address() {
    native::http::answer("https://example.org/", 404, PAGE);
    let got = fetch_page(address("https://example.org")).unwrap();
    assert_eq!(
        (got.status, got.url.as_str(), got.page.title.as_str()),
        (404, "https://example.org/", "A page")
    );
    for bad in ["example.org", "ftp://example.org", "https://me:pw@example.org/", "javascript:1"] {
        assert_eq!(fetch_page(address(bad)).unwrap_err().code, "bad-url", "{bad}");
    }
    assert_eq!(fetch_page(address("https://other.org/")).unwrap_err().code, "http-request-denied");
}
