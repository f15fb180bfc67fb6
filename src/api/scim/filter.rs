//! Filters and orders, turned into those of the store.
//!
//! What an attribute is in the store decides what can be asked of it: a property, an item of a list, an object that a link
//! leads to. What the store cannot tell apart (the types of further mail addresses) is refused.

use super::{
    Failure, face,
    fields::{ADDRESS, LOOSE, LOOSE_NAMES, ORGANIZATION, SIMPLE, entity, property, user_name},
};
use crate::{
    model::{
        USER,
        meta::{Face, Property, Type},
        value::{Timestamp, Value},
    },
    odata::query::{Comparison as Op, Expr, Function, OrderKey, PropertyPath, Quantifier},
    scim::{
        Error, ScimType,
        filter::{Comparison, Filter, Literal},
        path::AttrPath,
        schema::{Place, ResourceType},
    },
};

/// What an attribute is in the store.
enum Field {
    /// A text; whether its letter case counts.
    Text(Expr, bool),
    /// What users sign in with.
    UserName(Expr),
    /// A truth value.
    Truth(Expr),
    /// A point in time.
    Time(Expr),
    /// The same for all resources of a type.
    Constant(&'static str),
    /// Several texts, one of which is to match: single ones and lists.
    Any(Vec<Expr>, Vec<&'static Property>),
    /// The ids of what a link leads to.
    Linked(&'static str),
}

/// Filters over resources of a type.
pub(super) struct Filters<'a> {
    pub(super) kind: &'static ResourceType,
    /// The domain of names that have none.
    pub(super) domain: &'a str,
}

fn refuse(path: &AttrPath, why: &str) -> Error {
    Error::bad(ScimType::InvalidFilter, format!("'{path}' cannot be filtered by: {why}."))
}

/// Databases do not keep it in texts, nor compare it.
fn plain(path: &AttrPath, wanted: &str) -> Result<(), Error> {
    if wanted.contains('\0') { Err(refuse(path, "no text holds the character U+0000")) } else { Ok(()) }
}

fn path(property: &'static Property) -> PropertyPath {
    PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property }
}

fn text(value: &str) -> Expr {
    Expr::Literal(Value::Text(value.to_owned()))
}

fn truth(value: bool) -> Expr {
    Expr::Literal(Value::Bool(value))
}

fn lower(expr: Expr) -> Expr {
    Expr::Call(Function::ToLower, vec![expr])
}

fn any_of(mut all: Vec<Expr>) -> Expr {
    let last = all.pop().unwrap_or_else(|| truth(false));
    all.into_iter().rfold(last, |right, left| Expr::Or(Box::new(left), Box::new(right)))
}

/// A text that is there and not empty.
fn present(expr: &Expr) -> Expr {
    let differs = |from| Expr::Compare(Op::Ne, Box::new(expr.clone()), Box::new(Expr::Literal(from)));
    Expr::And(Box::new(differs(Value::Null)), Box::new(differs(Value::Text(String::new()))))
}

impl Filters<'_> {
    /// A filter as a condition.
    pub(super) fn condition(&self, filter: &Filter) -> Result<Expr, Failure> {
        filter.check(self.kind)?;
        Ok(self.expr(filter)?)
    }

    /// An order: what has no value comes last, ascending. It is total.
    pub(super) fn order(&self, by: Option<&AttrPath>, descending: bool) -> Result<Vec<OrderKey>, Failure> {
        let mut keys = Vec::new();
        if let Some(by) = by {
            let no = |why: &str| Error::bad(ScimType::InvalidPath, format!("'{by}' cannot be sorted by: {why}."));
            let expr = match self
                .field(by)
                .map_err(|error| Error { scim_type: Some(ScimType::InvalidPath), ..error })?
            {
                Field::Text(expr, true) | Field::UserName(expr) | Field::Truth(expr) | Field::Time(expr) => Some(expr),
                Field::Text(expr, false) => Some(lower(expr)),
                Field::Any(single, _) => Some(lower(single.into_iter().next().ok_or_else(|| no("it is a list"))?)),
                Field::Constant(_) => None,
                Field::Linked(_) => return Err(no("it is a list").into()),
            };
            if let Some(expr) = expr {
                let missing = Expr::Compare(Op::Eq, Box::new(expr.clone()), Box::new(Expr::Literal(Value::Null)));
                keys.push(OrderKey { expr: missing, descending });
                keys.push(OrderKey { expr, descending });
            }
        }
        keys.push(OrderKey { expr: Expr::Property(path(self.face().entity.key())), descending: false });
        Ok(keys)
    }

