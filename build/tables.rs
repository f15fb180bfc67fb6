//! The tables of `model::meta`: one static for each entity type.

use std::collections::{BTreeMap, HashMap};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{
    Result,
    entity::{Column, Entity, column_name},
    hidden,
    names::upper_first,
    property::optional,
    schema::{Link, Names, Nesting, Property, ROOT, Scope, VERSIONS, Wording, Write},
};

impl Entity<'_> {
    /// The static: an `EntityType` with a `Face` for each version.
    pub(super) fn table(&self, by_title: &HashMap<&str, &Entity<'_>>) -> Result<TokenStream> {
        let (constant, name, table) = (self.constant(), &self.schema.title, &self.schema.table);
        let columns = self.columns.iter().map(|column| self.stored(column)).collect::<Result<Vec<_>>>()?;
        let index = |names: &Vec<String>| {
            let positions = names.iter().map(|c| self.column(c)).collect::<Result<Vec<_>>>()?;
            Ok(quote!(&[#(#positions),*]))
        };
        let indexes = self.schema.indexes.iter().map(index).collect::<Result<Vec<_>>>()?;
        let fixed = self
            .properties
            .iter()
            .filter(|(_, p)| matches!(p.write, Write::Create) && p.navigation.is_none() && !p.transient);
        let fixed = fixed.map(|(name, p)| self.column(&column_name(name, p))).collect::<Result<Vec<_>>>()?;
        let faces = VERSIONS.iter().map(|v| self.face(v, by_title)).collect::<Result<Vec<_>>>()?;
        let doc = &self.schema.description;
        let scope = self.scope(by_title)?;
        let kind = optional(self.schema.kind.clone());
        let base = self.schema.base.as_ref().and_then(|base| by_title.get(base.as_str())).map(|base| base.constant());
        let base = base.map_or_else(|| quote!(None), |constant| quote!(Some(&#constant)));
        let mut derived: Vec<_> =
            by_title.values().filter(|e| e.schema.base.as_ref() == Some(name)).map(|e| e.constant()).collect();
        derived.sort();
        let soft_delete = self.column("deleted_at").is_ok();
        let transient = self.transient.len();
        let Names { one, many, id } = &self.schema.names;
        let id = id.clone().unwrap_or_else(|| upper_first(name));
        let names = quote!(Names { one: #one, many: #many, id: #id });
        let documented = documented(name, &self.schema.documented)?;
        let (actions, set_actions) = (&self.schema.actions, &self.schema.set_actions);
        Ok(quote! {
            #[doc = #doc]
            pub static #constant: EntityType = EntityType {
                name: #name,
                table: #table,
                columns: &[#(#columns),*],
                fixed: &[#(#fixed),*],
                transient: #transient,
                scope: #scope,
                kind: #kind,
                base: #base,
                derived: &[#(&#derived),*],
                soft_delete: #soft_delete,
                actions: &[#(#actions),*],
                set_actions: &[#(#set_actions),*],
                names: #names,
                documented: &[#(#documented),*],
                indexes: &[#(#indexes),*],
                faces: [#(#faces),*],
            };
        })
    }

    fn stored(&self, column: &Column) -> Result<TokenStream> {
        let Column { name, kind, nullable, secret, .. } = column;
        let declares =
            |(property, p): &&(String, Property)| p.navigation.is_none() && column_name(property, p) == *name;
        // The latest version gives the name; what no version shows has that of the column.
        let shown = VERSIONS
            .iter()
            .rev()
            .find_map(|version| self.properties.iter().filter(|(_, p)| p.known_in(version)).find(declares));
        let told_as = shown.map_or(name, |(property, _)| property);
        let property = self.properties.iter().find(declares).map(|(_, property)| property);
        let property = property.ok_or_else(|| format!("{name}: no property declares it"))?;
        let (json, _) = property.json_type()?;
        let json = json == "object" || json == "array";
        let folded = self.properties.iter().any(|(_, p)| p.folded.as_ref() == Some(name));
        let made = name == "id" || property.derived || (property.read_only && *kind == "Time");
        let told = match (folded || name == "kind", made) {
            (true, _) => quote!(Told::Never),
            (false, true) => quote!(Told::OnceMade),
            (false, false) => quote!(Told::Always),
        };
        let kind = format_ident!("{kind}");
        Ok(quote!(Column {
            name: #name,
            kind: Kind::#kind,
            nullable: #nullable,
            secret: #secret,
            json: #json,
            told: #told,
            told_as: #told_as,
        }))
    }

    fn scope(&self, by_title: &HashMap<&str, &Entity<'_>>) -> Result<TokenStream> {
        Ok(match &self.schema.scope {
            Scope::Tenant => quote!(Scoping::Tenant),
            Scope::Named(word) if word == "everyone" => quote!(Scoping::Everyone),
            Scope::Named(column) => {
                let column = self.column(column)?;
                quote!(Scoping::Column(#column))
            }
            Scope::Through { column, of } => {
                let unknown = || format!("{}: no schema is called {of}", self.schema.title);
                let (column, other) = (self.column(column)?, by_title.get(of.as_str()).ok_or_else(unknown)?.constant());
                quote!(Scoping::Through(#column, &#other))
            }
        })
    }

    fn face(&self, version: &str, by_title: &HashMap<&str, &Entity<'_>>) -> Result<TokenStream> {
        let (constant, name) = (self.constant(), &self.schema.title);
        let description = &self.schema.description;
        // What has none is reached from other things.
        let set = self.schema.sets.get(version).map_or("/", String::as_str);
        let path = match set.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None if set.contains('/') => set.to_owned(),
            None => format!("{ROOT}/{set}"),
        };
        let set = path.rsplit('/').next().unwrap_or_default();
        let deleted_items = optional(self.schema.deleted_items.clone());
        let variant = if version == "beta" { quote!(Version::Beta) } else { quote!(Version::V1) };
        let (mut properties, mut navigations) = (Vec::new(), Vec::new());
        for (name, property) in self.properties.iter().filter(|(_, p)| p.known_in(version)) {
            match &property.navigation {
                None => properties.push(self.property(name, property, version)?),
                Some(_) => navigations.push(self.navigation(name, property, by_title)?),
            }
        }
        Ok(quote!(Face {
            version: #variant,
            entity: &#constant,
            name: #name,
            description: #description,
            set: #set,
            path: #path,
            deleted_items: #deleted_items,
            properties: &[#(#properties),*],
            navigations: &[#(#navigations),*],
        }))
    }

    fn navigation(
        &self,
        name: &str,
        property: &Property,
        by_title: &HashMap<&str, &Entity<'_>>,
    ) -> Result<TokenStream> {
        let navigation = property.navigation.as_ref().ok_or("not a navigation property")?;
        let unknown = || format!("{name}: no schema is called {}", navigation.target);
        let other = by_title.get(navigation.target.as_str()).ok_or_else(unknown)?;
        let link = match navigation.link()? {
            Link::Column(column) => {
                let column = self.column(column)?;
                quote!(Link::Column(#column))
            }
            Link::Inverse(inverse) => {
                let column = other.column(inverse)?;
                quote!(Link::Inverse(#column))
            }
            Link::Table { table, source, through, nesting } => {
                let of_links = hidden::of_table(table, by_title);
                let links = quote!(LinkTable { table: #table, source: #source, target: #through, hidden: #of_links });
                match nesting {
                    None => quote!(Link::Table(#links)),
                    Some(Nesting { table, source, through, first }) => {
                        let hidden = hidden::of_table(table, by_title);
                        quote!(Link::Closure(&Closure {
                            links: #links,
                            nesting: LinkTable { table: #table, source: #source, target: #through, hidden: #hidden },
                            nesting_first: #first,
                        }))
                    }
                }
            }
        };
        let (target, json_name) = (other.constant(), format!("\"{name}\":"));
        let source = self.constant();
        let (description, required) = (&property.description, navigation.required);
        let (many, each) = (optional(property.names.many.clone()), optional(property.names.each.clone()));
        let documented = documented(name, &property.documented)?;
        let (by_reference, kinds) = (navigation.by_reference, &navigation.kinds);
        Ok(quote!(Navigation {
            name: #name,
            json_name: #json_name,
            description: #description,
            source: &#source,
            target: &#target,
            link: #link,
            required: #required,
            by_reference: #by_reference,
            targets: TargetNames { many: #many, each: #each },
            documented: &[#(#documented),*],
            kinds: &[#(#kinds),*],
        }))
    }
}

/// The wordings of operations that have no code of their own.
fn documented(of: &str, wordings: &BTreeMap<String, Wording>) -> Result<Vec<TokenStream>> {
    let wording = |(kind, wording): (&String, &Wording)| {
        let kind = match kind.as_str() {
            "list" => quote!(Reading::List),
            "count" => quote!(Reading::Count),
            "get" => quote!(Reading::Get),
            "references" => quote!(Reading::References),
            other => {
                return Err(format!("{of}: x-documented knows list, count, get and references, not {other}").into());
            }
        };
        let Wording { id, summary, description } = wording;
        let (id, summary) = (optional(id.clone()), optional(summary.clone()));
        let description = optional(description.clone());
        Ok(quote!((#kind, Wording { id: #id, summary: #summary, description: #description })))
    };
    wordings.iter().map(wording).collect()
}
