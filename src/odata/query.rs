//! A query, resolved: every name is a property or navigation property of the metadata, every literal has its type.
//!
//! This is what the parser hands to the store. It knows nothing of SQL.

use crate::model::{
    meta::{Face, Kind, Navigation, Property, Type},
    scope::Sight,
    value::Value,
};

/// The rows that a path leads to.
#[derive(Clone, Debug)]
pub enum Rows {
    /// All of a collection.
    All(&'static Face),
    /// Those that were deleted and can be restored.
    Deleted(&'static Face),
    /// Those that are of a derived type.
    Cast {
        /// Among these.
        of: Box<Rows>,
        /// The face of the type.
        face: &'static Face,
    },
    /// The one with this key.
    Keyed {
        /// Among these.
        of: Box<Rows>,
        /// The key property: `id`, or an alternate key.
        property: &'static Property,
        /// Its value.
        value: String,
    },
    /// Those that a navigation property leads to.
    Related {
        /// From these.
        of: Box<Rows>,
        /// The navigation property.
        navigation: &'static Navigation,
        /// What the rows look like.
        face: &'static Face,
    },
}

impl Rows {
    /// The face of the rows.
    pub fn face(&self) -> &'static Face {
        match self {
            Self::All(face) | Self::Deleted(face) | Self::Cast { face, .. } | Self::Related { face, .. } => face,
            Self::Keyed { of, .. } => of.face(),
        }
    }

    /// Whether there can be more than one.
    pub fn is_collection(&self) -> bool {
        match self {
            Self::All(_) | Self::Deleted(_) => true,
            Self::Keyed { .. } => false,
            Self::Cast { of, .. } => of.is_collection(),
            Self::Related { of, navigation, .. } => of.is_collection() || navigation.is_collection(),
        }
    }

    /// The rows that these hang on: when they do not exist, neither does the path.
    pub fn parent(&self) -> Option<&Self> {
        match self {
            Self::All(_) | Self::Deleted(_) => None,
            Self::Keyed { of, .. } | Self::Cast { of, .. } => of.parent(),
            Self::Related { of, .. } => Some(of),
        }
    }

    /// Whether these are rows that were deleted.
    pub fn are_deleted(&self) -> bool {
        match self {
            Self::All(_) => false,
            Self::Deleted(_) => true,
            Self::Keyed { of, .. } | Self::Cast { of, .. } | Self::Related { of, .. } => of.are_deleted(),
        }
    }
}

/// What to read of some rows.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which rows.
    pub rows: Rows,
    /// Which of them: `$filter`.
    pub filter: Option<Expr>,
    /// Which of them: `$search`.
    pub search: Option<Search>,
    /// In which order. It is always total: the parser appends `id` where the caller's keys leave it open.
    pub order: Vec<OrderKey>,
    /// From where on.
    pub start: Start,
    /// The largest number of rows in the answer.
    pub limit: usize,
    /// Whether to tell how many rows there are in all: `$count=true`.
    pub count: bool,
    /// What to write of each row.
    pub shape: Shape,
    /// What the caller may see. The parser leaves it all of the tenant.
    pub sight: Sight,
    /// The absolute URL of the service's root, for links in the answer. The parser leaves it empty.
    pub root: String,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After so many rows: `$skip`.
    Skip(u64),
    /// After the row whose order keys have these values: `$skiptoken`.
    After(Vec<Value>),
}

/// What to write of a row: `$select` and `$expand`.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The properties, in order; where there are kinds, those of all of them.
    pub select: Vec<&'static Property>,
    /// Where rows are of one of several types: what is written of each.
    pub kinds: Vec<OfKind>,
    /// The navigation properties written inside.
    pub expand: Vec<Expand>,
}

/// What to write of a row that is of one of several types.
#[derive(Clone, Debug)]
pub struct OfKind {
    /// The face of the type.
    pub face: &'static Face,
    /// The properties, in order, each with its position in [`Shape::select`].
    pub select: Vec<(usize, &'static Property)>,
}

/// A navigation property written inside its source, with options of its own.
#[derive(Clone, Debug)]
pub struct Expand {
    /// Which.
    pub navigation: &'static Navigation,
    /// The face of its targets.
    pub face: &'static Face,
    /// `$filter` on the targets.
    pub filter: Option<Expr>,
    /// `$search` on the targets.
    pub search: Option<Search>,
    /// `$orderby` of the targets; total, like [`Query::order`].
    pub order: Vec<OrderKey>,
    /// `$skip` for each source.
    pub skip: u64,
    /// The largest number of targets written for each source.
    pub limit: usize,
    /// `$count=true`: tell how many targets each source has.
    pub count: bool,
    /// The query string, encoded, by which the targets beyond `limit` are got at the source's own address.
    pub rest: String,
    /// What to write of each target.
    pub shape: Shape,
}

/// One key of an order.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// Ordered by this.
    pub expr: Expr,
    /// Descending. Null comes first ascending and last descending.
    pub descending: bool,
}

