//! Expressions: `$filter`, and the keys of `$orderby`.
//!
//! A lexer and a precedence-climbing parser that resolves names and types as it goes; what comes out needs no further
//! check. Nesting is limited to [`MAX_DEPTH`], so neither this parser nor what walks its result runs out of stack.

use self::{
    lexer::{Token, skip_space, token},
    operand::{Arithmetic, Operand, Ty},
};
use super::{
    error::{Error, did_you_mean, shown},
    query::{Comparison, Expr},
    source::Source,
};
use crate::model::{
    meta::{Face, MemberType},
    value::Timestamp,
};

mod function;
mod lexer;
mod literal;
mod name;
mod operand;
mod primary;
#[cfg(test)]
mod tests;

/// How deep parentheses, functions, lambdas and signs may nest.
pub(crate) const MAX_DEPTH: usize = 32;
/// How many operands and operators an expression may have.
pub(crate) const MAX_NODES: usize = 200;

/// Reads `$filter`.
pub(super) fn parse(text: &str, face: &'static Face, now: Timestamp) -> Result<Expr, Error> {
    let mut parser = ExprParser::new(Source::new("$filter", text), face, now)?;
    let operand = parser.expression()?;
    if !parser.at_end() {
        return Err(parser.unexpected("an operator such as 'eq' or 'and'"));
    }
    operand.truth(parser.source)
}

/// Reads expressions off a text, one after the other.
pub(super) struct ExprParser<'a> {
    pub(super) source: Source<'a>,
    /// What follows the current token.
    rest: &'a str,
    /// The current token, and where it begins and ends.
    token: Token<'a>,
    from: usize,
    to: usize,
    /// Where the token before it ends.
    before: usize,
    face: &'static Face,
    /// The variables of the lambdas around, outermost first.
    variables: Vec<(&'a str, Variable)>,
    now: Timestamp,
    depth: usize,
    nodes: usize,
}

/// What a lambda's variable stands for.
#[derive(Clone, Copy)]
enum Variable {
    /// A row.
    Row(&'static Face),
    /// An item of a property.
    Item(MemberType),
}

#[derive(Clone, Copy)]
enum Operator {
    Or,
    And,
    Compare(Comparison),
    Arithmetic(Arithmetic),
    Has,
}

impl Operator {
    /// The operator that a word is.
    fn from_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Operator); 15] = [
            ("eq", Operator::Compare(Comparison::Eq)),
            ("and", Operator::And),
            ("or", Operator::Or),
            ("ne", Operator::Compare(Comparison::Ne)),
            ("gt", Operator::Compare(Comparison::Gt)),
            ("ge", Operator::Compare(Comparison::Ge)),
            ("lt", Operator::Compare(Comparison::Lt)),
            ("le", Operator::Compare(Comparison::Le)),
            ("add", Operator::Arithmetic(Arithmetic::Add)),
            ("sub", Operator::Arithmetic(Arithmetic::Sub)),
            ("mul", Operator::Arithmetic(Arithmetic::Mul)),
            ("div", Operator::Arithmetic(Arithmetic::Div)),
            ("divby", Operator::Arithmetic(Arithmetic::DivBy)),
            ("mod", Operator::Arithmetic(Arithmetic::Mod)),
            ("has", Operator::Has),
        ];
        WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| *operator)
    }

    /// How strongly it binds.
    const fn binding(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Compare(Comparison::Eq | Comparison::Ne) => 3,
            Self::Compare(_) => 4,
            Self::Arithmetic(Arithmetic::Add | Arithmetic::Sub) => 5,
            Self::Arithmetic(_) => 6,
            Self::Has => 7,
        }
    }
}

impl<'a> ExprParser<'a> {
    pub(super) fn new(source: Source<'a>, face: &'static Face, now: Timestamp) -> Result<Self, Error> {
        let mut parser = Self {
            source,
            rest: source.text,
            token: Token::End,
            from: 0,
            to: 0,
            before: 0,
            face,
            variables: Vec::new(),
            now,
            depth: 0,
            nodes: 0,
        };
        parser.advance()?;
        Ok(parser)
    }

