//! Operands: literals, calls, parentheses, and the list behind `in`.

use super::{
    ExprParser, function,
    lexer::Token,
    literal,
    operand::{self, Operand, Ty},
};
use crate::{
    model::value::Value,
    odata::error::{Error, shown},
};

/// How many values `in` takes.
const MAX_ITEMS: usize = 200;

impl<'a> ExprParser<'a> {
    /// The list behind `in`.
    pub(super) fn list(&mut self, left: Operand<'a>) -> Result<Operand<'a>, Error> {
        self.node()?;
        if !self.take(Token::Open)? {
            return Err(self.unexpected("a list in parentheses"));
        }
        let mut items = Vec::new();
        loop {
            if items.len() == MAX_ITEMS {
                let what = format!("'in' takes at most {MAX_ITEMS} values");
                return Err(self.source.fault(self.from, what));
            }
            let at = self.from;
            let nodes = self.nodes;
            let item = self.nested(Self::unary)?;
            self.nodes = nodes;
            if !item.is_literal() {
                return Err(self.source.missing(at, "a list of anything but literals"));
            }
            items.push(item);
            if !self.take_comma()? {
                break;
            }
        }
        self.close()?;
        operand::among(self.source, left, items, self.before)
    }

    pub(super) fn primary(&mut self) -> Result<Operand<'a>, Error> {
        self.node()?;
        let (from, to) = (self.from, self.to);
        match self.token {
            Token::Open => {
                self.advance()?;
                let mut operand = self.nested(Self::expression)?;
                self.close()?;
                (operand.from, operand.to) = (from, self.before);
                Ok(operand)
            }
            Token::Text(quoted) => {
                self.advance()?;
                Ok(Operand::literal(Value::Text(literal::unescape(quoted)), Ty::Text, from, to))
            }
            Token::Bare(text) => {
                self.advance()?;
                let fault = |why| self.source.fault(from, format!("'{}' {why}", shown(text)));
                let (value, ty) = literal::bare(text).map_err(fault)?;
                Ok(Operand::literal(value, ty, from, to))
            }
            Token::Word(word) => self.word(word),
            Token::At => Err(self.source.missing(from, "a parameter alias ('@…')")),
            _ => Err(self.unexpected("a property, a literal or a function")),
        }
    }

    /// What begins with a word: a constant, a typed literal, a call or a path.
    fn word(&mut self, word: &'a str) -> Result<Operand<'a>, Error> {
        let (from, to) = (self.from, self.to);
        self.advance()?;
        match self.token {
            Token::Open => self.call(word, from),
            Token::Text(quoted) if self.from == to => {
                let end = self.to;
                self.advance()?;
                operand::typed_literal(self.source, word, quoted, from, end)
            }
            _ => match constant(word) {
                Some((value, ty)) => Ok(Operand::literal(value, ty, from, to)),
                None => self.path(word, from),
            },
        }
    }

    fn call(&mut self, name: &str, from: usize) -> Result<Operand<'a>, Error> {
        let is_now = name.eq_ignore_ascii_case("now");
        let signature = if is_now { None } else { Some(function::find(self.source, name, from)?) };
        self.advance()?;
        let mut arguments = Vec::new();
        while self.token != Token::Close {
            arguments.push(self.nested(Self::expression)?);
            if !self.take_comma()? {
                break;
            }
        }
        self.close()?;
        match signature {
            Some(signature) => function::call(self.source, signature, arguments, (from, self.before)),
            None if arguments.is_empty() => Ok(Operand::literal(Value::Time(self.now), Ty::Time, from, self.before)),
            None => Err(self.source.fault(from, format!("'now' takes no arguments, not {}", arguments.len()))),
        }
    }

    pub(super) fn close(&mut self) -> Result<(), Error> {
        if self.take(Token::Close)? { Ok(()) } else { Err(self.unexpected("')'")) }
    }
}

fn constant(word: &str) -> Option<(Value, Ty<'static>)> {
    if word.eq_ignore_ascii_case("true") {
        Some((Value::Bool(true), Ty::Bool))
    } else if word.eq_ignore_ascii_case("false") {
        Some((Value::Bool(false), Ty::Bool))
    } else {
        word.eq_ignore_ascii_case("null").then_some((Value::Null, Ty::Null))
    }
}
