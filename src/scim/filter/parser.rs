//! The texts of filters and paths to what they mean.

use super::{
    super::{
        json::shown,
        path::{AttrPath, PatchPath},
    },
    Comparison, Filter, Literal, MAX_DEPTH, MAX_NODES, SyntaxError,
    lexer::{Token, skip_space, token},
};

/// Reads a filter.
pub fn parse(text: &str) -> Result<Filter, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let filter = parser.disjunction()?;
    parser.end("'and', 'or' or the end")?;
    Ok(filter)
}

/// Reads the path of a PATCH operation.
pub fn parse_path(text: &str) -> Result<PatchPath, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let mut attribute = parser.attr_path("an attribute")?;
    let mut sub = attribute.sub.take();
    let mut filter = None;
    if sub.is_none() && parser.take(&Token::OpenBracket)? {
        filter = Some(parser.value_filter()?);
        sub = parser.sub_attribute()?;
    }
    parser.end("the end")?;
    Ok(PatchPath { attribute, filter, sub })
}

struct Parser<'a> {
    text: &'a str,
    /// What follows the current token.
    rest: &'a str,
    /// The current token, and where it begins.
    token: Token<'a>,
    from: usize,
    depth: usize,
    nodes: usize,
    /// Whether it is inside brackets.
    in_value: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, SyntaxError> {
        let mut parser = Self { text, rest: text, token: Token::End, from: 0, depth: 0, nodes: 0, in_value: false };
        parser.advance()?;
        Ok(parser)
    }

    fn advance(&mut self) -> Result<(), SyntaxError> {
        skip_space(&mut self.rest);
        self.from = self.text.len() - self.rest.len();
        self.token = token(&mut self.rest).map_err(|message| self.fault(message))?;
        Ok(())
    }

    fn fault(&self, message: impl Into<String>) -> SyntaxError {
        let before = self.text.get(..self.from).unwrap_or_default();
        SyntaxError { position: before.chars().count() + 1, message: message.into() }
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let end = self.text.len() - self.rest.len();
        if self.token == Token::End {
            return self.fault(format!("{expected} is missing"));
        }
        let found = shown(self.text.get(self.from..end).unwrap_or_default());
        self.fault(format!("'{found}' stands where {expected} is expected"))
    }

    fn end(&self, expected: &str) -> Result<(), SyntaxError> {
        if self.token == Token::End { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn take(&mut self, token: &Token<'_>) -> Result<bool, SyntaxError> {
        let is_next = self.token == *token;
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn take_word(&mut self, word: &str) -> Result<bool, SyntaxError> {
        let is_next = matches!(self.token, Token::Word(next) if next.eq_ignore_ascii_case(word));
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn expect(&mut self, token: &Token<'_>, name: &str) -> Result<(), SyntaxError> {
        if self.take(token)? { Ok(()) } else { Err(self.unexpected(name)) }
    }

    fn node(&mut self) -> Result<(), SyntaxError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fault(format!("there are more than {MAX_NODES} comparisons and operators")));
        }
        Ok(())
    }

    fn nested(&mut self) -> Result<Filter, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault(format!("it is nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let filter = self.disjunction()?;
        self.depth -= 1;
        Ok(filter)
    }

    fn disjunction(&mut self) -> Result<Filter, SyntaxError> {
        let mut left = self.conjunction()?;
        while self.take_word("or")? {
            self.node()?;
            left = Filter::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Filter, SyntaxError> {
        let mut left = self.factor()?;
        while self.take_word("and")? {
            self.node()?;
            left = Filter::And(Box::new(left), Box::new(self.factor()?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Filter, SyntaxError> {
        self.node()?;
        if self.take(&Token::Open)? {
            return self.group();
        }
        if self.take_word("not")? {
            self.expect(&Token::Open, "'(' after 'not'")?;
            return Ok(Filter::Not(Box::new(self.group()?)));
        }
        let path = self.attr_path("an attribute, 'not' or '('")?;
        if self.token != Token::OpenBracket {
            return self.comparison(path);
        }
        if self.in_value || path.sub.is_some() {
            return Err(self.fault("a filter in brackets follows an attribute, and there is none inside another"));
        }
        self.advance()?;
        let filter = self.value_filter()?;
        // Not in the RFC's grammar, but Entra ID asks `emails[type eq "work"].value eq "…"`.
        let filter = match self.sub_attribute()? {
            Some(name) => {
                self.node()?;
                let comparison = self.comparison(AttrPath { urn: None, name, sub: None })?;
                Filter::And(Box::new(filter), Box::new(comparison))
            }
            None => filter,
        };
        Ok(Filter::Value(path, Box::new(filter)))
    }

    fn group(&mut self) -> Result<Filter, SyntaxError> {
        let filter = self.nested()?;
        self.expect(&Token::Close, "')'")?;
        Ok(filter)
    }

    /// What stands in brackets, up to the closing one.
    fn value_filter(&mut self) -> Result<Filter, SyntaxError> {
        self.in_value = true;
        let filter = self.nested()?;
        self.in_value = false;
        self.expect(&Token::CloseBracket, "']'")?;
        Ok(filter)
    }

    /// The sub-attribute behind brackets.
    fn sub_attribute(&mut self) -> Result<Option<String>, SyntaxError> {
        if !self.take(&Token::Dot)? {
            return Ok(None);
        }
        let from = self.fault("only the name of a sub-attribute follows '].'");
        match self.attr_path("a sub-attribute")? {
            AttrPath { urn: None, name, sub: None } => Ok(Some(name)),
            _ => Err(from),
        }
    }

    fn attr_path(&mut self, expected: &str) -> Result<AttrPath, SyntaxError> {
        let Token::Word(word) = self.token else { return Err(self.unexpected(expected)) };
        let path = AttrPath::parse(word).map_err(|message| self.fault(message))?;
        self.advance()?;
        Ok(path)
    }

    fn comparison(&mut self, path: AttrPath) -> Result<Filter, SyntaxError> {
        if self.take_word("pr")? {
            return Ok(Filter::Present(path));
        }
        let comparison = match self.token {
            Token::Word(word) => Comparison::from_word(word),
            _ => None,
        };
        let Some(comparison) = comparison else {
            return Err(self.unexpected("one of 'eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le' and 'pr'"));
        };
        self.advance()?;
        Ok(Filter::Compare(path, comparison, self.literal()?))
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        let literal = match &self.token {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Number(number) => Literal::Number(number.clone()),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Literal::Null,
            _ => return Err(self.unexpected("a text in double quotes, a number, true, false or null")),
        };
        self.advance()?;
        Ok(literal)
    }
}