    fn face(&self) -> &'static Face {
        face(entity(self.kind))
    }

    fn property(&self, name: &str) -> Option<&'static Property> {
        property(self.face(), name)
    }

    fn expr(&self, filter: &Filter) -> Result<Expr, Error> {
        Ok(match filter {
            Filter::And(left, right) => Expr::And(Box::new(self.expr(left)?), Box::new(self.expr(right)?)),
            Filter::Or(left, right) => Expr::Or(Box::new(self.expr(left)?), Box::new(self.expr(right)?)),
            Filter::Not(filter) => Expr::Not(Box::new(self.expr(filter)?)),
            Filter::Present(path) => self.is_present(path)?,
            Filter::Compare(path, Comparison::NotEqual, literal) => {
                Expr::Not(Box::new(self.compare(path, Comparison::Equal, literal)?))
            }
            Filter::Compare(path, comparison, literal) => self.compare(path, *comparison, literal)?,
            Filter::Value(path, inner) => self.value(path, inner)?,
        })
    }

    fn is_present(&self, path: &AttrPath) -> Result<Expr, Error> {
        Ok(match self.field(path)? {
            Field::Text(expr, _) => present(&expr),
            Field::Truth(expr) | Field::Time(expr) => {
                Expr::Compare(Op::Ne, Box::new(expr), Box::new(Expr::Literal(Value::Null)))
            }
            Field::UserName(_) | Field::Constant(_) => truth(true),
            Field::Any(single, lists) => {
                let lists = lists.into_iter().map(|list| each(list, None));
                any_of(single.iter().map(present).chain(lists).collect())
            }
            Field::Linked(navigation) => self.linked(navigation, None)?,
        })
    }

    fn compare(&self, path: &AttrPath, comparison: Comparison, literal: &Literal) -> Result<Expr, Error> {
        let wanted = match literal {
            Literal::Null => return Ok(Expr::Not(Box::new(self.is_present(path)?))),
            Literal::Text(wanted) => wanted.as_str(),
            Literal::Boolean(true) => "true",
            Literal::Boolean(false) => "false",
            Literal::Number(_) => return Err(refuse(path, "it is no number")),
        };
        plain(path, wanted)?;
        Ok(match self.field(path)? {
            Field::Text(expr, exact) => compare_text(expr, exact, comparison, wanted),
            Field::UserName(expr) => {
                let wanted = wanted.to_lowercase();
                let full = match comparison {
                    Comparison::Equal if !wanted.contains('@') => format!("{wanted}@{}", self.domain.to_lowercase()),
                    _ => wanted,
                };
                compare_text(expr, true, comparison, &full)
            }
            Field::Truth(expr) => {
                let wanted = truth(wanted.eq_ignore_ascii_case("true"));
                Expr::Compare(Op::Eq, Box::new(expr), Box::new(wanted))
            }
            Field::Time(expr) => {
                let time = Timestamp::parse(wanted).ok_or_else(|| refuse(path, "it takes a date and time"))?;
                let op = operator(comparison).ok_or_else(|| refuse(path, "it is no text"))?;
                Expr::Compare(op, Box::new(expr), Box::new(Expr::Literal(Value::Time(time))))
            }
            Field::Constant(value) => compare_text(text(value), true, comparison, wanted),
            Field::Any(single, lists) => {
                let single = single.into_iter().map(|expr| compare_text(expr, false, comparison, wanted));
                let item = || Expr::Item { scope: 1, path: Vec::new(), ty: Type::String };
                let lists =
                    lists.into_iter().map(|list| each(list, Some(compare_text(item(), false, comparison, wanted))));
                any_of(single.chain(lists).collect())
            }
            Field::Linked(navigation) if comparison == Comparison::Equal => self.linked(navigation, Some(wanted))?,
            Field::Linked(_) => return Err(refuse(path, "ids are compared with 'eq'")),
        })
    }

    /// `emails[type eq "work" and value eq "…"]`: what a type is held by, else any.
    fn value(&self, outer: &AttrPath, inner: &Filter) -> Result<Expr, Error> {
        let at = |sub: &str| AttrPath { sub: Some(sub.to_owned()), ..outer.clone() };
        match inner {
            Filter::And(left, right) => {
                let (ty, rest) = match (type_of(left), type_of(right)) {
                    (Some(ty), None) => (ty, right),
                    (None, Some(ty)) => (ty, left),
                    _ => return Err(refuse(outer, "values are asked for by their type and one comparison more")),
                };
                match &**rest {
                    Filter::Compare(path, comparison, Literal::Text(wanted)) => {
                        plain(outer, wanted)?;
                        let expr = self.of_type(outer, &path.name, ty).ok_or_else(|| {
                            refuse(outer, "only values of the types 'work', 'mobile' and 'fax' are told from others")
                        })?;
                        Ok(match comparison {
                            Comparison::NotEqual => {
                                Expr::Not(Box::new(compare_text(expr, false, Comparison::Equal, wanted)))
                            }
                            other => compare_text(expr, false, *other, wanted),
                        })
                    }
                    _ => Err(refuse(outer, "values are asked for by their type and one comparison more")),
                }
            }
            Filter::Compare(path, comparison, literal) => self.compare(&at(&path.name), *comparison, literal),
            Filter::Present(path) => self.is_present(&at(&path.name)),
            Filter::Or(left, right) => {
                Ok(Expr::Or(Box::new(self.value(outer, left)?), Box::new(self.value(outer, right)?)))
            }
            Filter::Not(_) | Filter::Value(..) => Err(refuse(outer, "one value cannot be asked for so")),
        }
    }

    /// The property that holds this part of values of a type.
    fn of_type(&self, outer: &AttrPath, part: &str, ty: &str) -> Option<Expr> {
        let name = outer.name.to_ascii_lowercase();
        let property = match (name.as_str(), ty.to_ascii_lowercase().as_str(), part) {
            ("emails", "work", "value") => "mail",
            ("phonenumbers", "mobile", "value") => "mobilePhone",
            ("phonenumbers", "fax", "value") => "faxNumber",
            ("addresses", "work", part) => ADDRESS.iter().find(|(known, _)| known.eq_ignore_ascii_case(part))?.1,
            ("addresses", "other", "formatted") => "officeLocation",
            _ => return None,
        };
        Some(Expr::Property(path(self.property(property)?)))
    }

    /// Whether a link leads to something, or to the object with this id.
    fn linked(&self, navigation: &str, id: Option<&str>) -> Result<Expr, Error> {
        let navigation = self.face().navigation(navigation).ok_or_else(|| Error::new(500, "A link is missing."))?;
        let predicate = id.map(|id| {
            let key = PropertyPath { scope: 1, ..path(navigation.target.key()) };
            Box::new(Expr::Compare(Op::Eq, Box::new(Expr::Property(key)), Box::new(text(id))))
        });
        Ok(Expr::Lambda { quantifier: Quantifier::Any, scope: 0, path: vec![navigation], predicate })
    }

    /// What an attribute is in the store.
    fn field(&self, at: &AttrPath) -> Result<Field, Error> {
        let unknown = || Error::bad(ScimType::InvalidFilter, self.kind.unknown(at));
        let Some(Place::Attribute { extension, attribute, sub }) = self.kind.resolve(at) else { return Err(unknown()) };
        let (urn, name, part) = (extension.map(|schema| schema.id), attribute.name, sub.map(|sub| sub.name));
        let of = |name: &str| self.property(name).map(|property| Expr::Property(path(property))).ok_or_else(unknown);
        let kept = |names: Vec<&'static str>| {
            let details = self.property("scimDetails").ok_or_else(unknown)?;
            Ok(Field::Text(Expr::Member(path(details), names, Type::String), false))
        };
        let is_user = entity(self.kind) == &USER;
        let simple = SIMPLE.iter().find(|one| is_user && (one.urn, one.name, one.sub) == (urn, name, part));
        if let Some(simple) = simple {
            let expr = of(simple.property)?;
            return Ok(if simple.name == "active" { Field::Truth(expr) } else { Field::Text(expr, false) });
        }
        if let Some(loose) = LOOSE.iter().find(|loose| **loose == name) {
            return kept(vec![loose]);
        }
        if let Some(loose) = LOOSE_NAMES.iter().find(|loose| name == "name" && Some(**loose) == part) {
            return kept(vec!["name", loose]);
        }
        if let Some(member) = ORGANIZATION.1.into_iter().find(|member| *member == name && urn.is_some()) {
            let property = self.property(ORGANIZATION.0).ok_or_else(unknown)?;
            return Ok(Field::Text(Expr::Member(path(property), vec![member], Type::String), false));
        }
        Ok(match (name, part) {
            ("id", None) => Field::Text(of("id")?, true),
            ("externalId", None) => Field::Text(of("externalId")?, true),
            ("userName", None) => {
                let folded = self.property(user_name().property).and_then(|property| property.folded);
                Field::UserName(Expr::Property(path(folded.ok_or_else(unknown)?)))
            }
            ("displayName", None) => Field::Text(of("displayName")?, false),
            ("manager", None | Some("value")) => Field::Text(of("managerId")?, true),
            ("meta", Some("created")) => Field::Time(of("createdDateTime")?),
            ("meta", Some("resourceType")) => Field::Constant(self.kind.name),
            ("emails", None | Some("value")) => self.lists(vec![of("mail")?], &["otherMails"]),
            ("phoneNumbers", None | Some("value")) => {
                self.lists(vec![of("mobilePhone")?, of("faxNumber")?], &["businessPhones"])
            }
            ("addresses", Some("formatted")) => Field::Text(of("officeLocation")?, false),
            ("addresses", Some(part)) => match ADDRESS.iter().find(|(known, _)| *known == part) {
                Some((_, property)) => Field::Text(of(property)?, false),
                None => return Err(refuse(at, "the store cannot tell addresses apart by it")),
            },
            ("groups", None | Some("value")) => Field::Linked("memberOf"),
            ("members", None | Some("value")) => Field::Linked("members"),
            _ => return Err(refuse(at, "the store does not know it, or not apart from others")),
        })
    }

    fn lists(&self, single: Vec<Expr>, lists: &[&str]) -> Field {
        Field::Any(single, lists.iter().filter_map(|name| self.property(name)).collect())
    }
}

