//! Expressions: how they are written in a URL, and what they mean.

use chrono::{DateTime, Datelike, Timelike};

use super::{
    rng::Rng,
    world::{Entity, Nav, Prop, Val, World},
};

const DAY: i64 = 86_400_000_000;

#[derive(Clone, Debug)]
pub enum Expr {
    Literal(Literal),
    Path(Path),
    Compare(&'static str, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Literal>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Call(&'static str, Vec<Expr>),
    Lambda { all: bool, from: String, navs: Vec<&'static Nav>, variable: String, body: Option<Box<Expr>> },
}

/// A literal: what it is, and how it is written.
#[derive(Clone, Debug)]
pub struct Literal {
    pub value: Val,
    pub text: String,
}

/// A property of the row (no variable) or of a lambda's variable.
#[derive(Clone, Debug)]
pub struct Path {
    pub variable: String,
    pub navs: Vec<&'static Nav>,
    pub prop: &'static Prop,
}

/// Variables and the rows that they stand for. The row itself is the first and has no name.
pub type Scope = Vec<(String, Entity, usize)>;

impl Expr {
    /// What it yields, by OData's rules: comparisons are true or false; functions of nothing are nothing; and, or, not
    /// have three values; what is neither true nor false satisfies nobody.
    pub fn eval(&self, world: &World, scope: &mut Scope) -> Val {
        match self {
            Self::Literal(literal) => literal.value.clone(),
            Self::Path(path) => path.eval(world, scope),
            Self::Compare(operator, left, right) => {
                Val::Bool(compare(operator, &left.eval(world, scope), &right.eval(world, scope)))
            }
            Self::In(operand, list) => {
                let operand = operand.eval(world, scope);
                Val::Bool(list.iter().any(|item| compare("eq", &operand, &item.value)))
            }
            Self::And(left, right) => match (left.eval(world, scope), right.eval(world, scope)) {
                (Val::Bool(false), _) | (_, Val::Bool(false)) => Val::Bool(false),
                (Val::Null, _) | (_, Val::Null) => Val::Null,
                _ => Val::Bool(true),
            },
            Self::Or(left, right) => match (left.eval(world, scope), right.eval(world, scope)) {
                (Val::Bool(true), _) | (_, Val::Bool(true)) => Val::Bool(true),
                (Val::Null, _) | (_, Val::Null) => Val::Null,
                _ => Val::Bool(false),
            },
            Self::Not(operand) => match operand.eval(world, scope) {
                Val::Bool(truth) => Val::Bool(!truth),
                other => other,
            },
            Self::Call(name, operands) => {
                let operands: Vec<Val> = operands.iter().map(|o| o.eval(world, scope)).collect();
                if operands.contains(&Val::Null) { Val::Null } else { call(name, &operands) }
            }
            Self::Lambda { all, from, navs, variable, body } => {
                let (_, entity, row) = scope.iter().find(|(name, ..)| name == from).unwrap().clone();
                let (entity, rows) = walk(world, entity, vec![row], navs);
                let mut holds = |row| {
                    let Some(body) = body else { return true };
                    scope.push((variable.clone(), entity, row));
                    let truth = body.eval(world, scope);
                    scope.pop();
                    truth == Val::Bool(true)
                };
                Val::Bool(if *all { rows.into_iter().all(&mut holds) } else { rows.into_iter().any(&mut holds) })
            }
        }
    }

    /// As it stands in an option, before any encoding. `rng` chooses among the ways to write the same.
    pub fn write(&self, rng: &mut Rng) -> String {
        match self {
            Self::Literal(literal) => literal.text.clone(),
            Self::Path(path) => path.write(),
            Self::Compare(operator, left, right) => {
                let level = self.level();
                format!("{} {} {}", left.operand(level, rng), word(operator, rng), right.operand(level + 1, rng))
            }
            Self::In(operand, list) => {
                let list: Vec<_> = list.iter().map(|item| item.text.as_str()).collect();
                format!(
                    "{} {} ({})",
                    operand.operand(9, rng),
                    word("in", rng),
                    list.join(*rng.pick::<&str>(&[",", ", "]))
                )
            }
            Self::And(left, right) => {
                format!("{} {} {}", left.operand(2, rng), word("and", rng), right.operand(3, rng))
            }
            Self::Or(left, right) => format!("{} {} {}", left.operand(1, rng), word("or", rng), right.operand(2, rng)),
            Self::Not(operand) => format!("{} {}", word("not", rng), operand.operand(9, rng)),
            Self::Call(name, operands) => {
                let operands: Vec<_> = operands.iter().map(|o| o.operand(0, rng)).collect();
                format!("{}({})", word(name, rng), operands.join(*rng.pick::<&str>(&[",", " , "])))
            }
            Self::Lambda { all, from, navs, variable, body } => {
                let mut path = vec![from.as_str()];
                path.retain(|p| !p.is_empty());
                path.extend(navs.iter().map(|n| n.name));
                let quantifier = if *all { "all" } else { "any" };
                match body {
                    Some(body) => format!("{}/{quantifier}({variable}:{})", path.join("/"), body.operand(0, rng)),
                    None => format!("{}/{quantifier}()", path.join("/")),
                }
            }
        }
    }

