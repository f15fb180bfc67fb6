//! The tokens of filters and paths.

/// A token, with the text it is written with where that matters.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `.` that is not inside a name
    Dot,
    /// A JSON string, unescaped.
    Text(String),
    /// A JSON number.
    Number(serde_json::Number),
    /// A path, an operator or a constant.
    Word(&'a str),
    /// The end of the text.
    End,
}

/// Takes the next token off the input, or says what is wrong with it.
pub(super) fn token<'a>(input: &mut &'a str) -> Result<Token<'a>, String> {
    let Some(first) = input.chars().next() else { return Ok(Token::End) };
    let single = match first {
        '(' => Some(Token::Open),
        ')' => Some(Token::Close),
        '[' => Some(Token::OpenBracket),
        ']' => Some(Token::CloseBracket),
        '.' => Some(Token::Dot),
        _ => None,
    };
    if let Some(token) = single {
        take(input, 1);
        return Ok(token);
    }
    match first {
        '"' => text(input),
        '-' | '0'..='9' => number(input),
        'a'..='z' | 'A'..='Z' | '$' => {
            let rest = input.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "$_-.:".contains(c));
            Ok(Token::Word(take(input, input.len() - rest.len())))
        }
        '\'' => Err("texts stand in double quotes, not in single ones".to_owned()),
        '=' => Err("'=' has no meaning, write 'eq'".to_owned()),
        other => Err(format!("the character '{other}' has no meaning here")),
    }
}

/// Takes white space off the input.
pub(super) fn skip_space(input: &mut &str) {
    *input = input.trim_start_matches([' ', '\t', '\n', '\r']);
}

fn take<'a>(input: &mut &'a str, length: usize) -> &'a str {
    let (taken, rest) = input.split_at_checked(length).unwrap_or((input, ""));
    *input = rest;
    taken
}

fn text<'a>(input: &mut &'a str) -> Result<Token<'a>, String> {
    let mut escaped = false;
    for (at, c) in input.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let written = take(input, at + 1);
                let text: String =
                    serde_json::from_str(written).map_err(|_| "the text is not a JSON string".to_owned())?;
                if text.contains('\0') {
                    return Err("the text contains the character U+0000, which no value does".to_owned());
                }
                return Ok(Token::Text(text));
            }
            _ => {}
        }
    }
    Err("the text that begins here has no closing quote".to_owned())
}

fn number<'a>(input: &mut &'a str) -> Result<Token<'a>, String> {
    let rest = input.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let written = take(input, input.len() - rest.len());
    let number = serde_json::from_str(written);
    number.map(Token::Number).map_err(|_| "what begins here is neither a number nor a text in double quotes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(mut text: &str) -> Result<Vec<Token<'_>>, String> {
        let mut tokens = Vec::new();
        loop {
            skip_space(&mut text);
            match token(&mut text)? {
                Token::End => return Ok(tokens),
                token => tokens.push(token),
            }
        }
    }

    #[test]
    fn tokens_are_told_apart() {
        use Token::*;
        let text = |t: &str| Text(t.to_owned());
        let expected = vec![Word("emails"), OpenBracket, Word("type"), Word("eq"), text("wo\"rk"), CloseBracket, Dot];
        assert_eq!(tokens(r#"emails[type eq "wo\"rk"]."#).unwrap(), expected);
        assert_eq!(
            tokens("not(-1.5e3)").unwrap(),
            [Word("not"), Open, Number(serde_json::from_str("-1.5e3").unwrap()), Close]
        );
        assert_eq!(tokens("urn:x:2.0:User:a.b").unwrap(), [Word("urn:x:2.0:User:a.b")]);
        assert_eq!(tokens(r#""\u00e9ü""#).unwrap(), [text("éü")]);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for bad in
            ["\"open", "\"", "\"\\\"", "\"\\x\"", "\"\\u0000\"", "=", "'a'", "é", "&", "2011-05-13", "-", "\"a\u{1}\""]
        {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }
}
