//! Saved answers of Graph to lists: the objects in `value`, one after the other, so that no file is too long.
//!
//! What is around them is read, too: `@odata.context` says what they are. Several answers may follow each other, as the
//! pages of a list do; an array of objects is taken as well.

use std::io::{self, Read};

use serde_json::Value as Json;

use super::{MAX_DOCUMENT, bytes::Bytes, wrong};
use crate::app::directory::import::{Body, Document, Kind};

/// A reader of such answers.
pub(super) struct List<R> {
    bytes: Bytes<R>,
    place: Place,
    kind: Option<Kind>,
    /// What the context says.
    said: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before an answer.
    Start,
    /// In an answer, where a member may come.
    Members,
    /// In the list, where an item may come; whether the list is all there is.
    Items(bool),
    /// There is no more.
    End,
}

/// Why there is no item.
enum Fault {
    Io(io::Error),
    Syntax(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read> List<R> {
    pub(super) fn new(input: R, kind: Option<Kind>) -> Self {
        Self { bytes: Bytes::new(input), place: Place::Start, kind, said: None }
    }

    /// The next object.
    pub(super) fn next(&mut self) -> io::Result<Option<Document>> {
        let found = self.advance();
        match found {
            Ok(found) => Ok(found),
            Err(Fault::Io(error)) => Err(error),
            // Nothing after this can be understood.
            Err(Fault::Syntax(expected)) => {
                self.place = Place::End;
                Ok(Some(wrong(self.bytes.line(), "", format!("This is not a list of JSON objects: {expected}."))))
            }
        }
    }

    fn advance(&mut self) -> Result<Option<Document>, Fault> {
        loop {
            let next = self.bytes.peek_word()?;
            match (self.place, next) {
                (Place::End, _) | (Place::Start, None) => return Ok(None),
                (_, None) => return Err(Fault::Syntax("it ends too early")),
                (Place::Start, Some(b'{')) => self.go(Place::Members)?,
                (Place::Start, Some(b'[')) => self.go(Place::Items(true))?,
                // A mark of the byte order.
                (Place::Start, Some(0xef | 0xbb | 0xbf)) | (Place::Members | Place::Items(_), Some(b',')) => {
                    self.bytes.next()?;
                }
                (Place::Start, _) => return Err(Fault::Syntax("an object or an array is expected")),
                (Place::Members, Some(b'}')) => self.go(Place::Start)?,
                (Place::Members, Some(b'"')) => self.member()?,
                (Place::Members, _) => return Err(Fault::Syntax("a member is expected")),
                (Place::Items(all), Some(b']')) => self.go(if all { Place::Start } else { Place::Members })?,
                (Place::Items(_), _) => {
                    let line = self.bytes.line();
                    let kind = self.kind.or(self.said);
                    return Ok(Some(Document { line, kind, body: Body::Text(self.value()?) }));
                }
            }
        }
    }

    fn go(&mut self, place: Place) -> Result<(), Fault> {
        self.bytes.next()?;
        self.place = place;
        Ok(())
    }

    /// A member of an answer.
    fn member(&mut self) -> Result<(), Fault> {
        let name = self.value()?;
        if self.bytes.peek_word()? != Some(b':') {
            return Err(Fault::Syntax("a colon is expected"));
        }
        self.bytes.next()?;
        let begins = self.bytes.peek_word()?;
        if name == br#""value""# && begins == Some(b'[') {
            return self.go(Place::Items(false));
        }
        let value = self.value()?;
        if name == br#""@odata.context""#
            && let Ok(Json::String(context)) = serde_json::from_slice(&value)
        {
            self.said = of_context(&context);
        }
        Ok(())
    }

    /// The text of a JSON value, from where it begins to where it ends. It is not looked at otherwise.
    fn value(&mut self) -> Result<Vec<u8>, Fault> {
        let (mut text, mut depth, mut quoted) = (Vec::with_capacity(512), 0_usize, false);
        while let Some(byte) = self.bytes.peek()? {
            if depth == 0 && !quoted && !text.is_empty() && (b",]}:".contains(&byte) || byte.is_ascii_whitespace()) {
                return Ok(text);
            }
            self.bytes.next()?;
            text.push(byte);
            if text.len() > MAX_DOCUMENT {
                return Err(Fault::Syntax("a value is too long"));
            }
            match byte {
                b'\\' if quoted => text.extend(self.bytes.next()?),
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 && !quoted {
                return Ok(text);
            }
        }
        Err(Fault::Syntax("it ends too early"))
    }
}

/// What a context says that the items of a list are: `…/$metadata#users(id,displayName)`.
fn of_context(context: &str) -> Option<Kind> {
    let (_, set) = context.split_once('#')?;
    let name: String = set.chars().take_while(char::is_ascii_alphanumeric).collect();
    Kind::ALL.into_iter().find(|kind| kind.face().set.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, Option<Kind>, String)> {
        let mut list = List::new(text.as_bytes(), None);
        let mut found = Vec::new();
        while let Some(document) = list.next().unwrap() {
            let body = match document.body {
                Body::Text(text) => String::from_utf8(text).unwrap(),
                Body::Wrong(_, message) => message,
                Body::Object(_) => unreachable!(),
            };
            found.push((document.line, document.kind, body));
        }
        found
    }

    #[test]
    fn objects_come_one_by_one_with_their_lines() {
        let text = "\u{feff}{\"@odata.context\": \"https://graph.microsoft.com/v1.0/$metadata#users(id)\",\n \"x\": [1, {\"value\": []}],\n\
                    \"value\": [\n  {\"id\": \"a\", \"t\": \"\\\"]}\\\\\"},\n  {\n\"id\": {}}],\n\"@odata.nextLink\": \"y\"}\n\
                    {\"value\":[{}]} []";
        assert_eq!(
            read(text),
            [
                (4, Some(Kind::User), r#"{"id": "a", "t": "\"]}\\"}"#.to_owned()),
                (5, Some(Kind::User), "{\n\"id\": {}}".to_owned()),
                (8, Some(Kind::User), "{}".to_owned()),
            ]
        );
        assert_eq!(read("[{\"id\":1}, 2 ]").len(), 2);
        assert_eq!(read(" \n"), []);
    }

    #[test]
    fn what_is_no_list_is_told() {
        for text in ["{\"value\":[{}", "{\"value\":[{\"a", "nonsense", "{1}", "{\"value\"[]}", "{", "[{},"] {
            let found = read(text);
            assert!(found.last().is_some_and(|(_, _, told)| told.contains("not a list")), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_context_says_what_the_items_are() {
        assert_eq!(of_context("https://x/beta/$metadata#groups"), Some(Kind::Group));
        assert_eq!(of_context("https://x/beta/$metadata#servicePrincipals/$entity"), Some(Kind::ServicePrincipal));
        assert_eq!((of_context("x"), of_context("x#directoryObjects")), (None, None));
    }
}
