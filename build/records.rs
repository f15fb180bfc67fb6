//! The Rust types of an entity type: the record that is stored, and the input that a body gives.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_yaml_ng::Value;

use super::{
    entity::{Column, Entity},
    names::upper_first,
    property::json,
};

impl Entity<'_> {
    /// The record (what is stored) and the input (what a body may say of it).
    pub(super) fn records(&self) -> TokenStream {
        let constant = self.constant();
        let record = format_ident!("{}", upper_first(&self.schema.title));
        let input = format_ident!("{record}Input");
        let (create, update) = (format_ident!("{record}Create"), format_ident!("{record}Update"));
        let reference = format_ident!("{record}Reference");
        let create_doc = format!("The body of a create of a `{}`.", self.schema.title);
        let update_doc = format!("The body of an update of a `{}`.", self.schema.title);
        let reference_doc = format!("The body that refers to a `{}`.", self.schema.title);
        let fields: Vec<_> = self.columns.iter().map(|c| format_ident!("{}", c.name)).collect();
        let types: Vec<_> = self.columns.iter().map(Column::rust_type).collect();
        let defaults: Vec<_> = self.columns.iter().map(Column::rust_default).collect();
        let said = self.columns.iter().chain(&self.transient);
        let said_fields: Vec<_> = said.clone().map(|c| format_ident!("{}", c.name)).collect();
        let said_types: Vec<_> = said.map(Column::rust_type).collect();
        let positions = 0..said_fields.len();
        let (doc, input_doc) = (
            format!("A stored `{}`.", self.schema.title),
            format!("What a body says of a `{}`: what it leaves out is none.", self.schema.title),
        );
        let names: Vec<_> = self.columns.iter().map(|c| format_ident!("{}", c.name.to_uppercase())).collect();
        let places = 0..self.columns.len();
        let authored = self.authored(&record);
        quote! {
            #authored

            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct #record { #(pub #fields: #types),* }

            /// The positions of the columns.
            impl #record { #(pub const #names: usize = #places;)* }

            /// What a create stores where the body says nothing.
            impl Default for #record {
                fn default() -> Self {
                    Self { #(#fields: #defaults),* }
                }
            }

            impl Record for #record {
                const ENTITY: &'static EntityType = &#constant;
                fn from_values(values: Vec<Value>) -> Option<Self> {
                    let mut values = values.into_iter();
                    Some(Self { #(#fields: Field::from_value(values.next()?)?),* })
                }
                fn into_values(self) -> Vec<Value> {
                    vec![#(self.#fields.into_value()),*]
                }
                fn id(&self) -> &str {
                    &self.id
                }
            }

            #[doc = #input_doc]
            #[derive(Clone, Debug, Default, PartialEq, Eq)]
            pub struct #input { #(pub #said_fields: Option<#said_types>),* }

            #[doc = #create_doc]
            pub type #create = Create<#input>;
            #[doc = #update_doc]
            pub type #update = Update<#input>;
            #[doc = #reference_doc]
            pub type #reference = Reference<#record>;

            impl Input for #input {
                type Record = #record;
                fn set(&mut self, column: usize, value: Value) -> Option<()> {
                    match column {
                        #(#positions => self.#said_fields = Some(Field::from_value(value)?),)*
                        _ => return None,
                    }
                    Some(())
                }
                fn apply_to(self, record: &mut #record) {
                    #(if let Some(value) = self.#fields { record.#fields = value; })*
                }
            }
        }
    }

    /// `impl Authored`, for a record that has all the columns it takes.
    fn authored(&self, record: &Ident) -> Option<TokenStream> {
        const COLUMNS: [&str; 4] = ["created_by", "created_at", "modified_by", "modified_at"];
        let all = COLUMNS.iter().all(|c| self.column(c).is_ok());
        all.then(|| {
            quote! {
                impl Authored for #record {
                    fn authorship(&mut self) -> Authorship<'_> {
                        Authorship {
                            created_by: &mut self.created_by,
                            created_at: &mut self.created_at,
                            modified_by: &mut self.modified_by,
                            modified_at: &mut self.modified_at,
                        }
                    }
                }
            }
        })
    }
}

impl Column {
    fn rust_type(&self) -> TokenStream {
        let base = match self.kind {
            "Text" => quote!(String),
            "Bool" => quote!(bool),
            "Int" => quote!(i64),
            _ => quote!(Timestamp),
        };
        if self.nullable { quote!(Option<#base>) } else { base }
    }

    fn rust_default(&self) -> TokenStream {
        let value = match (&self.default, self.kind) {
            (Some(Value::Bool(b)), _) => quote!(#b),
            (Some(list @ (Value::Sequence(_) | Value::Mapping(_))), _) => {
                let stored = json(list);
                quote!(#stored.to_owned())
            }
            (Some(Value::String(stored)), _) => quote!(#stored.to_owned()),
            (Some(Value::Number(n)), _) => {
                let n = n.as_i64();
                quote!(#n)
            }
            (None, "Time") if !self.nullable => quote!(Timestamp(0)),
            _ => return quote!(Default::default()),
        };
        if self.nullable { quote!(Some(#value)) } else { value }
    }
}
