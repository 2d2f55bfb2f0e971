//! `#[data]`: a type that crosses the border as JSON.
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result};

pub(crate) fn expand(arguments: TokenStream, input: &DeriveInput) -> Result<TokenStream> {
    let open = if arguments.is_empty() {
        false
    } else {
        let word: Ident = syn::parse2(arguments)?;
        if word != "open" {
            return Err(Error::new(word.span(), "write `#[ares_sdk::data]` or `#[ares_sdk::data(open)]`"));
        }
        true
    };
    // Only a struct with named fields has names to refuse.
    let named = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let closed = (named && !open).then(|| quote!(#[serde(deny_unknown_fields)]));
    Ok(quote! {
        #[derive(
            Debug, Clone,
            ::ares_sdk::serde::Serialize, ::ares_sdk::serde::Deserialize, ::ares_sdk::schemars::JsonSchema,
        )]
        #[serde(crate = "::ares_sdk::serde")]
        #[schemars(crate = "::ares_sdk::schemars")]
        #closed
        #input
    })
}
