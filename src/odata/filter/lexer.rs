//! The tokens of `$filter` and `$orderby`.

use winnow::{
    Parser, Result,
    combinator::{alt, dispatch, empty, fail, not, opt, peek, repeat, terminated},
    error::EmptyError,
    token::{any, one_of, take_while},
};

/// A token, with the text it is written with where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `/`
    Slash,
    /// `:`
    Colon,
    /// `-` that is not part of a number
    Minus,
    /// `@`, which begins a parameter alias
    At,
    /// What stands between single quotes; quotes inside are still doubled.
    Text(&'a str),
    /// A name, a qualified name, an operator or a constant.
    Word(&'a str),
    /// A number, date, time or guid.
    Bare(&'a str),
    /// The end of the text.
    End,
}

/// Takes the next token off the input, which is left as it is where there is none.
pub(super) fn token<'a>(input: &mut &'a str) -> Result<Token<'a>, EmptyError> {
    dispatch! {peek(opt(any));
        None => empty.value(Token::End),
        Some('(') => any.value(Token::Open),
        Some(')') => any.value(Token::Close),
        Some(',') => any.value(Token::Comma),
        Some('/') => any.value(Token::Slash),
        Some(':') => any.value(Token::Colon),
        Some('@') => any.value(Token::At),
        Some('\'') => quoted.map(Token::Text),
        Some('-') => alt((bare.map(Token::Bare), any.value(Token::Minus))),
        Some('0'..='9') => bare.map(Token::Bare),
        Some('a'..='z' | 'A'..='Z' | '_' | '$') => alt((guid.map(Token::Bare), word.map(Token::Word))),
        _ => fail,
    }
    .parse_next(input)
}

/// Takes white space off the input.
pub(super) fn skip_space(input: &mut &str) {
    *input = input.trim_start_matches([' ', '\t', '\n', '\r']);
}

fn quoted<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    let piece = alt((take_while(1.., |c| c != '\''), "''"));
    let quoted = ('\'', repeat::<_, _, (), _, _>(0.., piece), '\'').take().parse_next(input)?;
    Ok(quoted.get(1..quoted.len() - 1).unwrap_or_default())
}

fn word<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    take_while(1.., |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$')).parse_next(input)
}

fn bare<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    let rest = take_while(0.., |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '+'));
    (opt('-'), one_of('0'..='9'), rest).take().parse_next(input)
}

/// A guid that does not begin with a digit.
fn guid<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    let group = |digits| take_while(digits..=digits, |c: char| c.is_ascii_hexdigit());
    let all = (group(8_usize), '-', group(4_usize), '-', group(4_usize), '-', group(4_usize), '-', group(12_usize));
    let end = not(one_of(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    terminated(all.take(), end).parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(mut text: &str) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        loop {
            skip_space(&mut text);
            match token(&mut text).unwrap() {
                Token::End => return tokens,
                token => tokens.push(token),
            }
        }
    }

    #[test]
    fn tokens_are_told_apart() {
        use Token::*;
        let text = "a/any(x:x/b eq 'O''Neil')";
        let expected = vec![
            Word("a"),
            Slash,
            Word("any"),
            Open,
            Word("x"),
            Colon,
            Word("x"),
            Slash,
            Word("b"),
            Word("eq"),
            Text("O''Neil"),
            Close,
        ];
        assert_eq!(tokens(text), expected);
        assert_eq!(tokens("-5 - x,-(5)"), [Bare("-5"), Minus, Word("x"), Comma, Minus, Open, Bare("5"), Close]);
        assert_eq!(tokens("2031-01-05T08:00:00+02:00"), [Bare("2031-01-05T08:00:00+02:00")]);
        assert_eq!(tokens("microsoft.graph.x'm'"), [Word("microsoft.graph.x"), Text("m")]);
        for guid in ["c0ffee00-1111-2222-3333-444455556666", "00ffee00-1111-2222-3333-444455556666"] {
            assert_eq!(tokens(guid), [Bare(guid)]);
        }
        assert_eq!(tokens("''"), [Text("")]);
    }

    #[test]
    fn what_is_no_token_is_left_where_it_is() {
        for bad in ["'open", "'", "'''", "=", "\"", "é", "&", "#"] {
            let mut input = bad;
            assert!(token(&mut input).is_err(), "{bad}");
        }
    }
}
