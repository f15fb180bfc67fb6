//! The ways to ask: the store itself, or the server over HTTP.

use cardea::{
    model::{meta::Version, scope::Scope, value::Timestamp},
    odata::{cursor, options, path},
    store::{Store, TenantKey},
};
use serde_json::Value as Json;

use super::{ROOT, generate::NOW};

/// A way to ask.
pub enum Way<'a> {
    /// The parser and the store, as the API puts them together.
    Store(&'a dyn Store, TenantKey, Scope),
    /// A server.
    Http { http: reqwest::Client, base: &'a str, token: String },
}

/// A page.
#[derive(Default)]
pub struct Page {
    pub rows: Vec<Json>,
    pub count: Option<u64>,
    /// Where the next one is: a query string, or a URL.
    next: Option<String>,
}

impl Way<'_> {
    /// Scheme and authority in links.
    pub fn base(&self) -> &str {
        match self {
            Self::Store(..) => "http://root",
            Self::Http { base, .. } => base,
        }
    }

    /// A list, page by page to its end.
    pub async fn pages(
        &self,
        version: Version,
        path: &str,
        query: &str,
        size: Option<usize>,
    ) -> Result<Vec<Page>, String> {
        let mut pages: Vec<Page> = Vec::new();
        let mut next = match self {
            Self::Store(..) => Some(query.to_owned()),
            Self::Http { base, .. } => Some(format!("{base}/{version}{ROOT}/{path}?{query}")),
        };
        while let Some(at) = next {
            let mut page = match self {
                Self::Store(store, tenant, scope) => {
                    read((*store, *tenant, scope), version, path, &at, size, pages.is_empty()).await?
                }
                Self::Http { .. } => self.fetch_page(&at, size).await?,
            };
            next = page.next.take();
            pages.push(page);
            if pages.len() > 1000 {
                return Err("pages without end".into());
            }
        }
        Ok(pages)
    }

    async fn fetch_page(&self, url: &str, size: Option<usize>) -> Result<Page, String> {
        let (status, body) = self.fetch(url, size).await?;
        let body: Json = serde_json::from_str(&body).map_err(|e| format!("{status}: {e}"))?;
        match body["value"].as_array() {
            Some(rows) if status == 200 => Ok(Page {
                rows: rows.clone(),
                count: body["@odata.count"].as_u64(),
                next: body["@odata.nextLink"].as_str().map(str::to_owned),
            }),
            _ => Err(format!("{status} {body}")),
        }
    }

    async fn fetch(&self, url: &str, size: Option<usize>) -> Result<(u16, String), String> {
        let Self::Http { http, token, .. } = self else { return Err("no server".into()) };
        let mut request = http.get(url).bearer_auth(token);
        if let Some(size) = size {
            request = request.header("prefer", format!("odata.maxpagesize={size}"));
        }
        let answer = request.send().await.map_err(|e| e.to_string())?;
        Ok((answer.status().as_u16(), answer.text().await.map_err(|e| e.to_string())?))
    }

    /// One entity; none where there is none.
    pub async fn one(&self, version: Version, path: &str, query: &str) -> Result<Option<Json>, String> {
        match self {
            Self::Store(store, tenant, scope) => {
                let rows = rows(version, path)?;
                let mut asked = options::parse_entity(query, rows, Timestamp(NOW)).map_err(|e| e.message)?;
                asked.root = format!("{}/{version}", self.base());
                asked.sight = scope.clone().into();
                let page = store.read(*tenant, asked).await.map_err(|e| format!("{e:?}"))?;
                page.map(|page| serde_json::from_slice(&page.rows).map_err(|e| e.to_string())).transpose()
            }
            Self::Http { base, .. } => {
                let (status, body) = self.fetch(&format!("{base}/{version}{ROOT}/{path}?{query}"), None).await?;
                let mut body: Json = serde_json::from_str(&body).map_err(|e| format!("{status}: {e}"))?;
                if let Some(members) = body.as_object_mut() {
                    members.shift_remove("@odata.context");
                }
                match status {
                    200 => Ok(Some(body)),
                    404 => Ok(None),
                    _ => Err(format!("{status} {body}")),
                }
            }
        }
    }

    /// How many there are.
    pub async fn count(&self, version: Version, path: &str, query: &str) -> Result<u64, String> {
        match self {
            Self::Store(store, tenant, scope) => {
                let mut asked =
                    options::parse_count(query, rows(version, path)?, Timestamp(NOW)).map_err(|e| e.message)?;
                asked.sight = scope.clone().into();
                let counted = store.count(*tenant, asked).await.map_err(|e| format!("{e:?}"))?;
                counted.ok_or_else(|| "the path leads nowhere".to_owned())
            }
            Self::Http { base, .. } => {
                let (status, body) = self.fetch(&format!("{base}/{version}{ROOT}/{path}/$count?{query}"), None).await?;
                body.parse().map_err(|_| format!("{status} {body}"))
            }
        }
    }
}

fn rows(version: Version, path: &str) -> Result<cardea::odata::query::Rows, String> {
    match path::parse(version, &format!("{ROOT}/{path}")).map_err(|e| e.message)?.resource {
        path::Resource::Rows(rows) => Ok(rows),
        other => Err(format!("{other:?} are no rows")),
    }
}

/// A page, as the API reads it.
async fn read(
    (store, tenant, scope): (&dyn Store, TenantKey, &Scope),
    version: Version,
    path: &str,
    query: &str,
    size: Option<usize>,
    first: bool,
) -> Result<Page, String> {
    let rows = rows(version, path)?;
    let face = rows.face();
    let mut asked = options::parse_query(query, rows, size, Timestamp(NOW)).map_err(|e| e.message)?;
    asked.root = format!("http://root/{version}");
    asked.count &= first;
    asked.sight = scope.clone().into();
    let order = asked.order.clone();
    let page = store.read(tenant, asked).await.map_err(|e| format!("{e:?}"))?.ok_or("the path leads nowhere")?;
    let rows = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).map_err(|e| e.to_string())?;
    let next = page.next.map(|last| options::next_query(query, &cursor::encode(face, &order, &last)));
    Ok(Page { rows, count: page.count, next })
}