/// An expression of `$filter` or `$orderby`.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A literal.
    Literal(Value),
    /// A property, of the row or of something that single-valued navigations lead to.
    Property(PropertyPath),
    /// A member of a structured property.
    Member(PropertyPath, Vec<&'static str>, Type),
    /// A member of the value that a lambda's variable stands for, or, without names, that value itself.
    Item {
        /// The variable, as [`PropertyPath::scope`] counts it.
        scope: usize,
        /// The names on the way.
        path: Vec<&'static str>,
        /// The type of what is there.
        ty: Type,
    },
    /// `any`, `all` or `$count` of the items of a property.
    Each {
        /// Which.
        quantifier: Quantifier,
        /// The property.
        property: PropertyPath,
        /// What is asked of each; none: `any()` or `$count`.
        predicate: Option<Box<Expr>>,
    },
    /// A comparison; the operands are of one kind, or null.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `in`; the list holds values of the operand's kind, or null.
    In(Box<Expr>, Vec<Value>),
    /// `and`
    And(Box<Expr>, Box<Expr>),
    /// `or`
    Or(Box<Expr>, Box<Expr>),
    /// `not`
    Not(Box<Expr>),
    /// A function; the operands are as [`Function`] says.
    Call(Function, Vec<Expr>),
    /// `any`, `all` or `$count` of a collection.
    Lambda {
        /// Which.
        quantifier: Quantifier,
        /// How many lambdas around this one lead to the row it starts from: 0 for the row itself.
        scope: usize,
        /// Single-valued navigations, then the collection.
        path: Vec<&'static Navigation>,
        /// What is asked of each; it is in the scope numbered one more than the lambdas around it. None: `any()` or `$count`.
        predicate: Option<Box<Expr>>,
    },
}

impl Expr {
    /// What the expression yields; none for the null literal.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Literal(value) => value.kind(),
            Self::Property(path) => Some(path.property.ty.kind()),
            Self::Member(_, _, ty) | Self::Item { ty, .. } => Some(ty.kind()),
            Self::Call(function, _) => Some(function.kind()),
            Self::Each { quantifier: Quantifier::Count, .. } | Self::Lambda { quantifier: Quantifier::Count, .. } => {
                Some(Kind::Int)
            }
            _ => Some(Kind::Bool),
        }
    }
}

impl Expr {
    /// Visits the navigation properties that it follows.
    pub fn navigations(&self, visit: &mut impl FnMut(&'static Navigation)) {
        let mut along = |way: &[&'static Navigation]| way.iter().for_each(|navigation| visit(navigation));
        match self {
            Self::Literal(_) | Self::Item { .. } => {}
            Self::Property(path) | Self::Member(path, ..) => along(&path.navigations),
            Self::Each { property, predicate, .. } => {
                along(&property.navigations);
                if let Some(predicate) = predicate {
                    predicate.navigations(visit);
                }
            }
            Self::Lambda { path, predicate, .. } => {
                along(path);
                if let Some(predicate) = predicate {
                    predicate.navigations(visit);
                }
            }
            Self::In(operand, _) | Self::Not(operand) => operand.navigations(visit),
            Self::Compare(_, left, right) | Self::And(left, right) | Self::Or(left, right) => {
                left.navigations(visit);
                right.navigations(visit);
            }
            Self::Call(_, operands) => operands.iter().for_each(|operand| operand.navigations(visit)),
        }
    }
}

/// A property and the way to it.
#[derive(Clone, Debug)]
pub struct PropertyPath {
    /// 0: of the row itself. n: of the variable of the nth lambda around it, counted from outside.
    pub scope: usize,
    /// The single-valued navigations to walk first.
    pub navigations: Vec<&'static Navigation>,
    /// The type that what is there is taken for: of any other, the property is null.
    pub cast: Option<&'static Face>,
    /// The property.
    pub property: &'static Property,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are OData's")]
pub enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// `any`, `all`, or how many there are: `$count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are OData's")]
pub enum Quantifier {
    Any,
    All,
    Count,
}

/// A function of `$filter` and `$orderby`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are OData's")]
pub enum Function {
    /// text, text: truth
    Contains,
    /// text, text: truth
    StartsWith,
    /// text, text: truth
    EndsWith,
    /// text: text
    ToLower,
    /// text: text
    ToUpper,
    /// text: text
    Trim,
    /// text, text: text
    Concat,
    /// text, text: whole number
    IndexOf,
    /// text: whole number of characters
    Length,
    /// time: whole number
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    /// time: the midnight before it
    Date,
}

impl Function {
    /// What it yields.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Contains | Self::StartsWith | Self::EndsWith => Kind::Bool,
            Self::ToLower | Self::ToUpper | Self::Trim | Self::Concat => Kind::Text,
            Self::Date => Kind::Time,
            _ => Kind::Int,
        }
    }
}

/// A `$search` expression.
#[derive(Clone, Debug)]
pub enum Search {
    /// Found where a searchable property, or this one (`"displayName:text"`), contains the text in any letter case.
    Term {
        /// The only property to look into; none: all searchable ones.
        property: Option<&'static Property>,
        /// What to find; never empty.
        text: String,
    },
    /// `AND`, or nothing between two terms.
    And(Box<Search>, Box<Search>),
    /// `OR`
    Or(Box<Search>, Box<Search>),
    /// `NOT`
    Not(Box<Search>),
}
