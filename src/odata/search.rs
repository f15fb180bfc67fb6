//! `$search`: words, `"phrases"`, `AND`, `OR`, `NOT` and parentheses. Terms side by side are joined by `AND`.

use winnow::{
    Parser, Result,
    combinator::{alt, delimited, dispatch, empty, opt, peek, repeat},
    error::EmptyError,
    token::{any, take_while},
};

use super::{
    error::{Error, shown},
    query::Search,
    source::Source,
};
use crate::model::meta::{Face, Property};

/// How deep parentheses and `NOT` may nest.
pub(crate) const MAX_DEPTH: usize = 32;
/// How many terms a search may have.
pub(crate) const MAX_TERMS: usize = 20;

/// Reads `$search` on rows of a face.
pub(super) fn parse(text: &str, face: &Face) -> Result<Search, Error> {
    let source = Source::new("$search", text);
    if !face.shown().any(|p| p.searchable) {
        return Err(source.fault(0, format!("{} has no property to search", face.qualified_name())));
    }
    let mut parser = SearchParser { source, rest: text, from: 0, token: Token::End, face, depth: 0, terms: 0 };
    parser.advance()?;
    let search = parser.or()?;
    match parser.token {
        Token::End => Ok(search),
        _ => Err(source.fault(parser.from, "a ')' has no '(' before it")),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term(String),
    End,
}

fn token(input: &mut &str) -> Result<Token, EmptyError> {
    dispatch! {peek(opt(any));
        None => empty.value(Token::End),
        Some('(') => any.value(Token::Open),
        Some(')') => any.value(Token::Close),
        Some('"') => phrase.map(Token::Term),
        _ => word,
    }
    .parse_next(input)
}

fn phrase(input: &mut &str) -> Result<String, EmptyError> {
    let plain = take_while(1.., |c| !matches!(c, '"' | '\\'));
    let piece = alt((plain, "\\\"".value("\""), "\\\\".value("\\"), "\\"));
    delimited('"', repeat(0.., piece), '"').parse_next(input)
}

fn word(input: &mut &str) -> Result<Token, EmptyError> {
    let word = take_while(1.., |c: char| !c.is_whitespace() && !matches!(c, '(' | ')' | '"'));
    word.map(|word: &str| match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        _ => Token::Term(word.to_owned()),
    })
    .parse_next(input)
}

struct SearchParser<'a> {
    source: Source<'a>,
    rest: &'a str,
    /// Where the current token begins.
    from: usize,
    token: Token,
    face: &'a Face,
    depth: usize,
    terms: usize,
}

