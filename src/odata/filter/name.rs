//! Paths in expressions: properties, the navigation properties before them, lambdas and their variables.

use super::{
    ExprParser, Variable,
    lexer::Token,
    operand::{Operand, Ty},
};
use crate::{
    model::meta::{Face, MemberType, Navigation, Structured, Type},
    odata::{
        error::{Error, did_you_mean, names, shown},
        query::{Expr, PropertyPath, Quantifier},
    },
};

impl<'a> ExprParser<'a> {
    /// A path whose first name, which begins at `from`, has been taken.
    pub(super) fn path(&mut self, first: &'a str, from: usize) -> Result<Operand<'a>, Error> {
        let (mut name, mut at) = (first, from);
        let outer = self.variables.iter().position(|(variable, _)| *variable == first);
        let (scope, mut face) = match outer.and_then(|outer| Some((outer + 1, self.variables.get(outer)?.1))) {
            Some((scope, Variable::Item(ty))) => return self.item(scope, ty, from),
            Some((scope, Variable::Row(face))) => (scope, face),
            None => (0, self.face),
        };
        if scope > 0 || first == "$it" {
            (name, at) = self.part(first, at)?;
        }
        let (mut navigations, mut cast) = (Vec::new(), None);
        loop {
            if name.contains('.') {
                face = self.cast(face, name, at)?;
                cast = face.entity.kind.map(|_| face).or(cast);
            } else if let Some(property) = face.property(name) {
                let path = PropertyPath { scope, navigations, cast, property };
                return self.property(path, from, at);
            } else if let Some(navigation) = face.navigation(name) {
                navigations.push(navigation);
                cast = None;
                if navigation.is_collection() {
                    return self.collection(scope, navigations, navigation, from);
                }
                face = navigation.target.face(face.version);
            } else {
                let what = format!("'{}' is not a property of {}", shown(name), face.qualified_name());
                return Err(self.source.fault(at, what).hint(&did_you_mean(name, names(face))));
            }
            (name, at) = self.part(name, at)?;
        }
    }

    /// What is asked of a property, whose name, which begins at `at`, has been taken.
    fn property(&mut self, path: PropertyPath, from: usize, at: usize) -> Result<Operand<'a>, Error> {
        let property = path.property;
        match property.ty {
            Type::Strings => self.each(path, MemberType::Scalar(Type::String), from, at),
            Type::Structured(of) if of.collection => self.each(path, MemberType::Complex(of.complex), from, at),
            Type::Structured(of) => self.member(path, of, from, at),
            _ if self.token == Token::Slash => {
                Err(self.source.fault(at, format!("'{}' has no properties of its own", property.name)))
            }
            ty => Ok(Operand { expr: Expr::Property(path), ty: ty.into(), from, to: self.before }),
        }
    }

