//! `#[capability]`: a type beside the function, with the function's name, that implements
//! `ares_sdk::Capability`.
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Signature, Type, parse::Parser};

use crate::doc;

const EFFECTS: [(&str, &str); 6] = [
    ("pure", "Pure"),
    ("read", "Read"),
    ("write", "Write"),
    ("network", "Network"),
    ("message", "Message"),
    ("destructive", "Destructive"),
];

pub(crate) fn expand(arguments: TokenStream, function: &ItemFn) -> Result<TokenStream> {
    let signature = &function.sig;
    let ident = &signature.ident;
    let arguments = Arguments::parse(arguments, ident)?;
    let description = doc::text(&function.attrs);
    if description.is_empty() {
        return Err(Error::new(
            ident.span(),
            "a capability needs a doc comment: people and models choose by it",
        ));
    }
    let Parameters { input, call } = Parameters::of(signature)?;
    let ReturnType::Type(_, answer) = &signature.output else {
        return Err(Error::new(ident.span(), "a capability answers `Result<Output, Failure>`"));
    };
    let (visibility, name, effect) = (&function.vis, &arguments.name, &arguments.effect);
    let summary = format!("The capability `{name}`.");
    Ok(quote! {
        #function

        #[doc = #summary]
        #[allow(non_camel_case_types, dead_code, reason = "a name for `plugin!`, beside the function of that name")]
        #visibility struct #ident {}

        impl ::ares_sdk::Capability for #ident {
            type Input = #input;
            type Output = <#answer as ::ares_sdk::Answer>::Output;
            const NAME: &'static str = #name;
            const DESCRIPTION: &'static str = #description;
            const EFFECT: ::ares_sdk::Effect = ::ares_sdk::Effect::#effect;

            fn call(
                input: Self::Input,
                context: &::ares_sdk::Context,
            ) -> ::std::result::Result<Self::Output, ::ares_sdk::Failure> {
                let _ = (&input, context);
                ::ares_sdk::Answer::into_result(#call)
            }
        }
    })
}

/// What stands in the attribute's parentheses.
struct Arguments {
    name: String,
    effect: Ident,
}

impl Arguments {
    fn parse(tokens: TokenStream, ident: &Ident) -> Result<Self> {
        let (mut name, mut effect) = (ident.to_string(), None);
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("effect") {
                effect = Some(class(&meta.value()?.parse()?)?);
            } else if meta.path.is_ident("name") {
                name = meta.value()?.parse::<LitStr>()?.value();
            } else {
                return Err(meta.error("write `effect = \"…\"` and, if you like, `name = \"…\"`"));
            }
            Ok(())
        });
        parser.parse2(tokens)?;
        let effect =
            effect.ok_or_else(|| Error::new(ident.span(), "say `effect = \"pure\"` or another class"))?;
        Ok(Self { name, effect })
    }
}

fn class(text: &LitStr) -> Result<Ident> {
    let value = text.value();
    let found = EFFECTS.iter().find(|(word, _)| *word == value);
    let (_, variant) = found.ok_or_else(|| {
        Error::new(text.span(), "an effect is pure, read, write, network, message or destructive")
    })?;
    Ok(format_ident!("{variant}"))
}

/// The input type and the expression that calls the function.
struct Parameters {
    input: TokenStream,
    call: TokenStream,
}

impl Parameters {
    fn of(signature: &Signature) -> Result<Self> {
        let ident = &signature.ident;
        let types = signature.inputs.iter().map(parameter).collect::<Result<Vec<_>>>()?;
        let no_input = quote!(::ares_sdk::NoInput);
        let (input, call) = match types.as_slice() {
            [] => (no_input, quote!(#ident())),
            [Type::Reference(_)] => (no_input, quote!(#ident(context))),
            [input] => (quote!(#input), quote!(#ident(input))),
            [input, Type::Reference(_)] => (quote!(#input), quote!(#ident(input, context))),
            _ => {
                return Err(Error::new(
                    ident.span(),
                    "a capability takes `(input: Input, context: &Context)`",
                ));
            }
        };
        Ok(Self { input, call })
    }
}

fn parameter(argument: &FnArg) -> Result<&Type> {
    match argument {
        FnArg::Typed(typed) => Ok(&typed.ty),
        FnArg::Receiver(receiver) => {
            Err(Error::new(receiver.self_token.span, "a capability is a free function"))
        }
    }
}