    /// As an operand of something that binds so strongly; with more parentheses than needed now and then.
    fn operand(&self, level: u8, rng: &mut Rng) -> String {
        let text = self.write(rng);
        if self.level() < level || rng.chance(5) { format!("({text})") } else { text }
    }

    fn level(&self) -> u8 {
        match self {
            Self::Or(..) => 1,
            Self::And(..) => 2,
            Self::Compare("eq" | "ne", ..) => 3,
            Self::Compare(..) => 4,
            Self::Not(_) | Self::In(..) => 8,
            _ => 9,
        }
    }
}

/// Names and operators count in any letter case.
fn word(word: &str, rng: &mut Rng) -> String {
    if rng.chance(3) { word.to_uppercase() } else { word.to_owned() }
}

impl Path {
    fn eval(&self, world: &World, scope: &Scope) -> Val {
        let (_, entity, row) = scope.iter().find(|(name, ..)| *name == self.variable).unwrap().clone();
        let (_, rows) = walk(world, entity, vec![row], &self.navs);
        rows.first().map_or(Val::Null, |row| (self.prop.value)(world, *row))
    }

    fn write(&self) -> String {
        let mut names = vec![self.variable.as_str()];
        names.retain(|n| !n.is_empty());
        names.extend(self.navs.iter().map(|n| n.name));
        names.push(self.prop.name);
        names.join("/")
    }
}

/// The rows that navigation properties lead to, each once.
pub fn walk(world: &World, entity: Entity, rows: Vec<usize>, navs: &[&Nav]) -> (Entity, Vec<usize>) {
    navs.iter().fold((entity, rows), |(_, rows), nav| {
        let targets: std::collections::BTreeSet<_> = rows.iter().flat_map(|row| (nav.targets)(world, *row)).collect();
        (nav.to, targets.into_iter().collect())
    })
}

/// OData 4.01 Part 2, 5.1.1.1: null equals null and nothing else; what is equal is also greater or equal.
fn compare(operator: &str, left: &Val, right: &Val) -> bool {
    let null = *left == Val::Null || *right == Val::Null;
    match operator {
        "eq" => left == right,
        "ne" => left != right,
        "gt" => !null && left > right,
        "lt" => !null && left < right,
        "ge" => left == right || (!null && left > right),
        "le" => left == right || (!null && left < right),
        _ => unreachable!("{operator}"),
    }
}

fn call(name: &str, operands: &[Val]) -> Val {
    let text = |n: usize| match &operands[n] {
        Val::Text(text) => text.as_str(),
        other => panic!("{name} of {other:?}"),
    };
    let micros = || match operands[0] {
        Val::Time(micros) => micros,
        ref other => panic!("{name} of {other:?}"),
    };
    let time = || DateTime::from_timestamp_micros(micros()).unwrap();
    let int = |n: usize| Val::Int(i64::try_from(n).unwrap());
    match name {
        "contains" => Val::Bool(text(0).contains(text(1))),
        "startswith" => Val::Bool(text(0).starts_with(text(1))),
        "endswith" => Val::Bool(text(0).ends_with(text(1))),
        "tolower" => Val::Text(text(0).to_lowercase()),
        "toupper" => Val::Text(text(0).to_uppercase()),
        "trim" => Val::Text(text(0).trim().to_owned()),
        "concat" => Val::Text(format!("{}{}", text(0), text(1))),
        "length" => int(text(0).chars().count()),
        "indexof" => text(0).find(text(1)).map_or(Val::Int(-1), |at| int(text(0)[..at].chars().count())),
        "year" => Val::Int(time().year().into()),
        "month" => Val::Int(time().month().into()),
        "day" => Val::Int(time().day().into()),
        "hour" => Val::Int(time().hour().into()),
        "minute" => Val::Int(time().minute().into()),
        "second" => Val::Int(time().second().into()),
        "date" => Val::Time(micros().div_euclid(DAY) * DAY),
        _ => unreachable!("{name}"),
    }
}
