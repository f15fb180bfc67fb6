//! CSV: a line of property names, and an object a line.

use std::io::{self, Read};

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use serde_json::{Map, Value as Json};

use super::wrong;
use crate::{
    app::directory::import::{Body, Document, Kind},
    model::meta::{Link, Property, Type, Write},
};

/// What separates the items of a list.
const SEPARATOR: char = ';';

/// A reader of CSV.
pub(super) struct Table<R> {
    reader: Reader<R>,
    kind: Kind,
    columns: Option<Vec<Column>>,
    record: StringRecord,
    ended: bool,
}

/// What a column holds.
enum Column {
    /// A property.
    Property(&'static Property),
    /// Something that is taken as it is: an id, a type, one other object.
    Text(String),
    /// Others, whom a list names.
    Texts(String),
    /// What a caller does not say.
    Ignored,
}

impl<R: Read> Table<R> {
    pub(super) fn new(input: R, kind: Option<Kind>) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
        let kind = kind.unwrap_or(Kind::User);
        Self { reader, kind, columns: None, record: StringRecord::new(), ended: false }
    }

    /// The next object.
    pub(super) fn next(&mut self) -> io::Result<Option<Document>> {
        if self.ended {
            return Ok(None);
        }
        let columns = match &self.columns {
            Some(_) => None,
            None => match self.read()? {
                Ok(true) => Some(columns(&self.record, self.kind)),
                Ok(false) => return Ok(None),
                Err(document) => return Ok(Some(document)),
            },
        };
        match columns {
            None => {}
            Some(Ok(columns)) => self.columns = Some(columns),
            Some(Err((name, message))) => {
                self.ended = true;
                return Ok(Some(wrong(1, &name, message)));
            }
        }
        match self.read()? {
            Ok(true) => Ok(Some(self.document())),
            Ok(false) => Ok(None),
            Err(document) => Ok(Some(document)),
        }
    }

    /// Reads a line. False: there is none.
    fn read(&mut self) -> io::Result<Result<bool, Document>> {
        match self.reader.read_record(&mut self.record) {
            Ok(read) => Ok(Ok(read)),
            Err(error) => {
                let line = error.position().map_or(0, |at| line(at.line()));
                let message = format!("This is not CSV: {error}.");
                match error.into_kind() {
                    ErrorKind::Io(error) => Err(error),
                    _ => Ok(Err(wrong(line, "", message))),
                }
            }
        }
    }

    fn document(&self) -> Document {
        let at = self.record.position().map_or(0, |at| line(at.line()));
        let columns = self.columns.as_deref().unwrap_or_default();
        if self.record.len() != columns.len() {
            let message = format!("The line has {} values, and there are {} names.", self.record.len(), columns.len());
            return wrong(at, "", message);
        }
        let mut members = Map::new();
        // An empty cell says nothing.
        for (column, text) in columns.iter().zip(&self.record).filter(|(_, text)| !text.is_empty()) {
            match column {
                Column::Property(property) => members.insert(property.name.to_owned(), value(property, text)),
                Column::Text(name) => members.insert(name.clone(), text.into()),
                Column::Texts(name) => members.insert(name.clone(), items(text)),
                Column::Ignored => None,
            };
        }
        Document { line: at, kind: Some(self.kind), body: Body::Object(members) }
    }
}

fn line(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What the columns hold, or which is not known, and why.
fn columns(names: &StringRecord, kind: Kind) -> Result<Vec<Column>, (String, String)> {
    let face = kind.face();
    let column = |name: &str| {
        let name = name.trim().trim_start_matches('\u{feff}');
        let linked = name.strip_suffix("@odata.bind").unwrap_or(name);
        if name == "id" || name == "@odata.type" || (name == "appId" && kind == Kind::Application) {
            return Ok(Column::Text(name.to_owned()));
        }
        if let Some(property) = face.properties.iter().find(|property| property.name == name) {
            return Ok(if property.write == Write::Never { Column::Ignored } else { Column::Property(property) });
        }
        match face.navigations.iter().find(|navigation| navigation.by_reference && navigation.name == linked) {
            Some(navigation) if matches!(navigation.link, Link::Column(_)) => Ok(Column::Text(name.to_owned())),
            Some(_) => Ok(Column::Texts(name.to_owned())),
            None => {
                let near = face.properties.iter().map(|p| p.name).find(|known| known.eq_ignore_ascii_case(name));
                let hint = near.map_or_else(String::new, |near| format!(" Did you mean '{near}'?"));
                Err((name.to_owned(), format!("'{name}' is not a property of {}.{hint}", face.qualified_name())))
            }
        }
    };
    names.iter().map(column).collect()
}

/// The value that a cell gives a property. What is no value of its type stays a text, and is refused with the rest.
fn value(property: &Property, text: &str) -> Json {
    let json = || serde_json::from_str(text).unwrap_or_else(|_| text.into());
    match property.ty {
        Type::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => text.into(),
        },
        Type::Int32 | Type::Int64 => text.parse::<i64>().map_or_else(|_| text.into(), Json::from),
        Type::Strings => items(text),
        Type::Structured(_) => json(),
        Type::String | Type::DateTimeOffset | Type::Enum(_) => text.into(),
    }
}

fn items(text: &str) -> Json {
    text.split(SEPARATOR).map(str::trim).filter(|item| !item.is_empty()).map(Json::from).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<(u32, Json)> {
        let mut table = Table::new(text.as_bytes(), None);
        let mut found = Vec::new();
        while let Some(document) = table.next().unwrap() {
            found.push((
                document.line,
                match document.body {
                    Body::Object(members) => Json::Object(members),
                    Body::Wrong(property, message) => json!([property, message]),
                    Body::Text(_) => unreachable!(),
                },
            ));
        }
        found
    }

    #[test]
    fn cells_are_read_by_the_types_of_their_properties() {
        let text = "\u{feff}userPrincipalName,displayName,accountEnabled,businessPhones,manager,sponsors,createdDateTime,employeeOrgData\n\
                    ada@x.y,\"Ada, \"\"L\"\"\",TRUE,+1; +2,bob@x.y,a;b,2020,\"{\"\"division\"\":\"\"E\"\"}\"\n\
                    \"bob@\nx\",,maybe,,,,,\n";
        assert_eq!(
            read(text),
            [
                (
                    2,
                    json!({
                        "userPrincipalName": "ada@x.y", "displayName": "Ada, \"L\"", "accountEnabled": true,
                        "businessPhones": ["+1", "+2"], "manager": "bob@x.y", "sponsors": ["a", "b"],
                        "employeeOrgData": {"division": "E"},
                    })
                ),
                (3, json!({ "userPrincipalName": "bob@\nx", "accountEnabled": "maybe" })),
            ]
        );
    }

    #[test]
    fn a_name_that_is_not_known_is_told() {
        let found = read("userPrincipalname,x\na,b\n");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, &found[0].1[0]), (1, &json!("userPrincipalname")));
        assert!(found[0].1[1].as_str().unwrap().contains("Did you mean 'userPrincipalName'?"));
        assert_eq!(read("displayName,city\na\n")[0].1[0], json!(""));
        assert_eq!(read(""), []);
    }
}