/// `type eq "…"`
fn type_of(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Compare(path, Comparison::Equal, Literal::Text(ty)) if path.name.eq_ignore_ascii_case("type") => {
            Some(ty)
        }
        _ => None,
    }
}

fn each(list: &'static Property, predicate: Option<Expr>) -> Expr {
    Expr::Each { quantifier: Quantifier::Any, property: path(list), predicate: predicate.map(Box::new) }
}

fn operator(comparison: Comparison) -> Option<Op> {
    Some(match comparison {
        Comparison::Equal => Op::Eq,
        Comparison::NotEqual => Op::Ne,
        Comparison::Greater => Op::Gt,
        Comparison::GreaterOrEqual => Op::Ge,
        Comparison::Less => Op::Lt,
        Comparison::LessOrEqual => Op::Le,
        Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => return None,
    })
}

fn compare_text(expr: Expr, exact: bool, comparison: Comparison, wanted: &str) -> Expr {
    let (expr, wanted) = if exact { (expr, text(wanted)) } else { (lower(expr), lower(text(wanted))) };
    let function = match comparison {
        Comparison::Contains => Function::Contains,
        Comparison::StartsWith => Function::StartsWith,
        Comparison::EndsWith => Function::EndsWith,
        other => {
            let op = operator(other).unwrap_or(Op::Eq);
            return Expr::Compare(op, Box::new(expr), Box::new(wanted));
        }
    };
    // Of nothing these would say nothing, also where they are denied.
    let there = Expr::Compare(Op::Ne, Box::new(expr.clone()), Box::new(Expr::Literal(Value::Null)));
    Expr::And(Box::new(there), Box::new(Expr::Call(function, vec![expr, wanted])))
}