    /// The member of a structured property that is asked for.
    fn member(
        &mut self,
        path: PropertyPath,
        of: &'static Structured,
        from: usize,
        at: usize,
    ) -> Result<Operand<'a>, Error> {
        if self.token != Token::Slash {
            let what = format!("'{}' has no value of its own", path.property.name);
            let hint = of
                .complex
                .members
                .first()
                .map(|m| format!("Name a member of it: '{}/{}'.", path.property.name, m.name));
            return Err(self.source.fault(at, what).hint(&hint.unwrap_or_default()));
        }
        let (names, ty) = self.members(MemberType::Complex(of.complex), path.property.name, at)?;
        let way = names.join("/");
        // A member with a column of its own is what an index may know.
        let expr = match of.stored.iter().find(|(stored, _)| *stored == way) {
            Some((_, stored)) => Expr::Property(PropertyPath { property: stored, ..path }),
            None => Expr::Member(path, names, ty),
        };
        Ok(Operand { expr, ty: ty.into(), from, to: self.before })
    }

    /// What is asked of a variable that stands for an item of a property.
    fn item(&mut self, scope: usize, ty: MemberType, from: usize) -> Result<Operand<'a>, Error> {
        let (path, ty) = self.members(ty, "the item", from)?;
        Ok(Operand { expr: Expr::Item { scope, path, ty }, ty: ty.into(), from, to: self.before })
    }

    /// The names from a value to the scalar that is asked for.
    fn members(&mut self, mut ty: MemberType, of: &str, at: usize) -> Result<(Vec<&'static str>, Type), Error> {
        let mut names: Vec<&'static str> = Vec::new();
        loop {
            let complex = match ty {
                MemberType::Scalar(ty) => return Ok((names, ty)),
                MemberType::Complex(complex) => complex,
            };
            let so_far = names.last().copied().unwrap_or(of);
            if !self.take(Token::Slash)? {
                return Err(self.source.fault(at, format!("'{so_far}' has no value of its own; name a member of it")));
            }
            let Token::Word(name) = self.token else { return Err(self.unexpected("a member")) };
            let Some(member) = complex.members.iter().find(|m| m.name.eq_ignore_ascii_case(name)) else {
                let what = format!("'{}' is not a member of '{so_far}'", shown(name));
                return Err(self
                    .source
                    .fault(self.from, what)
                    .hint(&did_you_mean(name, complex.members.iter().map(|m| m.name))));
            };
            if member.collection {
                return Err(self
                    .source
                    .missing(self.from, format!("a question about the collection '{}'", member.name)));
            }
            self.advance()?;
            names.push(member.name);
            ty = member.ty;
        }
    }

    /// The next name of a path, after the slash; `so_far` leads to an entity and begins at `at`.
    fn part(&mut self, so_far: &str, at: usize) -> Result<(&'a str, usize), Error> {
        if !self.take(Token::Slash)? {
            let what = format!("'{}' is an entity, which has no value of its own", shown(so_far));
            return Err(self.source.fault(at, what).hint(&format!("Name a property of it: '{}/id'.", shown(so_far))));
        }
        let Token::Word(name) = self.token else { return Err(self.unexpected("a property")) };
        let at = self.from;
        self.advance()?;
        Ok((name, at))
    }

    /// A type cast inside a path, to the type that it is or to one that is derived from it.
    fn cast(&self, face: &'static Face, name: &str, at: usize) -> Result<&'static Face, Error> {
        let named = |face: &&'static Face| face.is_named(name);
        if let Some(found) = [face].into_iter().chain(face.derived()).find(named) {
            return Ok(found);
        }
        let what = format!("what leads here is {}, never '{}'", face.qualified_name(), shown(name));
        Err(self.source.fault(at, what))
    }

    /// What is asked of a collection, whose name has been taken.
    fn collection(
        &mut self,
        scope: usize,
        path: Vec<&'static Navigation>,
        navigation: &'static Navigation,
        from: usize,
    ) -> Result<Operand<'a>, Error> {
        let face = navigation.target.face(self.face.version);
        let (quantifier, predicate) = self.lambda(navigation.name, Variable::Row(face), from)?;
        let expr = Expr::Lambda { quantifier, scope, path, predicate };
        Ok(Operand { expr, ty: type_of(quantifier), from, to: self.before })
    }

    /// What is asked of the items of a property, whose name has been taken.
    fn each(&mut self, path: PropertyPath, ty: MemberType, from: usize, at: usize) -> Result<Operand<'a>, Error> {
        let (quantifier, predicate) = self.lambda(path.property.name, Variable::Item(ty), at)?;
        let expr = Expr::Each { quantifier, property: path, predicate };
        Ok(Operand { expr, ty: type_of(quantifier), from, to: self.before })
    }

    /// `/any(variable:condition)` or `/$count` behind the name of a collection.
    fn lambda(
        &mut self,
        name: &str,
        variable: Variable,
        from: usize,
    ) -> Result<(Quantifier, Option<Box<Expr>>), Error> {
        let ask = |parser: &Self| {
            let what = format!("'{name}' is a collection");
            let hint = format!("Ask '{name}/any(x:…)' or '{name}/all(x:…)', with 'x/…' for each, or '{name}/$count'.");
            parser.source.fault(from, what).hint(&hint)
        };
        if !self.take(Token::Slash)? {
            return Err(ask(self));
        }
        let Token::Word(word) = self.token else { return Err(self.unexpected("'any' or 'all'")) };
        if word.eq_ignore_ascii_case("$count") {
            self.advance()?;
            return Ok((Quantifier::Count, None));
        }
        let quantifier = if word.eq_ignore_ascii_case("any") {
            Quantifier::Any
        } else if word.eq_ignore_ascii_case("all") {
            Quantifier::All
        } else {
            return Err(ask(self));
        };
        self.advance()?;
        if !self.take(Token::Open)? {
            return Err(self.unexpected("'('"));
        }
        let predicate = match self.token {
            Token::Close if quantifier == Quantifier::Any => None,
            _ => Some(Box::new(self.nested(|parser| parser.predicate(variable))?)),
        };
        self.close()?;
        Ok((quantifier, predicate))
    }

    /// `variable:condition`
    fn predicate(&mut self, stands_for: Variable) -> Result<Expr, Error> {
        let Token::Word(variable) = self.token else { return Err(self.unexpected("a variable")) };
        if variable.contains(['.', '$']) {
            return Err(self.source.fault(self.from, format!("'{}' is not a variable's name", shown(variable))));
        }
        if self.variables.iter().any(|(outer, _)| *outer == variable) {
            let what = format!("the variable '{}' is already in use around this", shown(variable));
            return Err(self.source.fault(self.from, what));
        }
        self.advance()?;
        if !self.take(Token::Colon)? {
            return Err(self.unexpected("':' after the variable"));
        }
        self.variables.push((variable, stands_for));
        let condition = self.expression()?.truth(self.source);
        self.variables.pop();
        condition
    }
}

/// The type of what is asked of a collection.
const fn type_of<'a>(quantifier: Quantifier) -> Ty<'a> {
    match quantifier {
        Quantifier::Any | Quantifier::All => Ty::Bool,
        Quantifier::Count => Ty::Int,
    }
}