    /// An expression of any type.
    pub(super) fn expression(&mut self) -> Result<Operand<'a>, Error> {
        self.binary(0)
    }

    /// Whether nothing is left.
    pub(super) fn at_end(&self) -> bool {
        self.token == Token::End
    }

    /// Takes the current token if it is this one.
    fn take(&mut self, token: Token<'_>) -> Result<bool, Error> {
        let is_next = self.token == token;
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    /// Takes a comma, where there is one.
    pub(super) fn take_comma(&mut self) -> Result<bool, Error> {
        self.take(Token::Comma)
    }

    /// Takes this word, where it is next.
    pub(super) fn take_word(&mut self, word: &str) -> Result<bool, Error> {
        let is_next = matches!(self.token, Token::Word(next) if next.eq_ignore_ascii_case(word));
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    /// A refusal of the current token.
    pub(super) fn unexpected(&self, expected: &str) -> Error {
        match self.token {
            Token::End => self.source.fault(self.from, format!("{expected} is missing at the end")),
            Token::Word(word) => {
                let near = did_you_mean(word, ["eq", "ne", "and", "or", "not", "in", "asc", "desc"]);
                let hint = if word.len() > 1 { near } else { String::new() };
                let what = format!("'{}' stands where {expected} is expected", shown(word));
                self.source.fault(self.from, what).hint(&hint)
            }
            _ => {
                let found = shown(self.source.slice(self.from, self.to));
                self.source.fault(self.from, format!("'{found}' stands where {expected} is expected"))
            }
        }
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.before = self.to;
        skip_space(&mut self.rest);
        self.from = self.source.text.len() - self.rest.len();
        self.token = token(&mut self.rest).map_err(|_| self.no_token())?;
        self.to = self.source.text.len() - self.rest.len();
        Ok(())
    }

    fn no_token(&self) -> Error {
        let start = self.source.slice(self.from, self.source.text.len());
        let found = start.chars().next().unwrap_or_default();
        let hint = match found {
            '\'' => return self.source.fault(self.from, "the text that begins here has no closing quote"),
            '=' => "Write 'eq'.",
            '!' => "Write 'ne' or 'not'.",
            '<' | '>' => "Write 'lt', 'le', 'gt' or 'ge'.",
            '&' | '|' => "Write 'and' or 'or'.",
            '"' | '‘' | '’' => "Texts stand in single quotes: 'x'.",
            _ => "",
        };
        self.source.fault(self.from, format!("the character '{found}' has no meaning here")).hint(hint)
    }

    /// Counts an operand or operator.
    fn node(&mut self) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let what = format!("there are more than {MAX_NODES} operands and operators");
            return Err(self.source.fault(self.from, what));
        }
        Ok(())
    }

    /// Reads something one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.source.fault(self.from, format!("it is nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Operands joined by operators that bind at least so strongly.
    fn binary(&mut self, floor: u8) -> Result<Operand<'a>, Error> {
        let mut left = self.unary()?;
        loop {
            let Token::Word(word) = self.token else { return Ok(left) };
            let Some(operator) = Operator::from_word(word).filter(|o| o.binding() >= floor) else { return Ok(left) };
            self.node()?;
            let at = self.from;
            self.advance()?;
            if matches!(operator, Operator::Has) {
                return Err(self.source.missing(at, "'has'"));
            }
            let right = self.binary(operator.binding() + 1)?;
            left = self.combine(operator, word, left, right)?;
        }
    }

    fn combine(
        &self,
        operator: Operator,
        word: &str,
        left: Operand<'a>,
        right: Operand<'a>,
    ) -> Result<Operand<'a>, Error> {
        let (source, from, to) = (self.source, left.from, right.to);
        let truths = |left: Operand<'a>, right: Operand<'a>| {
            Ok::<_, Error>((Box::new(left.truth(source)?), Box::new(right.truth(source)?)))
        };
        match operator {
            Operator::And => truths(left, right).map(|(l, r)| Operand::condition(Expr::And(l, r), from, to)),
            Operator::Or => truths(left, right).map(|(l, r)| Operand::condition(Expr::Or(l, r), from, to)),
            Operator::Compare(comparison) => operand::compare(source, comparison, left, right),
            Operator::Arithmetic(arithmetic) => operand::calculate(source, (arithmetic, word), &left, &right),
            Operator::Has => Err(source.missing(from, "'has'")),
        }
    }

    /// An operand, with the signs in front of it and the list behind it.
    fn unary(&mut self) -> Result<Operand<'a>, Error> {
        let from = self.from;
        if self.take(Token::Minus)? {
            self.node()?;
            let operand = self.nested(Self::unary)?;
            return operand::negate(self.source, &operand, from);
        }
        if self.take_word("not")? {
            self.node()?;
            let operand = self.nested(Self::unary)?;
            if !matches!(operand.ty, Ty::Bool) {
                let what = format!("'not' takes a condition, and '{}' is {}", operand.text(self.source), operand.ty);
                return Err(self.source.fault(from, what).hint("Put a comparison in parentheses: not (… eq …)."));
            }
            let to = operand.to;
            return Ok(Operand::condition(Expr::Not(Box::new(operand.expr)), from, to));
        }
        let operand = self.primary()?;
        if self.take_word("in")? { self.list(operand) } else { Ok(operand) }
    }
}
