//! Paths in expressions: properties, the navigation properties before them, lambdas and their variables.

use super::{
    ExprParser,
    lexer::Token,
    operand::{Operand, Ty},
};
use crate::{
    model::meta::{Face, Navigation, Property, Structured, Type},
    odata::{
        error::{Error, did_you_mean, names, shown},
        query::{Expr, PropertyPath, Quantifier},
    },
};

impl<'a> ExprParser<'a> {
    /// A path whose first name, which begins at `from`, has been taken.
    pub(super) fn path(&mut self, first: &'a str, from: usize) -> Result<Operand<'a>, Error> {
        let (mut name, mut at) = (first, from);
        let (scope, mut face) = match self.variables.iter().position(|(variable, _)| *variable == first) {
            Some(outer) => (outer + 1, self.variables.get(outer).map_or(self.face, |(_, face)| *face)),
            None => (0, self.face),
        };
        if scope > 0 || first == "$it" {
            (name, at) = self.part(first, at)?;
        }
        let mut navigations = Vec::new();
        loop {
            if name.contains('.') {
                self.cast(face, name, at)?;
            } else if let Some(property) = face.property(name) {
                if let Type::Structured(of) = property.ty {
                    let property = self.member(property, of, at)?;
                    let path = PropertyPath { scope, navigations, property };
                    return Ok(Operand { expr: Expr::Property(path), ty: property.ty.into(), from, to: self.before });
                }
                if self.token == Token::Slash {
                    return Err(self.source.fault(at, format!("'{}' has no properties of its own", property.name)));
                }
                let path = PropertyPath { scope, navigations, property };
                return Ok(Operand { expr: Expr::Property(path), ty: property.ty.into(), from, to: self.before });
            } else if let Some(navigation) = face.navigation(name) {
                navigations.push(navigation);
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

    /// The member of a structured property that is asked for: one with a column of its own.
    fn member(
        &mut self,
        property: &'static Property,
        of: &'static Structured,
        at: usize,
    ) -> Result<&'static Property, Error> {
        let known = || of.stored.iter().map(|(path, _)| *path);
        let list = || known().map(|path| format!("'{}/{path}'", property.name)).collect::<Vec<_>>().join(", ");
        let mut path = String::new();
        while self.take(Token::Slash)? {
            let Token::Word(name) = self.token else { return Err(self.unexpected("a member")) };
            self.advance()?;
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
        }
        let found = of.stored.iter().find(|(stored, _)| stored.eq_ignore_ascii_case(&path));
        let Some((_, found)) = found else {
            let what = format!(
                "'{}{}{}' cannot be asked for",
                property.name,
                if path.is_empty() { "" } else { "/" },
                shown(&path)
            );
            let error = self.source.missing(at, what);
            return Err(if of.stored.is_empty() { error } else { error.hint(&format!("There are {}.", list())) });
        };
        Ok(found)
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

    /// A type cast inside a path, which must not change the type.
    fn cast(&self, face: &Face, name: &str, at: usize) -> Result<(), Error> {
        if name.eq_ignore_ascii_case(&face.qualified_name()) {
            return Ok(());
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
        let ask = |parser: &Self| {
            let what = format!("'{}' is a collection", navigation.name);
            let hint = format!("Ask '{}/any(x:…)' or '{0}/all(x:…)', with 'x/…' for each.", navigation.name);
            parser.source.fault(from, what).hint(&hint)
        };
        if !self.take(Token::Slash)? {
            return Err(ask(self));
        }
        let Token::Word(word) = self.token else { return Err(self.unexpected("'any' or 'all'")) };
        if word.eq_ignore_ascii_case("$count") {
            return Err(self.source.missing(from, format!("'{}/$count'", navigation.name)));
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
        let face = navigation.target.face(self.face.version);
        let predicate = match self.token {
            Token::Close if quantifier == Quantifier::Any => None,
            _ => Some(Box::new(self.nested(|parser| parser.predicate(face))?)),
        };
        self.close()?;
        let expr = Expr::Lambda { quantifier, scope, path, predicate };
        Ok(Operand { expr, ty: Ty::Bool, from, to: self.before })
    }

    /// `variable:condition`
    fn predicate(&mut self, face: &'static Face) -> Result<Expr, Error> {
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
        self.variables.push((variable, face));
        let condition = self.expression()?.truth(self.source);
        self.variables.pop();
        condition
    }
}
