//! What the macros say to an author who forgot something.
use proc_macro2::TokenStream;
use quote::quote;

use crate::{capability, data, doc};

fn refused(arguments: TokenStream, function: TokenStream) -> String {
    let function = syn::parse2(function).unwrap();
    capability::expand(arguments, &function).unwrap_err().to_string()
}

#[test]
fn every_mistake_is_named() {
    let effect = quote!(effect = "pure");
    let fine = quote!(
        /// Text.
        fn f() -> Result<u8, Failure> {}
    );
    for (arguments, function, part) in [
        (quote!(), fine.clone(), "say `effect"),
        (quote!(effect = "harmless"), fine.clone(), "an effect is pure, read"),
        (quote!(effect = "pure", reversible = true), fine.clone(), "write `effect"),
        (
            effect.clone(),
            quote!(
                fn f() -> Result<u8, Failure> {}
            ),
            "doc comment",
        ),
        (
            effect.clone(),
            quote!(
                /// Text.
                fn f() {}
            ),
            "answers `Result",
        ),
        (
            effect.clone(),
            quote!(
                /// Text.
                fn f(&self) -> Result<u8, Failure> {}
            ),
            "free function",
        ),
        (
            effect.clone(),
            quote!(
                /// Text.
                fn f(a: A, b: B) -> Result<u8, Failure> {}
            ),
            "(input: Input, context: &Context)",
        ),
    ] {
        let message = refused(arguments, function);
        assert!(message.contains(part), "{message}");
    }
    assert!(capability::expand(effect, &syn::parse2(fine).unwrap()).is_ok());
}

#[test]
fn only_structs_with_named_fields_are_closed_and_only_unless_open() {
    let closed = |arguments: TokenStream, item: TokenStream| {
        let tokens = data::expand(arguments, &syn::parse2(item).unwrap()).unwrap();
        tokens.to_string().contains("deny_unknown_fields")
    };
    assert!(closed(
        quote!(),
        quote!(
            struct A {
                b: u8,
            }
        )
    ));
    assert!(!closed(
        quote!(open),
        quote!(
            struct A {
                b: u8,
            }
        )
    ));
    assert!(!closed(
        quote!(),
        quote!(
            struct A(u8);
        )
    ));
    assert!(!closed(
        quote!(),
        quote!(
            enum A {
                B,
            }
        )
    ));
    let item = syn::parse2(quote!(
        struct A {
            b: u8,
        }
    ))
    .unwrap();
    assert!(data::expand(quote!(closed), &item).unwrap_err().to_string().contains("data(open)"));
}

#[test]
fn doc_comments_become_paragraphs() {
    let function: syn::ItemFn = syn::parse_str("/// One\n/// line.\n///\n/// Another.\nfn f() {}").unwrap();
    assert_eq!(doc::text(&function.attrs), "One line.\n\nAnother.");
}
