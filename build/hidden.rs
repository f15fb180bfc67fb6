//! Links that are hidden from those who are not linked themselves: `x-hidden-links`.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{Result, entity::Entity, schema::HiddenLinks};

/// Which of the links in a table are hidden, if any are.
pub(crate) fn of_table(table: &str, by_title: &HashMap<&str, &Entity<'_>>) -> TokenStream {
    let hides = |e: &&&Entity<'_>| {
        e.schema.hidden_links.as_ref().is_some_and(|hidden| hidden.tables.iter().any(|t| t == table))
    };
    let name = by_title.values().find(hides).map(|e| e.hidden_links_name());
    name.map_or_else(|| quote!(None), |name| quote!(Some(&#name)))
}

impl Entity<'_> {
    /// The static that says which links are hidden, if any are.
    pub(crate) fn hidden_links(&self) -> Result<Option<TokenStream>> {
        let Some(HiddenLinks { column, when: (state, value), seen_by, .. }) = &self.schema.hidden_links else {
            return Ok(None);
        };
        self.column(state)?;
        let (name, table) = (self.hidden_links_name(), &self.schema.table);
        let links = seen_by.iter().map(|(table, source, target)| {
            quote!(LinkTable { table: #table, source: #source, target: #target, hidden: None })
        });
        Ok(Some(quote! {
            static #name: HiddenLinks = HiddenLinks {
                column: #column,
                entity: #table,
                state: #state,
                value: #value,
                seen_by: &[#(#links),*],
            };
        }))
    }

    fn hidden_links_name(&self) -> Ident {
        format_ident!("{}_HIDDEN_LINKS", self.constant())
    }
}
