//! `$skiptoken`: where a page begins, as an opaque text.
//!
//! Base64url of a JSON array: a fingerprint of the order, then the values of the order's keys in the last row. A token
//! holds nothing that its page did not show or that the caller could not ask for, so it is neither signed nor secret;
//! what it says is checked like any other input.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value as Json;

use super::{
    error::Error,
    query::{Expr, OrderKey},
};
use crate::model::{
    meta::{Face, Kind},
    value::{Timestamp, Value},
};

/// The token of the page after the row whose order keys have these values.
pub fn encode(face: &Face, order: &[OrderKey], values: &[Value]) -> String {
    let values = values.iter().map(|value| match value {
        Value::Null => Json::Null,
        Value::Text(text) => Json::from(text.as_str()),
        Value::Bool(truth) => Json::from(*truth),
        Value::Int(number) | Value::Time(Timestamp(number)) => Json::from(*number),
    });
    let token: Json = std::iter::once(Json::from(fingerprint(face, order))).chain(values).collect();
    BASE64_URL_SAFE_NO_PAD.encode(token.to_string())
}

/// The values in a token, which must have been made for this order.
pub fn decode(face: &Face, order: &[OrderKey], token: &str) -> Result<Vec<Value>, Error> {
    read(face, order, token).ok_or_else(|| {
        let message = "$skiptoken: this is not a token of this query; follow '@odata.nextLink' without changing it.";
        Error::bad_request(message).about("$skiptoken")
    })
}

fn read(face: &Face, order: &[OrderKey], token: &str) -> Option<Vec<Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let Json::Array(items) = serde_json::from_slice(&bytes).ok()? else { return None };
    let (first, values) = items.split_first()?;
    if first.as_u64() != Some(fingerprint(face, order)) || values.len() != order.len() {
        return None;
    }
    values.iter().zip(order).map(|(value, key)| read_value(value, key.expr.kind()?)).collect()
}

fn read_value(value: &Json, kind: Kind) -> Option<Value> {
    match (value, kind) {
        (Json::Null, _) => Some(Value::Null),
        (Json::String(text), Kind::Text) if !text.contains('\0') => Some(Value::Text(text.clone())),
        (Json::Bool(truth), Kind::Bool) => Some(Value::Bool(*truth)),
        (Json::Number(number), Kind::Int) => number.as_i64().map(Value::Int),
        (Json::Number(number), Kind::Time) => number.as_i64().map(|micros| Value::Time(Timestamp(micros))),
        _ => None,
    }
}

/// A number that tells orders apart, the same in every process (FNV-1a).
fn fingerprint(face: &Face, order: &[OrderKey]) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.text(face.entity.name);
    for key in order {
        hash.text(if key.descending { "desc" } else { "asc" });
        hash.expr(&key.expr);
    }
    hash.0
}

struct Fnv(u64);

impl Fnv {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    fn text(&mut self, text: &str) {
        text.bytes().chain([0xff]).for_each(|byte| self.byte(byte));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Property(path) => {
                path.navigations.iter().for_each(|navigation| self.text(navigation.name));
                self.text(path.property.name);
            }
            Expr::Call(function, arguments) => {
                self.byte(*function as u8);
                for argument in arguments {
                    self.expr(argument);
                }
                self.byte(0xfe);
            }
            Expr::Literal(Value::Text(text)) => self.text(text),
            Expr::Literal(Value::Int(number) | Value::Time(Timestamp(number))) => self.text(&number.to_string()),
            // The keys of an order hold nothing else.
            _ => self.byte(0xfd),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::odata::{order, test_model::package};

    fn order(text: &str) -> Vec<OrderKey> {
        order::parse(Some(text), package(), Timestamp(0)).unwrap()
    }

    fn values() -> Vec<Value> {
        vec![
            Value::Text("é'x".into()),
            Value::Bool(true),
            Value::Time(Timestamp(-5)),
            Value::Null,
            Value::Text(String::new()),
        ]
    }

    const ORDER: &str = "displayName desc,isHidden,createdDateTime,length(catalog/displayName)";

    #[test]
    fn a_token_gives_its_values_back() {
        let order = order(ORDER);
        let token = encode(package(), &order, &values());
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')), "{token}");
        assert_eq!(decode(package(), &order, &token).unwrap(), values());
    }

    #[test]
    fn a_token_is_good_for_its_own_order_only() {
        let token = encode(package(), &order(ORDER), &values());
        for other in [
            "displayName,isHidden,createdDateTime,length(catalog/displayName)",
            "displayName desc,isHidden,createdDateTime,length(displayName)",
            "displayName desc,isHidden,createdDateTime,priority",
            "id",
        ] {
            assert!(decode(package(), &order(other), &token).is_err(), "{other}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let order = order("priority");
        let fingerprint = fingerprint(package(), &order);
        for token in [
            String::new(),
            "%".into(),
            "null".into(),
            "[]".into(),
            format!("[{fingerprint}]"),
            format!("[{fingerprint},1]"),
            format!("[{fingerprint},1,\"x\",1]"),
            format!("[{fingerprint},\"1\",\"x\"]"),
            format!("[{fingerprint},1.5,\"x\"]"),
            format!("[{fingerprint},1,\"\\u0000\"]"),
            format!("[{fingerprint},1,[[]]]"),
            "[".repeat(10_000),
        ] {
            let error = decode(package(), &order, &BASE64_URL_SAFE_NO_PAD.encode(&token)).unwrap_err();
            assert!(error.message.starts_with("$skiptoken: this is not a token of this query"), "{token}");
        }
        let good = BASE64_URL_SAFE_NO_PAD.encode(format!("[{fingerprint},1,\"x\"]"));
        assert_eq!(decode(package(), &order, &good).unwrap(), [Value::Int(1), Value::Text("x".into())]);
    }

    proptest! {
        #[test]
        fn no_token_panics(text in "\\PC*", at in 0_usize..50, with in "[A-Za-z0-9_-]{0,3}") {
            let order = order(ORDER);
            let _ = decode(package(), &order, &text);
            let _ = decode(package(), &order, &BASE64_URL_SAFE_NO_PAD.encode(&text));
            let mut token = encode(package(), &order, &values());
            token.replace_range(at..=at, &with);
            let _ = decode(package(), &order, &token);
        }
    }
}
