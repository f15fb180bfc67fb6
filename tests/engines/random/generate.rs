//! Random expressions and queries.

use cardea::model::meta::Version;
use chrono::{DateTime, FixedOffset};

use super::{
    expr::{Expr, Literal, Path},
    query::{Base, Expand, Options, Query, Search, Shape},
    rng::Rng,
    world::{Entity, Kind, Nav, Prop, TEXTS, Val, World, navs, props, set},
};

/// The time that queries are asked at.
pub const NOW: i64 = 20_484 * 86_400_000_000 + 28_800_000_000;

/// Makes things about a world, in the words of a version.
pub struct Generator<'a> {
    pub rng: &'a mut Rng,
    pub world: &'a World,
    pub version: Version,
}

/// Variables and what they stand for.
type Variables = Vec<(String, Entity)>;

const COMPARISONS: [&str; 6] = ["eq", "ne", "gt", "ge", "lt", "le"];

impl Generator<'_> {
    pub fn query(&mut self) -> Query {
        let base = self.base();
        let (entity, single) = (base.entity, base.single);
        let options = if single { Options::default() } else { self.options(entity, 3) };
        let shape = self.shape(entity, 2);
        let page = self.rng.maybe(20, |rng| 1 + rng.below(30));
        Query { version: self.version, base, options, shape, page: page.filter(|_| !single), style: self.rng.next() }
    }

    /// Where to begin: a collection, an entity, or what navigation properties lead to.
    fn base(&mut self) -> Base {
        let mut entity = *self.rng.pick(&[Entity::Package, Entity::Package, Entity::Catalog]);
        let (mut path, mut rows, mut single) = (set(entity, self.version).to_owned(), self.world.all(entity), false);
        for _ in 0..*self.rng.pick(&[0, 0, 0, 1, 2, 3, 4]) {
            if single {
                let nav = *self.rng.pick(&navs(entity, self.version));
                path = format!("{path}/{}", nav.name);
                rows = (nav.targets)(self.world, rows[0]);
                (entity, single) = (nav.to, !nav.many);
            } else {
                if rows.is_empty() {
                    break;
                }
                let row = *self.rng.pick(&rows);
                path = format!("{path}/{}", super::query::encode(self.world.id(entity, row)));
                (rows, single) = (vec![row], true);
            }
        }
        Base { path, entity, rows, single }
    }

    fn options(&mut self, entity: Entity, depth: usize) -> Options {
        Options {
            filter: self.rng.chance(60).then(|| self.condition(&vec![(String::new(), entity)], depth)),
            search: self.rng.chance(15).then(|| self.search(entity, 2)),
            order: (0..*self.rng.pick(&[0, 0, 1, 1, 2, 3])).map(|_| (self.key(entity), self.rng.chance(50))).collect(),
            top: self.rng.maybe(40, |rng| *rng.pick(&[0, 1, 1, 2, 3, 5, 7, 20, 998])),
            skip: self.rng.maybe(20, |rng| *rng.pick(&[0, 1, 2, 5, 20, 100])),
            count: self.rng.chance(30),
        }
    }

    fn shape(&mut self, entity: Entity, depth: usize) -> Shape {
        let select = self.rng.chance(30).then(|| {
            let all = props(entity, self.version);
            all.iter().filter(|_| self.rng.chance(40)).collect::<Vec<_>>()
        });
        let mut expand = Vec::new();
        if depth > 0 && self.rng.chance(40) {
            for nav in navs(entity, self.version) {
                if self.rng.chance(50) {
                    expand.push(self.expand(nav, depth - 1));
                }
            }
        }
        Shape { select: select.filter(|s| !s.is_empty()), expand }
    }

    fn expand(&mut self, nav: &'static Nav, depth: usize) -> Expand {
        let mut options = if nav.many { self.options(nav.to, 2) } else { Options::default() };
        if nav.many && options.top.is_none_or(|top| top > 20) {
            // Of a page, as much as an answer may hold is given; that is for other tests.
            options.top = Some(10);
        }
        Expand { nav, options, shape: self.shape(nav.to, depth) }
    }

    /// A key of an order.
    fn key(&mut self, entity: Entity) -> Expr {
        let scope = vec![(String::new(), entity)];
        if self.rng.chance(70) {
            let kind = *self.rng.pick(&["text", "bool", "time", "enum"]);
            if let Some(path) = self.path(&scope, kind) {
                return Expr::Path(path);
            }
        }
        loop {
            let key = match self.rng.below(3) {
                0 => self.text(&scope, 1),
                1 => self.int(&scope, 1),
                _ => self.time(&scope, 1),
            };
            if !matches!(key, Expr::Literal(_)) {
                return key;
            }
        }
    }

    fn search(&mut self, entity: Entity, depth: usize) -> Search {
        match if depth == 0 { 9 } else { self.rng.below(10) } {
            0 | 1 => Search::And(Box::new(self.search(entity, depth - 1)), Box::new(self.search(entity, depth - 1))),
            2 | 3 => Search::Or(Box::new(self.search(entity, depth - 1)), Box::new(self.search(entity, depth - 1))),
            4 => Search::Not(Box::new(self.search(entity, depth - 1))),
            _ => {
                let searched: Vec<&Prop> = props(entity, self.version).iter().filter(|p| p.searched).collect();
                let prop = self.rng.chance(30).then(|| *self.rng.pick(&searched));
                loop {
                    let text = self.fragment();
                    // Terms that say which property are trimmed, and terms are never empty.
                    if !text.is_empty() && (prop.is_none() || text.trim() == text) {
                        return Search::Term(prop, text);
                    }
                }
            }
        }
    }

    /// A text, or a part of one, in any letter case.
    fn fragment(&mut self) -> String {
        let text: Vec<char> = self.rng.pick(&TEXTS).chars().collect();
        let text: String = match self.rng.below(3) {
            0 if !text.is_empty() => {
                let from = self.rng.below(text.len());
                text[from..=from + self.rng.below(text.len() - from)].iter().collect()
            }
            _ => text.into_iter().collect(),
        };
        match self.rng.below(6) {
            0 => text.to_lowercase(),
            1 => text.to_uppercase(),
            _ => text,
        }
    }

    /// A condition.
    pub fn condition(&mut self, scope: &Variables, depth: usize) -> Expr {
        if depth > 0 && self.rng.chance(50) {
            let left = Box::new(self.condition(scope, depth - 1));
            return match self.rng.below(4) {
                0 => Expr::Not(left),
                1 => Expr::Or(left, Box::new(self.condition(scope, depth - 1))),
                _ => Expr::And(left, Box::new(self.condition(scope, depth - 1))),
            };
        }
        loop {
            if let Some(condition) = self.simple_condition(scope, depth) {
                return condition;
            }
        }
    }

    fn simple_condition(&mut self, scope: &Variables, depth: usize) -> Option<Expr> {
        let compared = |operator: &&'static str, left, right| Expr::Compare(operator, Box::new(left), Box::new(right));
        let operator = self.rng.pick(&COMPARISONS);
        Some(match self.rng.below(20) {
            0..=4 => compared(operator, self.text(scope, depth), self.text(scope, depth)),
            5 | 6 => compared(operator, self.int(scope, depth), self.int(scope, depth)),
            7 | 8 => compared(operator, self.time(scope, depth), self.time(scope, depth)),
            9 => Expr::Path(self.path(scope, "bool")?),
            10 => {
                // Of two conditions.
                let (left, right) = (self.condition(scope, 0), self.condition(scope, 0));
                compared(operator, left, if self.rng.chance(50) { right } else { self.truth() })
            }
            11 => self.with_null(scope, depth, operator),
            12 => self.membership(scope, depth),
            13 | 14 => {
                let name = *self.rng.pick(&["contains", "startswith", "endswith"]);
                Expr::Call(name, vec![self.text(scope, depth), self.text(scope, depth)])
            }
            15 => self.members(scope)?,
            16 => self.truth(),
            _ => self.lambda(scope, depth)?,
        })
    }

    fn truth(&mut self) -> Expr {
        let truth = self.rng.chance(50);
        Expr::Literal(Literal { value: Val::Bool(truth), text: truth.to_string() })
    }

    fn null() -> Literal {
        Literal { value: Val::Null, text: "null".to_owned() }
    }

    fn with_null(&mut self, scope: &Variables, depth: usize, operator: &'static str) -> Expr {
        let operand = match self.rng.below(5) {
            0 => self.int(scope, depth),
            1 => self.time(scope, depth),
            2 => self.condition(scope, 0),
            _ => self.text(scope, depth),
        };
        let (left, right) = (Box::new(operand), Box::new(Expr::Literal(Self::null())));
        if self.rng.chance(70) { Expr::Compare(operator, left, right) } else { Expr::Compare(operator, right, left) }
    }

    fn membership(&mut self, scope: &Variables, depth: usize) -> Expr {
        let kind = self.rng.below(4);
        let operand = match kind {
            0 => self.int(scope, depth),
            1 => self.time(scope, depth),
            2 => self.condition(scope, 0),
            _ => self.text(scope, depth),
        };
        let items = (0..=self.rng.below(4)).map(|_| match kind {
            _ if self.rng.chance(15) => Self::null(),
            0 => self.int_literal(),
            1 => self.time_literal(),
            2 => match self.truth() {
                Expr::Literal(literal) => literal,
                _ => unreachable!(),
            },
            _ => self.text_literal(),
        });
        let items = items.collect();
        Expr::In(Box::new(operand), items)
    }

    /// A comparison of a property that has members.
    fn members(&mut self, scope: &Variables) -> Option<Expr> {
        let path = self.path(scope, "enum")?;
        let Kind::Enum(members, name) = path.prop.kind else { return None };
        let mut literal = || {
            let (wire, stored) = *self.rng.pick(members);
            let wire = if self.rng.chance(20) { wire.to_uppercase() } else { wire.to_owned() };
            let text = match name.filter(|_| self.rng.chance(30)) {
                Some(name) => format!("microsoft.graph.{name}'{wire}'"),
                None => format!("'{wire}'"),
            };
            Literal { value: stored.into(), text }
        };
        let (one, list) = (literal(), vec![literal(), literal()]);
        let left = Box::new(Expr::Path(path));
        Some(match self.rng.below(3) {
            0 => Expr::In(left, list),
            1 => Expr::Compare("ne", left, Box::new(Expr::Literal(one))),
            _ => Expr::Compare("eq", left, Box::new(Expr::Literal(one))),
        })
    }

    fn lambda(&mut self, scope: &Variables, depth: usize) -> Option<Expr> {
        let (from, mut entity) = self.rng.pick(scope).clone();
        let mut walked = Vec::new();
        loop {
            let nav = *self.rng.pick(&navs(entity, self.version));
            walked.push(nav);
            entity = nav.to;
            if nav.many {
                break;
            }
        }
        // Lambdas in lambdas in lambdas take long to evaluate and show nothing new.
        if scope.len() > 2 {
            return None;
        }
        let variable = format!("{}{}", self.rng.pick(&["x", "p", "item", "eq"]), scope.len());
        let mut inner = scope.clone();
        inner.push((variable.clone(), entity));
        let all = self.rng.chance(40);
        let body = (all || self.rng.chance(85)).then(|| Box::new(self.condition(&inner, depth.min(1))));
        Some(Expr::Lambda { all, from, navs: walked, variable, body })
    }

    /// A property of this kind, of any variable, perhaps behind a navigation property.
    fn path(&mut self, scope: &Variables, kind: &str) -> Option<Path> {
        let (variable, mut entity) = self.rng.pick(scope).clone();
        let mut walked = Vec::new();
        if self.rng.chance(30)
            && let Some(nav) = navs(entity, self.version).into_iter().find(|n| !n.many)
        {
            walked.push(nav);
            entity = nav.to;
        }
        let fits = |p: &&'static Prop| match p.kind {
            Kind::Text => kind == "text",
            Kind::Bool => kind == "bool",
            Kind::Time => kind == "time",
            Kind::Enum(..) => kind == "enum",
        };
        let all: Vec<&'static Prop> = props(entity, self.version).iter().filter(fits).collect();
        (!all.is_empty()).then(|| Path { variable, navs: walked, prop: self.rng.pick::<&'static Prop>(&all) })
    }

    fn property(&mut self, scope: &Variables, kind: &str) -> Expr {
        loop {
            if let Some(path) = self.path(scope, kind) {
                return Expr::Path(path);
            }
        }
    }

    fn text(&mut self, scope: &Variables, depth: usize) -> Expr {
        match if depth == 0 { self.rng.below(8) } else { self.rng.below(12) } {
            0..=3 => self.property(scope, "text"),
            4..=7 => Expr::Literal(self.text_literal()),
            8 => Expr::Call("concat", vec![self.text(scope, depth - 1), self.text(scope, depth - 1)]),
            _ => {
                let name = *self.rng.pick(&["tolower", "toupper", "trim"]);
                Expr::Call(name, vec![self.text(scope, depth - 1)])
            }
        }
    }

    fn int(&mut self, scope: &Variables, depth: usize) -> Expr {
        let depth = depth.saturating_sub(1);
        match self.rng.below(6) {
            0 | 1 => Expr::Literal(self.int_literal()),
            2 => Expr::Call("length", vec![self.text(scope, depth)]),
            3 => Expr::Call("indexof", vec![self.text(scope, depth), self.text(scope, depth)]),
            _ => {
                let name = *self.rng.pick(&["year", "month", "day", "hour", "minute", "second"]);
                Expr::Call(name, vec![self.time(scope, depth)])
            }
        }
    }

    fn time(&mut self, scope: &Variables, depth: usize) -> Expr {
        match self.rng.below(6) {
            0 if depth > 0 => Expr::Call("date", vec![self.time(scope, depth - 1)]),
            0..=2 => Expr::Literal(self.time_literal()),
            _ => self.property(scope, "time"),
        }
    }

    fn text_literal(&mut self) -> Literal {
        let entity = *self.rng.pick(&[Entity::Package, Entity::Catalog]);
        let text = match self.rng.below(4) {
            0 => {
                let rows = self.world.all(entity);
                self.world.id(entity, *self.rng.pick(&rows)).to_owned()
            }
            _ => self.fragment(),
        };
        let is_guid = text.len() == 36 && text.starts_with("c0ffee00-");
        let written =
            if is_guid && self.rng.chance(50) { text.clone() } else { format!("'{}'", text.replace('\'', "''")) };
        Literal { value: Val::Text(text), text: written }
    }

    fn int_literal(&mut self) -> Literal {
        let value =
            *self.rng.pick(&[-1_i64, 0, 1, 2, 3, 5, 6, 12, 23, 59, 1969, 1970, 2024, 2026, i64::MAX, i64::MIN + 1]);
        let text = if (0..100).contains(&value) && self.rng.chance(10) {
            format!("({} add 1)", value - 1)
        } else {
            value.to_string()
        };
        Literal { value: Val::Int(value), text }
    }

    fn time_literal(&mut self) -> Literal {
        if self.rng.chance(5) {
            return Literal { value: Val::Time(NOW), text: "now()".to_owned() };
        }
        if self.rng.chance(5) {
            return Literal { value: Val::Time(NOW - 86_400_000_000), text: "(now() sub duration'P1D')".to_owned() };
        }
        let near = self.rng.pick(&self.world.packages).created_at.0 + *self.rng.pick(&[0, 0, 0, 1, -1]);
        // The first and the last there is, and some that floating point does not hold.
        let far = *self.rng.pick(&[
            -62_135_596_800_000_000,
            253_402_300_799_999_999,
            9_999_999_999_999_999,
            16_725_225_599_999_999,
        ]);
        let micros = if self.rng.chance(10) { far } else { near };
        let time = DateTime::from_timestamp_micros(micros).unwrap();
        let text = match self.rng.below(3) {
            0 if micros % 86_400_000_000 == 0 => time.format("%Y-%m-%d").to_string(),
            1 if micros < 200_000_000_000_000_000 => {
                time.with_timezone(&FixedOffset::east_opt(2 * 3600).unwrap()).to_rfc3339()
            }
            _ => time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        };
        // A time may also be written as a text where a time is expected; functions do not expect one.
        Literal { value: Val::Time(micros), text }
    }
}