impl SearchParser<'_> {
    /// Takes the current token.
    fn advance(&mut self) -> Result<Token, Error> {
        self.rest = self.rest.trim_start();
        self.from = self.source.text.len() - self.rest.len();
        let next = token(&mut self.rest)
            .map_err(|_| self.source.fault(self.from, "the phrase that begins here has no closing quote"))?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn or(&mut self) -> Result<Search, Error> {
        let mut left = self.and()?;
        while self.token == Token::Or {
            self.advance()?;
            left = Search::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Search, Error> {
        let mut left = self.not()?;
        while matches!(self.token, Token::And | Token::Not | Token::Open | Token::Term(_)) {
            if self.token == Token::And {
                self.advance()?;
            }
            left = Search::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Search, Error> {
        if self.token != Token::Not {
            return self.operand();
        }
        self.advance()?;
        self.nested(Self::not).map(|search| Search::Not(Box::new(search)))
    }

    fn operand(&mut self) -> Result<Search, Error> {
        let at = self.from;
        match self.advance()? {
            Token::Term(text) => self.term(text, at),
            Token::Open => {
                let search = self.nested(Self::or)?;
                match self.advance()? {
                    Token::Close => Ok(search),
                    _ => Err(self.source.fault(at, "the '(' here is not closed")),
                }
            }
            Token::End => Err(self.source.fault(at, "a term is missing at the end")),
            other => Err(self.source.fault(at, format!("{} stands where a term is expected", name(&other)))),
        }
    }

    fn term(&mut self, text: String, at: usize) -> Result<Search, Error> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.source.fault(at, format!("there are more than {MAX_TERMS} terms")));
        }
        let prefixed = text.split_once(':').and_then(|(name, rest)| Some((self.face.property(name)?, rest)));
        let (property, text) = match prefixed {
            Some((property, _)) if !property.searchable => return Err(self.unsearchable(property, at)),
            Some((property, rest)) => (Some(property), rest.trim().to_owned()),
            None => (None, text),
        };
        if text.is_empty() {
            return Err(self.source.fault(at, "a term is empty"));
        }
        Ok(Search::Term { property, text })
    }

    fn unsearchable(&self, property: &Property, at: usize) -> Error {
        let names: Vec<_> = self.face.shown().filter(|p| p.searchable).map(|p| format!("'{}'", p.name)).collect();
        let what = format!("'{}' is not searched; {} can be", shown(property.name), names.join(", "));
        self.source.fault(at, what)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Search, Error>) -> Result<Search, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.source.fault(self.from, format!("it is nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let search = read(self);
        self.depth -= 1;
        search
    }
}

fn name(token: &Token) -> &'static str {
    match token {
        Token::And => "AND",
        Token::Or => "OR",
        Token::Not => "NOT",
        Token::Close => "')'",
        Token::Open | Token::Term(_) | Token::End => "this",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::odata::test_model::package;

    /// A search, written compactly.
    fn written(search: &Search) -> String {
        match search {
            Search::Term { property, text } => property.map_or_else(|| text.clone(), |p| format!("{}={text}", p.name)),
            Search::And(l, r) => format!("({} & {})", written(l), written(r)),
            Search::Or(l, r) => format!("({} | {})", written(l), written(r)),
            Search::Not(operand) => format!("!{}", written(operand)),
        }
    }

    fn read(text: &str) -> String {
        parse(text, package()).map_or_else(|error| error.message, |search| written(&search))
    }

    #[test]
    fn searches_are_read() {
        for (text, expected) in [
            ("a", "a"),
            ("a b OR c AND NOT d", "((a & b) | (c & !d))"),
            ("NOT NOT a (b OR c)", "(!!a & (b | c))"),
            (r#""a \"b\" \\ \c""#, r#"a "b" \ \c"#),
            (r#""displayName:Sales Team" AND "description:x""#, "(displayName=Sales Team & description=x)"),
            ("DISPLAYNAME:x", "displayName=x"),
            (r#""colour:x" https://y"#, "(colour:x & https://y)"),
            ("and or not", "((and & or) & not)"),
            ("é\u{a0}ö", "(é & ö)"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, expected) in [
            ("", "$search: a term is missing at the end (position 1)."),
            ("a AND", "$search: a term is missing at the end (position 6)."),
            ("OR a", "$search: OR stands where a term is expected (position 1)."),
            ("(a", "$search: the '(' here is not closed (position 1)."),
            ("a)", "$search: a ')' has no '(' before it (position 2)."),
            ("()", "$search: ')' stands where a term is expected (position 2)."),
            ("é \"a", "$search: the phrase that begins here has no closing quote (position 3)."),
            ("\"\"", "$search: a term is empty (position 1)."),
            ("displayName:", "$search: a term is empty (position 1)."),
            (
                "uniqueName:x",
                "$search: 'uniqueName' is not searched; 'displayName', 'description' can be (position 1).",
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read(&"(".repeat(10_000)), "$search: it is nested more than 32 levels deep (position 34).");
        assert!(read(&"NOT ".repeat(5_000)).starts_with("$search: it is nested more than 32 levels deep"));
        assert!(read(&"a ".repeat(21)).starts_with("$search: there are more than 20 terms"));
    }

    proptest! {
        #[test]
        fn no_search_panics(text in "\\PC*", pieces in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "\"", "\\", "AND", "OR", "NOT", " ", " ", "a", ":", "displayName:", "é",
        ]), 0..30)) {
            let _ = parse(&text, package());
            let _ = parse(&pieces.concat(), package());
        }
    }
}
